//! `penstock doctor`: all is well, and each trouble is found by its own check and no other.

mod relay;

use crate::{
    commands::{penstock, text},
    proxy::tls_in_front_of,
    serve::{KEY, Served},
};
use penstock::api_key;
use penstock_simulated::servicetitan::{Config, SimulatedServiceTitan};
use relay::Relay;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    process::{Command, Output},
    time::{Duration, SystemTime},
};

type Settings = BTreeMap<String, String>;

/// A vendor, and settings in which nothing is wrong.
async fn well() -> (SimulatedServiceTitan, Settings) {
    let vendor = SimulatedServiceTitan::start(Config::small(30)).await.unwrap();
    let mut settings = vendor.settings();
    settings.insert("SERVICETITAN_CREDENTIALS_ISSUED_AT".to_owned(), days_ago(1));
    settings.insert("RETRY_ATTEMPTS".to_owned(), "1".to_owned());
    (vendor, settings)
}

fn days_ago(days: u64) -> String {
    instant_of(SystemTime::now() - Duration::from_secs(days * 86_400))
}

/// RFC 3339.
fn instant_of(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    penstock_json::Instant::new(i64::try_from(seconds).unwrap(), 0).unwrap().to_string()
}

fn doctor(settings: &Settings, further: &[&str]) -> Output {
    penstock(settings, &[&["doctor", "servicetitan", "--json"], further].concat())
}

fn told(run: &Output) -> Value {
    serde_json::from_slice(&run.stdout).unwrap_or_else(|_| panic!("{}", text(&run.stderr)))
}

/// That this check fails, says this and what to do about it, and that no other does.
fn assert_fails(run: &Output, name: &str, words: &[&str]) {
    let told = told(run);
    let failed: Vec<_> =
        told["checks"].as_array().unwrap().iter().filter(|check| check["status"] == "fail").collect();
    assert_eq!(failed.len(), 1, "{told:#}");
    let check = failed[0];
    assert_eq!((check["name"].as_str(), run.status.code()), (Some(name), Some(1)), "{told:#}");
    assert_eq!(told["overall_status"], "unhealthy");
    let all = format!("{} | {}", check["message"].as_str().unwrap(), check["cure"].as_str().unwrap());
    for word in words {
        assert!(all.contains(word), "{word}: {all}");
    }
    assert!(text(&run.stderr).contains(name), "{}", text(&run.stderr));
}

/// What each check came to.
fn checks(told: &Value) -> Vec<(&str, &str)> {
    let checks = told["checks"].as_array().unwrap().iter();
    checks.map(|check| (check["name"].as_str().unwrap(), check["status"].as_str().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_is_well_with_a_gateway_and_a_store() {
    let (_vendor, mut settings) = well().await;
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.db");
    settings.insert("PENSTOCK_STATE_FILE".to_owned(), state.to_str().unwrap().to_owned());
    settings.insert("PENSTOCK_API_KEY".to_owned(), KEY.to_owned());
    let hash = api_key::hash(KEY);
    let served = Served::start(folder.path(), &[("PENSTOCK_API_KEY_HASH", &hash)], &[]);
    let gateway = format!("http://{}", served.address);
    let run = doctor(&settings, &["--gateway", &gateway]);
    let told = told(&run);
    assert_eq!(run.status.code(), Some(0), "{told:#}");
    let expected = [
        ("settings", "pass"),
        ("origin", "pass"),
        ("clock", "pass"),
        ("token", "pass"),
        ("sample data", "pass"),
        ("permissions", "pass"),
        ("credentials", "pass"),
        // An empty folder, without a repository.
        ("working tree", "skip"),
        ("store", "pass"),
        ("gateway", "pass"),
        ("version", "pass"),
        ("metrics", "pass"),
    ];
    assert_eq!(checks(&told), expected, "{told:#}");
    assert_eq!(told["overall_status"], "healthy");
    let of =
        |name: &str| told["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap();
    assert_eq!(of("credentials")["days_until_expiration"], 89);
    assert!(of("sample data")["response_time_ms"].is_u64(), "{told:#}");
    assert!(of("permissions")["message"].as_str().unwrap().starts_with("23 of 23 modules"), "{told:#}");

    let well = penstock(&BTreeMap::new(), &["health", &gateway]);
    assert_eq!((well.status.code(), text(&well.stdout).len()), (Some(0), 0), "{}", text(&well.stderr));
    drop(served);
    let gone = penstock(&BTreeMap::new(), &["health", &gateway, "--live"]);
    assert!(text(&gone.stderr).contains("/live refuses connections"), "{}", text(&gone.stderr));
    assert_eq!(gone.status.code(), Some(1));
    assert_fails(
        &doctor(&settings, &["--gateway", &gateway]),
        "gateway",
        &["refuses connections", "firewalls"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_is_missing() {
    let (_vendor, mut settings) = well().await;
    settings.remove("SERVICETITAN_APP_KEY");
    assert_fails(&doctor(&settings, &[]), "settings", &["SERVICETITAN_APP_KEY", "penstock ready"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_does_not_resolve() {
    let (_vendor, mut settings) = well().await;
    settings.insert("SERVICETITAN_API_URL".to_owned(), "https://vendor.invalid".to_owned());
    let run = doctor(&settings, &[]);
    assert_fails(&run, "origin", &["https://vendor.invalid has a name that does not resolve", "DNS"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_nobody_trusts() {
    let (vendor, mut settings) = well().await;
    let (port, _) = tls_in_front_of(vendor.url()).await;
    settings.insert("SERVICETITAN_API_URL".to_owned(), format!("https://localhost:{port}"));
    assert_fails(&doctor(&settings, &[]), "origin", &["is not trusted", "--ca FILE"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong() {
    let (vendor, mut settings) = well().await;
    let relay = Relay { late: Duration::from_secs(600), ..Relay::to(&vendor) }.start().await;
    settings.insert("SERVICETITAN_API_URL".to_owned(), relay.origin());
    let run = doctor(&settings, &[]);
    assert_fails(&run, "clock", &["s apart", "NTP"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_secret_that_is_another_ones() {
    let (_vendor, mut settings) = well().await;
    settings.insert("SERVICETITAN_CLIENT_SECRET".to_owned(), "of-somebody-else".to_owned());
    let run = doctor(&settings, &[]);
    assert_fails(&run, "token", &["belong together"]);
    assert!(!text(&run.stdout).contains("of-somebody-else"));
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_does_not_come() {
    let (vendor, mut settings) = well().await;
    let relay = Relay { broken: Some("/jpm/"), ..Relay::to(&vendor) }.start().await;
    settings.insert("SERVICETITAN_API_URL".to_owned(), relay.origin());
    let run = doctor(&settings, &["--probe", "jpm.job-types-list"]);
    assert_fails(&run, "sample data", &["jpm.job-types-list", "the vendor has trouble"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_is_missing() {
    let (vendor, mut settings) = well().await;
    let relay = Relay { forbidden: Some("/crm/"), ..Relay::to(&vendor) }.start().await;
    settings.insert("SERVICETITAN_API_URL".to_owned(), relay.origin());
    let run = doctor(&settings, &["--modules", "jpm,crm"]);
    assert_fails(&run, "permissions", &["1 of 2 modules", "no scope for crm", "--modules"]);
    // What nobody needs is no failure.
    let run = doctor(&settings, &[]);
    let told = told(&run);
    assert_eq!((run.status.code(), told["overall_status"].as_str()), (Some(0), Some("degraded")), "{told:#}");
    assert!(checks(&told).contains(&("permissions", "warn")), "{told:#}");
    assert_eq!(doctor(&settings, &["--modules", "jmp"]).status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away() {
    let (_vendor, mut settings) = well().await;
    settings.insert("PENSTOCK_STATE_URL".to_owned(), "redis://127.0.0.1:1".to_owned());
    assert_fails(&doctor(&settings, &[]), "store", &["PENSTOCK_STATE_URL"]);
    settings.remove("PENSTOCK_STATE_URL");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("misspelt/state.db").to_str().unwrap().to_owned();
    settings.insert("PENSTOCK_STATE_FILE".to_owned(), file);
    assert_fails(
        &doctor(&settings, &[]),
        "store",
        &["there is no folder", "misspelt", "PENSTOCK_STATE_FILE"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_too_old() {
    let (_vendor, mut settings) = well().await;
    settings.insert("SERVICETITAN_CREDENTIALS_ISSUED_AT".to_owned(), days_ago(100));
    assert_fails(&doctor(&settings, &[]), "credentials", &["100 days old, of 90", "secondary"]);
    settings.insert("SERVICETITAN_CREDENTIALS_ISSUED_AT".to_owned(), "2099-01-01".to_owned());
    assert_fails(&doctor(&settings, &[]), "credentials", &["days from now", "clock"]);
    settings.insert("SERVICETITAN_CREDENTIALS_ISSUED_AT".to_owned(), days_ago(80));
    let told = told(&doctor(&settings, &[]));
    assert!(checks(&told).contains(&("credentials", "warn")), "{told:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_that_nobody_may_scrape() {
    let (_vendor, mut settings) = well().await;
    settings.insert("PENSTOCK_API_KEY".to_owned(), "pk_of_nobody_0123456789012".to_owned());
    let folder = tempfile::tempdir().unwrap();
    let hash = api_key::hash(KEY);
    let served = Served::start(folder.path(), &[("PENSTOCK_API_KEY_HASH", &hash)], &[]);
    let run = doctor(&settings, &["--gateway", &format!("http://{}", served.address)]);
    assert_fails(&run, "metrics", &["HTTP 401", "PENSTOCK_API_KEY"]);
}

/// Only what git keeps counts: where secrets belong, in a file that it ignores, they are well.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_the_working_tree() {
    let (_vendor, settings) = well().await;
    let folder = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str]| {
        let run = Command::new("git").current_dir(folder.path()).args(arguments).output().unwrap();
        assert!(run.status.success(), "{}", text(&run.stderr));
    };
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_penstock"));
        command.args(["doctor", "servicetitan", "--json"]).envs(&settings).current_dir(folder.path());
        command.output().unwrap()
    };
    git(&["init", "--quiet"]);
    let secret = &settings["SERVICETITAN_CLIENT_SECRET"];
    fs::write(folder.path().join(".env"), format!("SERVICETITAN_CLIENT_SECRET={secret}\n")).unwrap();
    assert!(checks(&told(&run())).contains(&("working tree", "pass")));
    git(&["add", ".env"]);
    let again = run;
    let run = again();
    assert_fails(&run, "working tree", &["a secret stands in .env", "issue another one"]);
    assert!(!text(&run.stdout).contains(secret));
    // Taken out of the folder alone it is in the next commit still.
    fs::write(folder.path().join(".env"), "").unwrap();
    assert_fails(&again(), "working tree", &["a secret stands in .env"]);
}
