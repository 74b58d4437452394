//! The adapters: where settings and secrets come from, and what each of them asks of a host.

use super::*;
use penstock_stock::{component, compose::imports, wasmtime::invoke_on};
use std::{env, fs, path::Path};

const GET: &str = r#"invoke("servicetitan", "jpm.jobs-get", [("id", "1")], none, none)"#;
const SECRET: &str = "SecretOfTheTest";

/// A provider that gives a token for the right secret alone.
fn provider() -> Server {
    Server::start(|request| {
        let body = String::from_utf8_lossy(&request.body);
        match request.target.as_str() {
            "/connect/token" if body.contains(SECRET) => token(),
            "/connect/token" => Reply::Unavailable,
            _ => Reply::WithLength("application/json", br#"{"id": 1}"#.to_vec()),
        }
    })
    .unwrap()
}

#[test]
fn a_secret_may_stand_in_a_file_that_a_variable_names() {
    let provider = provider();
    let mut settings = settings(&provider, &[("SERVICETITAN_CLIENT_SECRET_FILE", "/secrets/client")]);
    settings.remove("SERVICETITAN_CLIENT_SECRET");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("secrets");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("client"), format!("{SECRET}\n")).unwrap();
    let opened = format!("{}::/secrets", folder.display());
    let plugin = ["penstock_plugin", "penstock_env_host"];

    let said = invoke_on(&plugin, &["-S", "http", "--dir", &opened], &settings, GET).unwrap();
    assert!(said.starts_with("ok("), "{said}");

    let said = invoke_on(&plugin, &["-S", "http"], &settings, GET).unwrap();
    assert!(said.starts_with("err(") && said.contains("SERVICETITAN_CLIENT_SECRET"), "{said}");
    assert!(said.contains("/secrets/client"), "{said}");
}

#[test]
fn settings_may_come_from_wasi_config() {
    let provider = provider();
    let given = settings(&provider, &[("SERVICETITAN_CLIENT_SECRET", SECRET)]);
    let given: Vec<String> = given.iter().map(|(name, value)| format!("config-var={name}={value}")).collect();
    let options = ["http", "config"].into_iter().chain(given.iter().map(String::as_str));
    let options: Vec<&str> = options.flat_map(|option| ["-S", option]).collect();
    let plugin = ["penstock_plugin", "penstock_config_host"];
    let said = invoke_on(&plugin, &options, &Settings::new(), GET).unwrap();
    assert!(said.starts_with("ok("), "{said}");
}

/// What Rust's standard library asks of any host.
const STANDARD: [&str; 3] = ["wasi:cli/", "wasi:io/", "wasi:random/insecure-seed"];
const FILES: [&str; 3] = ["wasi:clocks/wall-clock", "wasi:clocks/monotonic-clock", "wasi:filesystem/"];

#[test]
fn an_adapter_asks_of_its_host_what_it_answers_from_and_no_more() {
    for (adapter, from) in [
        ("penstock_env_host", &FILES[..]),
        ("penstock_env_host_p2", &FILES),
        ("penstock_env_spin", &FILES),
        ("penstock_config_host", &["wasi:config/store@0.2.0-rc.1"]),
        ("penstock_spin_host", &["spin:variables/variables@3.0.0"]),
        ("penstock_spin_host_p2", &["fermyon:spin/variables@2.0.0"]),
    ] {
        let further: Vec<String> = imports(&component(adapter).unwrap())
            .unwrap()
            .into_iter()
            .filter(|import| !STANDARD.iter().chain(from).any(|known| import.starts_with(known)))
            .collect();
        assert!(further.is_empty(), "{adapter}: {further:?}");
    }
}
