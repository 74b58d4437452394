//! Applications in Rust and in Python that call the plugin as a component: put together as Spin does it by their
//! manifests, and served by Wasmtime.

use super::*;
use anyhow::Result;
use penstock_stock::{
    component,
    compose::plugged,
    spin::{capabilities, composed, dependency, inherited},
    wasmtime::Served,
};
use serde_json::Value;
use std::{
    env, fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
};

/// An application: its component, and the folder with its manifest.
struct App {
    component: &'static str,
    folder: PathBuf,
    /// What ends the names of the components that it is put together with.
    flavour: &'static str,
    arguments: &'static [&'static str],
}

/// What the template for Spin becomes.
fn rust() -> App {
    App { component: "app", folder: made("app"), flavour: "", arguments: &[] }
}

/// What the template for Spin before 4.1 becomes.
fn rust_p2() -> App {
    App { component: "app_p2", folder: made("app_p2"), flavour: "_p2", arguments: &[] }
}

fn made(name: &str) -> PathBuf {
    let folder = env::var_os("PENSTOCK_APPLICATIONS");
    Path::new(&folder.expect("PENSTOCK_APPLICATIONS is not set: run .ci/leg hosts")).join(name)
}

fn python() -> App {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("python-app");
    // Two instances of the plugin and one of Python are larger than what the pool has for a component.
    App { component: "python_app", folder, flavour: "", arguments: &["-O", "pooling-allocator=n"] }
}

/// The plugin of a flavour, with an adapter of the same.
fn penstock(adapter: &str, flavour: &str) -> Result<Vec<u8>> {
    dependency(&format!("penstock_plugin{flavour}"), &format!("{adapter}{flavour}"))
}

impl App {
    fn manifest(&self) -> String {
        fs::read_to_string(self.folder.join("spin.toml")).unwrap()
    }

    fn serve(&self, settings: &Settings) -> Served {
        let make = || -> Result<Vec<u8>> {
            let penstock = |_: &str| penstock("penstock_spin_host", self.flavour);
            let app = composed(&self.manifest(), &component(self.component)?, penstock)?;
            // In place of Spin's variables.
            plugged(app, component("penstock_env_spin")?)
        };
        Served::start(self.component, self.arguments, make, settings).unwrap()
    }
}

fn ask(app: &Served, method: &str, path: &str, body: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(&app.address).unwrap();
    let (address, length) = (&app.address, body.len());
    write!(stream, "{method} {path} HTTP/1.0\r\nhost: {address}\r\ncontent-length: {length}\r\n\r\n{body}")
        .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).expect(&response))
}

fn each_record_comes_once(app: &App) {
    let provider = faulty().unwrap();
    let served = app.serve(&settings(&provider, &[("REQUEST_TIMEOUT", "1")]));
    let (status, said) = ask(&served, "GET", "/jobs", "");
    assert_eq!(status, 200, "{said}");
    let ids = said["ids"].as_array().unwrap().iter().filter_map(Value::as_u64);
    assert!(ids.eq(1..=records() as u64), "{:.2000}", said.to_string());
    assert_eq!((&said["complete"], &said["items"]), (&true.into(), &records().into()));
}

fn a_write_is_sent_once(app: &App) {
    let (provider, read) = after_the_write(|| Reply::Silence).unwrap();
    let served = app.serve(&writing(&provider, &[]));
    let (status, said) = ask(&served, "POST", "/job-types", WRITTEN);
    let outcome = said["outcome"].as_str().unwrap_or_default();
    assert!(status == 502 && outcome.eq_ignore_ascii_case("unknown"), "{said}");
    assert_eq!(read.load(SeqCst), 1, "{said}");
}

#[test]
fn each_record_of_a_list_comes_once_to_rust_although_each_page_fails_first() {
    each_record_comes_once(&rust());
}

#[test]
fn a_write_of_rust_that_meets_silence_is_sent_once_and_its_outcome_is_unknown() {
    a_write_is_sent_once(&rust());
}

#[test]
fn each_record_of_a_list_comes_once_to_rust_of_wasi_0_2_although_each_page_fails_first() {
    each_record_comes_once(&rust_p2());
}

#[test]
fn a_write_of_rust_of_wasi_0_2_that_meets_silence_is_sent_once_and_its_outcome_is_unknown() {
    a_write_is_sent_once(&rust_p2());
}

/// What a manifest must let them inherit, in both flavours; Rust's standard library asks for the environment, and does
/// without it.
#[test]
fn a_dependency_asks_for_no_more_than_its_adapter_needs() {
    for flavour in ["", "_p2"] {
        let of = |adapter: &str| {
            let made = penstock(adapter, flavour).unwrap();
            capabilities(&made).unwrap().into_iter().collect::<Vec<_>>()
        };
        assert_eq!(
            of("penstock_spin_host"),
            ["allowed_outbound_hosts", "environment", "variables"],
            "{flavour}"
        );
        assert_eq!(of("penstock_env_host"), ["allowed_outbound_hosts", "environment", "files"], "{flavour}");
    }
}

#[test]
fn a_manifest_lets_penstock_inherit_what_its_adapter_needs_and_no_more() {
    for app in [rust(), rust_p2(), python()] {
        let made = penstock("penstock_spin_host", app.flavour).unwrap();
        let needed: Vec<_> =
            capabilities(&made).unwrap().into_iter().filter(|name| *name != "environment").collect();
        let inherited = inherited(&app.manifest()).unwrap();
        assert!(!inherited.is_empty(), "{}", app.component);
        for (key, names) in inherited {
            assert_eq!(names, needed, "{}: {key}", app.component);
        }
    }
}

#[test]
#[ignore = "22 MB of Python in a component: .ci/long hosts"]
fn each_record_of_a_list_comes_once_to_python_although_each_page_fails_first() {
    each_record_comes_once(&python());
}

#[test]
#[ignore = "22 MB of Python in a component: .ci/long hosts"]
fn a_write_of_python_that_meets_silence_is_sent_once_and_its_outcome_is_unknown() {
    a_write_is_sent_once(&python());
}

#[test]
#[ignore = "22 MB of Python in a component: .ci/long hosts"]
fn a_typed_function_answers_python() {
    let provider = long_answers(true).unwrap();
    let (status, said) = ask(&python().serve(&settings(&provider, &[])), "GET", "/jobs/7", "");
    assert_eq!((status, &said["id"]), (200, &7.into()), "{said}");
    assert_eq!(said["summary"].as_str().map(str::len), Some(LONG));
}
