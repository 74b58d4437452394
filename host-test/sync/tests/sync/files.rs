//! A folder of files with a JSON object a line.

use crate::{
    reads::{sync, vendor},
    support::{batch, table, write},
};
use penstock_simulated::servicetitan::Resource;
use penstock_sync::{
    Error,
    check::Check,
    destination::{self, Destination, Opening, Place},
    schema::Table,
    state::State,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
    sync::Arc,
};

const OLD: &str = r#"{"id":7,"jobNumber":"old","modifiedOn":"2026-01-01T00:00:00Z"}"#;
const NEW: &str = r#"{"id":7,"jobNumber":"new","modifiedOn":"2026-01-01T00:00:00.5Z"}"#;

async fn open_of(folder: &Path, source: &str) -> Result<Arc<dyn Destination>, Error> {
    let opening = Opening { source: source.to_owned(), ..Opening::default() };
    destination::open(&Place::Ndjson(folder.to_owned()), &opening).await
}

async fn prepared(folder: &Path, table: &Arc<Table>) -> Arc<dyn Destination> {
    let destination = open_of(folder, "tenant 1").await.unwrap();
    destination.prepare(&[Arc::clone(table)], false).await.unwrap();
    destination
}

/// The lines, however many there are of a record.
fn lines(folder: &Path) -> Vec<Value> {
    let lines = fs::read_to_string(folder.join("jpm_jobs.ndjson")).unwrap_or_default();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The last line of each record that is not deleted: its `jobNumber`.
fn last(folder: &Path) -> BTreeMap<i64, Value> {
    let mut last = BTreeMap::new();
    for line in lines(folder) {
        let id = line["id"].as_i64().unwrap();
        match line["_penstock"]["deleted"] == true {
            true => last.remove(&id),
            false => last.insert(id, line["jobNumber"].clone()),
        };
    }
    last
}

#[tokio::test]
async fn a_line_is_appended_for_what_is_new_or_was_changed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = table("jpm_jobs");
    let destination = prepared(folder.path(), &jobs).await;
    let written = write(destination.as_ref(), &jobs, 1, &[NEW, r#"{"id":8}"#]).await;
    assert_eq!((written.rows, written.older), (2, 0));
    let written = write(destination.as_ref(), &jobs, 2, &[OLD, r#"{"id":8}"#]).await;
    assert_eq!((written.rows, written.older), (0, 1));
    assert_eq!(lines(folder.path()).len(), 2);
    // Both were seen: nothing is gone.
    let state = State { generation: 2, ..State::default() };
    assert_eq!(destination.finish(&jobs, "", state, true).await.unwrap(), 0);
    // A vendor's clock may go back: a full read takes its word.
    let rows = batch(destination.as_ref(), &jobs, &[OLD]);
    let state = State { generation: 3, trusted: true, ..State::default() };
    destination.write(&jobs, "", rows, state.clone()).await.unwrap();
    assert_eq!(last(folder.path())[&7], "old");
    // What it has not seen is gone, once, and may come back.
    assert_eq!(destination.finish(&jobs, "", state.clone(), true).await.unwrap(), 1);
    assert_eq!(destination.finish(&jobs, "", state, true).await.unwrap(), 0);
    assert_eq!(last(folder.path()).keys().collect::<Vec<_>>(), [&7]);
    assert_eq!(destination.count(&jobs, false).await.unwrap(), 1);
    write(destination.as_ref(), &jobs, 4, &[r#"{"id":8}"#]).await;
    assert_eq!(last(folder.path()).len(), 2);
    // The line of a record has all that the vendor sent.
    let line = lines(folder.path()).remove(0);
    assert_eq!((&line["jobNumber"], &line["_penstock"]["key"]), (&json!("new"), &json!(7)));
}

#[tokio::test]
async fn what_a_read_has_seen_is_known_after_it_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = table("jpm_jobs");
    let destination = prepared(folder.path(), &jobs).await;
    write(destination.as_ref(), &jobs, 1, &[NEW, r#"{"id":8}"#, r#"{"id":9}"#]).await;
    let state = State { generation: 2, reading: true, position: Some("p".to_owned()), ..State::default() };
    let rows = batch(destination.as_ref(), &jobs, &[NEW]);
    destination.write(&jobs, "", rows, state.clone()).await.unwrap();
    drop(destination);
    // It died while it wrote: what is behind what counts is nothing.
    for name in ["jpm_jobs.ndjson", "_penstock_jpm_jobs.seen"] {
        let mut file = OpenOptions::new().append(true).open(folder.path().join(name)).unwrap();
        file.write_all(b"{\"id\":10,\"jobNum").unwrap();
    }
    let destination = open_of(folder.path(), "tenant 1").await.unwrap();
    assert_eq!(destination.state(&jobs, "").await.unwrap(), Some(state.clone()));
    let rows = batch(destination.as_ref(), &jobs, &[r#"{"id":8}"#]);
    destination.write(&jobs, "", rows, state).await.unwrap();
    let state = State { generation: 2, ..State::default() };
    assert_eq!(destination.finish(&jobs, "", state, true).await.unwrap(), 1);
    assert_eq!(last(folder.path()).keys().collect::<Vec<_>>(), [&7, &8]);
}

#[tokio::test]
async fn a_misfit_is_kept_as_it_came_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let jobs = table("jpm_jobs");
    let destination = prepared(folder.path(), &jobs).await;
    let misfit = "{\"id\":8,\n \"customerId\":\"no\\nnumber\"\n}";
    let written = write(destination.as_ref(), &jobs, 1, &[misfit, r#"{"jobNumber":"lost"}"#]).await;
    assert_eq!((written.rows, written.misfits), (1, 2));
    let line = lines(folder.path()).remove(0);
    assert_eq!((&line["customerId"], &line["_penstock"]["misfit"]), (&json!("no\nnumber"), &json!(true)));
    let lost = fs::read_to_string(folder.path().join("_penstock_misfits.ndjson")).unwrap();
    let lost: Value = serde_json::from_str(&lost).unwrap();
    assert_eq!((&lost["table"], &lost["record"]), (&json!("jpm_jobs"), &json!(r#"{"jobNumber":"lost"}"#)));
    let status = destination.status().await.unwrap().remove(0);
    assert_eq!((status.rows, status.misfits), (1, 1));
}

#[tokio::test]
async fn files_that_are_not_ours_or_were_changed_are_told_and_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let jobs = table("jpm_jobs");
    fs::write(path.join("jpm_jobs.ndjson"), "mine").unwrap();
    let destination = open_of(path, "tenant 1").await.unwrap();
    let error = destination.prepare(&[Arc::clone(&jobs)], false).await.unwrap_err();
    assert!(matches!(error, Error::Foreign { .. }), "{error}");
    assert_eq!(fs::read_to_string(path.join("jpm_jobs.ndjson")).unwrap(), "mine");
    fs::remove_file(path.join("jpm_jobs.ndjson")).unwrap();
    // Two at once.
    let error = open_of(path, "tenant 1").await.err().unwrap().to_string();
    assert!(error.contains(&format!("in use by another sync: process {}", std::process::id())), "{error}");
    drop(destination);
    let error = open_of(path, "tenant 2").await.err().unwrap();
    assert!(matches!(error, Error::OtherSource { .. }), "{error}");

    let destination = prepared(path, &jobs).await;
    write(destination.as_ref(), &jobs, 1, &[NEW, OLD]).await;
    drop(destination);
    for (content, told) in [("{", "something has cut off"), (&"x".repeat(4_000), "somebody has changed")] {
        fs::write(path.join("jpm_jobs.ndjson"), content).unwrap();
        let destination = open_of(path, "tenant 1").await.unwrap();
        let rows = batch(destination.as_ref(), &jobs, &[NEW]);
        let error = destination.write(&jobs, "", rows, State::default()).await.unwrap_err().to_string();
        assert!(error.contains(told) && error.contains("jpm_jobs.ndjson"), "{error}");
        assert_eq!(fs::read_to_string(path.join("jpm_jobs.ndjson")).unwrap(), content);
    }
    let state = fs::read_to_string(path.join("_penstock_state.json")).unwrap();
    fs::write(path.join("_penstock_state.json"), state.replace("\"form\":1", "\"form\":2")).unwrap();
    let error = open_of(path, "tenant 1").await.err().unwrap();
    assert!(matches!(error, Error::Newer { found: 2, known: 1, .. }), "{error}");
    fs::write(path.join("_penstock_state.json"), "{").unwrap();
    let error = open_of(path, "tenant 1").await.err().unwrap().to_string();
    assert!(error.contains("cannot understand"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_cut_off_or_removed_is_read_anew_in_full() {
    let (vendor, plugin) = vendor(300).await;
    let folder = tempfile::tempdir().unwrap();
    let tables = [table("jpm_jobs"), table("jpm_job_types")];
    sync(&plugin, &open_of(folder.path(), "tenant 1").await.unwrap(), &tables, false).await;
    let path = folder.path().join("jpm_jobs.ndjson");
    let length = fs::metadata(&path).unwrap().len();
    for left in [Some(length / 2), Some(length - 1), Some(0), None] {
        match left {
            Some(left) => OpenOptions::new().write(true).open(&path).unwrap().set_len(left).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let destination = open_of(folder.path(), "tenant 1").await.unwrap();
        let error = destination.count(&tables[0], false).await.unwrap_err().to_string();
        assert!(error.contains("cut off or removed") && error.contains("--full"), "{error}");
        drop(destination);
        let opening = Opening { source: "tenant 1".to_owned(), anew: true, ..Opening::default() };
        let destination =
            destination::open(&Place::Ndjson(folder.path().to_owned()), &opening).await.unwrap();
        sync(&plugin, &destination, &tables, true).await;
        assert_eq!(last(folder.path()).into_keys().collect::<Vec<_>>(), vendor.job_ids(), "{left:?}");
        drop(destination);
        // And without it from then on.
        let destination = open_of(folder.path(), "tenant 1").await.unwrap();
        assert_eq!(destination.count(&tables[0], false).await.unwrap(), vendor.job_ids().len() as u64);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_has_what_the_vendor_has_and_then_what_changed() {
    let (vendor, plugin) = vendor(400).await;
    let folder = tempfile::tempdir().unwrap();
    let destination = open_of(folder.path(), "tenant 1").await.unwrap();
    let tables = [table("jpm_jobs"), table("jpm_job_types")];
    sync(&plugin, &destination, &tables, false).await;
    let length = fs::metadata(folder.path().join("jpm_job_types.ndjson")).unwrap().len();
    let (jobs, types) = (vendor.job_ids(), vendor.truth(Resource::JobTypes));
    assert!(vendor.remove(Resource::JobTypes, types[0]));
    assert!(vendor.remove(Resource::Jobs, jobs[3]));
    assert!(vendor.modify(Resource::Jobs, jobs[5], &json!({ "summary": "changed" })));
    let done = sync(&plugin, &destination, &tables, false).await;
    assert_eq!((done[0].records, done[1].gone), (2, 1));
    assert_eq!(last(folder.path()).into_keys().collect::<Vec<_>>(), vendor.job_ids());
    let more = fs::metadata(folder.path().join("jpm_job_types.ndjson")).unwrap().len() - length;
    assert!((1..500).contains(&more), "one line, and not the whole list again: {more}");
    let check = Check { plugin: &plugin, destination: destination.as_ref(), account: None, sample: 40 };
    for table in &tables {
        let checked = check.table(table).await.unwrap();
        assert!(checked.is_right() && checked.sampled > 0, "{checked:?}");
    }
}
