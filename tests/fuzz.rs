//! The fuzz targets' corpus, replayed: what was once found, and what is worth starting from.

use std::fs;
use std::path::Path;

#[path = "../fuzz/promises.rs"]
mod promises;

fn replay(target: &str, promise: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut count = 0;
    for entry in fs::read_dir(&corpus).unwrap() {
        promise(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "{} is empty", corpus.display());
}

#[test]
fn parse_holds_for_the_corpus() {
    replay("parse", promises::parse);
}

#[test]
fn documents_hold_for_the_corpus() {
    replay("documents", promises::documents);
}

#[test]
fn decode_holds_for_the_corpus() {
    replay("decode", promises::decode);
}

#[test]
fn evaluate_holds_for_the_corpus() {
    replay("evaluate", promises::evaluate);
}
