//! `penstock serve` and the native server, each a process, and what is asked of them.

use crate::component;
use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

/// Whether the process lives.
pub const LIVE: &str = "/live";
/// The path of a job, before its id.
pub const JOBS: &str = "/v1/servicetitan/default/jpm/jobs/";
/// A list that the contract lets the gateway keep.
pub const CACHED: &str = "/v1/servicetitan/default/jpm/job-cancel-reasons";
/// All jobs, a line each.
pub const ALL: &str = "/v1/servicetitan/default/jpm/jobs?all=true&pageSize=1000";

const KEY: &str = "pk_of_the_bench_0123456789abcdef";

/// Where limits are shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    Memory,
    Sqlite,
    Redis,
}

/// A process that ends with this.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server, and a client of it. Clones are of the same.
#[derive(Clone)]
pub struct Served {
    origin: Arc<str>,
    client: Client<HttpConnector, Empty<Bytes>>,
    _processes: Arc<Vec<Process>>,
}

impl Served {
    /// `penstock serve` for a vendor who has so many jobs.
    pub fn gateway(program: &Path, vendor: &str, jobs: usize, store: Store, folder: &Path) -> Result<Self> {
        ensure!(
            program.exists(),
            "there is no {}: cargo build --release -p penstock-cli makes it",
            program.display()
        );
        let hash = penstock::api_key::hash(KEY);
        let mut command = Command::new(program);
        command
            .args(["serve", "--real", "--listen", "127.0.0.1:0", "--allow", vendor])
            .envs(component::settings(vendor, jobs))
            .env("PENSTOCK_API_KEY_HASH", hash)
            .env("LOG_LEVEL", "error")
            .current_dir(folder);
        let mut processes = Vec::new();
        match store {
            Store::Memory => {}
            Store::Sqlite => _ = command.arg("--state").arg(folder.join("bench.db")),
            Store::Redis => {
                let (process, url) = redis(folder)?;
                processes.push(process);
                command.env("PENSTOCK_STATE_URL", url);
            }
        }
        let (process, line) = start(command)?;
        processes.push(process);
        let origin = line.split_whitespace().find(|word| word.starts_with("http://"));
        let origin = origin.with_context(|| format!("no address: {line}"))?.trim_end_matches('.');
        Ok(Self::new(origin, processes))
    }

    /// The native server for the same vendor.
    pub fn native(vendor: &str) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["native-server", vendor, KEY]).stdin(Stdio::piped());
        let (process, line) = start(command)?;
        Ok(Self::new(line.trim(), vec![process]))
    }

    fn new(origin: &str, processes: Vec<Process>) -> Self {
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build_http();
        Self { origin: origin.into(), client, _processes: Arc::new(processes) }
    }

    /// Asks, and reads the answer to its end. How many bytes that were.
    pub async fn get(&self, path: &str) -> Result<usize> {
        let request = Request::get(format!("{}{path}", self.origin)).header("x-api-key", KEY);
        let answer = self.client.request(request.body(Empty::new())?).await?;
        ensure!(answer.status() == 200, "{} of {path}", answer.status());
        let (mut body, mut length) = (answer.into_body(), 0);
        while let Some(frame) = body.frame().await {
            length += frame?.data_ref().map_or(0, Bytes::len);
        }
        Ok(length)
    }

    /// How many lines the answer has.
    pub async fn lines(&self, path: &str) -> Result<usize> {
        let request = Request::get(format!("{}{path}", self.origin))
            .header("x-api-key", KEY)
            .header("accept", "application/x-ndjson");
        let answer = self.client.request(request.body(Empty::new())?).await?;
        ensure!(answer.status() == 200, "{} of {path}", answer.status());
        let (mut body, mut lines) = (answer.into_body(), 0);
        while let Some(frame) = body.frame().await {
            if let Ok(piece) = frame?.into_data() {
                lines += piece.iter().filter(|byte| **byte == b'\n').count();
            }
        }
        Ok(lines)
    }
}

/// Runs it, and reads the first line that it prints.
fn start(mut command: Command) -> Result<(Process, String)> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().context("it has an output")?;
    let process = Process(child);
    let mut lines = BufReader::new(output).lines();
    let line = lines.next().context("it says nothing")??;
    // Lest it block on what nobody reads.
    std::thread::spawn(move || lines.for_each(drop));
    Ok((process, line))
}

/// A `redis-server` on loopback, and its URL.
fn redis(folder: &Path) -> Result<(Process, String)> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--save", "", "--port", &port.to_string(), "--dir"]).arg(folder);
    let mut child = command.stdout(Stdio::piped()).spawn().context("redis-server")?;
    let mut lines = BufReader::new(child.stdout.take().context("it has an output")?).lines();
    let process = Process(child);
    for line in lines.by_ref() {
        if line?.contains("Ready to accept connections") {
            std::thread::spawn(move || lines.for_each(drop));
            return Ok((process, format!("redis://127.0.0.1:{port}")));
        }
    }
    bail!("redis-server does not start")
}
