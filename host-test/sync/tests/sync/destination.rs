//! What a destination does with rows.

use crate::support::{Copy, batch, on_both, table, write};
use penstock_sync::state::State;
use std::sync::Arc;

on_both! {
    an_older_version_never_overwrites_a_newer_one
    rows_and_the_state_behind_them_are_there_after_it_is_opened_again
    a_misfit_is_kept_as_it_came_and_marked
    a_record_that_does_not_fit_a_column_is_kept_and_marked
    what_a_whole_read_has_not_seen_is_marked_and_comes_back_when_it_is_seen
    a_column_that_is_new_is_added_and_logged_and_nothing_is_dropped
}

const OLD: &str = r#"{"id":7,"jobNumber":"old","modifiedOn":"2026-01-01T00:00:00Z"}"#;
const NEW: &str = r#"{"id":7,"jobNumber":"new","modifiedOn":"2026-01-01T00:00:00.5Z"}"#;

async fn an_older_version_never_overwrites_a_newer_one(copy: &Copy) {
    let jobs = table("jpm_jobs");
    let destination = copy.prepared(&jobs).await;
    write(destination.as_ref(), &jobs, 1, &[NEW]).await;
    let written = write(destination.as_ref(), &jobs, 2, &[OLD]).await;
    assert_eq!((written.rows, written.older), (0, 1));
    assert_eq!(copy.column("SELECT job_number FROM jpm_jobs").await, ["new"]);
    // It was seen all the same.
    assert_eq!(copy.column("SELECT _penstock_generation FROM jpm_jobs").await, ["2"]);
    // In one batch too, in either order.
    write(destination.as_ref(), &jobs, 3, &[NEW, OLD]).await;
    assert_eq!(copy.column("SELECT job_number FROM jpm_jobs").await, ["new"]);
    // A vendor's clock may go back: a full read takes its word.
    let batch = batch(destination.as_ref(), &jobs, &[OLD]);
    let state = State { generation: 4, trusted: true, ..State::default() };
    destination.write(&jobs, "", batch, state).await.unwrap();
    assert_eq!(copy.column("SELECT job_number FROM jpm_jobs").await, ["old"]);
}

async fn rows_and_the_state_behind_them_are_there_after_it_is_opened_again(copy: &Copy) {
    let jobs = table("jpm_jobs");
    let destination = copy.prepared(&jobs).await;
    let batch = batch(destination.as_ref(), &jobs, &[NEW]);
    let state =
        State { position: Some("behind 7".to_owned()), generation: 1, reading: true, ..State::default() };
    destination.write(&jobs, "", batch, state.clone()).await.unwrap();
    drop(destination);
    let destination = copy.open().await.unwrap();
    assert_eq!(destination.state(&jobs, "").await.unwrap(), Some(state));
    assert_eq!(destination.count(&jobs, false).await.unwrap(), 1);
}

async fn a_misfit_is_kept_as_it_came_and_marked(copy: &Copy) {
    let jobs = table("jpm_jobs");
    let destination = copy.prepared(&jobs).await;
    let misfit = r#"{"id":8,"jobNumber":"n","customerId":"no number","new":{"a":1},"$misfit":{"path":"$.customerId","reason":"odd"}}"#;
    let without_id = r#"{"jobNumber":"lost"}"#;
    let written = write(destination.as_ref(), &jobs, 1, &[misfit, without_id]).await;
    assert_eq!((written.rows, written.misfits), (1, 2));
    assert_eq!(copy.column("SELECT job_number FROM jpm_jobs WHERE customer_id IS NULL").await, ["n"]);
    assert_eq!(copy.column("SELECT _penstock_misfit FROM jpm_jobs").await, [misfit]);
    let path = if copy.is_in_postgres() { "-> 'new' ->> 'a'" } else { "->> '$.new.a'" };
    let extra = &format!("SELECT _penstock_extra {path} FROM jpm_jobs");
    assert_eq!(copy.column(extra).await, ["1"]);
    assert_eq!(copy.column("SELECT record FROM _penstock_misfits").await, [without_id]);
    let status = destination.status().await.unwrap().remove(0);
    assert_eq!((status.rows, status.misfits), (1, 1));
}

/// A number that no column holds: 2^63.
async fn a_record_that_does_not_fit_a_column_is_kept_and_marked(copy: &Copy) {
    let jobs = table("jpm_jobs");
    let destination = copy.prepared(&jobs).await;
    let record = r#"{"id":9,"customerId":9223372036854775808}"#;
    write(destination.as_ref(), &jobs, 1, &[record]).await;
    assert_eq!(
        copy.column("SELECT _penstock_misfit FROM jpm_jobs WHERE customer_id IS NULL").await,
        [record]
    );
}

async fn what_a_whole_read_has_not_seen_is_marked_and_comes_back_when_it_is_seen(copy: &Copy) {
    let jobs = table("jpm_jobs");
    let destination = copy.prepared(&jobs).await;
    write(destination.as_ref(), &jobs, 1, &[NEW, r#"{"id":8}"#]).await;
    write(destination.as_ref(), &jobs, 2, &[NEW]).await;
    let state = State { generation: 2, ..State::default() };
    assert_eq!(destination.finish(&jobs, "", state.clone(), true).await.unwrap(), 1);
    let gone = "SELECT id FROM jpm_jobs WHERE _penstock_deleted";
    assert_eq!(copy.column(gone).await, ["8"]);
    assert_eq!(destination.finish(&jobs, "", state, true).await.unwrap(), 0, "once");
    write(destination.as_ref(), &jobs, 3, &[r#"{"id":8}"#]).await;
    assert_eq!(copy.column(gone).await, Vec::<String>::new());
    // The feed says so of deleted ones.
    write(destination.as_ref(), &jobs, 4, &[r#"{"id":8,"active":false}"#]).await;
    assert_eq!(copy.column(gone).await, ["8"]);
}

async fn a_column_that_is_new_is_added_and_logged_and_nothing_is_dropped(copy: &Copy) {
    let jobs = table("jpm_jobs");
    let destination = copy.prepared(&jobs).await;
    write(destination.as_ref(), &jobs, 1, &[NEW]).await;
    drop(destination);
    // As an older contract would have made it, with a column of the reader's own.
    copy.execute("ALTER TABLE jpm_jobs DROP COLUMN job_number").await;
    copy.execute("ALTER TABLE jpm_jobs ADD COLUMN mine TEXT DEFAULT 'kept'").await;
    let destination = copy.open().await.unwrap();
    let statements = destination.prepare(&[Arc::clone(&jobs)], true).await.unwrap();
    assert_eq!(statements, [r#"ALTER TABLE "jpm_jobs" ADD COLUMN "job_number" TEXT"#]);
    let dry = destination.prepare(&[Arc::clone(&jobs)], false).await.unwrap();
    assert_eq!(statements, dry, "a dry run does nothing");
    write(destination.as_ref(), &jobs, 2, &[NEW]).await;
    assert_eq!(copy.column("SELECT job_number || mine FROM jpm_jobs").await, ["newkept"]);
    let logged = copy.column("SELECT statement FROM _penstock_migrations ORDER BY at").await;
    assert_eq!(logged.last(), statements.last());
}
