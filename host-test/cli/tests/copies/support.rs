//! A simulated vendor, and the program.

use penstock_simulated::servicetitan::{Resource, SimulatedServiceTitan, World};
use rusqlite::Connection;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::{Command, Output},
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

/// The jobs that are not deleted, each with its summary.
pub fn copied(path: &Path) -> BTreeMap<i64, Option<String>> {
    let connection = Connection::open(path).unwrap();
    let sql = "SELECT id, summary FROM jpm_jobs WHERE NOT _penstock_deleted";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The same at the vendor.
pub fn truth(world: &World) -> BTreeMap<i64, Option<String>> {
    let summary =
        |id: &i64| world.record(Resource::Jobs, *id).unwrap()["summary"].as_str().map(str::to_owned);
    world.job_ids().iter().map(|id| (*id, summary(id))).collect()
}

/// That a copy has the vendor's jobs, job types and appointments, and no others.
pub fn assert_whole(path: &Path, vendor: &SimulatedServiceTitan) {
    assert!(copied(path) == truth(vendor), "the jobs differ");
    let connection = Connection::open(path).unwrap();
    let ids = |table: &str, which: &str| -> BTreeSet<i64> {
        let mut statement = connection.prepare(&format!("SELECT id FROM {table} WHERE {which}")).unwrap();
        let ids = statement.query_map([], |row| row.get(0)).unwrap();
        ids.map(Result::unwrap).collect()
    };
    let set = |ids: Vec<i64>| -> BTreeSet<i64> { ids.into_iter().collect() };
    assert_eq!(ids("jpm_job_types", "NOT _penstock_deleted"), set(vendor.truth(Resource::JobTypes)));
    assert_eq!(ids("jpm_appointments", "true"), set(vendor.truth_exported(Resource::Appointments)));
}
