//! Downloads and uploads.

use crate::support::{
    files::{PIECE, RECORDING, SOME, pieces, provider, whole},
    server::{Server, json},
};
use http::Response;
use http_body_util::Full;
use std::{fs, path::Path, process::Output, sync::Arc};
use tokio::process::Command;

async fn penstock(provider: &Server, folder: &Path, arguments: &[&str]) -> Output {
    let origin = provider.origin();
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
    let provider = provider(move |request| {
        let place = if request.uri().path().contains("/7/") { "whole" } else { "broken" };
        let location = format!("{origin}/{place}");
        Response::builder().status(302).header("location", location).body(whole(Full::default())).unwrap()
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let allowed = storage.origin();
    let download = async |further: &[&str]| {
        let arguments = [&["download", "servicetitan", RECORDING, "--allow", &allowed], further].concat();
        penstock(&provider, folder.path(), &arguments).await
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
        penstock(&provider, folder.path(), &["download", "servicetitan", RECORDING, "--param", "id=7"]).await;
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(!run.status.success() && told.contains(&storage.origin()), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_from_the_shell() {
    let provider = provider(|request| {
        let body = String::from_utf8_lossy(request.body()).into_owned();
        let fits = body.contains("filename=\"photo.png\"\r\nContent-Type: image/png\r\n\r\nabc\r\n--");
        json(if fits { 200 } else { 400 }, &serde_json::json!({"fileName": "stored.png"})).map(whole)
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("photo.png"), "abc").unwrap();
    let upload = ["upload", "servicetitan", "forms.jobs-upload-attachment", "--param", "id=7"];
    let file = ["--file", "photo.png", "--type", "image/png", "--role", "operator"];
    let run = penstock(&provider, folder.path(), &[upload.as_slice(), &file].concat()).await;
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert!(String::from_utf8_lossy(&run.stdout).contains("stored.png"));
    let run =
        penstock(&provider, folder.path(), &[upload.as_slice(), &["--file", "none.png"]].concat()).await;
    assert!(!run.status.success() && String::from_utf8_lossy(&run.stderr).contains("none.png"));
}
