//! What is told of the writes under way.

use super::rig::{Rig, within};
use crate::host::simulated::Reply;
use futures_util::future::join;
use serde_json::{Value, json};
use std::time::Duration;

fn writes(rig: &Rig) -> Value {
    serde_json::from_str::<Value>(&rig.client.snapshot()).unwrap()["writes"].clone()
}

/// How a note that is being made stands after a second, and once its deadline has passed.
fn stands(rig: &Rig) -> (Value, Value) {
    let patience = within(Duration::from_secs(30));
    let (failed, meanwhile) = rig.run(join(rig.post(&patience), async {
        rig.host.wait(Duration::from_secs(1)).await;
        writes(rig)
    }));
    failed.unwrap_err();
    (meanwhile, writes(rig))
}

#[test]
fn a_write_that_waits_is_told_from_one_that_may_have_taken_effect() {
    let none = json!({"notSent": 0, "notApplied": 0, "inDoubt": 0});
    let rig = Rig::new();
    assert_eq!(writes(&rig), none);
    rig.titan.on_token(|_| Some(Reply::never()));
    assert_eq!(stands(&rig), (json!({"notSent": 1, "notApplied": 0, "inDoubt": 0}), none.clone()));

    let rig = Rig::new();
    rig.titan.on_api(|_, _| Some(Reply::status(429, "").header("retry-after", "20")));
    assert_eq!(stands(&rig), (json!({"notSent": 0, "notApplied": 1, "inDoubt": 0}), none.clone()));

    let rig = Rig::new();
    rig.titan.on_api(|_, _| Some(Reply::never()));
    assert_eq!(stands(&rig), (json!({"notSent": 0, "notApplied": 0, "inDoubt": 1}), none));
}

#[test]
fn a_read_is_no_write() {
    let rig = Rig::new();
    rig.titan.on_api(|_, _| Some(Reply::never()));
    let patience = within(Duration::from_secs(30));
    let (failed, meanwhile) = rig.run(join(rig.get_with(&patience), async {
        rig.host.wait(Duration::from_secs(1)).await;
        writes(&rig)
    }));
    failed.unwrap_err();
    assert_eq!(meanwhile, json!({"notSent": 0, "notApplied": 0, "inDoubt": 0}));
}
