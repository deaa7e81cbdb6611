//! A real database: PostgreSQL over a data directory of its own.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

use crate::attributes::slapd::certificate;
use crate::guarded::Guarded;
use crate::server::process::free_address;
use crate::tools;

/// How long a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// The password of the database's administrator.
const ADMIN: &str = "database-administrator";

/// The password of the role that Meshward has.
pub(crate) const PASSWORD: &str = "meshward-in-the-database";

/// The people, and the role that Meshward has: it may read them, and nothing else.
const SCHEMA: &str = "
CREATE TABLE people (login text, country text, clearance numeric, active boolean, since date, seen timestamptz);
CREATE TABLE entitlements (login text, line text);
CREATE ROLE meshward LOGIN PASSWORD 'meshward-in-the-database';
GRANT SELECT ON people, entitlements TO meshward;
";

/// A database, stopped and removed when dropped.
pub(crate) struct Postgres {
    directory: TempDir,
    address: SocketAddr,
    process: Option<Guarded>,
}

/// Whether there is a database to test with; if not, the test is skipped.
pub(crate) fn there() -> bool {
    tools::there("the tests on a real database", &["postgres"])
}

/// PostgreSQL refuses to be root, which is what tests are in a container.
fn as_nobody_else(directory: &Path, program: &[&str]) -> Vec<String> {
    let root = fs::metadata(directory.parent().unwrap()).unwrap().uid() == 0 && is_root();
    let setpriv = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"];
    let before = if root { &setpriv[..] } else { &[] };
    before.iter().chain(program).map(|&word| word.to_owned()).collect()
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

impl Postgres {
    /// Starts a database with the people.
    pub(crate) async fn start(more: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::write(at("password"), ADMIN).unwrap();
        let (certificate, key) = certificate("127.0.0.1");
        fs::write(at("certificate.pem"), certificate).unwrap();
        fs::write(at("key.pem"), key).unwrap();
        fs::set_permissions(at("key.pem"), fs::Permissions::from_mode(0o600)).unwrap();
        if is_root() {
            let owner = Command::new("chown").args(["-R", "postgres:postgres"]).arg(directory.path()).status().unwrap();
            assert!(owner.success());
        }
        let mut postgres = Self { directory, address: free_address(), process: None };
        postgres.create();
        postgres.start_again().await;
        postgres.execute(SCHEMA).await;
        postgres.execute(more).await;
        postgres
    }

    fn create(&self) {
        let program = tools::path("postgres").canonicalize().unwrap().with_file_name("initdb");
        let (data, password) = (self.at("data"), self.at("password"));
        let pwfile = format!("--pwfile={password}");
        let words = [
            "-D",
            &data,
            "-U",
            "admin",
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
            "--no-sync",
            "--no-instructions",
            "--locale=C",
        ];
        let program = [&[program.to_str().unwrap()], &words[..], &[&pwfile]].concat();
        let program = as_nobody_else(self.directory.path(), &program);
        let created = Command::new(&program[0]).args(&program[1..]).current_dir("/").output().unwrap();
        assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stderr));
        let at = self.directory.path().display();
        let configuration = format!(
            "listen_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = '{at}'\nfsync = off\nshared_buffers = 16MB\n\
             max_connections = 50\nssl = on\nssl_cert_file = '{at}/certificate.pem'\nssl_key_file = '{at}/key.pem'\n",
            self.address.port()
        );
        fs::write(self.directory.path().join("data/postgresql.auto.conf"), configuration).unwrap();
    }

    /// Starts the stopped database where it was.
    pub(crate) async fn start_again(&mut self) {
        let program = tools::path("postgres");
        let program = as_nobody_else(self.directory.path(), &[program.to_str().unwrap(), "-D", &self.at("data")]);
        let started = Instant::now();
        loop {
            // What a killed server left behind goes within a moment, and until then keeps a new one from starting.
            let program: Vec<&str> = program.iter().map(String::as_str).collect();
            self.process = Some(Guarded::start(&program, &[], &self.directory.path().join("log"), None));
            for _ in 0..50 {
                if self.try_admin().await.is_ok() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(40)).await;
            }
            let said = || fs::read_to_string(self.at("log")).unwrap();
            assert!(started.elapsed() < PATIENCE, "the database did not start: {}", said());
        }
    }

    async fn try_admin(&self) -> Result<Client, tokio_postgres::Error> {
        let mut config = tokio_postgres::Config::new();
        config.host("127.0.0.1").port(self.address.port()).user("admin").password(ADMIN).dbname("postgres");
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Runs statements as the administrator.
    pub(crate) async fn execute(&self, statements: &str) {
        self.try_admin().await.unwrap().batch_execute(statements).await.unwrap();
    }

    /// How many connections the role `meshward` has that fulfil a condition.
    pub(crate) async fn connections(&self, condition: &str) -> i64 {
        let count = format!("SELECT count(*) FROM pg_stat_activity WHERE usename = 'meshward' AND {condition}");
        self.try_admin().await.unwrap().query_one(&count, &[]).await.unwrap().get(0)
    }

    /// The URL of the database, with the host as it is called.
    pub(crate) fn url(&self, host: &str) -> String {
        format!("postgresql://{host}:{}/postgres", self.address.port())
    }

    /// Puts the secrets that documents name into a folder.
    pub(crate) fn share_secrets(&self, folder: &Path) {
        fs::write(folder.join("sql-password"), PASSWORD).unwrap();
        fs::write(folder.join("sql-authority"), fs::read_to_string(self.at("certificate.pem")).unwrap()).unwrap();
    }

    /// Kills it: connections end, and new ones are refused.
    pub(crate) fn stop(&mut self) {
        // Its own processes go when it is gone.
        self.process = None;
    }

    /// SIGSTOP to all its processes: connections are taken, and nothing answers.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    /// SIGCONT
    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let file = fs::read_to_string(self.at("data/postmaster.pid")).unwrap();
        let parent = file.lines().next().unwrap();
        let children = Command::new("pgrep").args(["-P", parent]).output().unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        // The parent first, so that it starts nobody else.
        let all = std::iter::once(parent).chain(children.lines());
        // One that has ended by itself is no matter.
        let _signalled = Command::new("kill").arg(signal).args(all).output().unwrap();
    }

    fn at(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.go_on();
        }
    }
}
