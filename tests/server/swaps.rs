//! Revisions that are swapped under requests in flight: each answer is of one revision, and none waits for the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::tz::TimeZone;
use meshward::answer::Answerer;
use meshward::attributes::Sources;
use meshward::attributes::held::Queries;
use meshward::attributes::secret::Secrets;
use meshward::document::finding::Source;
use meshward::document::load;
use meshward::rpc::{self, Decisions};
use meshward::store::revision::Revisions;
use meshward::telemetry::metrics::Metrics;
use tokio_stream::wrappers::TcpListenerStream;

use crate::server::process::proto::column_decision::Access;
use crate::server::process::proto::decide_table_response::Rows;
use crate::server::process::{Client, context, decide_table};

const IN_FLIGHT: usize = 64;
const SWAPS: usize = 100;

/// Documents of which each part names the number: the filter and the mask.
fn documents(number: usize) -> load::Loaded {
    let text = format!(
        "kind: Policy\nname: p\non: everything\nrules:\n  - allow everyone to read\n  - only show rows where country = 'r{number}' for \
         everyone\n  - mask column country with constant 'm{number}' for everyone\n"
    );
    let source = Arc::new(Source::new("mesh.yaml", text));
    load::texts(&[source]).unwrap()
}

/// The numbers that an answer's filter and mask name.
fn numbers(answer: &crate::server::process::proto::DecideTableResponse) -> (String, String) {
    let Some(Rows::RowFilters(filters)) = &answer.rows else { panic!("{answer:?}") };
    let Some(Access::Mask(mask)) = &answer.columns[0].access else { panic!("{answer:?}") };
    let number = |sql: &str, letter: char| {
        let after = sql.split_once(&format!("'{letter}")).unwrap().1;
        after.split_once('\'').unwrap().0.to_owned()
    };
    (number(&filters.filters[0].sql, 'r'), number(&mask.sql, 'm'))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_decision_mixes_two_revisions() {
    let metrics = Arc::new(Metrics::default());
    let revisions =
        Arc::new(Revisions::new(TimeZone::UTC, Sources::new(Secrets::default(), metrics.sources().clone())));
    revisions.publish(&documents(1)).unwrap();
    let decisions =
        Decisions::new(Answerer { revisions: Arc::clone(&revisions), queries: Queries::default() }, metrics);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = tonic::transport::Server::builder().add_service(rpc::serve(decisions, None));
    tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
    let client = Client::connect(format!("http://{address}")).await.unwrap();

    let swapping = Arc::new(AtomicBool::new(true));
    let askers: Vec<_> = (0..IN_FLIGHT)
        .map(|asker| {
            let (mut client, swapping) = (client.clone(), Arc::clone(&swapping));
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while swapping.load(Ordering::Relaxed) {
                    // A query without a pin takes what is current; with it, it stays where it began.
                    let first = client.decide_table(decide_table(context("jay"))).await.unwrap().into_inner();
                    let number = first.revision.to_string();
                    assert_eq!(numbers(&first), (number.clone(), number), "asker {asker}");
                    let pinned =
                        crate::server::process::proto::RequestContext { pin: first.pin.clone(), ..context("jay") };
                    match client.decide_table(decide_table(pinned)).await {
                        Ok(again) => assert_eq!(numbers(again.get_ref()), numbers(&first)),
                        // Only so many are kept; the query fails, and nothing of another revision is shown.
                        Err(status) => assert_eq!(status.code(), tonic::Code::FailedPrecondition, "{status}"),
                    }
                    seen.push(first.revision);
                }
                seen
            })
        })
        .collect();
    for number in 2..=SWAPS {
        revisions.publish(&documents(number)).unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    swapping.store(false, Ordering::Relaxed);
    let mut all = std::collections::BTreeSet::new();
    for asker in askers {
        let seen = asker.await.unwrap();
        assert!(seen.is_sorted(), "one connection is never answered by an older revision again");
        all.extend(seen);
    }
    assert!(all.len() > SWAPS / 10, "the decisions and the swaps met: {} revisions were seen", all.len());
}
