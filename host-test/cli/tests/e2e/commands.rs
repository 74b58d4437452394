//! The commands and their exit codes.

use penstock_simulated::{
    Matcher,
    asleep::SimulatedAsleep,
    servicetitan::{Config, Resource, SimulatedServiceTitan},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    process::{Command, Output},
};

pub(crate) fn penstock(settings: &BTreeMap<String, String>, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_penstock"));
    // An empty folder, so that no `.env` of the developer's is read.
    let folder = tempfile::tempdir().unwrap();
    command.current_dir(folder.path()).args(arguments).envs(settings);
    for name in
        ["CLIENT_ID", "CLIENT_SECRET", "APP_KEY", "TENANT_ID"].map(|name| format!("SERVICETITAN_{name}"))
    {
        if !settings.contains_key(&name) {
            command.env_remove(name);
        }
    }
    command.output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) async fn provider() -> (SimulatedServiceTitan, BTreeMap<String, String>) {
    let provider = SimulatedServiceTitan::start(Config::small(90)).await.unwrap();
    let settings = provider.settings();
    (provider, settings)
}

#[test]
fn without_settings_all_four_missing_ones_are_named() {
    let run = penstock(&BTreeMap::new(), &["list", "servicetitan", "jpm.jobs-list", "--limit", "1"]);
    assert_eq!(run.status.code(), Some(2));
    assert!(run.stdout.is_empty());
    let told = text(&run.stderr);
    for name in ["CLIENT_ID", "CLIENT_SECRET", "APP_KEY", "TENANT_ID"] {
        assert!(told.contains(&format!("SERVICETITAN_{name}")), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asleep_elsewhere_is_named_by_its_setting_or_by_the_option() {
    let provider = SimulatedAsleep::start(penstock_simulated::asleep::Config::default()).await.unwrap();
    let mut settings: BTreeMap<String, String> = provider.settings();
    let user = format!("user_id={}", provider.user_ids()[0]);
    let call = ["call", "asleep", "sleep.users-get", "--param", &user];
    let run = penstock(&settings, &call);
    assert!(run.status.success(), "{}", text(&run.stderr));
    let url = settings.remove("ASLEEP_BASE_URL").unwrap();
    let run = penstock(&settings, &[&call[..], &["--vendor", &url]].concat());
    assert!(run.status.success(), "{}", text(&run.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_as_lines_of_json() {
    let (provider, settings) = provider().await;
    let list = |further: &[&str]| {
        let arguments = [&["list", "servicetitan", "jpm.jobs-list"], further].concat();
        let run = penstock(&settings, &arguments);
        assert!(run.status.success(), "{}", text(&run.stderr));
        text(&run.stdout).lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(list(&[]).len(), provider.job_ids().len());
    let completed = list(&["--param", "jobStatus=Completed", "--limit", "10"]);
    assert!(!completed.is_empty() && completed.len() <= 10);
    assert!(completed.iter().all(|job| job["jobStatus"] == "Completed"));
}

/// All that was there may not have come, and neither the lines nor the exit code say so.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_changed_while_it_was_read_is_warned_of() {
    let (provider, settings) = provider().await;
    let list = || {
        let run = penstock(
            &settings,
            &["list", "servicetitan", "jpm.jobs-list", "--page-size", "20", "--window", "1"],
        );
        assert!(run.status.success(), "{}", text(&run.stderr));
        text(&run.stderr)
    };
    assert_eq!(list(), "", "nothing to say");
    let first = provider.job_ids()[0];
    provider.after(Matcher::operation("Jobs_GetList"), 2, move |world| {
        assert!(world.remove(Resource::Jobs, first));
    });
    let told = list();
    assert!(told.contains("the list changed while it was read"), "{told}");
}

/// 2 is for input that does not fit, whoever finds out.
#[test]
fn input_that_does_not_fit_has_an_exit_code_of_its_own() {
    for arguments in [
        &["demo", "--fault-rate", "2"][..],
        &["demo", "--fault-rate", "NaN"],
        &["vendor", "--fault-rate", "-0.1"],
        &["list", "servicetitan", "jpm.jobs-list", "--vendor", "no URL"],
    ] {
        let run = penstock(&BTreeMap::new(), arguments);
        assert_eq!(run.status.code(), Some(2), "{arguments:?}: {}", text(&run.stderr));
        assert!(!run.stderr.is_empty(), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_may_begin_with_a_hyphen() {
    let (_provider, settings) = provider().await;
    // base64url has it, so that one in 64 begins like an option.
    let run = penstock(&settings, &["list", "servicetitan", "jpm.jobs-list", "--resume", "-Fdamaged"]);
    assert_eq!(run.status.code(), Some(2));
    assert!(text(&run.stderr).contains("  resume: is damaged"), "{}", text(&run.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn goes_on_from_a_file() {
    let (provider, settings) = provider().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("position");
    let file = file.to_str().unwrap();
    let lines = || {
        let run = penstock(
            &settings,
            &["list", "servicetitan", "jpm.jobs-list", "--param", "sort=+Id", "--resume-file", file],
        );
        assert!(run.status.success(), "{}", text(&run.stderr));
        text(&run.stdout).lines().count()
    };
    assert_eq!(lines(), provider.job_ids().len());
    assert_eq!(lines(), 0);
    provider.add_job();
    assert_eq!(lines(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_need_a_role() {
    let (provider, settings) = provider().await;
    let id = format!("id={}", provider.job_ids()[0]);
    let body = r#"{"text":"Gate code is 1234"}"#;
    let note = ["call", "servicetitan", "jpm.jobs-create-note", "--param", &id, "--body", body];
    let refused = penstock(&settings, &note);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("operator"), "{}", text(&refused.stderr));
    let create = ["call", "servicetitan", "jpm.job-types-create", "--body", r#"{"name":"Repair"}"#];
    let refused = penstock(&settings, &[&create[..], &["--role", "operator"]].concat());
    assert!(text(&refused.stderr).contains("PENSTOCK_ROLE=admin"), "{}", text(&refused.stderr));
    assert_eq!(provider.stats().requests, 0);

    let made = penstock(&settings, &[&note[..], &["--role", "operator"]].concat());
    assert!(made.status.success(), "{}", text(&made.stderr));
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!(made["text"], "Gate code is 1234");
}

#[test]
fn the_table_has_a_row_for_every_operation() {
    let run = penstock(&BTreeMap::new(), &["operations", "servicetitan"]);
    assert!(run.status.success());
    let table = text(&run.stdout);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/servicetitan");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let modules = files.filter(|file| file.extension().is_some_and(|kind| kind == "wit"));
    let declared: usize =
        modules.map(|file| std::fs::read_to_string(file).unwrap().matches("/// @http ").count()).sum();
    assert_eq!((table.lines().count(), declared), (585, 585));
    let row = table.lines().find(|line| line.contains("jpm.jobs-cancel ")).unwrap();
    for part in ["PUT", "/jpm/v2/tenant/{tenant}/jobs/{id}/cancel", "action", "id*", "body*"] {
        assert!(row.contains(part), "{row}");
    }
}

/// Once the vendor is down it is too late to mend it.
#[tokio::test(flavor = "multi_thread")]
async fn a_fallback_that_does_not_fit_is_refused_while_the_vendor_is_up() {
    let (provider, settings) = provider().await;
    let id = format!("id={}", provider.job_ids()[0]);
    let call = ["call", "servicetitan", "jpm.jobs-get", "--param", &id, "--fallback", r#"{"id":"x"}"#];
    let run = penstock(&settings, &call);
    let told = text(&run.stderr);
    assert_eq!((run.status.code(), run.stdout.len()), (Some(2), 0), "{told}");
    assert!(told.contains("  fallback: does not fit the answer: $.id: expected an integer"), "{told}");
    assert_eq!(provider.stats().requests, 0);
}

/// A device would fill the memory.
#[cfg(unix)]
#[test]
fn an_input_that_never_ends_is_refused() {
    let note = ["call", "servicetitan", "jpm.jobs-create-note", "--param=id=1", "--body", "@/dev/zero"];
    let batch = ["batch", "servicetitan", "/dev/zero"];
    let list = ["list", "servicetitan", "reporting.reports-data-list", "--body", "@/dev/zero"];
    for arguments in [&note[..], &batch, &list] {
        let run = penstock(&BTreeMap::new(), arguments);
        let told = text(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{told}");
        assert!(told.contains("/dev/zero") && told.contains(" than 67"), "{told}");
    }
}

/// Numbers of which every letter is one that an option might begin with.
#[test]
fn a_number_that_does_not_fit_is_no_option_that_is_not_known() {
    let jobs = ["list", "servicetitan", "jpm.jobs-list"];
    for (further, expected) in [
        (["--limit", "-1"], "invalid value '-1' for '--limit <COUNT>'"),
        (["--deadline", "0.5"], "must be whole seconds, 1 to 3600"),
        (["--page-size", "0"], "invalid value '0' for '--page-size <COUNT>'"),
        (["--deadline", "-5"], "must be whole seconds, 1 to 3600"),
    ] {
        let run = penstock(&BTreeMap::new(), &[&jobs[..], &further].concat());
        let told = text(&run.stderr);
        assert!(run.status.code() == Some(2) && told.contains(expected), "{told}");
        assert!(!told.contains("unexpected argument"), "{told}");
    }
    let none = ["batch", "servicetitan", "calls", "--stop-after", "0"];
    assert_eq!(penstock(&BTreeMap::new(), &none).status.code(), Some(2));
}

/// A script that goes by the exit code would take an empty table for an answer.
#[test]
fn a_word_that_no_operation_has_is_told() {
    for arguments in [&["operations", "nosuch"][..], &["operations", "nosuch", "--all", "--json"]] {
        let run = penstock(&BTreeMap::new(), arguments);
        let told = text(&run.stderr);
        assert_eq!((run.status.code(), run.stdout.len()), (Some(2), 0), "{told}");
        assert!(told.contains("no operation has `nosuch`"), "{told}");
    }
    // There are such, but only other forms of operations.
    let forms = ["operations", "jobs-completed-between"];
    let run = penstock(&BTreeMap::new(), &forms);
    assert!(run.status.code() == Some(2) && text(&run.stderr).contains("--all"), "{run:?}");
    let run = penstock(&BTreeMap::new(), &[&forms[..], &["--all"]].concat());
    assert!(run.status.success() && text(&run.stdout).contains("jpm.jobs-completed-between-list"), "{run:?}");
}

#[test]
fn a_typo_brings_the_nearest_name() {
    let run = penstock(&BTreeMap::new(), &["call", "servicetitan", "jpm.jobs-gett"]);
    assert_eq!(run.status.code(), Some(2));
    assert!(text(&run.stderr).contains("jpm.jobs-get"), "{}", text(&run.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_has_an_exit_code() {
    let missing = penstock(&BTreeMap::new(), &["ready", "servicetitan"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("SERVICETITAN_APP_KEY"), "{}", text(&missing.stderr));

    let (provider, settings) = provider().await;
    let probe = ["ready", "servicetitan", "--probe", "jpm.job-types-list"];
    let well = penstock(&settings, &probe);
    assert!(well.status.success(), "{}", text(&well.stderr));
    assert!(text(&well.stdout).contains("jpm.job-types-list: HTTP 200"), "{}", text(&well.stdout));

    provider.shutdown().await;
    let gone = penstock(&settings, &[&probe[..], &["--deadline", "2"]].concat());
    assert_eq!(gone.status.code(), Some(1), "{}", text(&gone.stderr));
    assert!(!text(&gone.stderr).contains("--resume"), "nobody goes on with a probe: {}", text(&gone.stderr));
    // The settings are as good as before.
    assert!(penstock(&settings, &probe[..2]).status.success());
}

/// Whoever asked for it and cannot be told must not take that for an answer.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_output_that_takes_nothing_is_named() {
    let vendor = crate::feed::feed(5, 5, std::time::Duration::ZERO).await;
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        "--help",
        "list --help",
        "--version",
        "operations jobs-get",
        "key",
        "completions bash",
        "manual",
        "ready servicetitan",
        "vendor --jobs 5",
        "serve --listen 127.0.0.1:0 --jobs 5",
    ] {
        let line = format!("exec timeout 60 \"$penstock\" {arguments} > /dev/full");
        let run = crate::feed::shell(&vendor, folder.path(), &line).output().await.unwrap();
        let told = text(&run.stderr);
        assert_eq!(run.status.code(), Some(1), "{arguments}: {told}");
        assert!(told.contains("cannot write standard output: No space left"), "{arguments}: {told}");
    }
    // One whose reader has enough is none.
    let line = "(\"$penstock\" --help; echo $? > code) | true; cat code";
    let run = crate::feed::shell(&vendor, folder.path(), line).output().await.unwrap();
    assert_eq!(text(&run.stdout), "0\n");
}

/// It might move the cursor of who reads the message, or paint over it.
#[cfg(unix)]
#[test]
fn an_argument_that_a_terminal_would_obey_is_shown() {
    let odd = "jobs\u{1b}[2K\r\u{9b}2K\nerror: none\u{202e}\u{2066}";
    let is_odd = |letter: char| letter.is_control() || ('\u{2028}'..='\u{2069}').contains(&letter);
    let (argument, option) = (format!("nosuch{odd}"), format!("--nosuch{odd}"));
    let (file, parameter) = (format!("missing/{odd}"), format!("{odd}=1"));
    for arguments in [
        &["operations", odd][..],
        &["call", "servicetitan", odd],
        &["ready", odd],
        &["manual", odd],
        &["batch", "servicetitan", odd],
        &["list", "servicetitan", "jpm.jobs-list", "--resume-file", &file],
        &["list", "servicetitan", "jpm.jobs-list", "--param", &parameter],
        &["list", "servicetitan", "jpm.jobs-list", "--param", odd],
        &["call", "servicetitan", "jpm.jobs-get", "--param=id=1", "--vendor", odd],
        &["upload", "servicetitan", "forms.jobs-upload-attachment", "--file", &file],
        &["call", "servicetitan", "jpm.jobs-create-note", "--body", &format!("@{file}")],
        &[&argument],
        &["call", &option],
        &["--json-errors", "call", &option],
        &["--json-errors", "operations", odd],
    ] {
        let run = penstock(&BTreeMap::new(), arguments);
        let told = text(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{arguments:?}: {told}");
        let lines = told.lines();
        assert!(lines.clone().all(|line| !line.contains(is_odd) && line != "error: none"), "{told:?}");
        assert!(told.contains("\\u{202e}") || told.contains("\\u202e"), "{told:?}");
    }
}

#[test]
fn a_vendor_that_is_not_known_brings_the_nearest_name() {
    for command in [&["ready", "servicetian"][..], &["call", "servicetian", "jpm.jobs-get"]] {
        let run = penstock(&BTreeMap::new(), command);
        let told = text(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{told}");
        assert!(told.contains("`servicetian` is not known; did you mean `servicetitan`?"), "{told}");
    }
}

/// What fails is told in words: a line of the log beside it is for who asks for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_refused_before_any_setting_is_read_logs_no_more_than_wanted() {
    let (_provider, settings) = provider().await;
    let file = ["telecom.calls-download-recording", "--param", "id=1"];
    for command in ["call", "list"] {
        let run = penstock(&settings, &[&[command, "servicetitan"], &file[..]].concat());
        let told = text(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{told}");
        assert!(!told.contains("\"level\""), "{told}");
    }
    // One that is put together of others is refused elsewhere.
    let days = ["--param", "soldAfter=2026-01-01", "--param", "soldBefore=2025-01-01"];
    let sum = [&["call", "servicetitan", "sales.total-sales-between"], &days[..]].concat();
    for further in [&[][..], &["--log-level", "error"]] {
        let run = penstock(&settings, &[&sum[..], further].concat());
        let told = text(&run.stderr);
        assert!(run.status.code() == Some(2) && told.contains("soldBefore"), "{told}");
        assert!(!told.contains("\"level\""), "{told}");
    }
    let warn = [&["call", "servicetitan"], &file[..], &["--log-level", "warn"]].concat();
    assert!(text(&penstock(&settings, &warn).stderr).contains("\"level\":\"warn\""));
}

#[test]
fn a_shell_and_man_are_told_what_there_is() {
    let run = |arguments: &[&str]| {
        let run = penstock(&BTreeMap::new(), arguments);
        assert!(run.status.success(), "{arguments:?}: {}", text(&run.stderr));
        text(&run.stdout)
    };
    for (shell, part) in
        [("bash", "_penstock()"), ("zsh", "#compdef penstock"), ("fish", "complete -c penstock")]
    {
        let script = run(&["completions", shell]);
        assert!(script.contains(part) && script.contains("resume-file"), "{shell}");
    }
    let page = run(&["manual"]);
    assert!(page.contains(".TH penstock 1") && page.contains("download"), "{page}");
    let page = run(&["manual", "list"]);
    assert!(page.contains(".TH penstock-list 1") && page.contains("resume\\-file"), "{page}");
    assert_eq!(penstock(&BTreeMap::new(), &["manual", "nothing"]).status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_told_in_json_what_went_wrong() {
    let (_provider, settings) = provider().await;
    let wrong = |settings: &BTreeMap<String, String>, arguments: &[&str]| {
        let run = penstock(settings, arguments);
        let mut told: Value = serde_json::from_slice(&run.stderr).unwrap();
        assert_eq!(told["error"]["exitCode"], run.status.code().unwrap(), "{told}");
        told["error"].take()
    };
    let none = ["call", "servicetitan", "jpm.jobs-get", "--param", "id=none", "--json-errors"];
    let told = wrong(&settings, &none);
    assert_eq!((&told["kind"], &told["outcome"]), (&"bad-input".into(), &"not-sent".into()), "{told}");
    assert_eq!((&told["fields"][0]["field"], &told["retry"]["advice"]), (&"id".into(), &"never".into()));
    let gone = ["call", "servicetitan", "jpm.jobs-get", "--param", "id=999999999", "--json-errors"];
    assert_eq!(wrong(&settings, &gone)["status"], 404);
    let told = wrong(&BTreeMap::new(), &["--json-errors", "ready", "servicetitan"]);
    assert_eq!((&told["kind"], told["fields"].as_array().unwrap().len()), (&"configuration".into(), 4));
    assert_eq!(wrong(&settings, &["list", "servicetitan", "--json-errors"])["kind"], "usage");
    let limit = ["list", "servicetitan", "jpm.jobs-list", "--limit", "-1", "--json-errors"];
    let told = wrong(&settings, &limit);
    assert_eq!((&told["kind"], &told["outcome"]), (&"usage".into(), &"not-sent".into()), "{told}");
    assert!(told["fields"][0]["field"].as_str().unwrap().starts_with("--limit"), "{told}");
    assert!(told["fields"][0]["message"].as_str().unwrap().contains("digit"), "{told}");
}

#[test]
fn an_authority_that_cannot_be_read_is_named() {
    let missing = ["list", "servicetitan", "jpm.jobs-list", "--ca", "missing.pem"];
    let run = penstock(&BTreeMap::new(), &missing);
    assert!(
        run.status.code() == Some(2) && text(&run.stderr).contains("missing.pem"),
        "{}",
        text(&run.stderr)
    );
}

#[cfg(unix)]
#[test]
fn it_starts_where_addresses_are_few() {
    let run = |most: u32| {
        let line = format!("ulimit -v {most}; exec \"$penstock\" operations jobs-get");
        let mut command = Command::new("sh");
        command.args(["-c", &line]).env("penstock", env!("CARGO_BIN_EXE_penstock")).output().unwrap()
    };
    for enough in [1_000_000, 2_000_000] {
        let run = run(enough);
        assert!(run.status.success(), "{}", text(&run.stderr));
        assert!(text(&run.stdout).contains("jpm.jobs-get"));
    }
    // An allocation that fails would end the process without a word of why.
    for too_few in [200_000, 400_000, 500_000, 999_999] {
        let run = run(too_few);
        let told = text(&run.stderr);
        assert_eq!((run.status.code(), run.stdout.len()), (Some(1), 0), "{too_few}: {told}");
        assert!(told.contains("needs 1000000 (see `ulimit -v`)"), "{too_few}: {told}");
    }
}

/// Too few is told, and no panic; a few more are enough for a list.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn it_says_so_where_descriptors_are_few() {
    use crate::feed::{LIST, feed, ids, shell};
    let vendor = feed(40, 20, std::time::Duration::ZERO).await;
    let folder = tempfile::tempdir().unwrap();
    // Three of them are open, and to load a library takes one.
    for (most, is_enough) in
        [(4, false), (6, false), (9, false), (12, false), (18, false), (24, false), (40, true)]
    {
        for arguments in
            ["operations jobs-get".to_owned(), format!("{} --resume-file position", LIST.join(" "))]
        {
            let line = format!("rm -f position; ulimit -n {most}; exec \"$penstock\" {arguments}");
            let run = shell(&vendor, folder.path(), &line).output().await.unwrap();
            let told = text(&run.stderr);
            assert!(!told.contains("panicked"), "{most}, {arguments}: {told}");
            assert_eq!(run.status.code(), Some(i32::from(!is_enough)), "{most}, {arguments}: {told}");
            match is_enough {
                true if arguments.starts_with("list") => assert_eq!(ids(&run.stdout).len(), 40),
                true => assert!(text(&run.stdout).contains("jpm.jobs-get")),
                false => assert!(told.contains("ulimit -n") && run.stdout.is_empty(), "{told}"),
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let odd = std::ffi::OsStr::from_bytes(b"\xff");
    for json in [false, true] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_penstock"));
        command.arg("operations").arg(odd).args(json.then_some("--json-errors"));
        let run = command.output().unwrap();
        let told = text(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{told}");
        assert_eq!(told.starts_with("{\"error\":{"), json, "{told}");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_penstock"));
    let run =
        command.args(["call", "servicetitan", "jpm.jobs-get", "--json-errors", "--body"]).arg(odd).output();
    let told: Value = serde_json::from_slice(&run.unwrap().stderr).unwrap();
    assert_eq!(told["error"]["fields"][0]["field"], "--body", "{told}");
}

#[test]
fn documents_that_cannot_be_read_are_input_that_does_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let [missing, broken] = ["missing.json", "broken.json"].map(|name| folder.path().join(name));
    std::fs::write(&broken, "{").unwrap();
    let out = folder.path().to_str().unwrap();
    for document in [missing.to_str().unwrap(), broken.to_str().unwrap(), out] {
        let run = penstock(&BTreeMap::new(), &["import", "--out", out, document]);
        let told = text(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{told}");
        assert!(told.contains(document), "{told}");
    }
}

/// In a container without a home, for instance.
#[cfg(unix)]
#[test]
fn a_component_that_is_compiled_at_every_start_is_told() {
    let nowhere: BTreeMap<_, _> =
        ["HOME", "XDG_CACHE_HOME"].map(|name| (name.to_owned(), "/dev/null/nowhere".to_owned())).into();
    let run = penstock(&nowhere, &["operations", "jobs-get"]);
    let told = text(&run.stderr);
    assert!(run.status.success(), "{told}");
    assert!(told.contains("XDG_CACHE_HOME") && told.contains("takes seconds"), "{told}");
    let run = penstock(&BTreeMap::new(), &["operations", "jobs-get"]);
    assert!(run.status.success() && !text(&run.stderr).contains("takes seconds"), "{}", text(&run.stderr));
}
