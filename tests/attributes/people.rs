//! A directory of people that answers over HTTP, as a process of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use meshward::attributes::secret::Secrets;
use meshward::attributes::{Attributes, Known, Needed, Sources};
use meshward::document::finding::Source;
use meshward::document::load;
use meshward::model::name::Name;
use meshward::model::subject::{Identity, Resolved};
use meshward::store::revision;
use meshward::telemetry::metrics::Metrics;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The variable that makes a test process the directory instead, listening there.
const LISTEN: &str = "MESHWARD_TEST_PEOPLE";

/// How long a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_secs(10);

/// How the directory answers from now on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Mood {
    /// Milliseconds before each answer.
    pub(crate) slow: u64,
    /// A body in place of the right one.
    pub(crate) body: Option<String>,
    /// Bytes of a body in place of the right one.
    pub(crate) flood: usize,
    /// A status in place of 200.
    pub(crate) status: Option<u16>,
    /// Where the answer sends one instead.
    pub(crate) redirect: Option<String>,
}

/// What the directory has seen.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Questions.
    pub(crate) calls: u64,
    /// The most of them at once.
    pub(crate) at_once: u64,
    /// The last one's method, path and query as they came, and its headers.
    pub(crate) last: String,
    pub(crate) headers: BTreeMap<String, String>,
}

#[derive(Default)]
struct Directory {
    people: Mutex<BTreeMap<String, Value>>,
    mood: Mutex<Mood>,
    seen: Mutex<Seen>,
    now: AtomicU64,
}

/// Not a test: the directory's process, when the variable says so.
#[test]
#[ignore = "the process of a directory of people"]
fn directory() {
    let Some(address) = std::env::var_os(LISTEN) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let router = Router::new()
            .route("/_people", post(people))
            .route("/_mood", post(mood))
            .route("/_seen", get(seen))
            .route("/people/{user}", any(person))
            .route("/user-info", any(user_info))
            .fallback(|State(directory): State<Arc<Directory>>, request: Request| async move {
                note(&directory, &request);
                StatusCode::NOT_FOUND
            })
            .with_state(Arc::new(Directory::default()));
        let listener = tokio::net::TcpListener::bind(address.to_str().unwrap()).await.unwrap();
        axum::serve(listener, router).await.unwrap();
    });
}

async fn people(State(directory): State<Arc<Directory>>, Json(people): Json<BTreeMap<String, Value>>) {
    *directory.people.lock().unwrap() = people;
}

async fn mood(State(directory): State<Arc<Directory>>, Json(mood): Json<Mood>) {
    *directory.mood.lock().unwrap() = mood;
}

async fn seen(State(directory): State<Arc<Directory>>) -> Json<Seen> {
    Json(std::mem::take(&mut *directory.seen.lock().unwrap()))
}

async fn person(State(directory): State<Arc<Directory>>, Path(user): Path<String>, request: Request) -> Response {
    note(&directory, &request);
    drop(request);
    answer(&directory, &user, |person| person).await
}

async fn user_info(State(directory): State<Arc<Directory>>, request: Request) -> Response {
    note(&directory, &request);
    let query = url::form_urlencoded::parse(request.uri().query().unwrap_or("").as_bytes());
    let user = query.into_owned().find(|(key, _)| key == "userid").map_or_else(String::new, |(_, user)| user);
    drop(request);
    answer(&directory, &user, |person| {
        let groups: Vec<Value> =
            person["groups"].as_array().into_iter().flatten().map(|name| json!({ "name": name })).collect();
        let mut authorizations = person.clone();
        authorizations.as_object_mut().unwrap().remove("groups");
        json!({ "groups": groups, "authorizations": authorizations })
    })
    .await
}

fn note(directory: &Directory, request: &Request) {
    let mut seen = directory.seen.lock().unwrap();
    seen.calls += 1;
    seen.last = format!("{} {}", request.method(), request.uri());
    let text = |value: &header::HeaderValue| value.to_str().unwrap_or("").to_owned();
    seen.headers = request.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
}

/// A question under way, until it is answered or nobody waits for it any longer.
struct Busy<'a>(&'a Directory);

impl<'a> Busy<'a> {
    fn begin(directory: &'a Directory) -> Self {
        let now = directory.now.fetch_add(1, Ordering::SeqCst) + 1;
        let mut seen = directory.seen.lock().unwrap();
        seen.at_once = seen.at_once.max(now);
        Self(directory)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn answer(directory: &Directory, user: &str, shape: impl Fn(Value) -> Value) -> Response {
    let _busy = Busy::begin(directory);
    let mood = directory.mood.lock().unwrap().clone();
    tokio::time::sleep(Duration::from_millis(mood.slow)).await;
    if let Some(to) = mood.redirect {
        return (StatusCode::FOUND, [(header::LOCATION, to)]).into_response();
    }
    if let Some(status) = mood.status {
        return StatusCode::from_u16(status).unwrap().into_response();
    }
    if mood.flood > 0 {
        return "x".repeat(mood.flood).into_response();
    }
    if let Some(body) = mood.body {
        return body.into_response();
    }
    match directory.people.lock().unwrap().get(user) {
        Some(person) => Json(shape(person.clone())).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The directory's process, killed when dropped.
pub(crate) struct People {
    pub(crate) address: SocketAddr,
    child: Option<Child>,
}

impl People {
    /// Starts a directory with some people.
    pub(crate) fn start(people: &Value) -> Self {
        let address = crate::server::process::free_address();
        let mut directory = Self { address, child: None };
        directory.resume_as_new(people);
        directory
    }

    /// Starts the process again where it was.
    pub(crate) fn resume_as_new(&mut self, people: &Value) {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "attributes::people::directory"])
            .env(LISTEN, self.address.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        let started = Instant::now();
        while std::net::TcpStream::connect(self.address).is_err() {
            assert!(started.elapsed() < PATIENCE, "the directory did not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        self.set(people);
    }

    pub(crate) fn set(&self, people: &Value) {
        ureq::post(format!("http://{}/_people", self.address)).send_json(people).unwrap();
    }

    pub(crate) fn mood(&self, mood: &Mood) {
        ureq::post(format!("http://{}/_mood", self.address)).send_json(mood).unwrap();
    }

    /// What was seen since the last time.
    pub(crate) fn seen(&self) -> Seen {
        ureq::get(format!("http://{}/_seen", self.address)).call().unwrap().body_mut().read_json().unwrap()
    }

    /// Stops the process: connections are refused.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// SIGSTOP: connections are taken, and nothing answers.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    /// SIGCONT
    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }
}

impl Drop for People {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Attributes as documents with sources make them, asked in this process.
pub(crate) struct Asked {
    pub(crate) attributes: Attributes,
    pub(crate) needed: Needed,
    pub(crate) metrics: Metrics,
    pub(crate) secrets: TempDir,
    sources: Sources,
}

impl Asked {
    /// Reads documents.
    pub(crate) fn of(yaml: &str) -> Self {
        let secrets = tempfile::tempdir().unwrap();
        let metrics = Metrics::default();
        let sources = Sources::new(Secrets::new(Some(secrets.path().to_owned())), metrics.sources().clone());
        let mut asked =
            Self { attributes: Attributes::default(), needed: Needed::default(), metrics, secrets, sources };
        asked.read(yaml);
        asked
    }

    /// Reads other documents: another revision, with the same sources where their settings are the same.
    pub(crate) fn read(&mut self, yaml: &str) {
        let source = Arc::new(Source::new("mesh.yaml", yaml));
        let loaded = load::texts(&[source]).unwrap_or_else(|findings| panic!("{findings:?}"));
        let attributes = loaded.documents.attributes.keys().cloned().collect();
        self.needed = Needed { attributes, groups: true };
        self.attributes = revision::attributes(&loaded.documents, &self.sources);
    }

    pub(crate) async fn know(&self, user: &str) -> Known {
        self.attributes.resolve(Identity::of_user(user), &self.needed, None).await.unwrap()
    }

    /// What an attribute resolves to, in words: its values, `missing`, or why it is unknown.
    pub(crate) async fn resolve(&self, user: &str, attribute: &str) -> String {
        said(&self.know(user).await, attribute)
    }

    /// Metrics that have a count, as they are scraped.
    pub(crate) fn count(&self, metric: &str) -> f64 {
        let text = self.metrics.text().unwrap();
        text.lines().filter_map(|line| line.strip_prefix(metric)?.split_whitespace().last()?.parse::<f64>().ok()).sum()
    }
}

/// What an attribute resolved to, in words.
pub(crate) fn said(known: &Known, attribute: &str) -> String {
    match known.party.attributes.get(&Name::new(attribute).unwrap()) {
        None => "not resolved".to_owned(),
        Some(Resolved::Missing) => "missing".to_owned(),
        Some(Resolved::Unknown(why)) => format!("unknown: {why}"),
        Some(Resolved::Values(values)) => values.iter().map(|value| value.written()).collect::<Vec<_>>().join(" "),
    }
}

/// Documents with `country` (text), `clearance` (number, single) and a source `hr` for them, and more lines for the source.
pub(crate) fn documents(url: &str, more: &str) -> String {
    format!(
        "{{kind: Attribute, name: country, type: text}}\n---\n{{kind: Attribute, name: clearance, type: number, single: true}}\n---\n\
         kind: AttributeSource\nname: hr\nhttp:\n  url: {url}\n  not_found: 404\nattributes: {{country: /country, clearance: /clearance}}\n{more}"
    )
}
