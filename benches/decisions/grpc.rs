//! The decision RPC against an RPC of the same message sizes that answers a constant: what is left is what deciding costs.

use std::time::{Duration, Instant};

use tonic::transport::Channel;

use crate::measure::{Times, us};
use crate::mesh;
use crate::wire::{self, Client, Constant, proto};

const ROUNDS: usize = 8;
pub(crate) const ROUND: Duration = Duration::from_millis(1_000);

pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (mut client, _) = wire::deciding(mesh::documents(200)).await;
        let request = wire::table_question();
        let answer = client.decide_table(request.clone()).await.unwrap().into_inner();
        println!(
            "\nDecideTable through gRPC, 200 rules, {} columns, 10 masked, one row filter; request {} bytes, answer {} bytes",
            mesh::COLUMNS,
            prost::Message::encoded_len(&request),
            prost::Message::encoded_len(&answer),
        );
        let mut floor = wire::constant(Constant { table: answer, ..Constant::default() }).await;
        println!("{:>10} {:>12} {:>12} {:>12} {:>12}", "in flight", "", "per second", "p50 µs", "p99 µs");
        for in_flight in [1, 64] {
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            // Interleaved, so that both meet the same weather.
            for _ in 0..ROUNDS {
                theirs.push(round(&mut floor, &request, in_flight).await);
                ours.push(round(&mut client, &request, in_flight).await);
            }
            let (theirs, ours) = (sum(theirs), sum(ours));
            print(in_flight, "constant", &theirs);
            print(in_flight, "decision", &ours);
            println!(
                "{in_flight:>10} {:>12} {:>12.2} {:>12.2} {:>12.2}",
                "ratio",
                ours.0 / theirs.0,
                us(ours.1.median()) / us(theirs.1.median()),
                us(ours.1.percentile(0.99)) / us(theirs.1.percentile(0.99)),
            );
        }
    });
}

fn print(in_flight: usize, what: &str, (per_second, times): &(f64, Times)) {
    let (p50, p99) = (us(times.median()), us(times.percentile(0.99)));
    println!("{in_flight:>10} {what:>12} {per_second:>12.0} {p50:>12.1} {p99:>12.1}");
}

#[expect(clippy::cast_precision_loss, reason = "a count of some thousands")]
fn sum(rounds: Vec<Vec<Duration>>) -> (f64, Times) {
    let all: Vec<Duration> = rounds.into_iter().flatten().collect();
    let per_second = all.len() as f64 / (ROUND.as_secs_f64() * ROUNDS as f64);
    (per_second, Times::new(all))
}

pub(crate) async fn round(
    client: &mut Client<Channel>,
    request: &proto::DecideTableRequest,
    in_flight: usize,
) -> Vec<Duration> {
    let end = Instant::now() + ROUND;
    let callers = (0..in_flight).map(|_| {
        let (mut client, request) = (client.clone(), request.clone());
        tokio::spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < end {
                let started = Instant::now();
                client.decide_table(request.clone()).await.unwrap();
                times.push(started.elapsed());
            }
            times
        })
    });
    let mut all = Vec::new();
    for caller in callers.collect::<Vec<_>>() {
        all.extend(caller.await.unwrap());
    }
    all
}
