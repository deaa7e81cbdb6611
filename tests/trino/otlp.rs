//! A receiver of traces by OTLP over gRPC, as a collector is one.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::trace::v1::Span;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// A span and the service that it comes from.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) service: String,
    pub(super) span: Span,
}

/// The receiver and all that it was sent.
#[derive(Clone, Default)]
pub(super) struct Receiver(Arc<Mutex<Vec<Received>>>);

impl Receiver {
    /// Receives on a thread of its own, and says where.
    pub(super) fn start() -> (Self, SocketAddr) {
        let receiver = Self::default();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let service = TraceServiceServer::new(receiver.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let server = tonic::transport::Server::builder().add_service(service);
                server.serve_with_incoming(TcpIncoming::from(listener)).await.unwrap();
            });
        });
        (receiver, address)
    }

    /// All spans that have come.
    pub(super) fn spans(&self) -> Vec<Received> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut received = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for resource in request.into_inner().resource_spans {
            let attributes = resource.resource.map(|resource| resource.attributes).unwrap_or_default();
            let name = attributes.into_iter().find(|attribute| attribute.key == "service.name");
            let service = match name.and_then(|name| name.value).and_then(|value| value.value) {
                Some(any_value::Value::StringValue(name)) => name,
                _ => String::new(),
            };
            let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            received.extend(spans.map(|span| Received { service: service.clone(), span }));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}
