//! Whatever a provider repeats of the credentials that it was sent: no command shows any of it, and none
//! leaves it in a file.

use super::commands::penstock;
use crate::support::planted::echoing;
use penstock_simulated::{FaultKind, Faults, Matcher, servicetitan::SimulatedServiceTitan};
use penstock_spellings::shown;
use std::{collections::BTreeMap, fs, path::Path};

/// What a command writes to both of its outputs and leaves in its folder, names of files included.
struct Run<'a> {
    settings: &'a BTreeMap<String, String>,
    folder: &'a Path,
    seen: String,
}

impl Run<'_> {
    fn command(&mut self, arguments: &[&str]) {
        let run = penstock(self.settings, arguments);
        assert!(!run.status.success(), "{arguments:?} must fail");
        self.seen += &format!("{arguments:?}\n");
        self.seen += &String::from_utf8_lossy(&run.stdout);
        self.seen += &String::from_utf8_lossy(&run.stderr);
    }

    fn files(&mut self) {
        for entry in fs::read_dir(self.folder).unwrap() {
            let path = entry.unwrap().path();
            self.seen +=
                &format!("{}\n{}", path.display(), String::from_utf8_lossy(&fs::read(&path).unwrap()));
        }
    }
}

/// Every command that asks a provider. All of them fail.
fn all_commands(provider: &SimulatedServiceTitan) -> String {
    let mut settings = provider.settings();
    for (name, value) in [
        ("RETRY_ATTEMPTS", "1"),
        ("LOG_LEVEL", "debug"),
        ("PENSTOCK_ROLE", "admin"),
        ("PENSTOCK_PAGE_SIZE", "20"),
        ("PENSTOCK_WINDOW", "1"),
    ] {
        settings.insert(name.to_owned(), value.to_owned());
    }
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (position, output, batch) = (place("jobs.position"), place("call.mp3"), place("calls.ndjson"));
    fs::write(&batch, "{\"operation\":\"jpm.jobs-get\",\"parameters\":{\"id\":7}}\n".repeat(9)).unwrap();
    let mut run = Run { settings: &settings, folder: folder.path(), seen: String::new() };
    run.command(&["call", "servicetitan", "jpm.jobs-get", "--param", "id=7"]);
    let note =
        ["call", "servicetitan", "jpm.jobs-create-note", "--param", "id=7", "--body", "{\"text\":\"x\"}"];
    run.command(&note);
    run.command(&["list", "servicetitan", "jpm.jobs-list", "--resume-file", &position]);
    run.command(&[
        "download",
        "servicetitan",
        "telecom.calls-download-recording",
        "--param",
        "id=7",
        "--output",
        &output,
    ]);
    let upload =
        ["upload", "servicetitan", "forms.jobs-upload-attachment", "--param", "id=7", "--file", &batch];
    run.command(&upload);
    run.command(&["batch", "servicetitan", &batch]);
    run.files();
    run.seen
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_shows_or_keeps_what_a_provider_repeats() {
    for kind in [FaultKind::SecretsInError, FaultKind::SecretsInPage] {
        for tokens in [false, true] {
            let provider = echoing(kind, tokens).await;
            let seen = all_commands(&provider);
            assert_eq!(shown(&seen), None, "{kind:?}, tokens: {tokens}");
            assert!(provider.stats().faults[&kind] >= 6, "{kind:?}, tokens: {tokens}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_in_mid_list_keeps_nothing_either() {
    let provider = echoing(FaultKind::SecretsInError, false).await;
    provider.set_faults(Faults::none());
    provider.fail_next(Matcher::any().with_query("page=2"), FaultKind::SecretsInError, u32::MAX);
    let folder = tempfile::tempdir().unwrap();
    let position = folder.path().join("jobs.position").to_str().unwrap().to_owned();
    let mut settings = provider.settings();
    settings.insert("RETRY_ATTEMPTS".to_owned(), "2".to_owned());
    settings.insert("PENSTOCK_PAGE_SIZE".to_owned(), "20".to_owned());
    settings.insert("PENSTOCK_WINDOW".to_owned(), "1".to_owned());
    let mut run = Run { settings: &settings, folder: folder.path(), seen: String::new() };
    run.command(&["list", "servicetitan", "jpm.jobs-list", "--resume-file", &position]);
    run.files();
    assert!(run.seen.contains("jobs.position"), "{}", run.seen);
    assert!(run.seen.contains("[redacted]"), "{}", run.seen);
    assert_eq!(shown(&run.seen), None);
}
