//! The one mesh of all tests: a server over a folder of documents, a proxy before it, and a Trino whose plugin asks there.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::ops::Deref;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use crate::guarded::Guarded;
use crate::tools;
use crate::trino::client::Client;
use crate::trino::otlp::Receiver;
use crate::trino::proxy::{Proxy, Weather};

/// The release that is tested on.
const RELEASE: &str = "483";

/// How long a question of the plugin may take; long enough for a machine that is busy with other tests.
pub(super) const DEADLINE: Duration = Duration::from_secs(3);

/// How long a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whom no rule restricts: the one who fills the tables, and who reads them raw. That this user may not `share` is on purpose:
/// a mesh rule that lets a view's owner share lifts the mesh's restrictions for those who read the view.
const ROOT: &str = "kind: Policy
name: root
on: everything
rules:
  - allow user \"root\" to read, see, create, write, alter, drop, manage, execute, administer
";

/// Who is in which group, as Trino knows it.
const GROUPS: &str = "analysts:ana,ben,cleo
auditors:aud
makers:maker
AUDIT:sen_audit
sales:sen_sales
";

/// The masking key of the plugin's catalog.
pub(super) const MASKING_KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// The mesh.
pub(super) struct Mesh {
    documents: PathBuf,
    proxy: Proxy,
    pub(super) traces: Receiver,
    server: Mutex<Option<Guarded>>,
    grpc: SocketAddr,
    http: SocketAddr,
    collector: SocketAddr,
    trino: SocketAddr,
    directory: PathBuf,
    _running: Guarded,
    shared: RwLock<()>,
    disturbed: AtomicBool,
}

/// The mesh in fair weather, shared with other tests.
pub(super) struct Fair {
    mesh: &'static Mesh,
    _shared: RwLockReadGuard<'static, ()>,
}

/// The mesh for one test alone, which may break what it likes; mended when this is dropped.
pub(super) struct Alone {
    mesh: &'static Mesh,
    _alone: RwLockWriteGuard<'static, ()>,
}

impl Deref for Fair {
    type Target = Mesh;

    fn deref(&self) -> &Mesh {
        self.mesh
    }
}

impl Deref for Alone {
    type Target = Mesh;

    fn deref(&self) -> &Mesh {
        self.mesh
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        if self.mesh.disturbed.swap(false, Ordering::Relaxed) {
            self.mesh.mend();
        }
    }
}

/// The mesh for a test that leaves it as it is; `None`: the test is skipped.
pub(super) fn fair() -> Option<Fair> {
    let mesh = mesh()?;
    Some(Fair { mesh, _shared: mesh.shared.read().unwrap_or_else(PoisonError::into_inner) })
}

/// The mesh for a test that breaks it; `None`: the test is skipped.
pub(super) fn alone() -> Option<Alone> {
    let mesh = mesh()?;
    Some(Alone { mesh, _alone: mesh.shared.write().unwrap_or_else(PoisonError::into_inner) })
}

fn mesh() -> Option<&'static Mesh> {
    if !tools::there("the tests on a real Trino", &["mvn", "jdk"]) {
        return None;
    }
    // A start that failed is not tried again by each test.
    static MESH: OnceLock<Result<Mesh, String>> = OnceLock::new();
    let start = || catch_unwind(Mesh::start).map_err(|_| "the mesh did not start; another test says why".to_owned());
    Some(MESH.get_or_init(start).as_ref().unwrap_or_else(|why| panic!("{why}")))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Mesh {
    /// Starts all.
    fn start() -> Self {
        let root = root();
        build(root);
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("trino-{}", std::process::id()));
        let documents = directory.join("documents");
        fs::create_dir_all(&documents).unwrap();
        fs::create_dir(directory.join("secrets")).unwrap();
        write_documents(&documents);
        let (grpc, http, trino) = (free_address(), free_address(), free_address());
        let (traces, collector) = Receiver::start();
        let proxy = Proxy::start(grpc);
        fs::write(directory.join("groups.txt"), GROUPS).unwrap();
        fs::write(directory.join("masking.key"), MASKING_KEY).unwrap();
        fs::write(directory.join("tokens"), "the-administrators-token\n").unwrap();
        let tracing = "tracing.enabled=true\notel.exporter.protocol=grpc\n";
        fs::write(
            directory.join("more.properties"),
            format!("{tracing}otel.exporter.endpoint=http://{collector}\nquery.max-history=1000\n"),
        )
        .unwrap();
        let target = format!("meshward.target=dns:///{}", proxy.address);
        let deadline = format!("meshward.deadline={}ms", DEADLINE.as_millis());
        let port = trino.port().to_string();
        let start = root.join("deploy/trino/start");
        let program = [
            start.to_str().unwrap(),
            directory.to_str().unwrap(),
            &port,
            &target,
            &deadline,
            "meshward.operators=operator",
            "meshward.cluster=tests",
        ];
        let running =
            Guarded::start(&program, &[("JAVA_HOME".to_owned(), String::new())], &log("trino"), Some(&directory));
        let server = Mutex::new(None);
        let mesh = Self {
            documents,
            proxy,
            traces,
            server,
            grpc,
            http,
            collector,
            trino,
            directory,
            _running: running,
            shared: RwLock::new(()),
            disturbed: AtomicBool::new(false),
        };
        mesh.start_server();
        eventually("the documents are taken; target/tmp/meshward.log says why not", || {
            mesh.page("/readyz").is_some_and(|(code, _)| code == 200)
        });
        eventually("Trino starts; target/tmp/trino.log says why not", || {
            let info = ureq::get(format!("http://{trino}/v1/info")).call();
            info.is_ok_and(|mut info| info.body_mut().read_to_string().unwrap().contains("\"starting\":false"))
        });
        // A coordinator needs a moment to find itself as a worker.
        eventually("a worker is there", || mesh.user("root").run("SELECT count(*) FROM tpch.tiny.nation").is_ok());
        mesh
    }

    /// A client of a user.
    pub(super) fn user(&self, name: &str) -> Client {
        Client::new(self.trino, name)
    }

    /// Runs statements as the one whom no rule restricts.
    pub(super) fn prepare(&self, statements: &[&str]) {
        for statement in statements {
            self.user("root").run(statement).unwrap_or_else(|failure| panic!("{failure:?}\n{statement}"));
        }
    }

    /// Starts the server. The old one must be gone.
    pub(super) fn start_server(&self) {
        let meshward = env!("CARGO_BIN_EXE_meshward");
        let http = self.http.to_string();
        let program = [meshward, "serve", "--documents", self.documents.to_str().unwrap(), "--http-listen", &http];
        let environment = [
            ("MESHWARD_GRPC__LISTEN", self.grpc.to_string()),
            ("MESHWARD_HTTP__TOKENS", self.tokens()),
            ("MESHWARD_SECRETS", self.secrets().to_str().unwrap().to_owned()),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", self.collector)),
            ("OTEL_BSP_SCHEDULE_DELAY", "200".to_owned()),
        ]
        .map(|(key, value)| (key.to_owned(), value));
        *self.server() = Some(Guarded::start(&program, &environment, &log("meshward"), None));
        eventually("the server lives", || self.page("/livez").is_some());
    }

    fn tokens(&self) -> String {
        self.directory.join("tokens").display().to_string()
    }

    /// Where the server's administrators ask, and a file with their token.
    pub(super) fn administration(&self) -> (String, String) {
        (self.http.to_string(), self.tokens())
    }

    /// The folder of the server's secrets.
    pub(super) fn secrets(&self) -> PathBuf {
        self.directory.join("secrets")
    }

    /// Changes the weather between the plugin and the server.
    pub(super) fn weather(&self, weather: Weather) {
        self.disturbed.store(true, Ordering::Relaxed);
        self.proxy.set(weather);
    }

    /// Waits until an RPC is held.
    pub(super) fn until_held(&self) {
        self.proxy.until_held();
    }

    /// Kills the server.
    pub(super) fn kill_server(&self) {
        self.disturbed.store(true, Ordering::Relaxed);
        *self.server() = None;
    }

    fn server(&self) -> MutexGuard<'_, Option<Guarded>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A page of the server: status and text.
    pub(super) fn page(&self, path: &str) -> Option<(u16, String)> {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let mut answer = agent.get(format!("http://{}{path}", self.http)).call().ok()?;
        Some((answer.status().as_u16(), answer.body_mut().read_to_string().ok()?))
    }

    /// What `/readyz` says.
    pub(super) fn state(&self) -> serde_json::Value {
        serde_json::from_str(&self.page("/readyz").unwrap().1).unwrap()
    }

    /// Writes a file of documents and waits until they are taken.
    pub(super) fn publish(&self, name: &str, yaml: &str) {
        let before = self.state()["revision"].clone();
        self.write(name, yaml);
        eventually("the documents are taken", || self.state()["revision"] != before);
        assert_eq!(self.state()["documents"], "good");
    }

    /// Writes a file of documents.
    pub(super) fn write(&self, name: &str, yaml: &str) {
        self.disturbed.store(true, Ordering::Relaxed);
        let beside = self.directory.join(format!("{name}.new"));
        fs::write(&beside, yaml).unwrap();
        fs::rename(beside, self.documents.join(format!("{name}.yaml"))).unwrap();
    }

    /// All RPCs that the server has answered.
    pub(super) fn rpcs(&self) -> u64 {
        let text = self.page("/metrics").unwrap().1;
        let counts = text.lines().filter(|line| line.starts_with("meshward_rpcs_total{"));
        counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
    }

    /// Takes all documents away.
    pub(super) fn clear_documents(&self) {
        self.disturbed.store(true, Ordering::Relaxed);
        for file in fs::read_dir(&self.documents).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
    }

    fn mend(&self) {
        *self.server() = None;
        self.proxy.set(Weather::Absent);
        self.proxy.set(Weather::Fair);
        self.clear_documents();
        write_documents(&self.documents);
        self.start_server();
        eventually("all is well again", || self.user("root").run("SELECT 1").is_ok());
        self.disturbed.store(false, Ordering::Relaxed);
    }
}

fn write_documents(folder: &Path) {
    fs::write(folder.join("root.yaml"), ROOT).unwrap();
    fs::write(folder.join("masks.yaml"), super::masks::documents()).unwrap();
    fs::write(folder.join("sentences.yaml"), super::sentences::documents()).unwrap();
    for (name, yaml) in super::DOCUMENTS {
        fs::write(folder.join(format!("{name}.yaml")), yaml).unwrap();
    }
}

/// Tries until it is true.
pub(super) fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is() {
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Trino and the plugin, where they are not there yet.
fn build(root: &Path) {
    if !root.join(".trino").join(RELEASE).join("lib").is_dir() {
        let (done, said) = run(root, "deploy/trino/assemble", &[RELEASE, "tpch", "tpcds", "memory"]);
        assert!(done, "Trino cannot be assembled: {said}");
    }
    let built = fs::read_dir(root.join("trino-shim/target")).is_ok_and(|files| {
        files.flatten().any(|file| {
            file.file_name().to_str().is_some_and(|name| name.starts_with("meshward-trino-")) && file.path().is_dir()
        })
    });
    if !built {
        let package = "JAVA_HOME=$(deploy/trino/java-home) exec deploy/maven trino-shim/target/maven.log \
                       -f trino-shim/pom.xml package -DskipTests";
        let (done, said) = run(root, "bash", &["-c", package]);
        assert!(done, "the plugin cannot be built: {said}");
    }
}

fn run(root: &Path, program: &str, arguments: &[&str]) -> (bool, String) {
    let program = if program.contains('/') { root.join(program) } else { PathBuf::from(program) };
    let output = Command::new(program).args(arguments).current_dir(root).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn log(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.log"))
}
