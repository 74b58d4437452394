//! A shared store that says anything: epochs, answers and plans of limits. What cannot be
//! read was not there, and no value in it makes a call fail or answer wrongly.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::{
    client::Client,
    host::{
        State,
        simulated::{Reply, Store},
    },
};
use penstock_fuzz::rig::Rig;
use std::{cell::Cell, time::Duration};

fuzz_target!(|data: (u8, u8, &[u8], u64, u16)| {
    let (which, form, bytes, number, later) = data;
    let value = match form % 3 {
        // An epoch, perhaps with a sign or zeroes.
        0 => number.to_string().into_bytes(),
        _ => bytes.to_vec(),
    };
    let asked = Cell::new(0_u32);
    let mut rig = Rig::new(move |_| {
        asked.set(asked.get() + 1);
        Reply::ok(format!(r#"{{"id":{},"name":"Repair"}}"#, asked.get()))
    });
    let store = Store::default();
    rig.host.share(store.clone());
    let call = |rig: &Rig| {
        let parameters = [("id".to_owned(), "5".to_owned())];
        let answer = rig.call("servicetitan", "jpm.job-types-get", &parameters, None, None);
        let answer = answer.expect("the vendor is well, and the store is no reason to fail");
        let body: serde_json::Value =
            serde_json::from_str(answer.body.as_deref().unwrap_or_default()).expect("an answer");
        body["id"].as_u64().expect("an id")
    };
    assert_eq!(call(&rig), 1);

    let keys: Vec<String> =
        store.contents().iter().filter_map(|line| Some(line.split_once('=')?.0.to_owned())).collect();
    let key = penstock_fuzz::pick(&keys, which);
    rig.host.run(rig.host.state_set(key, value, None)).expect("the store takes it");
    rig.host.run(rig.host.wait(Duration::from_millis(later.into())));

    // Another instance, which has nothing but the store.
    rig.client = Client::new(rig.host.clone());
    let second = call(&rig);
    assert!((1..=2).contains(&second), "{second} after {key}");
    assert_eq!(call(&rig), second, "and it is kept again");
    rig.check();
});
