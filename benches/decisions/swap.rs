//! Swapping the revision under 64 requests in flight: no decision waits for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use meshward::document::load::Loaded;
use meshward::document::written::Written;

use crate::measure::{Times, ms};
use crate::{grpc, mesh, wire};

const IN_FLIGHT: usize = 64;
const ROUNDS: u8 = 6;

/// So often is another revision published. Making one of 200 rules takes a fraction of it.
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let documents = mesh::documents(200);
        let (mut client, revisions) = wire::deciding(documents.clone()).await;
        let request = wire::table_question();
        let swapping = AtomicBool::new(false);
        let ended = AtomicBool::new(false);
        let (mut quiet, mut swapped, mut swaps, mut making) = (Vec::new(), Vec::new(), 0_u32, Duration::ZERO);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    if swapping.load(Ordering::Relaxed) {
                        let mut digest = [0; 32];
                        digest[..4].copy_from_slice(&swaps.to_be_bytes());
                        let started = Instant::now();
                        revisions.publish(&Loaded { documents: documents.clone(), digest, written: Written::default() }).unwrap();
                        making += started.elapsed();
                        swaps += 1;
                    }
                    std::thread::sleep(PAUSE);
                }
            });
            tokio::task::block_in_place(|| {
                for _ in 0..ROUNDS {
                    let handle = tokio::runtime::Handle::current();
                    swapping.store(false, Ordering::Relaxed);
                    quiet.extend(handle.block_on(grpc::round(&mut client, &request, IN_FLIGHT)));
                    swapping.store(true, Ordering::Relaxed);
                    swapped.extend(handle.block_on(grpc::round(&mut client, &request, IN_FLIGHT)));
                }
                ended.store(true, Ordering::Relaxed);
            });
        });
        println!(
            "\n{IN_FLIGHT} in flight through gRPC, and the revision swapped {swaps} times beside them ({:.2} ms to make each)",
            ms(making) / f64::from(swaps)
        );
        println!("{:>12} {:>12} {:>12} {:>12} {:>12}", "", "decisions", "p50 ms", "p99 ms", "longest ms");
        for (what, times) in [("quiet", quiet), ("swapping", swapped)] {
            let count = times.len();
            let times = Times::new(times);
            let [p50, p99, longest] = [0.5, 0.99, 1.0].map(|share| ms(times.percentile(share)));
            println!("{what:>12} {count:>12} {p50:>12.2} {p99:>12.2} {longest:>12.2}");
        }
    });
}
