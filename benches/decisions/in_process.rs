//! One decision about one table, without a network: the same at any number of rules.

use std::hint::black_box;
use std::time::Duration;

use meshward::engine::decide;

use crate::measure::{times, us};
use crate::mesh;

pub(crate) fn run() {
    println!("\ndecision for one table of {} columns, 10 masked, one row filter, in process", mesh::COLUMNS);
    println!("{:>10} {:>12} {:>12} {:>16} {:>12}", "rules", "median µs", "p99 µs", "against 100 µs", "scan µs");
    let mut first: Option<Duration> = None;
    for rules in [100, 1_000, 10_000, 100_000] {
        let documents = mesh::documents(rules);
        let (snapshot, subject, request) = (mesh::snapshot(&documents), mesh::subject(&documents), mesh::request());
        let measured = times(20_000, || {
            drop(black_box(decide(&snapshot, black_box(&subject), black_box(&request))));
        });
        let indexed = decide(&snapshot, &subject, &request);
        let scanning = snapshot.scanning();
        assert_eq!(decide(&scanning, &subject, &request), indexed, "an indexed decision equals a scan");
        let scan = times(20, || drop(black_box(decide(&scanning, &subject, &request))));
        let baseline = *first.get_or_insert(measured.median());
        println!(
            "{rules:>10} {:>12.2} {:>12.2} {:>+16.2} {:>12.1}",
            us(measured.median()),
            us(measured.percentile(0.99)),
            us(measured.median()) - us(baseline),
            us(scan.median()),
        );
    }
}
