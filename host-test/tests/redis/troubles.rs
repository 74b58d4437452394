//! The gateway's component over `spin:redis` on a Redis that is not as it should be: no call fails for that, and no
//! more is sent than the limit allows.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::time::Instant;

use crate::{
    between::{Between, Trouble},
    gateway::{RATE, Served, limited_provider},
    server::Server,
};

/// `/live` waits for no store. The rest is for a machine that is busy.
const LIVE: Duration = Duration::from_millis(500);

async fn through(trouble: Trouble) {
    let (provider, server) = (limited_provider().await, Server::start());
    let between = Between::new(server.port(), trouble).await;
    let url = between.url();
    let gateways =
        Arc::new([Served::on_store(&provider, &url).await, Served::on_store(&provider, &url).await]);
    let calls = join_all((0..2 * RATE).map(|number| gateways[number % 2].call()));
    let live = async {
        let mut longest = Duration::ZERO;
        for _ in 0..20 {
            let since = Instant::now();
            assert_eq!(gateways[0].get("/live").await.0, 200);
            longest = longest.max(since.elapsed());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        longest
    };
    let since = Instant::now();
    let (calls, live) = tokio::join!(calls, live);
    let stats = provider.stats();
    println!("{trouble:?}: {} calls in {:?}, /live {live:?}; {stats:?}", calls.len(), since.elapsed());
    assert_eq!(stats.operations["Jobs_GetList"], 2 * RATE as u64, "each call is sent once");
    assert_eq!(stats.rate_limited, 0, "{trouble:?}");
    assert!(live < LIVE, "{trouble:?}: {live:?}");
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn nobody_answers_the_connection() {
    through(Trouble::Refused).await;
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn commands_are_never_answered() {
    through(Trouble::Silent).await;
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn connections_break_with_a_command_under_way() {
    through(Trouble::Breaks { after: 7 }).await;
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn each_command_takes_long() {
    through(Trouble::Slow(Duration::from_millis(60))).await;
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn commands_run_in_any_order() {
    through(Trouble::Reordered).await;
}
