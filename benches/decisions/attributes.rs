//! Attributes from a source against attributes from documents, what is kept of many users, and what a source hears.

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use meshward::answer::{Answerer, Question};
use meshward::attributes::held::Queries;
use meshward::attributes::secret::Secrets;
use meshward::attributes::{Needed, Sources};
use meshward::document::finding::Source;
use meshward::document::load;
use meshward::model::column_type::ColumnType;
use meshward::model::name::{Identifier, Name, TableName};
use meshward::model::request::{Column, Request, TableRequest};
use meshward::model::subject::Identity;
use meshward::store::revision::{Pin, Revisions};
use meshward::telemetry::metrics::Metrics;
use tokio::runtime::Runtime;

use crate::measure::{resident_mib, times, us};

/// Users of the memory's measurement.
const USERS: usize = 50_000;

/// Users whose entries go stale at once.
const STALE: usize = 2_000;

/// How often a directory was asked.
static CALLS: AtomicU64 = AtomicU64::new(0);

pub(crate) fn run() {
    let directory = Runtime::new().unwrap();
    let address = directory.block_on(serve());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    against_documents(&runtime, address);
    herd(&runtime, address);
    many(&runtime, address);
    stale(&runtime, address);
}

/// A directory that answers at once, in threads of its own.
async fn serve() -> SocketAddr {
    let answer = || async {
        CALLS.fetch_add(1, Ordering::Relaxed);
        axum::Json(serde_json::json!({
            "country": ["CL", "AT"], "department": "FINANCE", "clearance": 3, "groups": ["finance", "analysts", "everybody"],
        }))
    };
    let router = axum::Router::new().route("/people/{user}", axum::routing::get(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

const RULES: &str = "{kind: Attribute, name: country, type: text}\n---\n{kind: Attribute, name: department, type: text}\n---\n{kind: Attribute, \
     name: clearance, type: number, single: true}\n---\nkind: Policy\nname: p\non: lake.s.*\nrules:\n  - allow those with @department = \
     'FINANCE' to read\n  - only show rows where country = @country and level <= @clearance for everyone except members of group \"audit\"\n";

const USER: &str = "---\n{kind: User, name: jay, attributes: {country: [CL, AT], department: FINANCE, clearance: 3}}\n";

fn source(address: SocketAddr, more: &str) -> String {
    format!(
        "{RULES}---\nkind: AttributeSource\nname: hr\nhttp: {{url: 'http://{address}/people/{{user}}'}}\nattributes: {{country: /country, \
         department: /department, clearance: /clearance}}\ngroups: /groups\ntimeout: 5s\n{more}"
    )
}

fn answerer(yaml: &str) -> Answerer {
    let sources = Sources::new(Secrets::default(), Metrics::default().sources().clone());
    let revisions = Arc::new(Revisions::new(TimeZone::UTC, sources));
    let source = Arc::new(Source::new("bench.yaml", yaml));
    revisions.publish(&load::texts(&[source]).unwrap()).unwrap();
    Answerer { revisions, queries: Queries::default() }
}

fn question(user: &str, pin: Option<Pin>) -> Question {
    let column = |name: &str, column_type| Column::typed(Identifier::new(name), column_type);
    Question {
        query_id: "20261124_000000_00000_aaaaa".to_owned(),
        query_start: None,
        identity: Identity::of_user(user),
        invoker: None,
        cluster: Arc::from("bench"),
        pin,
        request: Request::Table(TableRequest {
            table: TableName::new("lake", "s", "t"),
            columns: vec![column("country", ColumnType::Varchar(None)), column("level", ColumnType::Bigint)],
        }),
    }
}

fn against_documents(runtime: &Runtime, address: SocketAddr) {
    let (documents, cached) = (answerer(&format!("{RULES}{USER}")), answerer(&source(address, "ttl: 1h\n")));
    println!("\none answer, attributes resolved, decided and recorded");
    println!("{:>28} {:>12} {:>12} {:>14}", "", "median µs", "p99 µs", "against µs");
    for (what, pinned) in [("first request of a query", false), ("later request of a query", true)] {
        let mut medians = Vec::new();
        for (from, answerer) in [("documents", &documents), ("source, cached", &cached)] {
            let first = runtime.block_on(answerer.answer(question("jay", None))).unwrap();
            let pin = pinned.then_some(first.pin);
            let measured = times(50_000, || {
                drop(black_box(runtime.block_on(answerer.answer(question("jay", pin.clone())))).unwrap());
            });
            medians.push(us(measured.median()));
            let more = medians.last().unwrap() - medians[0];
            println!(
                "{what:>28} {:>12.2} {:>12.2} {more:>+14.2}  {from}",
                us(measured.median()),
                us(measured.percentile(0.99))
            );
        }
    }
}

fn herd(runtime: &Runtime, address: SocketAddr) {
    let answerer = Arc::new(answerer(&source(address, "")));
    let before = CALLS.load(Ordering::Relaxed);
    runtime.block_on(async {
        let all: Vec<_> = (0..1_000)
            .map(|_| {
                let answerer = Arc::clone(&answerer);
                tokio::spawn(async move { drop(answerer.answer(question("jay", None)).await.unwrap()) })
            })
            .collect();
        for one in all {
            one.await.unwrap();
        }
    });
    println!("\n1,000 concurrent misses of one user: {} call(s)", CALLS.load(Ordering::Relaxed) - before);
}

fn many(runtime: &Runtime, address: SocketAddr) {
    let answerer = answerer(&source(address, "ttl: 1h\nconcurrency: 64\n"));
    let revision = answerer.revisions.current().unwrap();
    let names = ["country", "department", "clearance"];
    let needed = Needed { attributes: names.map(|name| Name::new(name).unwrap()).to_vec(), groups: true };
    let before = resident_mib();
    let started = Instant::now();
    runtime.block_on(async {
        for slice in (0..USERS).collect::<Vec<_>>().chunks(64) {
            let ask = |n: &usize| {
                let (revision, needed, user) = (Arc::clone(&revision), needed.clone(), format!("user{n}"));
                tokio::spawn(async move {
                    let known = revision.attributes.resolve(Identity::of_user(&user), &needed, None).await.unwrap();
                    assert!(known.consulted[0].said.is_ok());
                })
            };
            for one in slice.iter().map(ask).collect::<Vec<_>>() {
                one.await.unwrap();
            }
        }
    });
    let entries = revision.attributes.sources()[0].measure();
    println!(
        "{entries} users kept, 3 attributes and 3 groups each: {:.1} MiB more, loaded in {:.1} s",
        resident_mib() - before,
        started.elapsed().as_secs_f64()
    );
}

fn stale(runtime: &Runtime, address: SocketAddr) {
    let answerer = answerer(&source(address, "ttl: 6s\nstale_ttl: 1h\nhard_ttl: 2h\njitter: 0\n"));
    let users: Vec<String> = (0..STALE).map(|n| format!("user{n}")).collect();
    runtime.block_on(async {
        for user in &users {
            drop(answerer.answer(question(user, None)).await.unwrap());
        }
    });
    let loaded = Instant::now();
    let for_a_second = || {
        let (started, mut answers) = (Instant::now(), 0_u64);
        runtime.block_on(async {
            while started.elapsed() < Duration::from_secs(1) {
                for user in &users {
                    drop(black_box(answerer.answer(question(user, None)).await.unwrap()));
                    answers += 1;
                    // Questions behind are tasks of this thread too, as in a server.
                    tokio::task::yield_now().await;
                }
            }
        });
        answers
    };
    for_a_second();
    let fresh = for_a_second().max(for_a_second());
    std::thread::sleep(Duration::from_millis(6_500).saturating_sub(loaded.elapsed()));
    let before = CALLS.load(Ordering::Relaxed);
    let going_stale = for_a_second();
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
    let ratio = going_stale as f64 / fresh as f64;
    println!(
        "{STALE} entries go stale at once: {going_stale} answers in the next second with {} refreshes, {fresh} while fresh: {ratio:.2}",
        CALLS.load(Ordering::Relaxed) - before
    );
}
