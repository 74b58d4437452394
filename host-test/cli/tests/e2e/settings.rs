//! Settings in files: what is read, what is refused, and with which exit code.

use crate::commands::text;
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

const OWN: &str = "SERVICETITAN_CLIENT_ID=cid\nSERVICETITAN_CLIENT_SECRET=cs1\nSERVICETITAN_APP_KEY=ak1\n\
                   SERVICETITAN_TENANT_ID=42\n";

fn penstock(folder: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_penstock"));
    command.args(arguments).current_dir(folder).envs(settings.iter().copied());
    command.output().unwrap()
}

/// Runs `penstock ready` beside a `.env`.
fn ready(dotenv: &[u8], settings: &[(&str, &str)]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env"), dotenv).unwrap();
    let run = penstock(folder.path(), settings, &["ready", "servicetitan"]);
    (run.status.code(), text(&run.stderr))
}

#[test]
fn settings_that_cannot_be_read_have_the_exit_code_of_settings() {
    let utf_16: Vec<u8> = OWN.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (code, told) = ready(&[b"\xff\xfe", &utf_16[..]].concat(), &[]);
    assert!(code == Some(2) && told.contains(".env") && told.contains("UTF-16"), "{code:?} {told}");

    let missing = [("SERVICETITAN_APP_KEY_FILE", "/nowhere/at/all")];
    let (code, told) = ready(OWN.replace("SERVICETITAN_APP_KEY", "OTHER").as_bytes(), &missing);
    assert!(code == Some(2) && told.contains("SERVICETITAN_APP_KEY_FILE"), "{code:?} {told}");

    // Where it is named in a file, which may name none elsewhere.
    let nope = OWN.replace("APP_KEY=ak1", "APP_KEY_FILE=nope");
    let (code, told) = ready(nope.as_bytes(), &[]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("SERVICETITAN_APP_KEY_FILE names nope, which does not exist"), "{told}");
    let (code, told) = ready(nope.replace("nope", "/etc/nope").as_bytes(), &[]);
    assert!(code == Some(2) && told.contains("/etc/nope, which is not in "), "{code:?} {told}");

    let (code, told) = ready(OWN.replace("APP_KEY=", "APP_KEY=\"").as_bytes(), &[]);
    assert!(code == Some(2) && told.contains("line 3") && !told.contains("ak1"), "{code:?} {told}");
}

#[test]
fn settings_of_others_and_a_mark_do_not_matter() {
    let foreign = "SIGNING_KEY=\"-----BEGIN KEY-----\nabcd\n-----END KEY-----\"\nlogging.level.root=INFO\n";
    let (code, told) = ready(format!("\u{feff}{OWN}{foreign}").as_bytes(), &[]);
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn a_file_cannot_redirect_the_credentials_of_the_environment() {
    let credentials = OWN.lines().map(|line| line.split_once('=').unwrap()).collect::<Vec<_>>();
    let url = "SERVICETITAN_API_URL=https://evil.example\n";
    let (code, told) = ready(url.as_bytes(), &credentials);
    assert!(code == Some(2) && told.contains("SERVICETITAN_API_URL"), "{code:?} {told}");
    let (code, told) = ready(b"PENSTOCK_ROLE=admin\n", &credentials);
    assert!(code == Some(2) && told.contains("PENSTOCK_ROLE"), "{code:?} {told}");
    assert_eq!(ready(format!("{OWN}{url}PENSTOCK_ROLE=admin\n").as_bytes(), &[]).0, Some(0));
}

#[test]
fn another_file_can_be_named_and_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.env");
    let arguments = ["ready", "servicetitan", "--env-file", "other.env"];
    let run = penstock(folder.path(), &[], &arguments);
    assert!(run.status.code() == Some(2) && text(&run.stderr).contains("other.env"), "{run:?}");
    fs::write(&file, OWN).unwrap();
    let run = penstock(folder.path(), &[], &arguments);
    assert_eq!(run.status.code(), Some(0), "{run:?}");
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_write_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".env");
    fs::write(&file, OWN).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o664)).unwrap();
    let run = penstock(folder.path(), &[], &["ready", "servicetitan"]);
    let told = text(&run.stderr);
    assert!(run.status.code() == Some(2) && told.contains(".env") && told.contains("chmod"), "{told}");
}

#[test]
fn marks_are_taken_off_batches_and_bodies() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env"), OWN).unwrap();
    let marked = format!("\u{feff}{}\n", r#"{"operation": "jpm.nothing"}"#);
    fs::write(folder.path().join("calls"), marked).unwrap();
    let run = penstock(folder.path(), &[], &["batch", "servicetitan", "calls"]);
    let told = format!("{}{}", text(&run.stdout), text(&run.stderr));
    assert!(told.contains("jpm.nothing") && !told.contains("expected value"), "{told}");
    let utf_16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(folder.path().join("body"), utf_16).unwrap();
    let call = ["call", "servicetitan", "jpm.job-types-create", "--role", "admin", "--body", "@body"];
    let run = penstock(folder.path(), &[], &call);
    assert!(run.status.code() == Some(2) && text(&run.stderr).contains("UTF-16"), "{run:?}");
}

/// What is waited for here must not take for ever.
#[cfg(unix)]
const LONG: std::time::Duration = std::time::Duration::from_secs(60);

#[cfg(unix)]
fn pipe(folder: &Path, name: &str) -> std::path::PathBuf {
    let place = folder.join(name);
    assert!(Command::new("mkfifo").arg(&place).status().unwrap().success());
    place
}

#[cfg(unix)]
fn waiting(folder: &Path, arguments: &[&str]) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_penstock"));
    command.args(arguments).current_dir(folder).kill_on_drop(true);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    command
}

/// To open it would wait for a writer, perhaps for ever.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn settings_in_what_is_no_regular_file_are_refused_by_its_path() {
    let ready = ["ready", "servicetitan"];
    let named = [&ready[..], &["--env-file", "named"]].concat();
    for (name, arguments, settings) in [
        (".env", &ready[..], &[][..]),
        ("named", &named, &[]),
        ("key", &ready, &[("SERVICETITAN_APP_KEY_FILE", "key")]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        pipe(folder.path(), name);
        let mut command = waiting(folder.path(), arguments);
        let run = command.envs(settings.iter().copied()).output();
        let run = tokio::time::timeout(LONG, run).await.expect(name).unwrap();
        let told = text(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{told}");
        assert!(told.contains(&format!("{name} is no regular file")), "{told}");
        assert!(settings.iter().all(|(variable, _)| told.contains(variable)), "{told}");
    }
    // A link to a file is as good as the file.
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("settings"), OWN).unwrap();
    std::os::unix::fs::symlink("settings", folder.path().join(".env")).unwrap();
    assert_eq!(penstock(folder.path(), &[], &ready).status.code(), Some(0));
}

/// Bodies and batches may come from a pipe, and whoever waits for one can be stopped.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_body_may_come_from_a_pipe_and_a_signal_is_heard_until_it_does() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env"), OWN).unwrap();
    let place = pipe(folder.path(), "pipe");
    let call = ["call", "servicetitan", "jpm.job-types-create", "--role", "admin", "--body", "@pipe"];
    let batch = ["batch", "servicetitan", "pipe"];
    for arguments in [&call[..], &batch] {
        // To open the one end waits for the other: the command has begun to wait by then.
        let open = || {
            let place = place.clone();
            let opened = tokio::task::spawn_blocking(move || fs::File::options().write(true).open(place));
            async { tokio::time::timeout(LONG, opened).await.unwrap().unwrap().unwrap() }
        };
        let child = waiting(folder.path(), arguments).spawn().unwrap();
        let mut writer = open().await;
        std::io::Write::write_all(&mut writer, b"neither JSON nor a call").unwrap();
        drop(writer);
        let run = tokio::time::timeout(LONG, child.wait_with_output()).await.unwrap().unwrap();
        let told = text(&run.stderr);
        assert!(run.status.code() == Some(2) && told.contains("expected"), "{arguments:?}: {told}");

        let child = waiting(folder.path(), arguments).spawn().unwrap();
        let writer = open().await;
        crate::feed::signal(&child, "TERM");
        let run = tokio::time::timeout(LONG, child.wait_with_output()).await.unwrap().unwrap();
        assert_eq!((run.status.code(), text(&run.stderr).as_str()), (Some(143), "stopped by SIGTERM\n"));
        drop(writer);
    }
}
