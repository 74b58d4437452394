//! Claims in the store of several instances.

use super::rig::Rig;
use crate::{
    client::{
        Client,
        claims::{ClaimPlace, Claimed, HeldClaim},
    },
    contract::FailureKind,
    host::{
        HostError,
        simulated::{Conduct, Simulated, Store},
    },
    providers::{api::Provider, registry},
};
use futures_util::future::join_all;
use penstock_state::names;
use std::{rc::Rc, time::Duration};

const LIFE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

fn rig() -> (Rig, Store) {
    let (rig, store) = (Rig::new(), Store::default());
    rig.host.share(store.clone());
    (rig, store)
}

fn titan() -> &'static dyn Provider {
    registry::find("servicetitan").unwrap()
}

async fn place(client: &Rc<Client<Simulated>>, of: &str) -> ClaimPlace<Simulated> {
    client.claim_place((titan(), None), names::IDEMPOTENCY, &[of], None).await.unwrap()
}

async fn claim(client: &Rc<Client<Simulated>>, of: &str) -> Claimed {
    place(client, of).await.claim(b"begun", LIFE).await.unwrap()
}

fn ours(claimed: Claimed) -> HeldClaim {
    match claimed {
        Claimed::Ours(held) => held,
        Claimed::Taken(by) => panic!("{by:?}"),
    }
}

fn taken(by: &[u8]) -> Claimed {
    Claimed::Taken(Some(by.to_vec()))
}

#[test]
fn one_of_many_has_it_and_all_others_read_what_it_wrote() {
    let (rig, store) = rig();
    rig.run(async {
        let instances: Vec<_> = (0..20).map(|_| rig.instance()).collect();
        store.behave(Conduct { latency: Duration::from_millis(5), ..Conduct::default() });
        let claims = join_all(instances.iter().map(|client| claim(client, "a"))).await;
        let (mine, others): (Vec<_>, Vec<_>) =
            claims.into_iter().partition(|claimed| matches!(claimed, Claimed::Ours(_)));
        assert_eq!((mine.len(), others), (1, vec![taken(b"begun"); 19]));
        let held = ours(mine.into_iter().next().unwrap());
        let here = place(&rig.client, "a").await;
        assert!(here.settle(&held, b"done", LIFE).await);
        assert_eq!(claim(&instances[3], "a").await, taken(b"done"));
        // Another one has a place of its own, and what is given up is free.
        let other = ours(claim(&rig.client, "b").await);
        assert!(place(&rig.client, "b").await.release(&other).await);
        ours(claim(&instances[3], "b").await);
        let stored = store.contents();
        assert!(!stored.iter().any(|line| line.contains("begun") || line.contains("done")), "{stored:?}");
        rig.host.wait(LIFE).await;
        ours(claim(&instances[3], "a").await);
    });
}

#[test]
fn a_store_that_is_slow_or_down_is_waited_for_no_longer_than_two_seconds_and_leaves_nothing() {
    let (rig, store) = rig();
    rig.run(async {
        let here = place(&rig.client, "a").await;
        for conduct in [
            Conduct { down: true, ..Conduct::default() },
            Conduct { latency: 9 * SECOND, ..Conduct::default() },
            // It does it, and does not say so in time.
            Conduct { late: 9 * SECOND, ..Conduct::default() },
        ] {
            store.behave(conduct);
            let began = rig.host.elapsed();
            here.claim(b"begun", LIFE).await.unwrap_err();
            assert!(rig.host.elapsed() - began <= 2 * SECOND, "{conduct:?}");
            store.behave(Conduct::default());
            let held = ours(here.claim(b"begun", LIFE).await.unwrap());
            assert!(here.release(&held).await);
        }
        // A moment's outage costs nothing.
        store.behave(Conduct { refused_writes: 0.3, ..Conduct::default() });
        let mut settled = 0;
        for at in 0..50 {
            let here = place(&rig.client, &format!("c{at}")).await;
            if let Ok(Claimed::Ours(held)) = here.claim(b"begun", LIFE).await {
                settled += usize::from(here.settle(&held, b"done", LIFE).await);
            }
        }
        assert!(settled > 40, "{settled}");
    });
    let lines = rig.host.lines();
    assert!(
        lines.iter().any(|line| line.contains(r#""event":"claim""#) && line.contains(r#""step":"claim""#))
    );
}

#[test]
fn what_another_secret_sealed_is_there_and_is_not_read() {
    let (rig, _store) = rig();
    rig.run(async {
        // By its credentials, as long as there is nothing else.
        ours(claim(&rig.client, "a").await);
        rig.host.set_secret("PENSTOCK_STATE_SECRET", "canary-state-1");
        assert_eq!(claim(&rig.client, "a").await, Claimed::Taken(None));
        ours(claim(&rig.client, "b").await);
        rig.host.set_secret("PENSTOCK_STATE_SECRET", "canary-state-2");
        assert_eq!(claim(&rig.client, "b").await, Claimed::Taken(None));
        rig.host.set_secret("PENSTOCK_STATE_SECRET_SECONDARY", "canary-state-1");
        assert_eq!(claim(&rig.client, "b").await, taken(b"begun"));
        // Whoever cannot read it has no place at all.
        rig.host.fail_lookups(Some(HostError::Unavailable("away".to_owned())));
        let failed = rig.client.claim_place((titan(), None), names::IDEMPOTENCY, &["a"], None).await;
        assert_eq!(failed.err().map(|failure| failure.kind), Some(FailureKind::Host));
        rig.host.fail_lookups(None);
        // A host that denies the name has none.
        let (other, store) = self::rig();
        other.host.deny("PENSTOCK_STATE_SECRET");
        other.host.deny("PENSTOCK_STATE_SECRET_SECONDARY");
        drop(store);
        ours(claim(&other.client, "a").await);
    });
}

#[test]
fn a_claim_that_the_store_has_lost_is_settled_all_the_same_unless_it_is_somebody_elses() {
    let (rig, store) = rig();
    rig.run(async {
        let here = place(&rig.client, "a").await;
        let first = ours(here.claim(b"first", LIFE).await.unwrap());
        store.forget();
        assert!(here.settle(&first, b"done", LIFE).await);
        assert_eq!(claim(&rig.client, "a").await, taken(b"done"));
        store.forget();
        let second = ours(here.claim(b"second", LIFE).await.unwrap());
        assert!(!here.settle(&first, b"late", LIFE).await && here.release(&first).await);
        assert_eq!(claim(&rig.client, "a").await, taken(b"second"));
        assert!(here.settle(&second, b"done", LIFE).await);
    });
}
