//! A gateway in a process of its own.

use penstock::api_key;
use penstock_simulated::servicetitan::SimulatedServiceTitan;
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

pub const KEY: &str = "pk_of_the_caller_0123456789";

/// The accounts that are called: each is another tenant's.
pub const ACCOUNTS: [&str; 2] = ["default", "south"];
/// Their tenants.
pub const TENANTS: [i64; 2] = [1_000_001, 1_000_002];

/// The second one has all that the first has but the tenant.
fn south(first: &BTreeMap<String, String>) -> String {
    let own = first.iter().filter(|(name, _)| name.starts_with("SERVICETITAN_"));
    let mut own: BTreeMap<_, _> = own.map(|(name, value)| (name.as_str(), value.clone())).collect();
    own.insert("SERVICETITAN_TENANT_ID", TENANTS[1].to_string());
    serde_json::to_string(&own).unwrap()
}

pub struct Gateway {
    process: Child,
    folder: PathBuf,
    settings: BTreeMap<String, String>,
    address: String,
}

impl Gateway {
    pub fn start(
        folder: &Path,
        provider: &SimulatedServiceTitan,
        redis: &str,
        rate: usize,
        instances: usize,
    ) -> Gateway {
        let mut settings = provider.settings();
        for (name, value) in [
            ("PENSTOCK_API_KEY_HASH", api_key::hash(KEY)),
            ("PENSTOCK_STATE_URL", redis.to_owned()),
            ("PENSTOCK_STATE_HOST", redis.to_owned()),
            ("PENSTOCK_INSTANCES", instances.to_string()),
            ("SERVICETITAN_RATE_LIMIT", rate.to_string()),
            ("LOG_LEVEL", "error".to_owned()),
            ("PENSTOCK_ACCOUNTS", format!(r#"{{"{}": {}}}"#, ACCOUNTS[1], south(&settings))),
        ] {
            settings.insert(name.to_owned(), value);
        }
        let (process, address) = run(folder, &settings, "127.0.0.1:0");
        Gateway { process, folder: folder.to_owned(), settings, address }
    }

    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// It dies, and another one takes its place and its address.
    pub fn restart(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        (self.process, _) = run(&self.folder, &self.settings, &self.address);
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn run(folder: &Path, settings: &BTreeMap<String, String>, listen: &str) -> (Child, String) {
    let state = folder.join("state.db");
    let mut process = Command::new(env!("CARGO_BIN_EXE_penstock"))
        .args([
            "serve",
            "--real",
            "--listen",
            listen,
            "--allow",
            &settings["SERVICETITAN_API_URL"],
            "--state",
        ])
        .arg(state)
        .envs(settings)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    let first = lines.next().expect("it starts");
    let address = first.split_once("http://").unwrap().1.split_once(". ").unwrap().0.to_owned();
    std::thread::spawn(move || lines.for_each(drop));
    (process, address)
}
