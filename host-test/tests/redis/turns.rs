//! The script that gives turns, against the plan that it is written after.

use std::sync::Arc;

use futures_util::future::join_all;
use penstock_host::state::{State, TurnRequest, Turns};
use penstock_state::{redis::GRACE, turns::Plan};
use proptest::{prelude::*, test_runner::TestRunner};
use redis::aio::MultiplexedConnection;

use crate::server::{Server, run};

/// What is stored when the sequence begins; times are from the server's now.
#[derive(Clone, Debug)]
enum Before {
    Nothing,
    Text(String),
    Plan { arrival: i64, closed: i64, owner: u64, given: i64, count: u32 },
}

fn before() -> impl Strategy<Value = Before> {
    let time = || prop_oneof![-5_000_000..5_000_000_i64, -1_000..1_000_i64];
    prop_oneof![
        3 => Just(Before::Nothing),
        1 => prop_oneof![
            "[0-9 ]{0,20}", Just("1 2 3 4 5 6 7 8".to_owned()), Just("1 2 3 4 5 6 x".to_owned())
        ].prop_map(Before::Text),
        3 => (time(), time(), 1..3_u64, time(), 1..9_u32).prop_map(
            |(arrival, closed, owner, given, count)| Before::Plan { arrival, closed, owner, given, count }
        ),
    ]
}

/// A length that counts against what passes between two commands, an ordinary one, or any.
fn length() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 0..500_u64, 4 => 0..3_000_000_u64, 2 => Just(0), 1 => any::<u64>()]
}

fn request() -> impl Strategy<Value = TurnRequest> {
    let who = (prop_oneof![1..3_u64, (u64::MAX - 1)..=u64::MAX, Just(0)], 0..4_u64);
    let counts = (prop_oneof![Just(0), 1..50_u32, any::<u32>()], 0..6_u32);
    (who, counts, length(), length(), length(), length(), length(), prop_oneof![2 => Just(0), 1 => length()])
        .prop_map(|((owner, number), (wanted, least), interval, tolerance, horizon, lead, gap, pause)| {
            TurnRequest { owner, number, interval, tolerance, horizon, wanted, least, lead, gap, pause }
        })
}

/// What a script is given of a request: its numbers are exact up to there.
fn as_sent(request: &TurnRequest) -> TurnRequest {
    let exact = |length: u64| length.min(1 << 50);
    TurnRequest {
        interval: exact(request.interval.max(1)),
        tolerance: exact(request.tolerance),
        horizon: exact(request.horizon),
        lead: exact(request.lead),
        gap: exact(request.gap),
        pause: exact(request.pause),
        ..*request
    }
}

async fn begin(beside: &mut MultiplexedConnection, before: &Before) -> Option<Plan> {
    let _: i64 = run(beside, "DEL t").await;
    let text = match before {
        Before::Nothing => return None,
        Before::Text(text) => text.clone(),
        Before::Plan { arrival, closed, owner, given, count } => {
            let (seconds, micros): (u64, u64) = run(beside, "TIME").await;
            let now = seconds * 1_000_000 + micros;
            let at = |time: &i64| now.saturating_add_signed(*time);
            format!("{} {} {} {owner} 1 {} {count}", now - 9, at(arrival), at(closed), at(given))
        }
    };
    let set = redis::cmd("SET").arg("t").arg(&text).to_owned();
    let _: () = set.query_async(beside).await.unwrap();
    Plan::parse(text.as_bytes())
}

#[test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
fn the_script_answers_as_the_plan() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = Server::start();
    let state = server.state();
    let mut beside = runtime.block_on(server.connect());
    let sequences = (before(), proptest::collection::vec(request(), 1..8));
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let agree = |(before, requests): (Before, Vec<TurnRequest>)| {
        runtime.block_on(async {
            let mut beside = beside.clone();
            let mut plan = begin(&mut beside, &before).await;
            for request in &requests {
                let turns = state.turns("t", request).await.unwrap();
                let (expected, next) = Plan::ask(plan, turns.now, &as_sent(request), GRACE);
                prop_assert_eq!(turns, expected, "{:?} of {:?}", request, plan);
                if let Some(next) = next {
                    plan = Some(next);
                    let (kept, ttl): (String, u64) =
                        redis::pipe().get("t").cmd("PTTL").arg("t").query_async(&mut beside).await.unwrap();
                    prop_assert_eq!(kept, next.to_string());
                    let whole = next.ttl_ms(turns.now);
                    prop_assert!(ttl <= whole && ttl + 1_000 > whole, "{} of {}", ttl, whole);
                }
            }
            Ok(())
        })
    };
    runner.run(&sequences, agree).unwrap();
    let _: () = runtime.block_on(run(&mut beside, "FLUSHALL"));
}

/// 100 a second, a burst of 10.
fn want(owner: u64, number: u64) -> TurnRequest {
    TurnRequest {
        owner,
        number,
        interval: 10_000,
        tolerance: 90_000,
        horizon: 10_000_000,
        wanted: 1,
        ..TurnRequest::default()
    }
}

#[tokio::test]
#[ignore = "needs redis-server on the PATH: .ci/leg gateway"]
async fn instances_share_one_limit() {
    let server = Server::start();
    let instances: Vec<_> = (0..3).map(|_| Arc::new(server.state())).collect();
    let asked = instances.iter().zip(1..).flat_map(|(state, owner)| {
        (1..=100).map(move |number| {
            let state = state.clone();
            tokio::spawn(async move { state.turns("t", &want(owner, number)).await.unwrap() })
        })
    });
    let given: Vec<Turns> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
    let mut arrivals: Vec<_> = given.iter().map(|turns| turns.arrival).collect();
    arrivals.sort_unstable();
    assert!(given.iter().all(|turns| turns.count == 1), "there is room for all");
    assert!(arrivals.windows(2).all(|pair| pair[1] - pair[0] >= 10_000), "two have one turn: {arrivals:?}");
    let again = instances[0].turns("t", &want(3, 0)).await.unwrap();
    assert_eq!(again.since, given[0].since);
}
