//! Listings: which of very many names may be seen, in process and through gRPC beside an RPC that answers constants.

use std::hint::black_box;
use std::time::{Duration, Instant};

use meshward::engine::decide;
use meshward::model::decision::Decision;
use meshward::model::name::Identifier;
use meshward::model::request::{Listing, Request};

use prost::Message as _;
use tonic::transport::Channel;

use crate::measure::{Times, ms, times};
use crate::mesh;
use crate::wire::proto::filter_resources_request::Resources;
use crate::wire::{self, Client, Constant, proto};

/// As many as the plugin sends at once.
const NAMES_IN_A_SLICE: usize = 5_000;

const CALLS: usize = 20;

pub(crate) fn run() {
    let documents = mesh::documents(1_000);
    let (snapshot, subject) = (mesh::snapshot(&documents), mesh::subject(&documents));
    println!("\nlistings, in process, 1,000 rules");
    let names = |prefix: &str, count: usize| -> Vec<Identifier> {
        (0..count).map(|n| Identifier::new(&format!("{prefix}{n}"))).collect()
    };
    let tables = |schema: fn(usize) -> String| {
        let schemas = (0..100).map(|n| (Identifier::new(&schema(n)), names("t", 1_000))).collect();
        Request::Listing(Listing::Tables { catalog: Identifier::new("lake"), schemas })
    };
    let columns = {
        let tables = names("t", 1_000).into_iter().map(|table| (table, names("c", 100))).collect();
        let schemas = vec![(Identifier::new("finance"), tables)];
        Request::Listing(Listing::Columns { catalog: Identifier::new("lake"), schemas })
    };
    for (what, request) in [
        ("100,000 tables of schemas that are open", tables(|_| "finance".to_owned())),
        ("100,000 tables of schemas that are open in part or closed", tables(|n| format!("s{n}"))),
        ("1,000 tables of 100 columns", columns),
    ] {
        let Decision::Listing(kept) = decide(&snapshot, &subject, &request) else { panic!("a listing was asked for") };
        let kept = kept.iter().filter(|kept| **kept).count();
        let measured = times(10, || drop(black_box(decide(&snapshot, &subject, &request))));
        println!("{what:>60}: {:>8.2} ms, {kept} kept", ms(measured.median()));
    }
}

/// The same two through gRPC.
pub(crate) fn run_through_grpc() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        println!("\nlistings through gRPC, 1,000 rules, {NAMES_IN_A_SLICE} names in a slice, {CALLS} calls in turn");
        println!(
            "{:>30} {:>10} {:>10} {:>10} {:>12} {:>12}",
            "", "bytes in", "bytes out", "p50 ms", "constant ms", "difference"
        );
        let (mut client, _) = wire::deciding(mesh::documents(1_000)).await;
        for (what, slices) in [("100,000 tables", tables()), ("1,000 tables of 100 columns", columns())] {
            let (_, answers) = filter(&mut client, &slices).await;
            let size = |sizes: Vec<usize>| sizes.into_iter().sum::<usize>();
            let bytes_in = size(slices.iter().map(proto::FilterResourcesRequest::encoded_len).collect());
            let bytes_out = size(answers.iter().map(proto::FilterResourcesResponse::encoded_len).collect());
            let mut floor = wire::constant(Constant { slices: answers, ..Constant::default() }).await;
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            for _ in 0..CALLS {
                theirs.push(filter(&mut floor, &slices).await.0);
                ours.push(filter(&mut client, &slices).await.0);
            }
            let (ours, theirs) = (ms(Times::new(ours).median()), ms(Times::new(theirs).median()));
            println!("{what:>30} {bytes_in:>10} {bytes_out:>10} {ours:>10.2} {theirs:>12.2} {:>12.2}", ours - theirs);
        }
    });
}

async fn filter(
    client: &mut Client<Channel>,
    slices: &[proto::FilterResourcesRequest],
) -> (Duration, Vec<proto::FilterResourcesResponse>) {
    let asked = tokio_stream::iter(slices.to_vec());
    let started = Instant::now();
    let mut answers = client.filter_resources(asked).await.unwrap().into_inner();
    let mut all = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        all.push(answer);
    }
    (started.elapsed(), all)
}

fn tables() -> Vec<proto::FilterResourcesRequest> {
    let schema = |n: usize| proto::SchemaTables {
        schema: format!("s{n}"),
        tables: (0..1_000).map(|table| format!("daily_transactions_{table}")).collect(),
    };
    let schemas: Vec<_> = (0..100).map(schema).collect();
    let list = |schemas: &[proto::SchemaTables]| {
        Resources::Tables(proto::TableList { catalog: "lake".to_owned(), schemas: schemas.to_vec() })
    };
    numbered(schemas.chunks(NAMES_IN_A_SLICE / 1_000).map(list))
}

fn columns() -> Vec<proto::FilterResourcesRequest> {
    let table = |n: usize| proto::TableColumnNames {
        table: format!("daily_transactions_{n}"),
        columns: (0..100).map(|column| format!("customer_attribute_{column}")).collect(),
    };
    let tables: Vec<_> = (0..1_000).map(table).collect();
    let list = |tables: &[proto::TableColumnNames]| {
        let schemas = vec![proto::SchemaColumns { schema: "finance".to_owned(), tables: tables.to_vec() }];
        Resources::Columns(proto::ColumnList { catalog: "lake".to_owned(), schemas })
    };
    numbered(tables.chunks(NAMES_IN_A_SLICE / 100).map(list))
}

fn numbered(slices: impl Iterator<Item = Resources>) -> Vec<proto::FilterResourcesRequest> {
    let slice = |(number, resources): (u32, Resources)| proto::FilterResourcesRequest {
        context: (number == 0).then(wire::context),
        slice: number,
        resources: Some(resources),
    };
    (0..).zip(slices).map(slice).collect()
}
