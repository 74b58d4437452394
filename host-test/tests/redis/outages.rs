//! A Redis that refuses, is silent, breaks off, freezes and comes back.

use std::time::Duration;

use futures_util::future::join_all;
use penstock_host::state::{RedisState, State};
use tokio::{
    net::TcpListener,
    time::{Instant, timeout},
};

use crate::server::{Server, is_unavailable, run};

/// A call has 300 ms. The rest is for a machine that is busy: without a limit of its own, a call
/// would wait until this ends the test.
const AT_MOST: Duration = Duration::from_secs(3);

/// Until an operation succeeds.
async fn until_it_works(state: &RedisState) -> Duration {
    let since = Instant::now();
    let works = async {
        while state.set("k", b"v".to_vec(), None).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(10), works).await.expect("it works again");
    since.elapsed()
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn nobody_listens() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let state = RedisState::new(&format!("redis://{closed}")).unwrap();
    for answer in join_all((0..10).map(|_| state.get("k"))).await {
        assert!(is_unavailable(&answer), "{answer:?}");
    }
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn somebody_listens_and_says_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let state = RedisState::new(&format!("redis://{}", silent.local_addr().unwrap())).unwrap();
    let answer = timeout(AT_MOST, state.get("k")).await.expect("a call ends by itself");
    assert!(is_unavailable(&answer), "{answer:?}");
    // It is left alone now.
    let at_once = Instant::now();
    assert!(is_unavailable(&state.get("k").await));
    println!("while it is left alone: {:?}", at_once.elapsed());
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn who_loses_patience_first_makes_it_an_outage_too() {
    let server = Server::start();
    let state = server.state();
    state.set("k", b"v".to_vec(), None).await.unwrap();
    server.freeze();
    assert!(timeout(Duration::from_millis(200), state.get("k")).await.is_err());
    // It is left alone now: an answer, not another wait.
    let answer = timeout(Duration::from_millis(200), state.get("k")).await.expect("an answer");
    assert!(is_unavailable(&answer), "{answer:?}");
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn what_is_no_redis_is_a_failure_or_away() {
    use tokio::io::AsyncWriteExt;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let state = RedisState::new(&format!("redis://{}", listener.local_addr().unwrap())).unwrap();
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let answer = timeout(AT_MOST, state.get("k")).await.expect("a call ends by itself");
    assert!(answer.is_err(), "{answer:?}");
    serving.abort();
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn a_broken_connection_is_opened_again_under_the_call() {
    let server = Server::start();
    let state = server.state();
    state.set("k", b"v".to_vec(), None).await.unwrap();
    let mut beside = server.connect().await;
    for _ in 0..5 {
        let killed: i64 = run(&mut beside, "CLIENT KILL TYPE normal").await;
        assert_eq!(killed, 1);
        assert_eq!(state.get("k").await, Ok(Some(b"v".to_vec())));
    }
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn a_frozen_server_costs_each_call_its_patience_at_most() {
    let server = Server::start();
    let state = server.state();
    state.set("k", b"v".to_vec(), None).await.unwrap();
    server.freeze();
    let calls = (0..20).map(|number| {
        let state = &state;
        async move {
            tokio::time::sleep(Duration::from_millis(50 * number)).await;
            let since = Instant::now();
            let answer = timeout(AT_MOST, state.get("k")).await.expect("a call ends by itself");
            assert!(is_unavailable(&answer), "{answer:?}");
            since.elapsed()
        }
    });
    let longest = join_all(calls).await.into_iter().max().unwrap();
    server.thaw();
    println!("longest call while frozen: {longest:?}; back after {:?}", until_it_works(&state).await);
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn a_server_that_was_started_again_is_used_again() {
    let mut server = Server::start();
    let state = server.state();
    state.set("k", b"v".to_vec(), None).await.unwrap();
    server.restart();
    // The old connection is broken, and that alone is no outage.
    assert_eq!(state.get("k").await, Ok(None));
    state.release("k", b"v").await.expect("it does not know the scripts any more");

    server.stop();
    for _ in 0..10 {
        assert!(is_unavailable(&state.get("k").await));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    server.restart();
    println!("back after {:?}", until_it_works(&state).await);
}
