//! A database that goes away, refuses, or is slow.

use crate::support::{
    Copy, batch,
    server::{Server, connect, is_root, query},
    table, write,
};
use penstock_sync::{Error, destination::Destination, schema::Table, state::State};
use std::{process::Command, sync::Arc, time::Duration};

const JOB: &str = r#"{"id":7,"jobNumber":"n","modifiedOn":"2026-01-01T00:00:00Z"}"#;

/// Ends every session of the database but the one that says so.
const TERMINATE: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                         WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// Many rows, so that a write of them is not over at once.
fn many(from: usize, count: usize) -> Vec<String> {
    let job = |id| format!(r#"{{"id":{id},"jobNumber":"{id}","summary":"{}"}}"#, "x".repeat(200));
    (from..from + count).map(job).collect()
}

async fn write_many(destination: Arc<dyn Destination>, jobs: Arc<Table>, number: usize) {
    let records = many(number * 2_000, 2_000);
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let batch = batch(destination.as_ref(), &jobs, &records);
    let position = Some(number.to_string());
    let state = State { generation: 1, position, reading: true, ..State::default() };
    destination.write(&jobs, "", batch, state).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: .ci/leg sync"]
async fn sessions_that_are_ended_at_any_moment_cost_nothing() {
    let copy = Copy::in_postgres().await;
    let jobs = table("jpm_jobs");
    let destination = copy.prepared(&jobs).await;
    let writing = {
        let (destination, jobs) = (Arc::clone(&destination), Arc::clone(&jobs));
        tokio::spawn(async move {
            for number in 0..10 {
                write_many(Arc::clone(&destination), Arc::clone(&jobs), number).await;
            }
        })
    };
    let mut random = fastrand::Rng::with_seed(21);
    let mut ended = 0;
    while !writing.is_finished() {
        ended += copy.column(TERMINATE).await.len();
        tokio::time::sleep(Duration::from_millis(random.u64(100..600))).await;
    }
    writing.await.unwrap();
    assert!(ended > 3, "{ended}");
    assert_eq!(destination.count(&jobs, false).await.unwrap(), 20_000);
    let state = destination.state(&jobs, "").await.unwrap().unwrap();
    assert_eq!(state.position.as_deref(), Some("9"));
    println!("{ended} sessions were ended");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: .ci/leg sync"]
async fn a_server_that_starts_again_is_waited_for_and_one_that_does_not_is_told() {
    let mut server = Server::start(&[]);
    let copy = Copy::at(&server.database().await);
    let jobs = table("jpm_jobs");
    let destination = copy.prepared(&jobs).await;
    let writing = {
        let (destination, jobs) = (Arc::clone(&destination), Arc::clone(&jobs));
        tokio::spawn(async move {
            for number in 0..10 {
                write_many(Arc::clone(&destination), Arc::clone(&jobs), number).await;
            }
        })
    };
    tokio::time::sleep(Duration::from_millis(150)).await;
    let server = tokio::task::spawn_blocking(move || {
        server.restart(Duration::from_secs(1));
        server
    });
    let mut server = server.await.unwrap();
    writing.await.unwrap();
    assert_eq!(destination.count(&jobs, false).await.unwrap(), 20_000);
    // The lock is taken again, too.
    assert!(matches!(copy.open().await, Err(Error::InUse { .. })));
    drop(destination);
    tokio::task::spawn_blocking(move || server.stop()).await.unwrap();
    let error = copy.open().await.err().unwrap().to_string();
    assert!(error.contains("it cannot be reached") && !error.contains("canary"), "{error}");
}

/// The lock's session alone dies, and another sync takes the lock: the first one must not write any more.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: .ci/leg sync"]
async fn who_lost_the_lock_to_another_sync_writes_nothing_any_more() {
    let copy = Copy::in_postgres().await;
    let jobs = table("jpm_jobs");
    let first = copy.prepared(&jobs).await;
    write(first.as_ref(), &jobs, 1, &[JOB]).await;
    let lock = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database =
                (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(copy.column(lock).await, ["t"]);
    let second = copy.open().await.unwrap();
    let late = batch(first.as_ref(), &jobs, &[r#"{"id":8}"#]);
    let error = first.write(&jobs, "", late, State::default()).await.unwrap_err();
    assert!(matches!(error, Error::InUse { .. }), "{error}");
    // Also when the second one has ended meanwhile, and the lock can be had.
    drop(second);
    let late = batch(first.as_ref(), &jobs, &[r#"{"id":8}"#]);
    let mut error = first.write(&jobs, "", late, State::default()).await.unwrap_err();
    assert!(matches!(error, Error::InUse { .. }), "{error}");
    error = first.finish(&jobs, "", State { generation: 2, ..State::default() }, true).await.unwrap_err();
    assert!(matches!(error, Error::InUse { .. }), "{error}");
    assert_eq!(copy.column("SELECT id FROM jpm_jobs WHERE NOT _penstock_deleted").await, ["7"]);
}

/// What each of these comes to, said by whoever opens or writes.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: .ci/leg sync"]
async fn what_a_database_refuses_is_told() {
    let server = Server::shared();
    let jobs = table("jpm_jobs");
    let url = server.database().await;
    let copy = Copy::at(&url);
    drop(copy.prepared(&jobs).await);
    let with = |options: &str| Copy::at(&format!("{url}?options={options}"));
    for (copy, told) in [
        (with("-cdefault_transaction_read_only%3Don"), "it cannot be written: it is read-only"),
        (Copy::at(&url.replace("canary", "wr0ng")), "it refuses the user or the password"),
        (Copy::at(&server.url("nowhere")), "there is no such database"),
        (Copy::at(&format!("{url}?sslmode=require")), "TLS fails"),
        (with("-csearch_path%3Dnowhere"), "search_path"),
    ] {
        let error = copy.open().await.err().unwrap().to_string();
        assert!(error.contains(told), "{error}");
        assert!(!error.contains("canary") && !error.contains("wr0ng"), "{error}");
    }

    // Another program has the table, for longer than it may be waited for.
    for (setting, told) in
        [("lock_timeout", "its lock_timeout"), ("statement_timeout", "its statement_timeout")]
    {
        let destination = with(&format!("-c{setting}%3D300ms")).open().await.unwrap();
        let other = connect(&url).await;
        other.batch_execute("BEGIN; LOCK TABLE jpm_jobs").await.unwrap();
        let rows = batch(destination.as_ref(), &jobs, &[JOB]);
        let error = destination.write(&jobs, "", rows, State::default()).await.unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
        drop(other);
        drop(destination);
    }
    // A constraint that the reader made.
    query(&url, "ALTER TABLE jpm_jobs ADD CHECK (id < 5)").await;
    let destination = copy.open().await.unwrap();
    let rows = batch(destination.as_ref(), &jobs, &[JOB]);
    let error = destination.write(&jobs, "", rows, State::default()).await.unwrap_err().to_string();
    assert!(error.contains("by a constraint that no sync made"), "{error}");
    assert_eq!(copy.column("SELECT count(*) FROM jpm_jobs").await, ["0"]);
    assert_eq!(destination.state(&jobs, "").await.unwrap(), None, "nor a position");
}

/// Another database is none of ours.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: .ci/leg sync"]
async fn two_schemas_of_one_database_are_two_destinations() {
    let server = Server::shared();
    let url = server.database().await;
    query(&url, "CREATE SCHEMA one").await;
    let (public, one) = (Copy::at(&url), Copy::at(&format!("{url}?options=-csearch_path%3Done")));
    let jobs = table("jpm_jobs");
    let (first, second) = (public.prepared(&jobs).await, one.prepared(&jobs).await);
    write(first.as_ref(), &jobs, 1, &[JOB]).await;
    assert_eq!(second.count(&jobs, false).await.unwrap(), 0);
}

/// A file system of 12 MiB, which only root can make.
struct Small(tempfile::TempDir);

impl Small {
    fn mount() -> Option<Small> {
        if !is_root() {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let options = "size=12m,uid=postgres,gid=postgres,mode=700";
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder.path()).status();
        mounted.unwrap().success().then_some(Small(folder))
    }

    fn grow(&self) {
        let grown = Command::new("mount").args(["-o", "remount,size=200m"]).arg(self.0.path()).status();
        assert!(grown.unwrap().success());
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Lazily: the server may still have it open.
        _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: .ci/leg sync"]
async fn a_database_without_room_says_so_and_goes_on_when_there_is() {
    let Some(small) = Small::mount() else {
        eprintln!("SKIPPED: a small file system cannot be made here, which only root can");
        return;
    };
    let server = Server::shared();
    let url = server.database().await;
    let place = small.0.path().display();
    query(&url, &format!("CREATE TABLESPACE small LOCATION '{place}'")).await;
    query(&url, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_tablespace = small', current_database()); END $$").await;
    let copy = Copy::at(&url);
    let jobs = table("jpm_jobs");
    let destination = copy.prepared(&jobs).await;
    let (mut written, mut told) = (0, String::new());
    for number in 0..40 {
        let records = many(number * 2_000, 2_000);
        let records: Vec<&str> = records.iter().map(String::as_str).collect();
        let rows = batch(destination.as_ref(), &jobs, &records);
        let state = State { generation: 1, position: Some(number.to_string()), ..State::default() };
        match destination.write(&jobs, "", rows, state).await {
            Ok(_) => written += 1,
            Err(error) => {
                told = error.to_string();
                break;
            }
        }
    }
    assert!(told.contains("there is no room for more"), "{written}: {told}");
    // What was written before is there, with its position, and nothing of the last batch.
    assert_eq!(destination.count(&jobs, false).await.unwrap(), written * 2_000);
    let state = destination.state(&jobs, "").await.unwrap().unwrap();
    assert_eq!(state.position, Some((written - 1).to_string()));
    small.grow();
    write_many(Arc::clone(&destination), Arc::clone(&jobs), usize::try_from(written).unwrap()).await;
    assert_eq!(destination.count(&jobs, false).await.unwrap(), (written + 1) * 2_000);
    drop(destination);
    let name = copy.column("SELECT current_database()").await.remove(0);
    query(&server.url("postgres"), &format!("DROP DATABASE {name} WITH (FORCE)")).await;
    query(&server.url("postgres"), "DROP TABLESPACE small").await;
}

/// It takes connections, and says nothing.
#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_told() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://u:canary@{}/d", silent.local_addr().unwrap());
    let error = Copy::at(&url).open().await.err().unwrap().to_string();
    assert!(error.contains("it does not answer") && !error.contains("canary"), "{error}");
}
