//! The program, and the gateway.

use super::*;
use crate::support::values;
use penstock::api_key;
use penstock_host::{
    gateway::{Gateway, GatewayOptions},
    sources::{Layered, Map},
};
use std::{fs, path::Path, process::Output};
use tokio::{net::TcpListener, process::Command};

async fn penstock(vendor: &Server, folder: &Path, arguments: &[&str]) -> Output {
    let origin = vendor.origin();
    let mut command = Command::new(env!("CARGO_BIN_EXE_penstock"));
    command.current_dir(folder).args(arguments).args(["--vendor", &origin]);
    for (name, value) in
        [("CLIENT_ID", "cid"), ("CLIENT_SECRET", "cs"), ("APP_KEY", "ak1"), ("TENANT_ID", "1")]
    {
        command.env(format!("SERVICETITAN_{name}"), value);
    }
    command.output().await.unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_is_there_whole_or_not_at_all() {
    let storage = Server::start(|request| {
        let broken = request.uri().path() == "/broken";
        let named = Response::builder().header("content-disposition", "attachment; filename=call.mp3");
        std::future::ready(named.body(pieces(SOME, &Arc::default(), broken)).unwrap())
    })
    .await;
    let origin = storage.origin();
    let vendor = vendor(move |request| {
        let place = if request.uri().path().contains("/7/") { "whole" } else { "broken" };
        let location = format!("{origin}/{place}");
        Response::builder().status(302).header("location", location).body(whole(Full::default())).unwrap()
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let allowed = storage.origin();
    let download = async |further: &[&str]| {
        let arguments = [&["download", "servicetitan", RECORDING, "--allow", &allowed], further].concat();
        penstock(&vendor, folder.path(), &arguments).await
    };
    let run = download(&["--param", "id=7"]).await;
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert_eq!(
        fs::read(folder.path().join("call.mp3")).unwrap().len(),
        usize::try_from(SOME).unwrap() * PIECE
    );
    // It replaces nothing that it was not told to.
    assert!(!download(&["--param", "id=7"]).await.status.success());

    let run = download(&["--param", "id=8", "--output", "broken.mp3"]).await;
    assert_eq!(run.status.code(), Some(1));
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(told.contains("broke off"), "{told}");
    assert_eq!(names(folder.path()), ["call.mp3"]);

    let run = download(&["--param", "id=7", "--output", "-"]).await;
    assert!(run.status.success() && run.stdout.len() == usize::try_from(SOME).unwrap() * PIECE);

    // Where the redirect leads must be allowed.
    let run =
        penstock(&vendor, folder.path(), &["download", "servicetitan", RECORDING, "--param", "id=7"]).await;
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(!run.status.success() && told.contains(&storage.origin()), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_from_the_shell() {
    let vendor = vendor(|request| {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let fits = body.contains("filename=\"photo.png\"\r\nContent-Type: image/png\r\n\r\nabc\r\n--");
        json(if fits { 200 } else { 400 }, &serde_json::json!({"fileName": "stored.png"})).map(whole)
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("photo.png"), "abc").unwrap();
    let upload = ["upload", "servicetitan", "forms.jobs-upload-attachment", "--param", "id=7"];
    let file = ["--file", "photo.png", "--type", "image/png", "--role", "operator"];
    let run = penstock(&vendor, folder.path(), &[upload.as_slice(), &file].concat()).await;
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert!(String::from_utf8_lossy(&run.stdout).contains("stored.png"));
    let run = penstock(&vendor, folder.path(), &[upload.as_slice(), &["--file", "none.png"]].concat()).await;
    assert!(!run.status.success() && String::from_utf8_lossy(&run.stderr).contains("none.png"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_passes_files_on() {
    let vendor = vendor(|request| match request.uri().path() {
        "/telecom/v2/tenant/1/calls/7/recording" => Response::builder()
            .header("content-type", "audio/mpeg")
            .header("content-disposition", "inline; filename=call.mp3")
            .body(pieces(100, &Arc::default(), false))
            .unwrap(),
        "/telecom/v2/tenant/1/calls/8/recording" => Response::new(pieces(SOME, &Arc::default(), true)),
        _ => {
            let length = request.body().len();
            json(200, &serde_json::json!({"fileName": format!("{length} bytes")})).map(whole)
        }
    })
    .await;
    let key = api_key::generate(&[7; 32]).expose().to_owned();
    let given =
        Map::new([("PENSTOCK_API_KEY_HASH", api_key::hash(&key)), ("PENSTOCK_ROLE", "operator".to_owned())]);
    let environment =
        support::environment(&vendor).0.config(Layered::new().then(given).then(values(&vendor)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = Gateway::serve(listener, environment, GatewayOptions::default()).await.unwrap();
    let client =
        hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    let ask = async |method: &str, path: &str, body: Vec<u8>| {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}/v1/servicetitan/default{path}", gateway.address()))
            .header("x-api-key", &key)
            .header("content-disposition", "attachment; filename=photo.png")
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let (head, body) = client.request(request).await.unwrap().into_parts();
        (head.status.as_u16(), head.headers, body.collect().await.map(|body| body.to_bytes()))
    };
    let (status, headers, body) = ask("GET", "/telecom/calls/7/recording", Vec::new()).await;
    assert_eq!((status, body.unwrap().len()), (200, 100 * PIECE));
    assert_eq!(headers["content-type"], "audio/mpeg");
    assert_eq!(headers["content-disposition"], "attachment; filename=\"call.mp3\"");
    let (status, _, body) = ask("GET", "/telecom/calls/8/recording", Vec::new()).await;
    assert!(status == 200 && body.is_err(), "it must not look whole");
    let (status, _, body) = ask("POST", "/forms/jobs/7/attachments", vec![b'x'; 1 << 20]).await;
    let body = body.unwrap();
    assert_eq!(status, 200, "{body:?}");
    let told: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let length: usize = told["fileName"].as_str().unwrap().trim_end_matches(" bytes").parse().unwrap();
    assert!(length > 1 << 20, "{told}");
}
