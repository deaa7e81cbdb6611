//! A running `meshward serve`, and a client for it.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tonic::transport::Channel;

#[expect(clippy::allow_attributes_without_reason, clippy::allow_attributes, reason = "generated")]
#[expect(unreachable_pub, reason = "generated")]
pub(crate) mod proto {
    tonic::include_proto!("meshward.decision.v1");
}

pub(crate) use proto::decision_service_client::DecisionServiceClient as Client;

/// How long a test waits for what has to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A port that nothing listens on.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Tries until it is true.
pub(crate) fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is() {
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A server of its own documents, killed when dropped.
pub(crate) struct Server {
    pub(crate) documents: TempDir,
    pub(crate) grpc: SocketAddr,
    pub(crate) http: SocketAddr,
    environment: Vec<(String, String)>,
    child: Child,
}

impl Server {
    /// Starts a server over one file of documents.
    pub(crate) fn start(yaml: &str) -> Self {
        Self::start_with(yaml, &[])
    }

    /// Starts a server with variables of its environment besides.
    pub(crate) fn start_with(yaml: &str, environment: &[(&str, &str)]) -> Self {
        let documents = tempfile::tempdir().unwrap();
        fs::write(documents.path().join("mesh.yaml"), yaml).unwrap();
        let (grpc, http) = (free_address(), free_address());
        let environment: Vec<(String, String)> =
            environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let child = spawn(documents.path(), grpc, http, &environment);
        let server = Self { documents, grpc, http, environment, child };
        eventually("the server lives", || server.get("/livez").is_some());
        server
    }

    /// Replaces the documents, as an editor does.
    pub(crate) fn write(&self, yaml: &str) {
        let beside = self.documents.path().join("mesh.new");
        fs::write(&beside, yaml).unwrap();
        fs::rename(beside, self.documents.path().join("mesh.yaml")).unwrap();
    }

    /// A page's status and text.
    pub(crate) fn get(&self, path: &str) -> Option<(u16, String)> {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let mut answer = agent.get(format!("http://{}{path}", self.http)).call().ok()?;
        Some((answer.status().as_u16(), answer.body_mut().read_to_string().ok()?))
    }

    /// The state that `/readyz` shows.
    pub(crate) fn state(&self) -> serde_json::Value {
        serde_json::from_str(&self.get("/readyz").unwrap().1).unwrap()
    }

    /// Waits for a revision.
    pub(crate) fn until_revision(&self, number: u64) {
        eventually("the revision answers", || self.state()["revision"] == number);
    }

    /// Stops the server at once and starts it again, on the same ports.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.child = spawn(self.documents.path(), self.grpc, self.http, &self.environment);
        eventually("the server lives again", || self.get("/livez").is_some());
    }

    /// Kills the server.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the server to go.
    pub(crate) fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// The exit code once it is gone.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    pub(crate) async fn client(&self) -> Client<Channel> {
        let started = Instant::now();
        loop {
            match Client::connect(format!("http://{}", self.grpc)).await {
                Ok(client) => return client,
                Err(error) => assert!(started.elapsed() < PATIENCE, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test may have stopped it already.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn spawn(documents: &Path, grpc: SocketAddr, http: SocketAddr, environment: &[(String, String)]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_meshward"))
        .arg("serve")
        .arg("--documents")
        .arg(documents)
        .args(["--http-listen", &http.to_string()])
        .env("MESHWARD_GRPC__LISTEN", grpc.to_string())
        .env("MESHWARD_DRAIN_DELAY", "300ms")
        .envs(environment.iter().map(|(key, value)| (key, value)))
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Runs a verb: exit code, standard output, standard error.
pub(crate) fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_meshward")).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

pub(crate) fn identity(user: &str) -> proto::Identity {
    proto::Identity { user: user.to_owned(), ..proto::Identity::default() }
}

pub(crate) fn context(user: &str) -> proto::RequestContext {
    proto::RequestContext {
        query_id: "20261124_000000_00000_aaaaa".to_owned(),
        identity: Some(identity(user)),
        invoker: Some(identity(user)),
        ..proto::RequestContext::default()
    }
}

pub(crate) fn table(name: &str) -> Option<proto::TableName> {
    let mut parts = name.split('.').map(str::to_owned);
    Some(proto::TableName {
        catalog: parts.next().unwrap(),
        schema: parts.next().unwrap(),
        table: parts.next().unwrap(),
    })
}

/// Asks about `lake.s.t` with one column `country varchar`.
pub(crate) fn decide_table(context: proto::RequestContext) -> proto::DecideTableRequest {
    let column = proto::Column { name: "country".to_owned(), r#type: "varchar".to_owned(), hidden: false };
    proto::DecideTableRequest { context: Some(context), table: table("lake.s.t"), branch: None, columns: vec![column] }
}

/// The row filter's SQL; `TRUE` and `FALSE` for all and no rows.
pub(crate) fn rows(answer: &proto::DecideTableResponse) -> String {
    use proto::decide_table_response::Rows;
    match answer.rows.as_ref().unwrap() {
        Rows::AllRows(_) => "TRUE".to_owned(),
        Rows::NoRows(_) => "FALSE".to_owned(),
        Rows::RowFilters(filters) => {
            filters.filters.iter().map(|filter| condition(&filter.sql)).collect::<Vec<_>>().join(" AND ")
        }
    }
}

/// What a filter says twice: once for Trino to push down, once so that UNKNOWN is FALSE.
fn condition(filter: &str) -> &str {
    let half = filter.split_once(") AND COALESCE(").unwrap().0;
    let condition = half.strip_prefix('(').unwrap();
    assert_eq!(filter, format!("({condition}) AND COALESCE({condition}, FALSE)"));
    condition
}

/// A policy that lets everyone read the rows of one country.
pub(crate) fn rows_of(country: &str) -> String {
    format!(
        "kind: Policy\nname: p\non: lake.s.*\nrules:\n  - allow everyone to read\n  - only show rows where country = '{country}' for \
         everyone\n"
    )
}
