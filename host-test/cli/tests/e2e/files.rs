//! Downloads and uploads.

use crate::support::{
    files::{PIECE, RECORDING, SOME, pieces, provider, whole},
    server::{Server, json},
};
use futures_util::{StreamExt, stream};
use http::Response;
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
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

#[cfg(unix)]
mod unix {
    use super::*;
    use crate::feed::{shell, signal};
    use std::{
        fs::Permissions,
        io::Read,
        os::unix::fs::{FileTypeExt, PermissionsExt, symlink},
        process::Stdio,
        time::Duration,
    };

    async fn recording() -> Server {
        provider(|_| Response::new(whole(Full::from("RIFF".repeat(1000))))).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_download_goes_where_it_was_sent() {
        let vendor = recording().await;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let download = async |output: &str| {
            let arguments = ["download", "servicetitan", RECORDING, "--param", "id=7", "--output", output];
            let run = penstock(&vendor, folder.path(), &arguments).await;
            assert!(run.status.success(), "{output}: {}", String::from_utf8_lossy(&run.stderr));
            run
        };
        let mode = |name: &str| fs::metadata(at(name)).unwrap().permissions().mode() & 0o777;

        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        let pipe = at("pipe");
        let reader = std::thread::spawn(move || {
            let mut read = Vec::new();
            fs::File::open(pipe).unwrap().read_to_end(&mut read).unwrap();
            read.len()
        });
        download("pipe").await;
        assert_eq!(reader.join().unwrap(), 4000);
        assert!(fs::symlink_metadata(at("pipe")).unwrap().file_type().is_fifo());
        download("/dev/null").await;
        assert_eq!(download("/dev/stdout").await.stdout.len(), 4000);

        fs::create_dir(at("store")).unwrap();
        fs::write(at("store/real"), "old").unwrap();
        fs::set_permissions(at("store/real"), Permissions::from_mode(0o640)).unwrap();
        symlink("store/real", at("link")).unwrap();
        symlink("store/new", at("to-be")).unwrap();
        download("link").await;
        download("to-be").await;
        assert!(at("link").is_symlink() && at("to-be").is_symlink());
        assert_eq!((fs::read(at("store/real")).unwrap().len(), mode("store/real")), (4000, 0o640));
        assert_eq!((fs::read(at("store/new")).unwrap().len(), mode("store/new")), (4000, 0o600));

        let line = format!(
            "\"$penstock\" download servicetitan {RECORDING} --param id=7 --output /dev/stdout >> log"
        );
        fs::write(at("log"), "before\n").unwrap();
        assert!(shell(&vendor, folder.path(), &line).status().await.unwrap().success());
        assert_eq!(fs::read(at("log")).unwrap().len(), 4007);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_cannot_be_written_is_not_asked_for() {
        let vendor = recording().await;
        let folder = tempfile::tempdir().unwrap();
        for output in [".", "missing/call.wav"] {
            let arguments = ["download", "servicetitan", RECORDING, "--param", "id=7", "--output", output];
            let run = penstock(&vendor, folder.path(), &arguments).await;
            let told = String::from_utf8_lossy(&run.stderr).into_owned();
            assert!(run.status.code() == Some(2) && told.contains(output), "{told}");
        }
        assert_eq!(vendor.requests(), 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_download_that_is_stopped_leaves_nothing() {
        let vendor = provider(|_| {
            let first = stream::iter([Ok(Frame::data("x".into()))]);
            Response::new(BodyExt::boxed(StreamBody::new(first.chain(stream::pending()))))
        })
        .await;
        for (name, code) in [("INT", 130), ("TERM", 143)] {
            let folder = tempfile::tempdir().unwrap();
            let mut command = crate::feed::penstock(&vendor, folder.path());
            command.args(["download", "servicetitan", RECORDING, "--param", "id=7", "--output", "call.wav"]);
            let child = command.stderr(Stdio::piped()).spawn().unwrap();
            let has_bytes = || {
                let part = fs::read_dir(folder.path()).unwrap().next();
                part.is_some_and(|part| part.unwrap().metadata().unwrap().len() > 0)
            };
            while !has_bytes() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            signal(&child, name);
            assert_eq!(child.wait_with_output().await.unwrap().status.code(), Some(code));
            assert_eq!(names(folder.path()), [""; 0]);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_upload_may_come_from_a_pipe_and_not_from_a_folder() {
        let vendor = provider(|request| {
            let body = String::from_utf8_lossy(request.body()).into_owned();
            let fits = body.contains("filename=\"photo.png\"") && body.contains("\r\n\r\nabc\r\n--");
            json(if fits { 200 } else { 400 }, &serde_json::json!({"fileName": "stored.png"})).map(whole)
        })
        .await;
        let folder = tempfile::tempdir().unwrap();
        let upload =
            "\"$penstock\" upload servicetitan forms.jobs-upload-attachment --param id=7 --role operator";
        for (line, code) in [
            (format!("printf abc | {upload} --file - --name photo.png"), 0),
            (format!("mkfifo photo.png; printf abc > photo.png & {upload} --file photo.png"), 0),
            (format!("printf abc | {upload} --file -"), 2),
            (format!("{upload} --file ."), 2),
            (format!("{upload} --file missing.png"), 2),
        ] {
            let run = shell(&vendor, folder.path(), &line).output().await.unwrap();
            assert_eq!(run.status.code(), Some(code), "{line}: {}", String::from_utf8_lossy(&run.stderr));
        }
    }

    /// Where nobody writes, nothing is sent, and whoever gives up is told so.
    #[tokio::test(flavor = "multi_thread")]
    async fn an_upload_from_a_pipe_without_a_writer_ends_with_the_first_signal() {
        let vendor = provider(|_| json(200, &serde_json::json!({"fileName": "stored.png"})).map(whole)).await;
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("photo.png");
        assert!(std::process::Command::new("mkfifo").arg(&place).status().unwrap().success());
        for (name, code, opens) in [("INT", 130, false), ("TERM", 143, true)] {
            let mut command = crate::feed::penstock(&vendor, folder.path());
            command.args(["upload", "servicetitan", "forms.jobs-upload-attachment", "--param", "id=7"]);
            command.args(["--role", "operator", "--file", "photo.png", "--grace", "600"]);
            let child = command.stderr(Stdio::piped()).spawn().unwrap();
            let writer = if opens {
                // Comes back when the command has begun to read.
                let place = place.clone();
                let opened = tokio::task::spawn_blocking(|| fs::File::options().write(true).open(place));
                Some(opened.await.unwrap().unwrap())
            } else {
                // It listens to signals before anything else.
                while caught(child.id().unwrap()) & (1 << 1) == 0 {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                None
            };
            signal(&child, name);
            let run = tokio::time::timeout(Duration::from_secs(60), child.wait_with_output());
            let run = run.await.expect(name).unwrap();
            let told = String::from_utf8_lossy(&run.stderr).into_owned();
            assert_eq!(run.status.code(), Some(code), "{told}");
            assert!(!told.contains("may have taken effect"), "{told}");
            assert!(told.contains("nothing was sent"), "{told}");
            drop(writer);
        }
        assert_eq!(vendor.requests(), 0);
    }

    /// The signals that a process handles, SIGINT in the second bit (`proc_pid_status(5)`).
    fn caught(process: u32) -> u64 {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(line.trim(), 16).unwrap()
    }

    /// `ulimit -f`: a signal would end the process before it could take its part file away.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_file_that_may_not_grow_so_large_is_an_error_and_leaves_nothing() {
        // 12 MiB, of which 10 MiB may be in a file: more than the program itself needs.
        let vendor = provider(|_| Response::new(whole(Full::from("RIFF".repeat(3 << 20))))).await;
        let folder = tempfile::tempdir().unwrap();
        let download = format!("download servicetitan {RECORDING} --param id=7 --output call.wav");
        for (blocks, what) in [(20_480, "error: call.wav: "), (64, "the component cannot be started: ")] {
            let line = format!("ulimit -f {blocks}; exec \"$penstock\" {download}");
            let run = shell(&vendor, folder.path(), &line).output().await.unwrap();
            let told = String::from_utf8_lossy(&run.stderr).into_owned();
            assert_eq!(run.status.code(), Some(1), "{told}");
            let why = format!("{what}File too large (os error 27)");
            assert!(told.contains(&why) && told.contains("(see `ulimit -f`)"), "{told}");
            assert_eq!(names(folder.path()), [""; 0]);
        }
    }
}
