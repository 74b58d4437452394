//! An export feed whose pages take their time, and runs of the program against it.

use crate::support::server::{Server, json};
use bytes::Bytes;
use http::Request;
use serde_json::json;
use std::{path::Path, process::Stdio, time::Duration};
use tokio::process::Command;

/// Lists the feed.
pub(crate) const LIST: [&str; 3] = ["list", "servicetitan", "crm.export-customers-list"];

/// So many records, numbered from 0, so many a page.
pub(crate) async fn feed(records: usize, page: usize, delay: Duration) -> Server {
    Server::start(move |request: Request<Bytes>| async move {
        if request.uri().path() == "/connect/token" {
            return json(200, &json!({"access_token": "t", "expires_in": 900, "token_type": "Bearer"}));
        }
        tokio::time::sleep(delay).await;
        let query = request.uri().query().unwrap_or_default();
        let from = query.split('&').find_map(|pair| pair.strip_prefix("from=t")?.parse().ok());
        let first: usize = from.unwrap_or(0);
        let last = (first + page).min(records);
        let data: Vec<_> = (first..last).map(|id| json!({"id": id, "name": "a customer"})).collect();
        json(200, &json!({"hasMore": last < records, "continueFrom": format!("t{last}"), "data": data}))
    })
    .await
}

/// The program in this folder, against this vendor.
pub(crate) fn penstock(vendor: &Server, folder: &Path) -> Command {
    pointed(listening(), vendor, folder)
}

/// The program with SIGHUP as a terminal gives it, although whoever runs the tests may have it ignored, as `nohup` does.
fn listening() -> Command {
    if !cfg!(target_os = "linux") {
        return Command::new(env!("CARGO_BIN_EXE_penstock"));
    }
    let mut command = Command::new("env");
    command.args(["--default-signal=HUP", env!("CARGO_BIN_EXE_penstock")]);
    command
}

/// A line of the shell in this folder, in which `$penstock` is the program.
pub(crate) fn shell(vendor: &Server, folder: &Path, line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", line]).env("penstock", env!("CARGO_BIN_EXE_penstock"));
    pointed(command, vendor, folder)
}

fn pointed(mut command: Command, vendor: &Server, folder: &Path) -> Command {
    command.current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    for (name, value) in
        [("CLIENT_ID", "cid"), ("CLIENT_SECRET", "cs"), ("APP_KEY", "ak1"), ("TENANT_ID", "1")]
    {
        command.env(format!("SERVICETITAN_{name}"), value);
    }
    for name in ["API_URL", "AUTH_URL"] {
        command.env(format!("SERVICETITAN_{name}"), vendor.origin());
    }
    command.env("PENSTOCK_ALLOW_HTTP", "true");
    command
}

/// The ids of whole lines.
pub(crate) fn ids(lines: &[u8]) -> Vec<u64> {
    let lines = std::str::from_utf8(lines).unwrap();
    let id = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_u64().unwrap();
    lines.lines().map(id).collect()
}

/// Sends a signal, `TERM` for instance.
pub(crate) fn signal(child: &tokio::process::Child, name: &str) {
    let id = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
}
