//! Making a snapshot, what it weighs, and decisions meanwhile.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use meshward::document::kinds::Tagging;
use meshward::engine::decide;
use meshward::model::name::{Identifier, Name, TableName};

use crate::measure::{Times, ms, resident_mib, times, us};
use crate::mesh;

const TABLES: usize = 10_000;
const COLUMNS: usize = 100;

pub(crate) fn run() {
    println!("\nsnapshot of 10,000 rules and {} tagged columns", TABLES * COLUMNS);
    let small = mesh::documents(10_000);
    let (running, subject, request) = (mesh::snapshot(&small), mesh::subject(&small), mesh::request());
    let mut large = small.clone();
    let tag = Name::new("PII.Name").unwrap();
    for table in 0..TABLES {
        let name = Name::new(&format!("bulk{table}")).unwrap();
        let columns: BTreeMap<_, _> =
            (0..COLUMNS).map(|column| (Identifier::new(&format!("c{column}")), vec![tag.clone()])).collect();
        let table = TableName::new("lake", &format!("bulk{}", table % 100), &format!("t{table}"));
        large.taggings.insert(name.clone(), Tagging { name, domain: None, table, tags: Vec::new(), columns });
    }
    let quiet = times(20_000, || drop(black_box(decide(&running, &subject, &request))));
    let before = resident_mib();
    let started = Instant::now();
    let snapshot = mesh::snapshot(&large);
    let took = started.elapsed();
    println!("  made in {:.0} ms, {:.0} MiB", ms(took), resident_mib() - before);
    let building = AtomicBool::new(true);
    let meanwhile = std::thread::scope(|scope| {
        scope.spawn(|| {
            (0..3).for_each(|_| drop(black_box(mesh::snapshot(&large))));
            building.store(false, Ordering::Relaxed);
        });
        let mut measured = Vec::new();
        while building.load(Ordering::Relaxed) {
            let started = Instant::now();
            drop(black_box(decide(&running, &subject, &request)));
            measured.push(started.elapsed());
        }
        Times::new(measured)
    });
    println!(
        "  decisions: p99 {:.2} µs in quiet, {:.2} µs while a snapshot is made beside them",
        us(quiet.percentile(0.99)),
        us(meanwhile.percentile(0.99))
    );
    drop(snapshot);
}
