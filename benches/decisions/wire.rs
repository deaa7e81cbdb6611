//! Servers and clients of the decision RPCs, within this process.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use jiff::tz::TimeZone;
use meshward::answer::Answerer;
use meshward::attributes::Sources;
use meshward::attributes::held::Queries;
use meshward::attributes::secret::Secrets;
use meshward::document::kinds::Documents;
use meshward::document::load::Loaded;
use meshward::document::written::Written;
use meshward::rpc::{self, Decisions};
use meshward::store::revision::Revisions;
use meshward::telemetry::metrics::Metrics;
use tokio::net::TcpListener;
use tokio_stream::{Stream, StreamExt as _};
use tonic::transport::server::{Router, TcpIncoming};
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status, Streaming};

use crate::mesh;

#[expect(clippy::allow_attributes_without_reason, clippy::allow_attributes, unreachable_pub, reason = "generated")]
pub(crate) mod proto {
    tonic::include_proto!("meshward.decision.v1");
}

pub(crate) use proto::decision_service_client::DecisionServiceClient as Client;
use proto::decision_service_server::{DecisionService, DecisionServiceServer};

/// Answers every question with the same message, and the slices of a listing each with its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Constant {
    pub(crate) table: proto::DecideTableResponse,
    pub(crate) slices: Vec<proto::FilterResourcesResponse>,
}

#[tonic::async_trait]
impl DecisionService for Constant {
    async fn decide_table(
        &self,
        _: Request<proto::DecideTableRequest>,
    ) -> Result<Response<proto::DecideTableResponse>, Status> {
        Ok(Response::new(self.table.clone()))
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
        request: Request<Streaming<proto::FilterResourcesRequest>>,
    ) -> Result<Response<Self::FilterResourcesStream>, Status> {
        let slices = self.slices.clone();
        let answers = request.into_inner().map(move |slice| {
            let number = usize::try_from(slice?.slice).unwrap();
            Ok(slices[number].clone())
        });
        Ok(Response::new(Box::pin(answers)))
    }
}

/// A server that answers a constant.
pub(crate) async fn constant(constant: Constant) -> Client<Channel> {
    let service = DecisionServiceServer::new(constant).max_decoding_message_size(16 * 1024 * 1024);
    connect(listen(Server::builder().add_service(service)).await).await
}

/// A server that decides, with its revisions.
pub(crate) async fn deciding(documents: Documents) -> (Client<Channel>, Arc<Revisions>) {
    let sources = Sources::new(Secrets::default(), Metrics::default().sources().clone());
    let revisions = Arc::new(Revisions::new(TimeZone::UTC, sources));
    revisions.publish(&Loaded { documents, digest: [7; 32], written: Written::default() }).unwrap();
    let answerer = Answerer { revisions: Arc::clone(&revisions), queries: Queries::default() };
    let decisions = Decisions::new(answerer, Arc::new(Metrics::default()));
    (connect(listen(Server::builder().add_service(rpc::serve(decisions, None))).await).await, revisions)
}

/// Serves a router on a port of its own.
async fn listen(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    tokio::spawn(router.serve_with_incoming(incoming));
    address
}

async fn connect(address: SocketAddr) -> Client<Channel> {
    Client::connect(format!("http://{address}")).await.unwrap()
}

/// Who asks, in a query.
pub(crate) fn context() -> proto::RequestContext {
    let identity = proto::Identity { user: "jay".to_owned(), groups: mesh::groups(), ..proto::Identity::default() };
    proto::RequestContext {
        query_id: "20261124_120000_00001_abcde".to_owned(),
        identity: Some(identity.clone()),
        invoker: Some(identity),
        cluster: "bench".to_owned(),
        trino_version: "483".to_owned(),
        ..proto::RequestContext::default()
    }
}

/// The question about the mesh's table.
pub(crate) fn table_question() -> proto::DecideTableRequest {
    let asked = mesh::table_request();
    let columns = asked.columns.iter().map(|column| proto::Column {
        name: column.name.to_string(),
        r#type: if column.name.as_str() == "country" { "varchar(2)" } else { "varchar" }.to_owned(),
        hidden: false,
    });
    proto::DecideTableRequest {
        context: Some(context()),
        table: Some(proto::TableName {
            catalog: asked.table.catalog.to_string(),
            schema: asked.table.schema.to_string(),
            table: asked.table.table.to_string(),
        }),
        branch: None,
        columns: columns.collect(),
    }
}
