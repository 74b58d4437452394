//! Databases that are not ours to write.

use crate::support::{Copy, on_both, table};
use penstock_sync::{
    Error,
    destination::{self, Opening, Place},
};
use std::{fs, os::unix::fs::PermissionsExt, sync::Arc};

on_both! {
    a_table_of_that_name_that_no_sync_made_is_refused_and_stays
    of_two_syncs_the_second_says_who_has_it_or_waits
    a_copy_of_a_newer_version_or_of_somebody_else_is_left_alone
    a_column_of_another_type_is_told
    a_copy_that_is_not_there_cannot_be_looked_at
}

async fn a_table_of_that_name_that_no_sync_made_is_refused_and_stays(copy: &Copy) {
    copy.execute("CREATE TABLE jpm_jobs (mine TEXT)").await;
    copy.execute("INSERT INTO jpm_jobs VALUES ('x')").await;
    let destination = copy.open().await.unwrap();
    let all = [table("jpm_appointments"), table("jpm_jobs")];
    let error = destination.prepare(&all, false).await.unwrap_err();
    assert!(matches!(error, Error::Foreign { .. }), "{error}");
    assert!(error.to_string().contains("a table \"jpm_jobs\" that no sync made"), "{error}");
    assert_eq!(copy.column("SELECT mine FROM jpm_jobs").await, ["x"]);
    // All or nothing.
    assert_eq!(copy.column("SELECT count(*) FROM _penstock_tables").await, ["0"]);
}

async fn of_two_syncs_the_second_says_who_has_it_or_waits(copy: &Copy) {
    let first = copy.open().await.unwrap();
    let error = copy.open().await.err().unwrap();
    let (process, told) = (std::process::id(), error.to_string());
    assert!(told.contains(&format!("in use by another sync: process {process}")), "{told}");
    assert!(told.contains(", since 20"), "{told}");
    // A look disturbs nobody.
    let look = Opening { look: true, ..Opening::default() };
    destination::open(&copy.place, &look).await.unwrap();
    let wait = Opening { wait: true, source: "servicetitan, tenant 1".to_owned(), ..Opening::default() };
    let place = copy.place.clone();
    let waiting = tokio::spawn(async move { destination::open(&place, &wait).await.map(drop) });
    drop(first);
    waiting.await.unwrap().unwrap();
}

async fn a_copy_of_a_newer_version_or_of_somebody_else_is_left_alone(copy: &Copy) {
    drop(copy.open().await.unwrap());
    let error = copy.open_of("servicetitan, tenant 2").await.err().unwrap();
    assert!(matches!(error, Error::OtherSource { .. }), "{error}");
    copy.execute("UPDATE _penstock_meta SET value = '2' WHERE name = 'form'").await;
    let error = copy.open().await.err().unwrap();
    assert!(matches!(error, Error::Newer { found: 2, known: 1, .. }), "{error}");
}

async fn a_column_of_another_type_is_told(copy: &Copy) {
    let jobs = table("jpm_jobs");
    drop(copy.prepared(&jobs).await);
    copy.execute("ALTER TABLE jpm_jobs DROP COLUMN job_number").await;
    copy.execute("ALTER TABLE jpm_jobs ADD COLUMN job_number REAL").await;
    let error = copy.open().await.unwrap().prepare(&[Arc::clone(&jobs)], false).await.unwrap_err();
    let told = "\"job_number\" of \"jpm_jobs\" is REAL, and the contract wants TEXT";
    assert!(error.to_string().contains(told), "{error}");
}

async fn a_copy_that_is_not_there_cannot_be_looked_at(copy: &Copy) {
    let look = Opening { look: true, ..Opening::default() };
    let error = destination::open(&copy.place, &look).await.err().unwrap();
    assert!(error.to_string().contains("sync to it first"), "{error}");
}

/// Another program writes for longer than it may be waited for: the sync says so, and has written nothing.
#[tokio::test]
#[ignore = "takes half a minute: .ci/leg sync"]
async fn a_file_that_is_locked_or_may_not_be_written_is_told() {
    let copy = Copy::in_sqlite().await;
    let jobs = table("jpm_jobs");
    let destination = copy.prepared(&jobs).await;
    let Place::Sqlite(path) = &copy.place else { panic!("it is in a file") };
    let other = rusqlite::Connection::open(path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let rows = crate::support::batch(destination.as_ref(), &jobs, &[r#"{"id":7}"#]);
    let error = destination.write(&jobs, "", rows, Default::default()).await.unwrap_err().to_string();
    assert!(error.contains("another program has it locked for longer than 30 s"), "{error}");
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(destination.count(&jobs, false).await.unwrap(), 0);
    drop((destination, other));

    let permissions = |mode| fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    permissions(0o444);
    // Root may write what nobody may.
    if let Err(error) = copy.open().await {
        assert!(error.to_string().contains("read-only"), "{error}");
    }
    permissions(0o644);
}

#[tokio::test]
async fn a_file_is_one_destination_by_whichever_name() {
    let copy = Copy::in_sqlite().await;
    let Place::Sqlite(path) = &copy.place else { panic!("it is in a file") };
    let folder = path.parent().unwrap();
    let link = folder.join("link.db");
    std::os::unix::fs::symlink("copy.db", &link).unwrap();
    let open = async |path: &std::path::Path| {
        let opening = Opening { source: "servicetitan, tenant 1".to_owned(), ..Opening::default() };
        destination::open(&Place::Sqlite(path.to_owned()), &opening).await
    };
    // Of a link that leads nowhere yet, too.
    let first = open(&link).await.unwrap();
    assert!(path.exists() && folder.join("copy.db.penstock-lock").exists());
    let error = open(path).await.err().unwrap();
    assert!(matches!(error, Error::InUse { .. }), "{error}");
    drop(first);
    fs::hard_link(path, folder.join("other.db")).unwrap();
    for name in ["copy.db", "other.db", "link.db"] {
        let error = open(&folder.join(name)).await.err().unwrap().to_string();
        assert!(error.contains(name) && error.contains("a hard link"), "{error}");
    }
    fs::remove_file(folder.join("other.db")).unwrap();
    drop(open(&link).await.unwrap());
}

#[tokio::test]
async fn what_is_no_database_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    fs::write(&text, "no database, but long enough to be taken for the head of one".repeat(100)).unwrap();
    let open = async |path| destination::open(&Place::Sqlite(path), &Opening::default()).await.err().unwrap();
    let error = open(text).await;
    assert!(error.to_string().contains("it is no database of SQLite"), "{error}");
    let error = open(folder.path().join("missing/copy.db")).await;
    assert!(error.to_string().contains("missing/copy.db"), "{error}");
}
