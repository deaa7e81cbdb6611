//! The decision RPC against an RPC of the same message sizes that answers a constant: what is left is what deciding costs.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use meshward::answer::Answerer;
use meshward::attributes::Sources;
use meshward::attributes::secret::Secrets;
use meshward::document::load::Loaded;
use meshward::rpc::{self, Decisions};
use meshward::store::revision::Revisions;
use meshward::telemetry::metrics::Metrics;
use tokio::net::TcpListener;
use tokio_stream::Stream;
use tonic::transport::server::{Router, TcpIncoming};
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status, Streaming};

use crate::measure::{Times, us};
use crate::mesh;

#[expect(clippy::allow_attributes_without_reason, clippy::allow_attributes, unreachable_pub, reason = "generated")]
mod proto {
    tonic::include_proto!("meshward.decision.v1");
}

use proto::decision_service_client::DecisionServiceClient;
use proto::decision_service_server::{DecisionService, DecisionServiceServer};

/// Answers every question about a table with the same message.
#[derive(Debug)]
struct Constant(proto::DecideTableResponse);

#[tonic::async_trait]
impl DecisionService for Constant {
    async fn decide_table(
        &self,
        _: Request<proto::DecideTableRequest>,
    ) -> Result<Response<proto::DecideTableResponse>, Status> {
        Ok(Response::new(self.0.clone()))
    }

    async fn check_access(
        &self,
        _: Request<proto::CheckAccessRequest>,
    ) -> Result<Response<proto::CheckAccessResponse>, Status> {
        Err(Status::unimplemented("a constant"))
    }

    type FilterResourcesStream = Pin<Box<dyn Stream<Item = Result<proto::FilterResourcesResponse, Status>> + Send>>;

    async fn filter_resources(
        &self,
        _: Request<Streaming<proto::FilterResourcesRequest>>,
    ) -> Result<Response<Self::FilterResourcesStream>, Status> {
        Err(Status::unimplemented("a constant"))
    }
}

const ROUNDS: usize = 8;
const ROUND: Duration = Duration::from_millis(1_000);

pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let decides = listen(Server::builder().add_service(rpc::serve(answering(), None))).await;
        let mut client = connect(decides).await;
        let request = message();
        let answer = client.decide_table(request.clone()).await.unwrap().into_inner();
        println!(
            "\nDecideTable through gRPC, 200 rules, {} columns, 10 masked, one row filter; request {} bytes, answer {} bytes",
            mesh::COLUMNS,
            prost::Message::encoded_len(&request),
            prost::Message::encoded_len(&answer),
        );
        let constant = listen(Server::builder().add_service(DecisionServiceServer::new(Constant(answer)))).await;
        let mut floor = connect(constant).await;
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

async fn round(
    client: &mut DecisionServiceClient<Channel>,
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

fn answering() -> Decisions {
    let documents = mesh::documents(200);
    let revisions =
        Arc::new(Revisions::new(TimeZone::UTC, Sources::new(Secrets::default(), Metrics::default().sources().clone())));
    revisions.publish(&Loaded { documents, digest: [7; 32] }).unwrap();
    let answerer = Answerer { revisions };
    Decisions::new(answerer, Arc::new(Metrics::default()))
}

/// Serves a router on a port of its own.
async fn listen(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    tokio::spawn(router.serve_with_incoming(incoming));
    address
}

async fn connect(address: SocketAddr) -> DecisionServiceClient<Channel> {
    DecisionServiceClient::connect(format!("http://{address}")).await.unwrap()
}

fn message() -> proto::DecideTableRequest {
    let identity = proto::Identity { user: "jay".to_owned(), groups: mesh::groups(), ..proto::Identity::default() };
    let asked = mesh::table_request();
    let columns = asked.columns.iter().map(|column| proto::Column {
        name: column.name.to_string(),
        r#type: if column.name.as_str() == "country" { "varchar(2)" } else { "varchar" }.to_owned(),
        hidden: false,
    });
    proto::DecideTableRequest {
        context: Some(proto::RequestContext {
            query_id: "20261124_120000_00001_abcde".to_owned(),
            identity: Some(identity.clone()),
            invoker: Some(identity),
            cluster: "bench".to_owned(),
            trino_version: "483".to_owned(),
            ..proto::RequestContext::default()
        }),
        table: Some(proto::TableName {
            catalog: asked.table.catalog.to_string(),
            schema: asked.table.schema.to_string(),
            table: asked.table.table.to_string(),
        }),
        branch: None,
        columns: columns.collect(),
    }
}
