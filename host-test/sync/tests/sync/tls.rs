//! TLS to a database, as `sslmode` asks for it.

use crate::support::{Copy, server::Server};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::fs;

/// A server whose certificate, of an authority that nobody knows, is for `name`.
fn server(name: &str) -> (Server, tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let root = folder.path().join("ca.pem");
    fs::write(&root, authority.pem()).unwrap();
    let files = [("server.crt", own.pem()), ("server.key", key.serialize_pem())];
    (Server::start_with(&["ssl=on"], &files), folder, root.to_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: .ci/leg sync"]
async fn a_certificate_is_asked_as_much_as_sslmode_says() {
    for (name, is_this_host) in [("localhost", true), ("elsewhere.example", false)] {
        let (server, _folder, root) = tokio::task::spawn_blocking(move || server(name)).await.unwrap();
        let url = server.database().await.replace("127.0.0.1", "localhost");
        let ours = format!("&sslrootcert={root}");
        for (parameters, is_taken) in [
            ("sslmode=require".to_owned(), true),
            (format!("sslmode=require{ours}"), true),
            (format!("sslmode=verify-ca{ours}"), true),
            (format!("sslmode=verify-full{ours}"), is_this_host),
            // Of an authority that Mozilla does not know.
            ("sslmode=verify-ca".to_owned(), false),
            ("sslmode=verify-full".to_owned(), false),
        ] {
            let opened = Copy::at(&format!("{url}?{parameters}")).open().await;
            match (opened, is_taken) {
                (Ok(destination), true) => drop(destination),
                (Err(error), false) => {
                    let told = error.to_string();
                    assert!(told.contains("TLS fails") && told.contains("certificate"), "{told}");
                }
                (opened, _) => panic!("{name} {parameters}: {:?}", opened.map(drop)),
            }
        }
        let sessions = server.log();
        assert!(!sessions.contains("canary"), "{sessions}");
    }
}
