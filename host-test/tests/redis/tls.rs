//! `rediss://`, with a certificate of an authority of our own.

use std::fs;

use penstock_host::{
    http::certificates_of_pem,
    state::{RedisOptions, RedisState, State},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

use crate::server::{Server, is_unavailable};

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn only_a_server_that_can_prove_itself_is_used() {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();

    let folder = TempDir::new().unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (of_ca, of_server) = (file("ca.pem", authority.pem()), file("server.pem", certificate.pem()));
    let of_key = file("key.pem", key.serialize_pem());
    // A port of its own for TLS: the server gets no other one to be had for certain.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let _server = Server::with_options(&[
        "--tls-port",
        &port,
        "--tls-cert-file",
        &of_server,
        "--tls-key-file",
        &of_key,
        "--tls-ca-cert-file",
        &of_ca,
        "--tls-auth-clients",
        "no",
    ]);
    let url = format!("rediss://localhost:{port}");

    let mut options = RedisOptions::default();
    options.certificate_authorities = certificates_of_pem(authority.pem().as_bytes()).unwrap();
    let state = RedisState::with_options(&url, &options).unwrap();
    state.set("k", b"v".to_vec(), None).await.unwrap();
    assert_eq!(state.get("k").await, Ok(Some(b"v".to_vec())));
    let unknown = RedisState::new(&url).unwrap().get("k").await;
    assert!(is_unavailable(&unknown), "{unknown:?}");
}
