//! Wiring: documents to revisions, revisions to the doors, and the way down.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::server::{Router, TcpIncoming};
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tracing::{info, warn};

use crate::answer::Answerer;
use crate::attributes::Sources;
use crate::attributes::held::Queries;
use crate::attributes::secret::Secrets;
use crate::config::{Config, Grpc, Listen};
use crate::health::Health;
use crate::http::{self, Pages};
use crate::rpc::listen::{Tls, TlsFiles};
use crate::rpc::{self, Decisions};
use crate::store::folder::Folder;
use crate::store::revision::Revisions;
use crate::telemetry::metrics::Metrics;
use crate::token::Tokens;

/// Certificates and tokens are looked at that often.
const CREDENTIALS_REFRESH: Duration = Duration::from_secs(5);

/// After the drain, running requests have that long to end.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// The name under which gRPC health tells whether the documents as they are now check.
const DOCUMENTS: &str = "meshward.documents";

/// Why the server could not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// No folder is named.
    #[error("no folder of documents: name one with --documents or `documents:` in the configuration")]
    NoDocuments,
    /// An address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(String, std::io::Error),
    /// Certificates or tokens cannot be read.
    #[error("{0}")]
    Credentials(String),
    /// The transport failed.
    #[error("{0}")]
    Transport(#[from] tonic::transport::Error),
}

/// Serves until `stop` resolves, then drains.
pub async fn serve(config: Config, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), ServeError> {
    let path = config.documents.clone().ok_or(ServeError::NoDocuments)?;
    let metrics = Arc::new(Metrics::default());
    let sources = Sources::new(Secrets::new(config.secrets.clone()), metrics.sources().clone());
    let revisions = Arc::new(Revisions::new(config.timezone.0.clone(), sources));
    let folder = Arc::new(Folder::new(path, Arc::clone(&revisions)));
    let health = Arc::new(Health::new(Arc::clone(&revisions), Arc::clone(&folder)));
    let (reporter, health_service) = tonic_health::server::health_reporter();

    let first = Arc::clone(&folder);
    // The findings were logged; the server waits, not serving, for documents that check.
    let _refused = tokio::task::spawn_blocking(move || first.read()).await;
    let after = after_reading(&health, &metrics, &revisions, &reporter);
    after();
    tokio::spawn(Arc::clone(&folder).watch(after));

    let tokens = read_tokens(config.grpc.tokens.as_deref())?;
    let admin_tokens = read_tokens(config.http.tokens.as_deref())?;
    let tls = read_tls(&config.grpc)?;
    refresh_credentials([&tokens, &admin_tokens].into_iter().flatten().cloned().collect(), tls.clone());

    let answerer = Answerer { revisions: Arc::clone(&revisions), queries: Queries::default() };
    let decisions = rpc::serve(Decisions::new(answerer, Arc::clone(&metrics)), tokens);
    let reflection = config.grpc.reflection.then(reflection).transpose().map_err(ServeError::Credentials)?;
    let router = tonic::transport::Server::builder()
        .max_connection_age(config.grpc.max_connection_age.0)
        .max_connection_age_grace(LAST_REQUESTS)
        .tcp_nodelay(true)
        .add_service(health_service)
        .add_optional_service(reflection)
        .add_service(decisions);

    let pages = TcpListener::bind(config.http.listen).await;
    let pages = pages.map_err(|error| ServeError::Listen(format!("http {}", config.http.listen), error))?;
    info!(address = %config.http.listen, "health and metrics");
    let page_server = axum::serve(
        pages,
        http::router(Pages { health: Arc::clone(&health), metrics, revisions, tokens: admin_tokens }),
    );
    tokio::spawn(async move {
        if let Err(error) = page_server.await {
            warn!(%error, "the HTTP server ended");
        }
    });

    let (closing, closed) = tokio::sync::oneshot::channel();
    let drain_delay = config.drain_delay.0;
    let going = async move {
        stop.await;
        info!(delay = ?drain_delay, "draining");
        health.drain();
        reporter.set_service_status("", ServingStatus::NotServing).await;
        reporter.set_service_status(SERVICE, ServingStatus::NotServing).await;
        tokio::time::sleep(drain_delay).await;
        // The waiting half may be gone with an error of the transport.
        let _gone = closing.send(());
    };
    let serving = listen(router, &config.grpc, tls, going);
    let limit = async {
        match closed.await {
            Ok(()) => tokio::time::sleep(LAST_REQUESTS).await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        served = serving => served?,
        () = limit => warn!("some requests did not end in time"),
    }
    info!("stopped");
    Ok(())
}

/// The decision service's name in gRPC health.
const SERVICE: &str = "meshward.decision.v1.DecisionService";

/// What every reading of the documents changes: metrics, and both health services.
fn after_reading(
    health: &Arc<Health>,
    metrics: &Arc<Metrics>,
    revisions: &Arc<Revisions>,
    reporter: &HealthReporter,
) -> impl Fn() + Send + 'static + use<> {
    let (health, metrics, revisions, reporter) =
        (Arc::clone(health), Arc::clone(metrics), Arc::clone(revisions), reporter.clone());
    move || {
        let state = health.state();
        let current = revisions.current().map(|revision| (revision.number, revision.since));
        metrics.documents_read(state.documents_are_good(), current);
        let serving = |is: bool| if is { ServingStatus::Serving } else { ServingStatus::NotServing };
        let (ready, good) = (serving(state.is_ready()), serving(state.documents_are_good()));
        let reporter = reporter.clone();
        tokio::spawn(async move {
            reporter.set_service_status("", ready).await;
            reporter.set_service_status(SERVICE, ready).await;
            reporter.set_service_status(DOCUMENTS, good).await;
        });
    }
}

fn read_tokens(file: Option<&Path>) -> Result<Option<Arc<Tokens>>, ServeError> {
    let read = file.map(Tokens::read).transpose();
    read.map(|tokens| tokens.map(Arc::new)).map_err(ServeError::Credentials)
}

fn read_tls(grpc: &Grpc) -> Result<Option<Arc<Tls>>, ServeError> {
    let files = grpc.certificate.clone().zip(grpc.key.clone()).map(|(certificate, key)| TlsFiles {
        certificate,
        key,
        client_authorities: grpc.client_authorities.clone(),
    });
    files.map(|files| Tls::read(files).map(Arc::new).map_err(ServeError::Credentials)).transpose()
}

fn refresh_credentials(tokens: Vec<Arc<Tokens>>, tls: Option<Arc<Tls>>) {
    if tokens.is_empty() && tls.is_none() {
        return;
    }
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(CREDENTIALS_REFRESH).await;
            tokens.iter().for_each(|tokens| tokens.refresh());
            tls.iter().for_each(|tls| tls.refresh());
        }
    });
}

fn reflection() -> Result<
    tonic_reflection::server::v1::ServerReflectionServer<impl tonic_reflection::server::v1::ServerReflection>,
    String,
> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(rpc::descriptors())
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .map_err(|error| error.to_string())
}

async fn listen(
    router: Router,
    grpc: &Grpc,
    tls: Option<Arc<Tls>>,
    going: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let refused = |error| ServeError::Listen(format!("grpc {}", grpc.listen), error);
    info!(address = %grpc.listen, tls = tls.is_some(), "decisions");
    match (&grpc.listen, tls) {
        (Listen::Unix(path), _) => {
            // A socket that a server left behind is no longer listened on.
            if path.exists() && tokio::net::UnixStream::connect(path).await.is_err() {
                std::fs::remove_file(path).map_err(refused)?;
            }
            let listener = UnixListener::bind(path).map_err(refused)?;
            router.serve_with_incoming_shutdown(UnixListenerStream::new(listener), going).await?;
        }
        (Listen::Tcp(address), None) => {
            let incoming = TcpIncoming::bind(*address).map_err(refused)?.with_nodelay(Some(true));
            router.serve_with_incoming_shutdown(incoming, going).await?;
        }
        (Listen::Tcp(address), Some(tls)) => {
            let listener = TcpListener::bind(*address).await.map_err(refused)?;
            router.serve_with_incoming_shutdown(tls.accept(listener), going).await?;
        }
    }
    Ok(())
}
