//! What instances tell one another of a provider that is down.

use super::rig::{Rig, options};
use crate::{
    contract::FailureKind,
    host::simulated::{Reply, Store},
};
use std::time::Duration;

fn rig() -> (Rig, Store) {
    let (rig, store) = (Rig::new(), Store::default());
    rig.titan.holds(1);
    rig.host.share(store.clone());
    rig.host.set("RETRY_ATTEMPTS", "1");
    (rig, store)
}

/// Ten failures open the breaker of this instance.
async fn fail(rig: &Rig) {
    for _ in 0..10 {
        rig.get_with(&options()).await.unwrap_err();
    }
}

#[test]
fn a_new_instance_does_not_find_out_for_itself_that_the_provider_is_down() {
    let (mut rig, store) = rig();
    rig.titan.on_api(|_, _| Some(Reply::status(503, "")));
    rig.run(fail(&rig));
    assert_eq!(rig.titan.api_requests(), 10);
    for line in store.contents() {
        assert!(!line.contains("open"), "it is sealed: {line}");
    }
    rig.restart();
    let failure = rig.run(rig.get_with(&options())).unwrap_err();
    assert_eq!((failure.kind, rig.titan.api_requests()), (FailureKind::Unavailable, 10));
    // And it is back once the time is over.
    rig.titan.on_api(|_, _| None);
    rig.run(rig.host.wait(Duration::from_secs(5)));
    rig.restart();
    rig.run(rig.get_with(&options())).unwrap();
}

#[test]
fn one_instance_that_is_cut_off_does_not_stop_the_others() {
    let (rig, _store) = rig();
    let other = Rig { host: rig.host.clone(), titan: rig.titan.clone(), client: rig.instance() };
    rig.run(other.get_with(&options())).unwrap();
    rig.titan.on_api(|_, _| Some(Reply::status(503, "")));
    rig.run(fail(&rig));
    rig.titan.on_api(|_, _| None);
    rig.run(other.get_with(&options())).unwrap();
}

#[test]
fn it_can_be_kept_from_others() {
    let (mut rig, store) = rig();
    rig.host.set("PENSTOCK_SHARE_LIMITS", "false");
    rig.titan.on_api(|_, _| Some(Reply::status(503, "")));
    rig.run(fail(&rig));
    assert!(!store.contents().iter().any(|line| line.starts_with("penstock/breaker/")));
    rig.restart();
    rig.run(rig.get_with(&options())).unwrap_err();
    assert_eq!(rig.titan.api_requests(), 11);
}
