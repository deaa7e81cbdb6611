//! Connections: TCP or a Unix domain socket, TLS with files that are read again when they change.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;
use tracing::{debug, error, info, warn};

/// A client that has not shaken hands by then is dropped.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// After an error of the listener itself, such as too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// The files of a server's TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate chain, PEM.
    pub certificate: PathBuf,
    /// The key, PEM.
    pub key: PathBuf,
    /// The authorities of accepted client certificates, PEM; with it a client must have one.
    pub client_authorities: Option<PathBuf>,
}

/// TLS as the files say now.
#[derive(Debug)]
pub struct Tls {
    files: TlsFiles,
    current: ArcSwap<(Vec<Option<SystemTime>>, Arc<ServerConfig>)>,
}

impl Tls {
    /// Reads the files; says which of them is wrong.
    pub fn read(files: TlsFiles) -> Result<Self, String> {
        let current = ArcSwap::from_pointee((changed(&files), configuration(&files)?));
        Ok(Self { files, current })
    }

    /// Reads the files again if one of them has changed. Bad files change nothing.
    pub fn refresh(&self) {
        let now = changed(&self.files);
        if now == self.current.load().0 {
            return;
        }
        match configuration(&self.files) {
            Ok(configuration) => {
                info!("certificates taken");
                self.current.store(Arc::new((now, configuration)));
            }
            Err(error) => error!(error, "certificates refused, the last good ones stay"),
        }
    }

    /// Shakes hands with every client of a listener, each on its own.
    pub fn accept(self: Arc<Self>, listener: TcpListener) -> ReceiverStream<io::Result<TlsStream<TcpStream>>> {
        let (connections, incoming) = mpsc::channel(64);
        tokio::spawn(async move {
            loop {
                let (stream, peer) = match listener.accept().await {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(PAUSE).await;
                        continue;
                    }
                };
                if connections.is_closed() {
                    return;
                }
                let (tls, connections) = (Arc::clone(&self), connections.clone());
                tokio::spawn(async move {
                    let acceptor = TlsAcceptor::from(Arc::clone(&tls.current.load().1));
                    let nodelay = stream.set_nodelay(true);
                    match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                        Ok(Ok(stream)) if nodelay.is_ok() => {
                            // The server is closing: the client finds another.
                            let _closing = connections.send(Ok(stream)).await;
                        }
                        Ok(Ok(_)) => {}
                        Ok(Err(error)) => debug!(%peer, %error, "no TLS with this client"),
                        Err(_) => debug!(%peer, "a client did not shake hands in time"),
                    }
                });
            }
        });
        ReceiverStream::new(incoming)
    }
}

fn changed(files: &TlsFiles) -> Vec<Option<SystemTime>> {
    let all = [Some(&files.certificate), Some(&files.key), files.client_authorities.as_ref()];
    let of = |path: &PathBuf| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    all.into_iter().flatten().map(of).collect()
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let refused = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let read: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(|error| refused(&error))?.collect();
    let read = read.map_err(|error| refused(&error))?;
    if read.is_empty() { Err(refused(&"no certificate is in it")) } else { Ok(read) }
}

fn configuration(files: &TlsFiles) -> Result<Arc<ServerConfig>, String> {
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| format!("{}: {error}", files.key.display()))?;
    let builder = match &files.client_authorities {
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|error| format!("{}: {error}", path.display()))?;
            }
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots));
            let verifier = verifier.build().map_err(|error| format!("{}: {error}", path.display()))?;
            ServerConfig::builder().with_client_cert_verifier(verifier)
        }
        None => ServerConfig::builder().with_no_client_auth(),
    };
    let mut configuration = builder
        .with_single_cert(chain, key)
        .map_err(|error| format!("{} and {}: {error}", files.certificate.display(), files.key.display()))?;
    configuration.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(configuration))
}
