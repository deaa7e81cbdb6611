//! How long Trino analyses a plain SELECT on a table with ten masks and a row filter: with the plugin, with Trino's own file rules,
//! and with everything allowed. Three servers side by side, asked in turn; and how many RPCs a query costs.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark that meets what it did not expect ends"
)]

#[path = "../tests/trino/client.rs"]
#[allow(dead_code, clippy::allow_attributes, reason = "the tests use more of it")]
mod client;
#[path = "decisions/measure.rs"]
#[allow(dead_code, clippy::allow_attributes, reason = "the other benchmarks use more of it")]
mod measure;

use std::fmt::Write as _;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use meshward::document::finding::Source;
use meshward::document::load;
use meshward::engine::decide;
use meshward::engine::snapshot::Snapshot;
use meshward::model::column_type::ColumnType;
use meshward::model::decision::{ColumnDecision, Decision, Rows, TableDecision};
use meshward::model::name::{Identifier, TableName};
use meshward::model::request::{Column, Request, TableRequest};
use meshward::model::subject::{Identity, Party, Subject};

use crate::client::Client;
use crate::measure::{Times, ms};

/// Rows that are seen, and rows that are not.
const SETUP: [&str; 2] = ["CREATE SCHEMA lake.bench", "CREATE TABLE lake.bench.wide AS "];
const QUERY: &str = "SELECT * FROM lake.bench.wide";
/// A coordinator has long compiled what every query runs through; after a few hundred queries it has not.
const WARM: usize = 1_500;
const CALLS: usize = 300;

/// A process that ends with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

struct Trino {
    name: &'static str,
    address: SocketAddr,
    _process: Running,
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if !wanted.is_empty() && !wanted.iter().any(|wanted| "trino".starts_with(wanted.as_str())) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let documents = folder.path().join("documents");
    fs::create_dir(&documents).unwrap();
    fs::write(documents.join("mesh.yaml"), rules_of_meshward()).unwrap();
    let (filter, mask) = printed(&rules_of_meshward());
    let (grpc, http) = (free_address(), free_address());
    let _server = Running(
        Command::new(env!("CARGO_BIN_EXE_meshward"))
            .args(["serve", "--documents"])
            .arg(&documents)
            .args(["--grpc-listen", &grpc.to_string(), "--http-listen", &http.to_string()])
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let plugin = [format!("meshward.target=dns:///{grpc}"), "meshward.operators=admin".to_owned()];
    let servers = [
        trino("allow-all", folder.path().join("allow-all"), &[]),
        with_file_rules("file rules", folder.path().join("file"), "country = 'CL'", "CAST('x' AS varchar(8))"),
        with_file_rules("file rules with Meshward's SQL", folder.path().join("same"), &filter, &mask),
        trino("meshward", folder.path().join("meshward"), &plugin),
    ];
    let columns: Vec<String> = (0..39).map(|n| format!("CAST('value {n}' AS varchar(8)) AS c{n}")).collect();
    for server in &servers {
        let admin = Client::new(server.address, "admin");
        until_started(server, &admin);
        admin.run(SETUP[0]).unwrap();
        let table =
            format!("{}SELECT {}, country FROM (VALUES 'CL', 'AT') AS t (country)", SETUP[1], columns.join(", "));
        admin.run(&table).unwrap();
    }
    for server in &servers {
        (0..WARM).for_each(|_| drop(Client::new(server.address, "jay").run(QUERY).unwrap()));
    }
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); servers.len()];
    let before = rpcs(http);
    for _ in 0..CALLS {
        servers.iter().zip(&mut times).for_each(|(server, times)| times.push(analysis(server)));
    }
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let per_query = (rpcs(http) - before) as f64 / CALLS as f64;
    println!(
        "\nanalysis time of `SELECT *` on 40 columns, ten masks and a row filter, {CALLS} calls each, in turn, after {WARM} that warm up"
    );
    println!("{:>30} {:>10} {:>10} {:>14}", "", "p50 ms", "p99 ms", "to file rules");
    let times: Vec<Times> = times.into_iter().map(Times::new).collect();
    for (server, measured) in servers.iter().zip(&times) {
        let ratio = ms(measured.median()) / ms(times[1].median());
        let (p50, p99) = (ms(measured.median()), ms(measured.percentile(0.99)));
        println!("{:>30} {p50:>10.2} {p99:>10.2} {ratio:>14.2}", server.name);
    }
    println!("RPCs per query: {per_query:.2}");
}

fn rules_of_meshward() -> String {
    let mut text = String::from(
        "{kind: Tag, name: PII}\n---\n{kind: Policy, name: admin, on: everything, rules: ['allow user \"admin\" to see, read, write, \
         create, drop']}\n---\nkind: Policy\nname: bench\non: lake.bench.*\nrules:\n  - allow user \"jay\" to read\n  - only show rows \
         where country = 'CL' for user \"jay\"\n",
    );
    for column in 0..10 {
        writeln!(text, "  - mask column c{column} with constant 'x' for user \"jay\"").unwrap();
    }
    text
}

/// The filter and the mask that Meshward answers with.
fn printed(documents: &str) -> (String, String) {
    let source = Arc::new(Source::new("mesh.yaml", documents));
    let documents = load::texts(&[source]).map_err(|findings| findings[0].render()).unwrap().documents;
    let column = |name: &str, column_type| Column::typed(Identifier::new(name), column_type);
    let columns = vec![column("c0", ColumnType::Varchar(Some(8))), column("country", ColumnType::Varchar(Some(2)))];
    let request = Request::Table(TableRequest { table: TableName::new("lake", "bench", "wide"), columns });
    let subject = Subject {
        asking: Party { identity: Identity::of_user("jay"), ..Party::default() },
        invoker: None,
        now: jiff::Timestamp::UNIX_EPOCH,
        cluster: Arc::from(""),
    };
    let decision = decide(&Snapshot::build(&documents, &TimeZone::UTC), &subject, &request);
    let Decision::Table(TableDecision { rows: Rows::Where(filters), columns, .. }) = decision else {
        panic!("{decision:?}")
    };
    let ColumnDecision::Masked(mask) = &columns[0] else { panic!("{columns:?}") };
    (filters[0].sql.to_string(), mask.sql.to_string())
}

fn with_file_rules(name: &'static str, directory: PathBuf, filter: &str, mask: &str) -> Trino {
    fs::create_dir(&directory).unwrap();
    let rules = directory.join("rules.json");
    fs::write(&rules, rules_of_file(filter, mask)).unwrap();
    let properties = format!("access-control.name=file\nsecurity.config-file={}\n", rules.display());
    fs::write(directory.join("access-control.properties"), properties).unwrap();
    trino(name, directory, &[])
}

fn rules_of_file(filter: &str, mask: &str) -> String {
    let (filter, mask) = (filter.replace('"', "\\\""), mask.replace('"', "\\\""));
    let masks: Vec<String> =
        (0..10).map(|n| format!(r#"{{"name": "c{n}", "allow": true, "mask": "{mask}"}}"#)).collect();
    format!(
        r#"{{"catalogs": [{{"allow": "all"}}], "schemas": [{{"owner": true}}], "queries": [{{"allow": ["execute", "view", "kill"]}}],
"tables": [
  {{"user": "jay", "schema": "bench", "privileges": ["SELECT"], "filter": "{filter}", "columns": [{}]}},
  {{"privileges": ["SELECT", "INSERT", "DELETE", "UPDATE", "OWNERSHIP"]}}
]}}"#,
        masks.join(", ")
    )
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn trino(name: &'static str, directory: PathBuf, properties: &[String]) -> Trino {
    fs::create_dir_all(&directory).unwrap();
    let address = free_address();
    let log = fs::File::create(directory.join("log")).unwrap();
    let child = Command::new(root().join("deploy/trino/start"))
        .arg(&directory)
        .arg(address.port().to_string())
        .args(properties)
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    Trino { name, address, _process: Running(child) }
}

fn until_started(server: &Trino, admin: &Client) {
    let started = Instant::now();
    let answers =
        || ureq::get(format!("http://{}/v1/info", server.address)).call().ok()?.body_mut().read_to_string().ok();
    while !answers().is_some_and(|info| info.contains("\"starting\":false")) {
        assert!(started.elapsed() < Duration::from_secs(120), "{} did not start", server.name);
        std::thread::sleep(Duration::from_millis(200));
    }
    while admin.run("SELECT 1").is_err() {
        assert!(started.elapsed() < Duration::from_secs(120), "{} does not answer", server.name);
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn analysis(server: &Trino) -> Duration {
    let answer = Client::new(server.address, "jay").run(QUERY).unwrap_or_else(|failure| panic!("{failure:?}"));
    let expected = if server.name == "allow-all" { 2 } else { 1 };
    assert_eq!(answer.rows.len(), expected, "{}", server.name);
    let info =
        ureq::get(format!("http://{}/v1/query/{}", server.address, answer.query)).header("X-Trino-User", "admin");
    let info: serde_json::Value = info.call().unwrap().body_mut().read_json().unwrap();
    duration(info["queryStats"]["analysisTime"].as_str().unwrap())
}

/// Airlift's way to write a duration: `1.23ms`.
fn duration(text: &str) -> Duration {
    let unit = text.find(|c: char| c.is_ascii_alphabetic()).unwrap();
    let (number, unit) = text.split_at(unit);
    let seconds = match unit {
        "ns" => 1e-9,
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        other => panic!("unknown unit {other}"),
    };
    Duration::from_secs_f64(number.parse::<f64>().unwrap() * seconds)
}

fn rpcs(http: SocketAddr) -> u64 {
    let text = ureq::get(format!("http://{http}/metrics")).call().unwrap().body_mut().read_to_string().unwrap();
    let counts = text.lines().filter(|line| line.starts_with("meshward_rpcs_total"));
    counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
