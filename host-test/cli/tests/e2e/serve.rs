//! `penstock serve`: who gets in.

use crate::commands::{penstock, text};
use penstock::api_key;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

pub(crate) const KEY: &str = "pk_of_the_caller_0123456789";

/// A gateway in front of a simulated provider, in a process of its own.
pub(crate) struct Served {
    process: Child,
    pub(crate) address: String,
    /// What it printed.
    told: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Served {
    pub(crate) fn start(folder: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> Served {
        let mut process = Command::new(env!("CARGO_BIN_EXE_penstock"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(if arguments.contains(&"--jobs") { &[][..] } else { &["--jobs", "50"] })
            .args(arguments)
            .envs(settings.iter().copied())
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        // The address, three examples, and one that names a job.
        let told: Vec<String> = lines.take(5).map(Result::unwrap).collect();
        let address = told[0].split_once("http://").unwrap().1.split_once(". ").unwrap().0.to_owned();
        Served { process, address, told: told.join("\n") }
    }

    fn status(&self, key: &str) -> u16 {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let path = "/v1/servicetitan/default/jpm/jobs?pageSize=1";
        write!(stream, "GET {path} HTTP/1.1\r\nhost: a\r\nx-api-key: {key}\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

/// The file that comes second is not opened, and hinders nobody.
#[test]
fn a_redis_comes_before_a_file_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    fs::write(&text, "no database, but longer than the header of one: ".repeat(9)).unwrap();
    let file = ("PENSTOCK_STATE_FILE", text.to_str().unwrap());
    let served = Served::start(folder.path(), &[("PENSTOCK_STATE_URL", "redis://127.0.0.1:1"), file], &[]);
    assert!(!served.address.is_empty());
}

#[test]
fn a_configured_hash_counts_wherever_it_is_configured() {
    let hash = api_key::hash(KEY);
    let folder = tempfile::tempdir().unwrap();
    let (mounted, elsewhere) = (folder.path().join("hash"), folder.path().join("elsewhere"));
    fs::write(&mounted, format!("\u{feff}{hash}\r\n")).unwrap();
    fs::write(&elsewhere, format!("PENSTOCK_API_KEY_HASH={hash}\n")).unwrap();
    let (mounted, elsewhere) = (mounted.to_str().unwrap(), elsewhere.to_str().unwrap());
    let in_file = format!("PENSTOCK_API_KEY_HASH={hash}\n");
    let named = format!("PENSTOCK_API_KEY_HASH_FILE={mounted}\n");
    let none: &[(&str, &str)] = &[];
    for (dotenv, settings, arguments) in [
        ("", &[("PENSTOCK_API_KEY_HASH", hash.as_str())][..], &[][..]),
        ("", &[("PENSTOCK_API_KEY_HASH_FILE", mounted)], &[]),
        (&in_file, none, &[]),
        (&named, none, &[]),
        ("", none, &["--env-file", elsewhere]),
    ] {
        fs::write(folder.path().join(".env"), dotenv).unwrap();
        let served = Served::start(folder.path(), settings, arguments);
        assert!(!served.told.contains("pk_"), "{}", served.told);
        assert_eq!((served.status(KEY), served.status("pk_other")), (200, 401), "{dotenv} {settings:?}");
    }
}

#[test]
fn without_a_hash_a_simulated_provider_gets_a_key_for_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &[], &[]);
    let (_, key) = served.told.split_once("Bearer ").unwrap();
    let key = key.split_once('\'').unwrap().0;
    assert_eq!((served.status(key), served.status(KEY)), (200, 401), "{}", served.told);
}

#[test]
fn without_a_hash_the_real_vendor_is_not_served() {
    // A key in the place of its hash lets nobody in either.
    for (hash, arguments) in [("", &["--real"][..]), (KEY, &["--real"]), (KEY, &[])] {
        let settings = BTreeMap::from([("PENSTOCK_API_KEY_HASH".to_owned(), hash.to_owned())]);
        let run = penstock(&settings, &[&["serve", "--listen", "127.0.0.1:0"], arguments].concat());
        let told = text(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains("PENSTOCK_API_KEY_HASH") && !told.contains("pk_"), "{told}");
        assert!(run.stdout.is_empty());
    }
}

#[cfg(unix)]
impl Served {
    fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    fn get(&self, path: &str) -> TcpStream {
        let (_, key) = self.told.split_once("Bearer ").unwrap();
        let key = key.split_once('\'').unwrap().0;
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: a\r\nx-api-key: {key}\r\nconnection: close\r\n\r\n")
            .unwrap();
        stream
    }
}

/// What a load balancer needs, and what a client does whose list is longer than the grace.
#[cfg(unix)]
#[test]
fn a_gateway_that_is_to_stop_says_so_first_and_ends_what_is_under_way() {
    const LIST: &str = "/v1/servicetitan/default/jpm/jobs?all=true";
    let folder = tempfile::tempdir().unwrap();
    for name in ["INT", "TERM"] {
        let arguments = ["--jobs", "20000", "--drain", "1", "--grace", "1"];
        let mut served = Served::start(folder.path(), &[], &arguments);
        let mut list = served.get(LIST);
        let mut got = vec![0; 1000];
        list.read_exact(&mut got).unwrap();
        served.signal(name);
        let mut ready = String::new();
        let told = loop {
            ready.clear();
            served.get("/ready").read_to_string(&mut ready).unwrap();
            if !ready.starts_with("HTTP/1.1 200") {
                break ready.clone();
            }
        };
        assert!(told.starts_with("HTTP/1.1 503") && told.contains("about to stop"), "{told}");
        // Everything else is answered until then.
        let mut one = String::new();
        served.get("/v1/servicetitan/default/jpm/jobs?pageSize=1").read_to_string(&mut one).unwrap();
        assert!(one.starts_with("HTTP/1.1 200"), "{one}");
        // A client that reads nothing for longer than the drain and the grace.
        std::thread::sleep(std::time::Duration::from_millis(2_500));
        let _ = list.read_to_end(&mut got);
        let text = String::from_utf8_lossy(&got).into_owned();
        let end = text.lines().rev().find(|line| line.starts_with('{')).unwrap();
        let end: Value = serde_json::from_str(end).unwrap();
        let failure = &end["penstock"]["failure"];
        assert!(failure["resume"].is_string(), "{end}");
        let expected = (&json!("urn:penstock:failure:unavailable"), &json!(503), &json!("later"));
        assert_eq!((&failure["type"], &failure["status"], &failure["retry"]["advice"]), expected, "{end}");
        assert!(failure["detail"].as_str().unwrap().contains("stopping"), "{end}");
        assert!(served.process.wait().unwrap().success());
    }
}
