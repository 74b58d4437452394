//! What each operation does, and what of it is refused.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::join_all};
use penstock_host::{
    sources::HostError,
    state::{RedisState, State},
};
use penstock_state::{TurnRequest, redis::SCRIPTS};

use crate::server::{Server, run};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn the_hashes_of_the_scripts_are_the_servers() {
    let server = Server::start();
    let mut beside = server.connect().await;
    for script in SCRIPTS {
        let load = redis::cmd("SCRIPT").arg("LOAD").arg(script.source).to_owned();
        let hash: String = load.query_async(&mut beside).await.unwrap();
        assert_eq!(hash, script.sha1, "{}", script.source);
    }
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn values_come_and_go() {
    let server = Server::start();
    let state = server.state();
    assert_eq!(state.get("k").await, Ok(None));
    state.set("k", b"\0\xffbytes".to_vec(), None).await.unwrap();
    assert_eq!(state.get("k").await, Ok(Some(b"\0\xffbytes".to_vec())));
    let mut beside = server.connect().await;
    let ttl: i64 = run(&mut beside, "PTTL k").await;
    assert!(ttl > 29 * 24 * 3_600_000, "{ttl}: nothing stays for ever");
    state.set("k", b"short".to_vec(), Some(Duration::from_millis(1))).await.unwrap();
    let mut left = state.get("k").await.unwrap();
    while left.is_some() {
        tokio::task::yield_now().await;
        left = state.get("k").await.unwrap();
    }
    state.set("k", Vec::new(), None).await.unwrap();
    assert_eq!(state.get("k").await, Ok(Some(Vec::new())));
    state.delete("k").await.unwrap();
    state.delete("k").await.unwrap();
    assert_eq!(state.get("k").await, Ok(None));
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn a_claim_is_taken_renewed_and_given_up() {
    let server = Server::start();
    let state = server.state();
    assert_eq!(state.claim("c", b"one".to_vec(), MINUTE).await, Ok(None));
    assert_eq!(state.claim("c", b"one".to_vec(), MINUTE).await, Ok(None), "the same again is the same");
    assert_eq!(state.claim("c", b"two".to_vec(), MINUTE).await, Ok(Some(b"one".to_vec())));
    assert_eq!(state.swap("c", b"two", b"new".to_vec(), MINUTE).await, Ok(false));
    assert_eq!(state.swap("c", b"one", b"new".to_vec(), MINUTE).await, Ok(true));
    assert_eq!(state.swap("c", b"one", b"new".to_vec(), MINUTE).await, Ok(true), "it is done already");
    state.release("c", b"one").await.unwrap();
    assert_eq!(state.claim("c", b"two".to_vec(), MINUTE).await, Ok(Some(b"new".to_vec())));
    state.release("c", b"new").await.unwrap();
    assert_eq!(
        state.swap("c", b"new", b"x".to_vec(), MINUTE).await,
        Ok(false),
        "what is gone is not swapped"
    );
    assert_eq!(state.claim("c", b"two".to_vec(), MINUTE).await, Ok(None));
    let ttl: i64 = run(&mut server.connect().await, "PTTL c").await;
    assert!((1..=60_000).contains(&ttl), "{ttl}");
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn of_many_who_claim_at_once_one_gets_it() {
    let server = Server::start();
    let instances: Vec<_> = (0..4).map(|_| server.state()).collect();
    let tries = (0..400_u32).map(|number| {
        let state = &instances[number as usize % instances.len()];
        async move { state.claim("c", number.to_string().into_bytes(), MINUTE).await.unwrap() }
    });
    let answers = join_all(tries).await;
    let winners: Vec<_> = answers.iter().enumerate().filter(|(_, answer)| answer.is_none()).collect();
    let [(winner, _)] = winners[..] else { panic!("{} winners", winners.len()) };
    let value = Some(winner.to_string().into_bytes());
    assert!(answers.iter().flatten().all(|present| Some(present) == value.as_ref()));
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn all_that_wait_share_one_connection() {
    let server = Server::start();
    let state = Arc::new(server.state());
    let tasks = (0..100).map(|number| {
        let state = state.clone();
        tokio::spawn(async move { state.set(&format!("k{number}"), b"v".to_vec(), None).await })
    });
    for done in join_all(tasks).await {
        done.unwrap().unwrap();
    }
    let mut beside = server.connect().await;
    let clients: String = run(&mut beside, "CLIENT LIST").await;
    assert_eq!(clients.lines().count(), 2, "this one and the one that is looked for:\n{clients}");
    // Whoever asked first is gone before it was open.
    let state = server.state();
    assert_eq!(state.get("k1").now_or_never(), None);
    assert_eq!(state.get("k1").await, Ok(Some(b"v".to_vec())));
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn a_script_that_the_server_forgot_is_sent_again() {
    let server = Server::start();
    let state = server.state();
    for _ in 0..2 {
        state.release("c", b"x").await.unwrap();
        let _: () = run(&mut server.connect().await, "SCRIPT FLUSH").await;
    }
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn an_error_of_the_server_is_a_failure_and_quotes_nothing() {
    let server = Server::start();
    let state = server.state();
    let mut beside = server.connect().await;
    let _: i64 = run(&mut beside, "LPUSH list x").await;
    let Err(HostError::Failed(why)) = state.get("list").await else { panic!("a list is no value") };
    assert!(why.contains("WRONGTYPE"), "{why}");
    let server = Server::with_options(&["--rename-command", "SET", ""]);
    let refused = server.state().set("k", b"canary".to_vec(), None).await;
    let Err(HostError::Failed(why)) = refused else { panic!("{refused:?}") };
    assert!(!why.contains("canary"), "{why}");
}

/// Another program's, or a slip of somebody's hand: no limit waits for a person.
#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn a_key_of_another_type_is_written_over() {
    let server = Server::start();
    let state = server.state();
    let mut beside = server.connect().await;
    for key in ["turns", "claimed", "swapped"] {
        let _: i64 = run(&mut beside, &format!("LPUSH {key} x")).await;
    }
    let request = TurnRequest { owner: 1, wanted: 1, horizon: 1_000_000, ..TurnRequest::default() };
    assert_eq!(state.turns("turns", &request).await.map(|turns| turns.count), Ok(1));
    assert_eq!(state.swap("swapped", b"old", b"new".to_vec(), MINUTE).await, Ok(false));
    state.release("swapped", b"old").await.unwrap();
    assert_eq!(state.claim("claimed", b"me".to_vec(), MINUTE).await, Ok(None));
    assert_eq!(state.get("claimed").await, Ok(Some(b"me".to_vec())));
    // Whoever may not read is told so.
    let _: String = run(&mut beside, "ACL SETUSER default -get").await;
    let Err(HostError::Failed(why)) = state.turns("turns", &request).await else { panic!("it may not") };
    assert!(why.contains("can't run this command"), "{why}");
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn what_is_too_large_is_refused() {
    let server = Server::start();
    let state = server.state();
    state.set("k", vec![b'x'; 1 << 20], None).await.unwrap();
    assert_eq!(state.get("k").await.unwrap().unwrap().len(), 1 << 20);
    state.set("k", vec![b'x'; (1 << 20) + 1], None).await.unwrap();
    assert!(matches!(state.get("k").await, Err(HostError::Failed(_))));
    assert!(matches!(state.claim("k", b"mine".to_vec(), MINUTE).await, Err(HostError::Failed(_))));
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn a_password_is_sent_and_never_shown() {
    let server = Server::with_options(&["--requirepass", "s3cr3t"]);
    let at = |password: &str| RedisState::new(&format!("redis://:{password}@127.0.0.1:{}/3", server.port()));
    let state = at("s3cr3t").unwrap();
    state.set("k", b"v".to_vec(), None).await.unwrap();
    assert_eq!(state.get("k").await, Ok(Some(b"v".to_vec())));
    assert!(!format!("{state:?}").contains("s3cr3t"), "{state:?}");
    let refused = at("wr0ng").unwrap().get("k").await;
    assert!(matches!(refused, Err(HostError::Failed(_))), "{refused:?}");
    assert!(!format!("{refused:?}").contains("wr0ng"), "{refused:?}");
    assert!(server.state().get("k").await.is_err(), "without a password nobody gets in");
    let unusable = RedisState::new("http://user:s3cr3t@host").unwrap_err();
    assert!(!format!("{unusable:?} {unusable}").contains("s3cr3t"), "{unusable}");
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn keys_are_found_by_their_beginning_whatever_is_in_it() {
    let server = Server::start();
    let state = server.state();
    // More than one step of a scan, and signs that mean something in a pattern.
    for number in 0..2_500 {
        state.set(&format!("a*[x]/{number}"), b"v".to_vec(), None).await.unwrap();
    }
    state.set("ab[x]/other", b"v".to_vec(), None).await.unwrap();
    state.claim("a*[x]/claimed", b"me".to_vec(), MINUTE).await.unwrap();
    let all = state.keys("a*[x]/", 10_000).await.unwrap();
    assert_eq!(all.len(), 2_501);
    assert!(all.iter().all(|key| key.starts_with("a*[x]/")));
    assert_eq!(state.keys("a*[x]/", 7).await.unwrap().len(), 7);
    assert_eq!(state.keys("nothing", 7).await, Ok(Vec::new()));
    state.delete("a*[x]/claimed").await.unwrap();
    assert_eq!(state.keys("a*[x]/c", 7).await, Ok(Vec::new()));
}
