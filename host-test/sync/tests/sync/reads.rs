//! Whole reads of a simulated vendor, through the real component.

use crate::support::{Copy, on_both, table};
use penstock_host::{Environment, Plugin};
use penstock_simulated::{
    Faults,
    servicetitan::{Config, Resource, SimulatedServiceTitan},
};
use penstock_sync::{
    Error,
    check::Check,
    destination::Destination,
    reader::{Done, Options},
    run::{Read, Run},
    schema::Table,
    state::State,
};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::watch;

on_both! {
    a_copy_has_what_the_vendor_has_and_then_what_changed
    a_read_that_began_in_the_future_begins_anew
    what_an_earlier_time_or_none_asks_for_is_read_too
    a_table_that_was_dropped_is_read_anew
    a_column_that_is_new_is_filled
    a_table_that_refuses_a_row_does_not_keep_the_others
}

pub(crate) async fn vendor(jobs: usize) -> (SimulatedServiceTitan, Plugin) {
    let faults = Faults { max_in_a_row: 2, ..Faults::mixed(0.1) };
    let vendor = SimulatedServiceTitan::start(Config { faults, ..Config::small(jobs) }).await.unwrap();
    let mut settings = vendor.settings();
    settings.insert("LOG_LEVEL".to_owned(), "error".to_owned());
    (vendor, Plugin::start(Environment::loopback(settings)).await.unwrap())
}

pub(crate) async fn sync(
    plugin: &Plugin,
    destination: &Arc<dyn Destination>,
    tables: &[Arc<Table>],
    full: bool,
) -> Vec<Done> {
    sync_by(plugin, destination, tables, Options { full, ..Options::default() }).await
}

async fn sync_by(
    plugin: &Plugin,
    destination: &Arc<dyn Destination>,
    tables: &[Arc<Table>],
    options: Options,
) -> Vec<Done> {
    destination.prepare(tables, false).await.unwrap();
    let (_stop, stopped) = watch::channel(false);
    let run = Run {
        plugin: plugin.clone(),
        destination: Arc::clone(destination),
        options,
        parallel: 1,
        stop: stopped,
    };
    let reads = tables.iter().map(|table| Read { table: Arc::clone(table), owner: String::new() }).collect();
    let ended = run.read_all(reads, &|_, _| {}, |_| {}).await;
    ended.into_iter().map(|ended| ended.result.unwrap()).collect()
}

async fn what_an_earlier_time_or_none_asks_for_is_read_too(copy: &Copy) {
    let (vendor, plugin) = vendor(700).await;
    let destination = copy.open().await.unwrap();
    let tables = [table("jpm_jobs")];
    let since = |time: &str| Options { since: Some(time.to_owned()), ..Options::default() };
    let records = |done: Vec<Done>| done[0].records;
    let some = records(sync_by(&plugin, &destination, &tables, since("2025-06-01")).await);
    let all = vendor.truth_exported(Resource::Jobs).len() as u64;
    assert!(some > 0 && some < all, "{some} of {all}");
    // A later time has been read already.
    assert_eq!(records(sync_by(&plugin, &destination, &tables, since("2025-07-01")).await), 0);
    let more = records(sync_by(&plugin, &destination, &tables, since("2025-01-01")).await);
    assert!(more > some, "{more} and {some}");
    assert_eq!(records(sync(&plugin, &destination, &tables, false).await), all);
    assert_eq!(records(sync_by(&plugin, &destination, &tables, since("2025-01-01")).await), 0);
    let listed = "SELECT id FROM jpm_jobs WHERE NOT _penstock_deleted ORDER BY id";
    assert_eq!(copy.column(listed).await, ids(&vendor.job_ids()));
}

async fn a_table_that_was_dropped_is_read_anew(copy: &Copy) {
    let (vendor, plugin) = vendor(60).await;
    let destination = copy.open().await.unwrap();
    let tables = [table("jpm_jobs")];
    let first = sync(&plugin, &destination, &tables, false).await[0].records;
    copy.execute("DROP TABLE jpm_jobs").await;
    assert_eq!(sync(&plugin, &destination, &tables, false).await[0].records, first);
    let listed = "SELECT id FROM jpm_jobs WHERE NOT _penstock_deleted ORDER BY id";
    assert_eq!(copy.column(listed).await, ids(&vendor.job_ids()));
}

/// A newer contract, or a column of another type that somebody renamed.
async fn a_column_that_is_new_is_filled(copy: &Copy) {
    let (vendor, plugin) = vendor(60).await;
    let destination = copy.open().await.unwrap();
    let tables = [table("jpm_jobs")];
    sync(&plugin, &destination, &tables, false).await;
    vendor.world().remove(Resource::Jobs, vendor.job_ids()[0]);
    let numbers =
        "SELECT id FROM jpm_jobs WHERE job_number IS NOT NULL AND NOT _penstock_deleted ORDER BY id";
    copy.execute("ALTER TABLE jpm_jobs RENAME COLUMN job_number TO mine").await;
    sync(&plugin, &destination, &tables, false).await;
    assert_eq!(copy.column(numbers).await, ids(&vendor.job_ids()));
    assert_eq!(sync(&plugin, &destination, &tables, false).await[0].records, 0, "once is enough");
}

async fn a_table_that_refuses_a_row_does_not_keep_the_others(copy: &Copy) {
    let (_vendor, plugin) = vendor(60).await;
    let destination = copy.open().await.unwrap();
    let tables = [table("jpm_jobs"), table("jpm_job_types")];
    destination.prepare(&tables, false).await.unwrap();
    copy.execute("CREATE UNIQUE INDEX mine ON jpm_jobs (job_status)").await;
    let (_stop, stopped) = watch::channel(false);
    let run = Run {
        plugin: plugin.clone(),
        destination: Arc::clone(&destination),
        options: Options::default(),
        parallel: 1,
        stop: stopped,
    };
    let read = |table: &Arc<Table>| Read { table: Arc::clone(table), owner: String::new() };
    let ended = run.read_all(tables.iter().map(read).collect(), &|_, _| {}, |_| {}).await;
    let refused = ended[0].result.as_ref().unwrap_err();
    assert!(matches!(refused, Error::Refused { .. }), "{refused}");
    assert!(ended[1].result.as_ref().unwrap().records > 0);
    let status = destination.status().await.unwrap();
    let jobs = status.iter().find(|status| status.table == "jpm_jobs").unwrap();
    assert!(jobs.state.error.as_ref().unwrap().contains("it refuses a row"), "{jobs:?}");
}

fn ids(ids: &[i64]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

async fn a_copy_has_what_the_vendor_has_and_then_what_changed(copy: &Copy) {
    let (vendor, plugin) = vendor(700).await;
    let destination = copy.open().await.unwrap();
    let tables = [table("jpm_jobs"), table("jpm_job_types")];
    let listed = "SELECT id FROM jpm_jobs WHERE NOT _penstock_deleted ORDER BY id";
    let done = sync(&plugin, &destination, &tables, false).await;
    assert_eq!(done[0].records, vendor.truth_exported(Resource::Jobs).len() as u64);
    assert_eq!(copy.column(listed).await, ids(&vendor.job_ids()));

    // A list that shrinks, a record that goes, one that changes.
    let types = vendor.truth(Resource::JobTypes);
    assert!(vendor.remove(Resource::JobTypes, types[0]));
    let jobs = vendor.job_ids();
    assert!(vendor.remove(Resource::Jobs, jobs[3]));
    assert!(vendor.modify(Resource::Jobs, jobs[5], &json!({ "summary": "changed" })));
    let done = sync(&plugin, &destination, &tables, false).await;
    assert_eq!((done[0].records, done[1].gone), (2, 1));
    assert_eq!(copy.column(listed).await, ids(&vendor.job_ids()));
    let left = copy.column("SELECT id FROM jpm_job_types WHERE NOT _penstock_deleted ORDER BY id").await;
    assert_eq!(left, ids(&vendor.truth(Resource::JobTypes)));
    let changed = copy.column("SELECT id FROM jpm_jobs WHERE summary = 'changed'").await;
    assert_eq!(changed, ids(&jobs[5..6]));

    let check = Check { plugin: &plugin, destination: destination.as_ref(), account: None, sample: 40 };
    for table in &tables {
        let checked = check.table(table).await.unwrap();
        assert!(checked.is_right(), "{checked:?}");
    }
    // It would find what is not right.
    copy.execute("UPDATE jpm_jobs SET summary = 'not the vendor''s'").await;
    copy.execute("DELETE FROM jpm_job_types WHERE id = (SELECT max(id) FROM jpm_job_types)").await;
    let checked = check.table(&tables[0]).await.unwrap();
    assert_eq!((checked.sampled, checked.differ.len()), (40, 40), "{checked:?}");
    assert!(!check.table(&tables[1]).await.unwrap().is_right());
    // And a full read mends it.
    sync(&plugin, &destination, &tables, true).await;
    assert!(check.table(&tables[0]).await.unwrap().is_right());
    assert!(check.table(&tables[1]).await.unwrap().is_right());
}

/// This machine's clock went back since the read began, and its position is of use to nobody.
async fn a_read_that_began_in_the_future_begins_anew(copy: &Copy) {
    let (vendor, plugin) = vendor(50).await;
    let destination = copy.open().await.unwrap();
    let tables = [table("jpm_job_types")];
    destination.prepare(&tables, false).await.unwrap();
    let position = Some("of a read that nobody knows".to_owned());
    for began in [i64::MAX / 2, 0] {
        let state =
            State { position: position.clone(), reading: true, began, generation: 9, ..State::default() };
        destination.write(&tables[0], "", penstock_sync::batch::Batch::default(), state).await.unwrap();
        sync(&plugin, &destination, &tables, false).await;
        let rows = copy.column("SELECT id FROM jpm_job_types WHERE NOT _penstock_deleted ORDER BY id").await;
        assert_eq!(rows, ids(&vendor.truth(Resource::JobTypes)));
    }
}
