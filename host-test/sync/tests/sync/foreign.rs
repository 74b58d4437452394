//! Files that are not ours to write.

use crate::support::{open, prepared, table};
use penstock_sync::{
    Error,
    destination::{self, Opening, Place},
};
use rusqlite::Connection;
use std::{fs, sync::Arc};

#[tokio::test]
async fn a_table_of_that_name_that_no_sync_made_is_refused_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("CREATE TABLE JPM_jobs (mine TEXT); INSERT INTO JPM_jobs VALUES ('x')").unwrap();
    let destination = open(&path).await.unwrap();
    let error = destination.prepare(&[table("jpm_jobs")], false).await.unwrap_err();
    assert!(matches!(error, Error::Foreign { .. }), "{error}");
    assert!(error.to_string().contains("a table \"jpm_jobs\" that no sync made"), "{error}");
    let kept: String = connection.query_row("SELECT mine FROM JPM_jobs", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, "x");
}

#[tokio::test]
async fn of_two_syncs_the_second_says_who_has_it_or_waits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.db");
    let first = open(&path).await.unwrap();
    let error = open(&path).await.err().unwrap();
    let holder = format!("in use by another sync: process {}, since 20", std::process::id());
    assert!(error.to_string().contains(&holder), "{error}");
    // A look disturbs nobody.
    let look = Opening { look: true, ..Opening::default() };
    destination::open(&Place::Sqlite(path.clone()), &look).await.unwrap();
    let wait = Opening { wait: true, source: "servicetitan, tenant 1".to_owned(), ..Opening::default() };
    let place = Place::Sqlite(path.clone());
    let waiting = tokio::spawn(async move { destination::open(&place, &wait).await.map(drop) });
    drop(first);
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_file_of_a_newer_version_or_of_somebody_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.db");
    drop(open(&path).await.unwrap());
    let other = Opening { source: "servicetitan, tenant 2".to_owned(), ..Opening::default() };
    let error = destination::open(&Place::Sqlite(path.clone()), &other).await.err().unwrap();
    assert!(matches!(error, Error::OtherSource { .. }), "{error}");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("UPDATE _penstock_meta SET value = '2' WHERE name = 'form'").unwrap();
    let error = open(&path).await.err().unwrap();
    assert!(matches!(error, Error::Newer { found: 2, known: 1, .. }), "{error}");
}

#[tokio::test]
async fn what_is_no_database_or_has_another_type_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    fs::write(&text, "no database, but long enough to be taken for the head of one".repeat(100)).unwrap();
    let error = open(&text).await.err().unwrap();
    assert!(error.to_string().contains("it is no database of SQLite"), "{error}");
    let error = open(&folder.path().join("missing/copy.db")).await.err().unwrap();
    assert!(error.to_string().contains("missing/copy.db"), "{error}");

    let path = folder.path().join("copy.db");
    let jobs = table("jpm_jobs");
    drop(prepared(&path, &jobs).await);
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch(
            "ALTER TABLE jpm_jobs DROP COLUMN job_number; ALTER TABLE jpm_jobs ADD COLUMN job_number REAL",
        )
        .unwrap();
    let error = open(&path).await.unwrap().prepare(&[Arc::clone(&jobs)], false).await.unwrap_err();
    assert!(
        error.to_string().contains("\"job_number\" of \"jpm_jobs\" is REAL, and the contract wants TEXT"),
        "{error}"
    );
}
