use super::*;
use crate::key_value::KeyValue;

const SECOND: Duration = Duration::from_secs(1);

fn state(folder: &tempfile::TempDir) -> SqliteState {
    SqliteState::open(folder.path().join("a/b/state.db")).unwrap()
}

#[tokio::test]
async fn what_is_stored_outlives_the_process_and_is_its_owners() {
    let folder = tempfile::tempdir().unwrap();
    let first = state(&folder);
    State::set(&first, "k", b"v".into(), None).await.unwrap();
    assert_eq!(first.claim("c", b"a".into(), SECOND).await, Ok(None));
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        assert_eq!(first.path().metadata().unwrap().mode() & 0o777, 0o600);
    }
    drop(first);
    let second = state(&folder);
    assert_eq!(State::get(&second, "k").await, Ok(Some(b"v".into())));
    assert_eq!(second.claim("c", b"b".into(), SECOND).await, Ok(Some(b"a".into())));
    assert_eq!(State::swap(&second, "c", b"a", b"d".into(), SECOND).await, Ok(true));
    second.release("c", b"d").await.unwrap();
    assert_eq!(second.claim("c", b"b".into(), Duration::from_millis(1)).await, Ok(None));
    let mut keys = State::keys(&second, "", 9).await.unwrap();
    keys.retain(|key| key != "c");
    assert_eq!(keys, ["k"]);
    State::delete(&second, "k").await.unwrap();
    assert_eq!(State::get(&second, "k").await, Ok(None));
}

/// Two connections, as two processes have them: no turn is given twice, and no claim.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_share_it() {
    let folder = tempfile::tempdir().unwrap();
    let all = [state(&folder), state(&folder)];
    let mut tasks = tokio::task::JoinSet::new();
    for owner in 1..=8_u64 {
        let state = all[usize::try_from(owner % 2).unwrap()].clone();
        tasks.spawn(async move {
            let mut arrivals = Vec::new();
            for number in 1..=25 {
                let request = TurnRequest {
                    owner,
                    number,
                    interval: 1_000,
                    horizon: 60_000_000,
                    wanted: 2,
                    ..TurnRequest::default()
                };
                let turns = state.turns("limit", &request).await.unwrap();
                arrivals.extend((0..u64::from(turns.count)).map(|turn| turns.arrival + turn * 1_000));
            }
            let won = state.claim("claim", owner.to_be_bytes().into(), 60 * SECOND).await.unwrap().is_none();
            (arrivals, won)
        });
    }
    let (mut arrivals, mut winners) = (std::collections::BTreeSet::new(), 0);
    while let Some(done) = tasks.join_next().await {
        let (own, won) = done.unwrap();
        winners += u32::from(won);
        for arrival in own {
            assert!(arrivals.insert(arrival), "{arrival} was given twice");
        }
    }
    assert_eq!((arrivals.len(), winners), (400, 1));
}

#[tokio::test]
async fn as_a_key_value_store_it_behaves_as_spins() {
    let folder = tempfile::tempdir().unwrap();
    let store = state(&folder);
    KeyValue::set(&store, "text", b"abc".into()).await.unwrap();
    assert!(matches!(store.increment("text", 1).await, Err(HostError::Failed(_))));
    assert_eq!(store.increment("n", i64::MAX).await, Ok(i64::MAX));
    assert!(matches!(store.increment("n", 1).await, Err(HostError::Failed(_))));
    assert_eq!(store.increment("n", 0).await, Ok(i64::MAX), "a refused step changes nothing");
    assert_eq!(KeyValue::get(&store, "n").await, Ok(Some(i64::MAX.to_le_bytes().into())));
    assert_eq!(KeyValue::swap(&store, "k", None, b"first".into()).await, Ok(true));
    assert_eq!(KeyValue::swap(&store, "k", None, b"second".into()).await, Ok(true));
    assert_eq!(KeyValue::swap(&store, "k", Some(b"first".into()), b"third".into()).await, Ok(false));
    assert_eq!(KeyValue::swap(&store, "k", Some(b"second".into()), b"third".into()).await, Ok(true));
    KeyValue::delete(&store, "text").await.unwrap();
    let mut keys = KeyValue::keys(&store).await.unwrap();
    keys.sort();
    assert_eq!(keys, ["k", "n"]);
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.db");
    std::fs::write(&text, "no database, but longer than a header of one: ".repeat(9)).unwrap();
    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    for (path, why) in
        [(&text, "not a database"), (&other, "another program's"), (&folder.path().to_owned(), "")]
    {
        let error = SqliteState::open(path).unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()) && error.contains(why), "{error}");
    }
}

/// Another process that writes for long makes it unavailable, and for no longer than that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_file_is_unavailable_within_its_patience() {
    let folder = tempfile::tempdir().unwrap();
    let state = state(&folder);
    State::set(&state, "k", b"v".into(), None).await.unwrap();
    let other = rusqlite::Connection::open(state.path()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let refused = State::set(&state, "k", b"w".into(), None).await;
    assert!(matches!(refused, Err(HostError::Unavailable(_))), "{refused:?}");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(State::set(&state, "k", b"w".into(), None).await, Ok(()));
}

/// Nobody can start while a backup runs, otherwise.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_locked_at_the_start_is_used_once_it_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let state = SqliteState::open(&path).unwrap();
    assert!(matches!(State::get(&state, "k").await, Err(HostError::Unavailable(_))));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(State::set(&state, "k", b"v".into(), None).await, Ok(()));
    assert_eq!(State::get(&state, "k").await, Ok(Some(b"v".into())));
}

#[cfg(unix)]
#[tokio::test]
async fn names_that_mean_something_to_sqlite_are_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file:x?mode=memory");
    State::set(&SqliteState::open(&path).unwrap(), "k", b"v".into(), None).await.unwrap();
    assert_eq!(State::get(&SqliteState::open(&path).unwrap(), "k").await, Ok(Some(b"v".into())));
    let device = SqliteState::open("/dev/null").unwrap_err().to_string();
    assert!(device.contains("is no file"), "{device}");
}

/// Otherwise two processes would each keep a limit of its own.
#[cfg(unix)]
#[tokio::test]
async fn a_file_that_was_removed_is_left_for_the_one_that_others_use() {
    let folder = tempfile::tempdir().unwrap();
    let first = state(&folder);
    State::set(&first, "k", b"v".into(), None).await.unwrap();
    for file in std::fs::read_dir(first.path().parent().unwrap()).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    let second = state(&folder);
    State::set(&second, "k", b"w".into(), None).await.unwrap();
    let looks = async {
        while State::get(&first, "k").await != Ok(Some(b"w".into())) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(10 * SECOND, looks).await.expect("it has the new file");
}
