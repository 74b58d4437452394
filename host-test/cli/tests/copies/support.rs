//! A simulated vendor, the program, and what it copies into.

#[path = "../../../sync/tests/sync/support/server.rs"]
#[expect(dead_code, reason = "the library's tests need more of it")]
pub mod server;

use penstock_simulated::servicetitan::{Resource, SimulatedServiceTitan, World};
use rusqlite::Connection;
use serde_json::Value;
use server::Server;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
};

pub fn penstock(settings: &BTreeMap<String, String>, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_penstock"));
    command.current_dir(folder).envs(settings).env("LOG_LEVEL", "error");
    command
}

/// Runs the program to its end. A vendor in this process goes on meanwhile.
pub async fn run(settings: &BTreeMap<String, String>, folder: &Path, arguments: &[&str]) -> Output {
    let mut command = penstock(settings, folder);
    command.args(arguments);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub fn well(run: &Output) {
    assert!(run.status.success(), "{}{}", text(&run.stdout), text(&run.stderr));
}

/// A number that the environment may set.
pub fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|count| count.parse().ok()).unwrap_or(otherwise)
}

/// Where a test copies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Ndjson,
    Sqlite,
    Postgres,
}

/// A copy, and what goes when it is not needed any more.
pub struct Copied {
    /// What `--to` says.
    pub to: &'static str,
    /// The program's folder.
    pub folder: tempfile::TempDir,
    /// What the program has besides the vendor's settings.
    settings: BTreeMap<String, String>,
    database: Database,
}

enum Database {
    Ndjson(PathBuf),
    Sqlite(PathBuf),
    Postgres { url: String, _server: Arc<Server> },
}

/// A row: its id, a column as text, and whether it is marked as deleted.
type Row = (i64, Option<String>, bool);

impl Copied {
    pub async fn new(kind: Kind) -> Copied {
        let folder = tempfile::tempdir().unwrap();
        let (to, settings, database) = match kind {
            Kind::Ndjson => ("ndjson:copy", BTreeMap::new(), Database::Ndjson(folder.path().join("copy"))),
            Kind::Sqlite => {
                ("sqlite:copy.db", BTreeMap::new(), Database::Sqlite(folder.path().join("copy.db")))
            }
            Kind::Postgres => {
                let server = tokio::task::spawn_blocking(Server::shared).await.unwrap();
                let url = server.database().await;
                let settings = BTreeMap::from([("DATABASE_URL".to_owned(), url.clone())]);
                ("postgres", settings, Database::Postgres { url, _server: server })
            }
        };
        Copied { to, folder, settings, database }
    }

    /// These settings and its own.
    pub fn settings(&self, vendors: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        vendors.clone().into_iter().chain(self.settings.clone()).collect()
    }

    async fn rows(&self, table: &str, column: &str) -> Vec<Row> {
        match &self.database {
            Database::Ndjson(folder) => last_lines(folder, table, column),
            Database::Sqlite(path) => {
                let connection = Connection::open(path).unwrap();
                let sql = format!("SELECT id, {column}, _penstock_deleted FROM {table}");
                let mut statement = connection.prepare(&sql).unwrap();
                let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
                rows.unwrap().map(Result::unwrap).collect()
            }
            Database::Postgres { url, .. } => {
                let sql = format!("SELECT id, {column}::text, _penstock_deleted FROM {table}");
                let rows = server::connect(url).await.query(&sql, &[]).await.unwrap();
                rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
            }
        }
    }

    /// A number that a database reckons.
    pub async fn number(&self, sql: &str) -> i64 {
        match &self.database {
            Database::Ndjson(_) => panic!("files reckon nothing"),
            Database::Sqlite(path) => {
                Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
            }
            Database::Postgres { url, .. } => {
                server::connect(url).await.query_one(sql, &[]).await.unwrap().get(0)
            }
        }
    }

    /// How a database goes about a query, if not by reading everything.
    pub async fn plan(&self, sql: &str) -> String {
        match &self.database {
            Database::Ndjson(_) => panic!("files have no plan"),
            Database::Sqlite(path) => {
                let plan = format!("EXPLAIN QUERY PLAN {sql}");
                Connection::open(path).unwrap().query_row(&plan, [], |row| row.get(3)).unwrap()
            }
            Database::Postgres { url, .. } => {
                let plan = format!("SET enable_seqscan = off; EXPLAIN {sql}");
                server::query(url, &plan).await.join("\n")
            }
        }
    }

    /// That it has the vendor's jobs, job types and appointments, and no others.
    pub async fn assert_whole(&self, vendor: &SimulatedServiceTitan) {
        self.assert_jobs(vendor).await;
        let ids = |rows: Vec<Row>, with_deleted: bool| -> BTreeSet<i64> {
            rows.into_iter().filter(|row| with_deleted || !row.2).map(|row| row.0).collect()
        };
        let set = |ids: Vec<i64>| -> BTreeSet<i64> { ids.into_iter().collect() };
        let types = self.rows("jpm_job_types", "name").await;
        assert_eq!(ids(types, false), set(vendor.truth(Resource::JobTypes)));
        let appointments = self.rows("jpm_appointments", "start").await;
        assert_eq!(ids(appointments, true), set(vendor.truth_exported(Resource::Appointments)));
    }

    /// That it has the vendor's jobs, and no others.
    pub async fn assert_jobs(&self, vendor: &SimulatedServiceTitan) {
        let jobs = self.rows("jpm_jobs", "summary").await.into_iter().filter(|(_, _, deleted)| !deleted);
        let jobs: BTreeMap<_, _> = jobs.map(|(id, summary, _)| (id, summary)).collect();
        assert!(jobs == truth(&vendor.world()), "the jobs differ");
    }
}

/// As any program reads a file: of the lines that count the last one of each id.
fn last_lines(folder: &Path, table: &str, column: &str) -> Vec<Row> {
    let state = std::fs::read(folder.join("_penstock_state.json")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    let length = state["tables"][table]["length"].as_u64().unwrap();
    let lines = std::fs::read(folder.join(format!("{table}.ndjson"))).unwrap_or_default();
    let lines = String::from_utf8(lines[..usize::try_from(length).unwrap()].to_vec()).unwrap();
    let mut last = BTreeMap::new();
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let value = line[column].as_str().map(str::to_owned);
        last.insert(line["id"].as_i64().unwrap(), (value, line["_penstock"]["deleted"] == true));
    }
    last.into_iter().map(|(id, (value, deleted))| (id, value, deleted)).collect()
}

/// The vendor's jobs, each with its summary.
fn truth(world: &World) -> BTreeMap<i64, Option<String>> {
    let summary =
        |id: &i64| world.record(Resource::Jobs, *id).unwrap()["summary"].as_str().map(str::to_owned);
    world.job_ids().iter().map(|id| (*id, summary(id))).collect()
}
