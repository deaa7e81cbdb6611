//! The three questions: decode, answer, encode.

use std::pin::Pin;
use std::sync::Arc;

use opentelemetry::propagation::Extractor;
use tokio_stream::{Stream, StreamExt};
use tonic::metadata::{KeyRef, MetadataMap, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Response, Status, Streaming};
use tracing::{Instrument, Span, field, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::answer::{Answer, Answerer, Question};
use crate::clock;
use crate::model::request;
use crate::rpc::convert::door::decision_service_server::{DecisionService, DecisionServiceServer};
use crate::rpc::convert::{self, Questions, proto};
use crate::rpc::question::TableQuestion;
use crate::store::revision::NoRevision;
use crate::telemetry::metrics::{Metrics, Rpc};
use crate::token::Tokens;

/// The largest message that is read: a slice of names.
const LARGEST_MESSAGE: usize = 16 * 1024 * 1024;

/// Where a status says in one word why, for programs.
const REASON: &str = "meshward-reason";

/// The decision service.
#[derive(Clone, Debug)]
pub struct Decisions {
    answerer: Answerer,
    metrics: Arc<Metrics>,
    questions: Arc<Questions>,
}

impl Decisions {
    /// Answers from `answerer` and counts in `metrics`.
    pub fn new(answerer: Answerer, metrics: Arc<Metrics>) -> Self {
        Self { answerer, metrics, questions: Arc::default() }
    }

    async fn answer(&self, question: Question) -> Result<Answer, Status> {
        let started = clock::instant();
        let answer = self.answerer.answer(question).await.map_err(|none| status(&none))?;
        self.metrics.decided(&answer.decision, started.elapsed());
        Ok(answer)
    }
}

fn status(none: &NoRevision) -> Status {
    let (mut status, reason) = match none {
        NoRevision::NoneYet => (Status::unavailable(none.to_string()), "NO_REVISION"),
        NoRevision::Gone => (Status::failed_precondition(none.to_string()), "REVISION_GONE"),
        NoRevision::Attributes(_) => (Status::failed_precondition(none.to_string()), "ATTRIBUTES_GONE"),
    };
    status.metadata_mut().insert(REASON, MetadataValue::from_static(reason));
    status
}

struct Carrier<'a>(&'a MetadataMap);

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0
            .keys()
            .filter_map(|key| match key {
                KeyRef::Ascii(key) => Some(key.as_str()),
                KeyRef::Binary(_) => None,
            })
            .collect()
    }
}

/// A span that continues the caller's trace.
fn span(rpc: Rpc, metadata: &MetadataMap) -> Span {
    let span = info_span!(
        "request",
        otel.name = rpc.method(),
        otel.kind = "server",
        rpc.system.name = "grpc",
        query_id = field::Empty
    );
    let parent = opentelemetry::global::get_text_map_propagator(|propagator| propagator.extract(&Carrier(metadata)));
    // Only a span that tracing is off for has no place for a parent.
    let _untraced = span.set_parent(parent);
    span
}

#[tonic::async_trait]
impl DecisionService for Decisions {
    async fn decide_table(
        &self,
        request: Request<TableQuestion>,
    ) -> Result<Response<proto::DecideTableResponse>, Status> {
        let counted = self.metrics.begin(Rpc::DecideTable);
        let span = span(Rpc::DecideTable, request.metadata());
        let answer = async {
            let TableQuestion { context, table, branch: _, columns } = request.into_inner();
            let context = self.questions.context(context)?;
            Span::current().record("query_id", context.query_id());
            let asked = self.questions.table(table, columns)?;
            let question = context.asking(request::Request::Table((*asked).clone()));
            convert::table_answer(self.answer(question).await?, &asked.table)
        };
        counted.end(answer.instrument(span).await.map(Response::new))
    }

    async fn check_access(
        &self,
        request: Request<proto::CheckAccessRequest>,
    ) -> Result<Response<proto::CheckAccessResponse>, Status> {
        let counted = self.metrics.begin(Rpc::CheckAccess);
        let span = span(Rpc::CheckAccess, request.metadata());
        let answer = async {
            let mut request = request.into_inner();
            let context = convert::context(request.context.take())?;
            Span::current().record("query_id", context.query_id());
            convert::access_answer(self.answer(context.asking(convert::access_request(request)?)).await?)
        };
        counted.end(answer.instrument(span).await.map(Response::new))
    }

    type FilterResourcesStream = Pin<Box<dyn Stream<Item = Result<proto::FilterResourcesResponse, Status>> + Send>>;

    async fn filter_resources(
        &self,
        request: Request<Streaming<proto::FilterResourcesRequest>>,
    ) -> Result<Response<Self::FilterResourcesStream>, Status> {
        let counted = self.metrics.begin(Rpc::FilterResources);
        let span = span(Rpc::FilterResources, request.metadata());
        let mut slices = request.into_inner();
        let decisions = self.clone();
        let (answers, receiver) = tokio::sync::mpsc::channel(4);
        let work = async move {
            let mut context: Option<convert::Context> = None;
            let ended = loop {
                let slice = match slices.next().await {
                    None => break Ok(()),
                    Some(Err(status)) => break Err(status),
                    Some(Ok(slice)) => slice,
                };
                match decisions.slice(slice, &mut context).await {
                    // A caller that is gone wants no more answers.
                    Ok(answer) => {
                        if answers.send(Ok(answer)).await.is_err() {
                            return;
                        }
                    }
                    Err(status) => break Err(status),
                }
            };
            if let Err(status) = counted.end(ended) {
                // A caller that is gone does not want the status either.
                let _gone = answers.send(Err(status)).await;
            }
        };
        tokio::spawn(work.instrument(span));
        Ok(Response::new(Box::pin(tokio_stream::wrappers::ReceiverStream::new(receiver))))
    }
}

impl Decisions {
    /// Answers one slice. The first brings the context; what answers it is the pin of the others.
    async fn slice(
        &self,
        slice: proto::FilterResourcesRequest,
        context: &mut Option<convert::Context>,
    ) -> Result<proto::FilterResourcesResponse, Status> {
        let proto::FilterResourcesRequest { context: first, slice: number, resources } = slice;
        let current = match context {
            Some(current) => current,
            None => context.insert(convert::context(first)?),
        };
        let question = current.clone().asking(request::Request::Listing(convert::listing(resources)?));
        let answer = self.answer(question).await?;
        current.pin = Some(answer.pin.clone());
        convert::listing_answer(answer, number)
    }
}

/// Lets through only callers with an accepted token, where tokens are configured.
#[derive(Clone, Debug)]
pub struct Admission(Option<Arc<Tokens>>);

impl Interceptor for Admission {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        match &self.0 {
            Some(tokens) => {
                let authorization = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
                match tokens.accept(authorization) {
                    true => Ok(request),
                    false => Err(Status::unauthenticated("a token that this server accepts is needed")),
                }
            }
            None => Ok(request),
        }
    }
}

/// The service with its credential check, for a server.
pub fn serve(
    decisions: Decisions,
    tokens: Option<Arc<Tokens>>,
) -> InterceptedService<DecisionServiceServer<Decisions>, Admission> {
    let service = DecisionServiceServer::new(decisions).max_decoding_message_size(LARGEST_MESSAGE);
    InterceptedService::new(service, Admission(tokens))
}

/// What reflection shows.
pub fn descriptors() -> &'static [u8] {
    convert::DESCRIPTORS
}
