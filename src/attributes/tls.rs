//! TLS to sources: whom they are believed to be, and the certificate that is shown to them.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::Mutex;

use crate::attributes::secret::{SecretName, Secrets};
use crate::attributes::source::LoadFailure;

/// The files of TLS to a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TlsSettings {
    /// The authorities that the source's certificate must come from, PEM; `None`: those of the system.
    pub authorities: Option<SecretName>,
    /// The certificate that is shown to the source and its key, PEM.
    pub certificate: Option<(SecretName, SecretName)>,
}

/// What the files hold now. Equal material makes equal connections.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsMaterial {
    authorities: Option<Vec<u8>>,
    certificate: Option<(Vec<u8>, Vec<u8>)>,
}

impl fmt::Debug for TlsMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl TlsSettings {
    /// Reads the files as they are now.
    pub async fn read(&self, secrets: &Secrets) -> Result<TlsMaterial, LoadFailure> {
        let authorities = match &self.authorities {
            Some(name) => Some(secrets.read_bytes(name).await?),
            None => None,
        };
        let certificate = match &self.certificate {
            Some((chain, key)) => Some((secrets.read_bytes(chain).await?, secrets.read_bytes(key).await?)),
            None => None,
        };
        Ok(TlsMaterial { authorities, certificate })
    }
}

impl TlsMaterial {
    /// Believes nobody, for connections without TLS.
    pub fn nobody() -> Self {
        Self { authorities: Some(Vec::new()), certificate: None }
    }

    /// What a TLS client is made from. The system's authorities are read from disk here: keep what this returns.
    pub fn client(&self) -> Result<ClientConfig, LoadFailure> {
        let refused =
            |error: &dyn std::fmt::Display| LoadFailure::Credentials(format!("TLS cannot be set up: {error}"));
        let mut roots = RootCertStore::empty();
        match &self.authorities {
            Some(pem) if pem.is_empty() => {}
            Some(pem) => {
                for certificate in certificates(pem)? {
                    roots.add(certificate).map_err(|error| refused(&error))?;
                }
            }
            // One that cannot be read is left out: nothing is believed that it vouches for.
            None => {
                let (_added, _ignored) =
                    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| refused(&error))?
            .with_root_certificates(roots);
        match &self.certificate {
            Some((chain, key)) => {
                let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| refused(&error))?;
                builder.with_client_auth_cert(certificates(chain)?, key).map_err(|error| refused(&error))
            }
            None => Ok(builder.with_no_client_auth()),
        }
    }
}

/// A TLS client that is made once for the certificates as they are.
#[derive(Debug, Default)]
pub(super) struct TlsClient(Mutex<Option<(TlsMaterial, Arc<ClientConfig>)>>);

impl TlsClient {
    /// The client for the certificates as they are now.
    pub(super) async fn get(
        &self,
        settings: &TlsSettings,
        secrets: &Secrets,
    ) -> Result<Arc<ClientConfig>, LoadFailure> {
        let material = settings.read(secrets).await?;
        let mut kept = self.0.lock().await;
        if let Some((of, client)) = &*kept
            && *of == material
        {
            return Ok(Arc::clone(client));
        }
        let client = Arc::new(material.client()?);
        *kept = Some((material, Arc::clone(&client)));
        Ok(client)
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, LoadFailure> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(LoadFailure::Credentials("no certificate is in the file".to_owned())),
        Err(error) => Err(LoadFailure::Credentials(format!("a certificate cannot be read: {error}"))),
    }
}
