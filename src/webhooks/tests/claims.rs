//! Claims of several instances on one store.

use crate::{
    host::{
        Host, HostError, State,
        simulated::{Conduct, Simulated, Store},
    },
    policy::time::WallTime,
    webhooks::claims::{Claim, Claims, Ticket},
};
use std::{cell::RefCell, collections::BTreeMap, time::Duration};

const LEASE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

fn claims(host: &Simulated) -> Claims<'_, Simulated> {
    Claims { host, lease: LEASE, keep: 14 * DAY, seal: None }
}

fn host(seed: u64) -> Simulated {
    let host = Simulated::new(seed);
    host.share(Store::default());
    host
}

fn ours(claim: Result<Claim, HostError>) -> Ticket {
    match claim.unwrap() {
        Claim::Ours(ticket) => ticket,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_event_is_handed_out_once_and_after_a_failure_again() {
    let host = host(1);
    host.clone().run(async {
        let claims = claims(&host);
        let first = ours(claims.claim("t", &["v", "e1"]).await);
        assert_eq!(claims.claim("t", &["v", "e1"]).await, Ok(Claim::Taken));
        claims.release(&first).await.unwrap();
        let second = ours(claims.claim("t", &["v", "e1"]).await);
        assert_ne!(first, second);
        // Whoever gave it back cannot give back what another one has.
        claims.release(&first).await.unwrap();
        assert_eq!(claims.claim("t", &["v", "e1"]).await, Ok(Claim::Taken));
        assert_eq!(claims.done(&second).await, Ok(true));
        host.wait(13 * DAY).await;
        assert_eq!(claims.claim("t", &["v", "e1"]).await, Ok(Claim::Done));
        // Another event, and texts that only look alike.
        ours(claims.claim("t", &["v", "e2"]).await);
        ours(claims.claim("t", &["ve", "1"]).await);
    });
}

#[test]
fn the_event_of_a_consumer_that_died_comes_free() {
    let host = host(2);
    host.clone().run(async {
        let claims = claims(&host);
        let dead = ours(claims.claim("t", &["e"]).await);
        host.wait(LEASE - Duration::from_millis(1)).await;
        assert_eq!(claims.claim("t", &["e"]).await, Ok(Claim::Taken));
        host.wait(Duration::from_millis(1)).await;
        let heir = ours(claims.claim("t", &["e"]).await);
        assert_eq!(claims.claim("t", &["e"]).await, Ok(Claim::Taken));
        // The dead one was only slow, and is told.
        assert_eq!(claims.done(&dead).await, Ok(false));
        assert_eq!(claims.claim("t", &["e"]).await, Ok(Claim::Done));
        assert_eq!(claims.done(&heir).await, Ok(true));
        // One that was slow while nobody came has not been taken for dead.
        let slow = ours(claims.claim("t", &["e2"]).await);
        host.wait(2 * LEASE).await;
        assert_eq!(claims.done(&slow).await, Ok(true));
        assert_eq!(claims.claim("t", &["e2"]).await, Ok(Claim::Done));
    });
}

#[test]
fn tickets_are_read_back_and_nothing_else_is() {
    let host = host(3);
    let ticket = host.clone().run(async { ours(claims(&host).claim("t", &["e"]).await) });
    assert_eq!(Ticket::parse(&ticket.to_string()), Some(ticket.clone()));
    let text = ticket.to_string();
    for wrong in [
        "",
        ".",
        "abc.1",
        text.get(1..).unwrap(),
        text.get(..64).unwrap(),
        &format!("{text}g"),
        &text.replace('.', "/"),
    ] {
        assert_eq!(Ticket::parse(wrong), None, "{wrong}");
    }
}

/// 200 events, each delivered up to 60 times by senders that wait for nobody, through four
/// instances; a fifth of the handlings fails, a tenth of the consumers dies.
#[test]
fn a_crowd_of_deliveries_is_handled_once_each_although_consumers_die() {
    for (seed, refused) in [(11, 0.0), (12, 0.0), (13, 0.3)] {
        let first = Simulated::new(seed);
        let store = Store::default();
        store.behave(Conduct {
            latency: Duration::from_millis(3),
            refused_writes: refused,
            ..Conduct::default()
        });
        let mut instances = vec![first.clone()];
        for (number, skew) in [(1, 5_000), (2, -5_000), (3, 2_000)] {
            let instance = first.sibling(seed * 100 + number);
            instance.skew(skew);
            instances.push(instance);
        }
        instances.iter().for_each(|instance| instance.share(store.clone()));
        let done: RefCell<BTreeMap<u64, u32>> = RefCell::default();
        let deliver = async |sender: u64| {
            let host = &instances[usize::try_from(sender % 4).unwrap()];
            let event = sender % 200;
            let claims = claims(host);
            let name = event.to_string();
            for _ in 0..60 {
                host.wait(Duration::from_millis(host.random() % 40_000)).await;
                match claims.claim("t", &["v", &name]).await {
                    Ok(Claim::Ours(ticket)) => {
                        host.wait(Duration::from_millis(host.random() % 20_000)).await;
                        match host.random() % 10 {
                            // It dies.
                            0 => {}
                            1 | 2 => drop(claims.release(&ticket).await),
                            _ => {
                                // What it does and that it is done are settled together;
                                // a store that refuses is asked again.
                                *done.borrow_mut().entry(event).or_default() += 1;
                                while claims.done(&ticket).await.is_err() {}
                            }
                        }
                    }
                    Ok(Claim::Done) => return,
                    Ok(Claim::Taken) | Err(_) => {}
                }
            }
        };
        let senders = (0..600_u64).map(deliver);
        first.clone().run(futures_util::future::join_all(senders));
        let done = done.borrow();
        assert_eq!(done.len(), 200, "seed {seed}: lost");
        assert!(done.values().all(|times| *times == 1), "seed {seed}: handed out again");
    }
}

#[test]
fn a_store_that_is_down_hands_nothing_out() {
    let host = Simulated::new(5);
    let nothing = host.clone().run(async { claims(&host).claim("t", &["e"]).await });
    assert!(matches!(nothing, Err(HostError::Unavailable(_))), "{nothing:?}");
    assert!(host.wall_now() >= WallTime::default());
}

/// What another version, or somebody else, wrote in a claim's place holds nobody up.
#[test]
fn a_claim_that_is_not_ours_to_read_comes_free() {
    for foreign in ["", "held", "held 1 5", "held +000000000000001", "free", "done "] {
        let store = Store::default();
        let host = Simulated::new(6);
        host.share(store.clone());
        host.clone().run(async {
            let claims = claims(&host);
            claims.release(&ours(claims.claim("t", &["e"]).await)).await.unwrap();
            let ticket = ours(claims.claim("t", &["e"]).await);
            let contents = store.contents();
            let key = contents.iter().find_map(|line| Some(line.split_once('=')?.0)).unwrap();
            claims.release(&ticket).await.unwrap();
            assert_eq!(host.state_claim(key, foreign.into(), DAY).await, Ok(None));
            ours(claims.claim("t", &["e"]).await);
        });
    }
}
