//! Nobody is killed and the Redis stays: nearly all of the limit is used, and no more than it, with one token for
//! each tenant.

use crate::{
    CALLERS, GATEWAYS, RATE,
    client::{self, Calls},
    gateway::Gateway,
    redis_server::Server,
    settings::{self, TENANTS},
};
use penstock_simulated::{
    RateLimit,
    servicetitan::{Account, Config, SimulatedServiceTitan},
};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// How long, after they have begun.
const TIME: Duration = Duration::from_secs(10);
const WARM_UP: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn gateways_that_nobody_disturbs_use_their_limit_with_one_token() {
    let account = Account { tenants: TENANTS.to_vec(), ..Account::default() };
    let provider = SimulatedServiceTitan::start(Config {
        remember: 1_000_000,
        accounts: vec![account],
        rate_limit: Some(RateLimit { requests: RATE, per: Duration::from_secs(1) }),
        ..Config::small(3)
    })
    .await
    .unwrap();
    let redis = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let settings = settings::settings(&provider, &redis.url(), RATE, GATEWAYS);
    let allowed = &settings["SERVICETITAN_API_URL"];
    let gateways: Arc<[Mutex<Gateway>]> =
        (0..GATEWAYS).map(|_| Mutex::new(Gateway::start(folder.path(), settings.clone(), allowed))).collect();

    let from = Instant::now() + WARM_UP;
    let until = from + TIME;
    let calls = Calls::default();
    let mut tasks = tokio::task::JoinSet::new();
    for gateway in 0..GATEWAYS {
        for caller in 0..CALLERS {
            let calling =
                client::call_again_and_again(gateways.clone(), gateway, caller % 2, calls.clone(), until);
            tasks.spawn(calling);
        }
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }

    let (stats, requests) = (provider.stats(), provider.requests());
    let (failed, broken) = {
        let seen = calls.0.lock().unwrap();
        (seen.failed.len(), seen.broken)
    };
    assert_eq!((stats.rate_limited, failed, broken), (0, 0, 0), "{stats:?}");
    // Each tenant has a token and a limit of its own.
    assert_eq!(stats.tokens, TENANTS.len() as u64, "{stats:?}");
    for tenant in TENANTS {
        let path = format!("/tenant/{tenant}/jobs");
        let of_tenant = requests.iter().filter(|request| request.path.ends_with(&path));
        let sent = of_tenant.filter(|request| request.at >= from && request.at < until).count();
        let used = sent as f64 / (RATE as f64 * TIME.as_secs_f64());
        eprintln!("tenant {tenant}: {:.1} % of the limit, {} tokens", used * 100.0, stats.tokens);
        assert!(used >= 0.95, "{used}");
    }
    drop(gateways);
    provider.shutdown().await;
}
