//! Who may ask: tokens, TLS, client certificates, and files that change under a running server.

use std::fs;
use std::path::Path;

use rcgen::{CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request};

use crate::server::process::{Client, PATIENCE, Server, context, decide_table, rows_of};

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn issued(by: &Issuer<'_, KeyPair>, usage: ExtendedKeyUsagePurpose) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.extended_key_usages = vec![usage];
    (params.signed_by(&key, by).unwrap().pem(), key.serialize_pem())
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

async fn connect(
    server: &Server,
    trusted: &str,
    identity: Option<&(String, String)>,
) -> Result<Client<Channel>, String> {
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(trusted)).domain_name("localhost");
    if let Some((certificate, key)) = identity {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    let endpoint = Endpoint::from_shared(format!("https://{}", server.grpc)).unwrap().tls_config(tls).unwrap();
    endpoint.connect().await.map(Client::new).map_err(|error| format!("{error:?}"))
}

async fn may_ask(client: &mut Client<Channel>) -> bool {
    client.decide_table(decide_table(context("jay"))).await.is_ok()
}

#[tokio::test]
async fn a_caller_without_an_accepted_token_learns_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = write(folder.path(), "tokens", "# the coordinator\ns3cret\n");
    let server = Server::start_with(&rows_of("CL"), &[("MESHWARD_GRPC__TOKENS", &tokens)]);
    server.until_revision(1);
    let mut client = server.client().await;
    let mut ask = async |token: Option<&'static str>| {
        let mut request = Request::new(decide_table(context("jay")));
        if let Some(token) = token {
            request.metadata_mut().insert("authorization", token.parse().unwrap());
        }
        client.decide_table(request).await.map_err(|status| status.code())
    };
    for token in [None, Some("Bearer wrong"), Some("s3cret"), Some("Bearer "), Some("Bearer # the coordinator")] {
        assert_eq!(ask(token).await.unwrap_err(), Code::Unauthenticated, "{token:?}");
    }
    assert!(ask(Some("Bearer s3cret")).await.is_ok());
}

#[tokio::test]
async fn mutual_tls_refuses_strangers_and_takes_new_certificates_while_it_runs() {
    // The server's provider lives in its own process; the client in this one needs it as well.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let (servers, clients, strangers) = (authority(), authority(), authority());
    let (certificate, key) = issued(&servers, ExtendedKeyUsagePurpose::ServerAuth);
    let files = [
        ("MESHWARD_GRPC__CERTIFICATE", write(folder.path(), "server.pem", &certificate)),
        ("MESHWARD_GRPC__KEY", write(folder.path(), "server.key", &key)),
        ("MESHWARD_GRPC__CLIENT_AUTHORITIES", write(folder.path(), "clients.pem", &clients.pem())),
    ];
    let environment: Vec<(&str, &str)> = files.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let server = Server::start_with(&rows_of("CL"), &environment);
    server.until_revision(1);

    let known = issued(&clients, ExtendedKeyUsagePurpose::ClientAuth);
    let stranger = issued(&strangers, ExtendedKeyUsagePurpose::ClientAuth);
    assert!(may_ask(&mut connect(&server, &servers.pem(), Some(&known)).await.unwrap()).await);
    for identity in [None, Some(&stranger)] {
        // TLS 1.3 tells a client that it is refused only after the handshake.
        let refused = match connect(&server, &servers.pem(), identity).await {
            Ok(mut client) => !may_ask(&mut client).await,
            Err(_) => true,
        };
        assert!(refused, "{identity:?}");
    }

    // A new certificate of another authority: broken first, then whole.
    let renewed = authority();
    let (certificate, key) = issued(&renewed, ExtendedKeyUsagePurpose::ServerAuth);
    write(folder.path(), "server.pem", &certificate);
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    assert!(may_ask(&mut connect(&server, &servers.pem(), Some(&known)).await.unwrap()).await, "the old pair stays");
    write(folder.path(), "server.key", &key);
    let started = std::time::Instant::now();
    while connect(&server, &renewed.pem(), Some(&known)).await.is_err() {
        assert!(started.elapsed() < PATIENCE, "the new certificate was never taken");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[test]
fn a_unix_socket_needs_no_port() {
    let folder = tempfile::tempdir().unwrap();
    let socket = format!("unix:{}", folder.path().join("meshward.sock").display());
    let server = Server::start_with(&rows_of("CL"), &[("MESHWARD_GRPC__LISTEN", &socket)]);
    server.until_revision(1);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut client = Client::connect(socket).await.unwrap();
        assert!(may_ask(&mut client).await);
    });
}
