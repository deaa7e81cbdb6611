//! `meshward serve`

use std::path::PathBuf;

use tokio::signal::unix::{SignalKind, signal};

use crate::cli::config::{ConfigFile, environment};
use crate::cli::{Exit, failed};
use crate::server;
use crate::telemetry;

/// `meshward serve --documents DIR`
#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    #[command(flatten)]
    file: ConfigFile,
    /// The folder of documents; read again when it changes.
    #[arg(long, value_name = "DIR")]
    documents: Option<PathBuf>,
    /// Where decisions are asked: `host:port` or `unix:/path`.
    #[arg(long, value_name = "ADDRESS")]
    grpc_listen: Option<String>,
    /// Where health and metrics are.
    #[arg(long, value_name = "ADDRESS")]
    http_listen: Option<String>,
}

impl Serve {
    pub(super) fn run(self) -> Exit {
        let documents = self.documents.map(|path| path.display().to_string());
        let flags = [("documents", documents), ("grpc.listen", self.grpc_listen), ("http.listen", self.http_listen)];
        let config = match self.file.load(flags.into_iter().filter_map(|(key, value)| Some((key, value?)))) {
            Ok(config) => config,
            Err(error) => return failed(error),
        };
        // One provider of TLS in the tree; that one is installed already is no harm.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return failed(error),
        };
        runtime.block_on(async {
            let telemetry = match telemetry::start(&config.log, &environment()) {
                Ok(telemetry) => telemetry,
                Err(error) => return failed(error),
            };
            let served = match stopped() {
                Ok(stop) => server::serve(config, stop).await,
                Err(error) => return failed(error),
            };
            // Sending the last traces waits for the network.
            let _sent = tokio::task::spawn_blocking(move || drop(telemetry)).await;
            match served {
                Ok(()) => Exit::Fine,
                Err(error) => failed(error),
            }
        })
    }
}

/// Resolves at the first SIGTERM or SIGINT.
fn stopped() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
