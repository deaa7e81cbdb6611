//! Listings: which of very many names may be seen.

use std::hint::black_box;

use meshward::engine::decide;
use meshward::model::decision::Decision;
use meshward::model::name::Identifier;
use meshward::model::request::{Listing, Request};

use crate::measure::{ms, times};
use crate::mesh;

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
