//! `serve --real` and calls where a proxy leads to the vendor and an authority of one's own vouches for it.
#![cfg(unix)]

use crate::{commands::text, feed::shell};
use penstock::api_key;
use penstock_simulated::servicetitan::{Config, SimulatedServiceTitan};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::{
    fs,
    path::Path,
    process::{Output, Stdio},
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivatePkcs8KeyDer},
    },
};

/// Nobody but the proxy knows where that is.
const ORIGIN: &str = "https://vendor.test";

const FORBIDDEN: &str = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";

const KEY: &str = "pk_of_the_caller_0123456789";

/// A vendor behind TLS, whose certificate is an own authority's, and a proxy to it.
struct Net {
    vendor: SimulatedServiceTitan,
    /// `http://user:pass@127.0.0.1:port`.
    proxy: String,
    /// The heads of what the proxy was asked.
    asked: Arc<Mutex<Vec<String>>>,
    /// Has the authority's certificate, `ca.pem`.
    folder: tempfile::TempDir,
}

/// Ends TLS in front of a server on loopback. Gives its port and the authority's certificate.
pub(crate) async fn tls_in_front_of(origin: String) -> (u16, String) {
    let mut of_authority = CertificateParams::new(Vec::new()).unwrap();
    of_authority.distinguished_name.push(DnType::CommonName, "an authority of our own");
    of_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = of_authority.self_signed(&key).unwrap().pem();
    let authority = Issuer::new(of_authority, key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["vendor.test".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &authority).unwrap();
    let chain = vec![CertificateDer::from(certificate)];
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let address = origin.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, address) = (acceptor.clone(), address.clone());
            tokio::spawn(async move {
                let Ok(mut client) = acceptor.accept(stream).await else { return };
                let mut vendor = TcpStream::connect(address).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut vendor).await;
            });
        }
    });
    (port, pem)
}

/// Opens tunnels (RFC 9110 section 9.3.6) to `vendor.test`, refuses others so, and notes what it was asked.
async fn proxy_to(port: u16, refusal: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let noted = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let noted = noted.clone();
            tokio::spawn(async move {
                let mut head = Vec::new();
                // As one that is no proxy does.
                if refusal.is_empty() {
                    return;
                }
                while !head.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = client.read_u8().await else { return };
                    head.push(byte);
                }
                let head = String::from_utf8(head).unwrap();
                let known = head.starts_with("CONNECT vendor.test:443 ");
                noted.lock().unwrap().push(head);
                if !known {
                    let _ = client.write_all(refusal.as_bytes()).await;
                    return;
                }
                let mut vendor = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut vendor).await;
            });
        }
    });
    (format!("http://user:pass@{address}"), asked)
}

impl Net {
    async fn start() -> Net {
        let vendor = SimulatedServiceTitan::start(Config::small(30)).await.unwrap();
        let (port, pem) = tls_in_front_of(vendor.url()).await;
        let (proxy, asked) = proxy_to(port, FORBIDDEN).await;
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), pem).unwrap();
        Net { vendor, proxy, asked, folder }
    }

    /// The program, with the vendor's credentials and this way to it.
    fn command(&self, mut command: Command) -> Command {
        let mut settings = self.vendor.settings();
        settings.remove("PENSTOCK_ALLOW_HTTP");
        for name in ["SERVICETITAN_API_URL", "SERVICETITAN_AUTH_URL"] {
            settings.insert(name.to_owned(), ORIGIN.to_owned());
        }
        command.envs(settings).env("HTTPS_PROXY", &self.proxy).env("RETRY_ATTEMPTS", "1");
        command.env("penstock", env!("CARGO_BIN_EXE_penstock"));
        command.current_dir(self.folder.path()).kill_on_drop(true);
        command
    }

    /// A line of the shell.
    async fn run(&self, line: &str, settings: &[(&str, &str)]) -> Output {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        self.command(command).envs(settings.iter().copied()).output().await.unwrap()
    }
}

/// A gateway in front of the vendor itself.
struct Served {
    _process: Child,
    address: String,
}

impl Served {
    async fn start(net: &Net, arguments: &[&str], settings: &[(&str, &str)]) -> Served {
        let mut command = Command::new(env!("CARGO_BIN_EXE_penstock"));
        command.args(["serve", "--real", "--listen", "127.0.0.1:0"]).args(arguments);
        let mut command = net.command(command);
        command.env("PENSTOCK_API_KEY_HASH", api_key::hash(KEY)).envs(settings.iter().copied());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut told = BufReader::new(process.stdout.take().unwrap()).lines();
        let first = told.next_line().await.unwrap().unwrap();
        let address = first.split_once("http://").unwrap().1.split_once(". ").unwrap().0.to_owned();
        Served { _process: process, address }
    }

    /// Asks for a page of jobs.
    async fn jobs(&self) -> String {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let path = "/v1/servicetitan/default/jpm/jobs?pageSize=1";
        let head = format!("GET {path} HTTP/1.1\r\nhost: a\r\nx-api-key: {KEY}\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_reaches_the_vendor_by_a_proxy_and_trusts_an_authority_that_is_named() {
    let net = Net::start().await;
    let ca = net.folder.path().join("ca.pem");
    for (arguments, settings) in [
        (&["--ca", "ca.pem"][..], &[][..]),
        (&[], &[("SSL_CERT_FILE", ca.to_str().unwrap())]),
        (&["--ca", "ca.pem", "--platform-trust"], &[]),
    ] {
        net.asked.lock().unwrap().clear();
        let served = Served::start(&net, arguments, settings).await;
        let answer = served.jobs().await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{arguments:?} {settings:?}: {answer}");
        assert!(answer.contains("\"jobNumber\""), "{answer}");
        let asked = net.asked.lock().unwrap().clone();
        assert!(!asked.is_empty(), "{arguments:?}");
        for head in asked {
            // `user:pass` in base64 (RFC 7617), and nothing of what goes through the tunnel.
            assert!(head.to_lowercase().contains("proxy-authorization: basic dxnlcjpwyxnz"), "{head}");
            assert!(!head.contains("/jpm/") && !head.to_lowercase().contains("bearer"), "{head}");
        }
    }
    // The vendor is not reached without its authority, nor past the proxy.
    let reached = net.vendor.stats().requests;
    for (arguments, settings) in [(&[][..], &[][..]), (&["--ca", "ca.pem"], &[("NO_PROXY", "vendor.test")])] {
        let answer = Served::start(&net, arguments, settings).await.jobs().await;
        assert!(answer.starts_with("HTTP/1.1 50"), "{arguments:?} {settings:?}: {answer}");
    }
    assert_eq!(net.vendor.stats().requests, reached);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_the_same_way_and_takes_an_authority_from_a_pipe() {
    let net = Net::start().await;
    let call = "\"$penstock\" list servicetitan jpm.jobs-list --limit 1";
    for line in [format!("{call} --ca ca.pem"), format!("cat ca.pem | {call} --ca /dev/stdin")] {
        let run = net.run(&line, &[]).await;
        assert!(run.status.success(), "{line}: {}", text(&run.stderr));
        assert_eq!(text(&run.stdout).lines().count(), 1, "{line}");
    }
    let run = net.run(call, &[]).await;
    let told = text(&run.stderr);
    assert!(run.status.code() == Some(1) && told.contains("unknown authority"), "{told}");
}

fn pipe(folder: &Path, name: &str) -> String {
    let place = folder.join(name);
    assert!(std::process::Command::new("mkfifo").arg(&place).status().unwrap().success());
    place.to_str().unwrap().to_owned()
}

/// Each process reads it, and a pipe has it once.
#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_names_a_pipe_for_the_authorities_is_refused() {
    let net = Net::start().await;
    let pipe = pipe(net.folder.path(), "pipe.pem");
    let call = "\"$penstock\" list servicetitan jpm.jobs-list --limit 1";
    for line in [call.to_owned(), format!("{call} --platform-trust")] {
        let run = net.run(&line, &[("SSL_CERT_FILE", &pipe)]).await;
        let told = text(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{told}");
        assert!(told.contains("pipe.pem") && told.contains("SSL_CERT_FILE"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_of_another_kind_is_refused_by_the_name_of_its_variable() {
    let net = Net::start().await;
    let call = "\"$penstock\" list servicetitan jpm.jobs-list --limit 1 --ca ca.pem";
    for (variable, url) in [
        ("HTTPS_PROXY", "https://user:hunter2@127.0.0.1:3128"),
        ("HTTPS_PROXY", "socks5://user:hunter2@127.0.0.1:1080"),
        ("HTTPS_PROXY", "http://user:hunter2@127.0.0.1:none"),
        ("https_proxy", "socks5h://user:hunter2@127.0.0.1:1080"),
        ("ALL_PROXY", "socks5://user:hunter2@127.0.0.1:1080"),
    ] {
        let line = format!("unset HTTPS_PROXY; export {variable}={url}; {call}");
        let run = net.run(&line, &[]).await;
        let told = text(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{variable}={url}: {told}");
        assert!(told.contains(variable) && told.contains("http://host:port"), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
    assert_eq!(net.vendor.stats().requests, 0);
    // Where no call goes by it, it does not matter.
    let vendor = crate::feed::feed(5, 5, std::time::Duration::ZERO).await;
    let line = "ALL_PROXY=socks5://127.0.0.1:1 \"$penstock\" list servicetitan crm.export-customers-list";
    let run = shell(&vendor, net.folder.path(), line).output().await.unwrap();
    assert!(run.status.success(), "{}", text(&run.stderr));
}

/// Whoever reads that must know that it is not the vendor, and whom to ask.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_opens_no_tunnel_is_named_with_what_it_said() {
    let net = Net::start().await;
    let call = "\"$penstock\" list servicetitan jpm.jobs-list --limit 1 --ca ca.pem";
    let auth = "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: basic\r\n\r\n";
    let nowhere = [("SERVICETITAN_API_URL", "https://no.test"), ("SERVICETITAN_AUTH_URL", "https://no.test")];
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (refusal, did) in [(FORBIDDEN, "answered 403"), (auth, "answered 407"), ("", "gave no answer")] {
        let (proxy, _) = proxy_to(1, refusal).await;
        proxy_is_named(&net, call, &nowhere, &proxy, did).await;
    }
    let gone = format!("http://user:pass@{gone}");
    proxy_is_named(&net, call, &nowhere, &gone, "cannot be reached").await;
}

async fn proxy_is_named(net: &Net, call: &str, vendor: &[(&str, &str)], proxy: &str, did: &str) {
    let run = net.run(call, &[vendor, &[("HTTPS_PROXY", proxy)]].concat()).await;
    let told = text(&run.stderr);
    let place = proxy.split_once('@').unwrap().1;
    assert!(told.contains(&format!("the proxy {place} {did}")) && !told.contains("pass"), "{told}");
    // Nobody mends credentials or rules by that.
    assert_eq!(told.contains("Trying again may help"), !did.starts_with("answered 4"), "{told}");
    assert_eq!(run.status.code(), Some(1), "{told}");
}
