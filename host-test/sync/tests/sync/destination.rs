//! What a destination does with rows.

use crate::support::{column, open, prepared, table, write};
use penstock_sync::{record::Limits, state::State};

const OLD: &str = r#"{"id":7,"jobNumber":"old","modifiedOn":"2026-01-01T00:00:00Z"}"#;
const NEW: &str = r#"{"id":7,"jobNumber":"new","modifiedOn":"2026-01-01T00:00:00.5Z"}"#;

#[tokio::test]
async fn an_older_version_never_overwrites_a_newer_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.db");
    let jobs = table("jpm_jobs");
    let destination = prepared(&path, &jobs).await;
    write(destination.as_ref(), &jobs, 1, &[NEW]).await;
    let written = write(destination.as_ref(), &jobs, 2, &[OLD]).await;
    assert_eq!((written.rows, written.older), (0, 1));
    assert_eq!(column(&path, "SELECT job_number FROM jpm_jobs"), ["new"]);
    // It was seen all the same.
    assert_eq!(column(&path, "SELECT _penstock_generation FROM jpm_jobs"), ["2"]);
    // In one batch too, in either order.
    write(destination.as_ref(), &jobs, 3, &[NEW, OLD]).await;
    assert_eq!(column(&path, "SELECT job_number FROM jpm_jobs"), ["new"]);
    // A vendor's clock may go back: a full read takes its word.
    let mut batch = penstock_sync::batch::Batch::default();
    batch.push(penstock_sync::record::row(&jobs, OLD, "", Limits::NONE));
    let state = State { generation: 4, trusted: true, ..State::default() };
    destination.write(&jobs, "", batch, state).await.unwrap();
    assert_eq!(column(&path, "SELECT job_number FROM jpm_jobs"), ["old"]);
}

#[tokio::test]
async fn rows_and_the_state_behind_them_are_there_after_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.db");
    let jobs = table("jpm_jobs");
    let destination = prepared(&path, &jobs).await;
    let mut batch = penstock_sync::batch::Batch::default();
    batch.push(penstock_sync::record::row(&jobs, NEW, "", Limits::NONE));
    let state =
        State { position: Some("behind 7".to_owned()), generation: 1, reading: true, ..State::default() };
    destination.write(&jobs, "", batch, state.clone()).await.unwrap();
    drop(destination);
    let destination = open(&path).await.unwrap();
    assert_eq!(destination.state(&jobs, "").await.unwrap(), Some(state));
    assert_eq!(destination.count(&jobs, false).await.unwrap(), 1);
}

#[tokio::test]
async fn a_misfit_is_kept_as_it_came_and_marked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.db");
    let jobs = table("jpm_jobs");
    let destination = prepared(&path, &jobs).await;
    let misfit = r#"{"id":8,"jobNumber":"n","customerId":"no number","new":{"a":1},"$misfit":{"path":"$.customerId","reason":"odd"}}"#;
    let without_id = r#"{"jobNumber":"lost"}"#;
    let written = write(destination.as_ref(), &jobs, 1, &[misfit, without_id]).await;
    assert_eq!((written.rows, written.misfits), (1, 2));
    assert_eq!(column(&path, "SELECT job_number FROM jpm_jobs WHERE customer_id IS NULL"), ["n"]);
    assert_eq!(column(&path, "SELECT _penstock_misfit FROM jpm_jobs"), [misfit]);
    assert_eq!(column(&path, "SELECT _penstock_extra ->> '$.new.a' FROM jpm_jobs"), ["1"]);
    assert_eq!(column(&path, "SELECT record FROM _penstock_misfits"), [without_id]);
    let status = destination.status().await.unwrap().remove(0);
    assert_eq!((status.rows, status.misfits), (1, 1));
}

/// A number that no column holds: 2^63.
#[tokio::test]
async fn a_record_that_does_not_fit_a_column_is_kept_and_marked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.db");
    let jobs = table("jpm_jobs");
    let destination = prepared(&path, &jobs).await;
    let record = r#"{"id":9,"customerId":9223372036854775808}"#;
    write(destination.as_ref(), &jobs, 1, &[record]).await;
    assert_eq!(column(&path, "SELECT _penstock_misfit FROM jpm_jobs WHERE customer_id IS NULL"), [record]);
}

#[tokio::test]
async fn what_a_whole_read_has_not_seen_is_marked_and_comes_back_when_it_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.db");
    let jobs = table("jpm_jobs");
    let destination = prepared(&path, &jobs).await;
    write(destination.as_ref(), &jobs, 1, &[NEW, r#"{"id":8}"#]).await;
    write(destination.as_ref(), &jobs, 2, &[NEW]).await;
    let state = State { generation: 2, ..State::default() };
    assert_eq!(destination.finish(&jobs, "", state.clone(), true).await.unwrap(), 1);
    let gone = "SELECT id FROM jpm_jobs WHERE _penstock_deleted";
    assert_eq!(column(&path, gone), ["8"]);
    assert_eq!(destination.finish(&jobs, "", state, true).await.unwrap(), 0, "once");
    write(destination.as_ref(), &jobs, 3, &[r#"{"id":8}"#]).await;
    assert_eq!(column(&path, gone), Vec::<String>::new());
    // The feed says so of deleted ones.
    write(destination.as_ref(), &jobs, 4, &[r#"{"id":8,"active":false}"#]).await;
    assert_eq!(column(&path, gone), ["8"]);
}

#[tokio::test]
async fn a_column_that_is_new_is_added_and_logged_and_nothing_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.db");
    let jobs = table("jpm_jobs");
    let destination = prepared(&path, &jobs).await;
    write(destination.as_ref(), &jobs, 1, &[NEW]).await;
    drop(destination);
    // As an older contract would have made it, with a column of the reader's own.
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch("ALTER TABLE jpm_jobs DROP COLUMN job_number; ALTER TABLE jpm_jobs ADD COLUMN mine TEXT DEFAULT 'kept'").unwrap();
    drop(connection);
    let destination = open(&path).await.unwrap();
    let statements = destination.prepare(&[std::sync::Arc::clone(&jobs)], true).await.unwrap();
    assert_eq!(statements, [r#"ALTER TABLE "jpm_jobs" ADD COLUMN "job_number" TEXT"#]);
    let dry = destination.prepare(&[std::sync::Arc::clone(&jobs)], false).await.unwrap();
    assert_eq!(statements, dry, "a dry run does nothing");
    write(destination.as_ref(), &jobs, 2, &[NEW]).await;
    assert_eq!(column(&path, "SELECT job_number || mine FROM jpm_jobs"), ["newkept"]);
    let logged = column(&path, "SELECT statement FROM _penstock_migrations ORDER BY rowid");
    assert_eq!(logged.last(), statements.last());
}
