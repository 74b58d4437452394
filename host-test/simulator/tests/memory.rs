//! No set of answers within the limits takes more memory than an instance gives to answers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

#[path = "support/odd_answers.rs"]
mod odd_answers;

use cap::Cap;
use fastrand::Rng;
use futures_util::future::join_all;
use odd_answers::odd_answer;
use penstock::{
    client::Client,
    contract::{CallOptions, OnMisfit, catalogue::Type},
    entry::{
        dynamic,
        form::{Lowered, NormalForm},
        stream_records::{Sink, stream_records},
    },
    host::simulated::{Reply, Simulated},
};
use std::{alloc::System, rc::Rc, time::Duration};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// What the answers may take (PENSTOCK_MEMORY_BYTES), in bytes.
const MEMORY: usize = 16 << 20;

/// The largest answer (PENSTOCK_MAX_BODY_BYTES), in bytes.
const LARGEST: usize = 4 << 20;

/// Places in a text have twice the size here that they have in a component, and the answers of the
/// vendor's model are in memory too while they are under way.
const NATIVE: usize = 2;

/// Takes everything, after a while, and keeps nothing.
struct Slow(Simulated);

impl<R> Sink<R> for Slow {
    async fn write(&mut self, items: Vec<R>) -> Vec<R> {
        self.0.wait(Duration::from_millis(10)).await;
        drop(items);
        Vec::new()
    }
}

fn host(seed: u64) -> Simulated {
    let host = Simulated::new(seed);
    for (name, value) in [
        ("SERVICETITAN_CLIENT_ID", "made-up-id"),
        ("SERVICETITAN_CLIENT_SECRET", "made-up-secret"),
        ("SERVICETITAN_APP_KEY", "made-up-key"),
    ] {
        host.set_secret(name, value);
    }
    for (name, value) in [
        ("SERVICETITAN_TENANT_ID", "42".to_owned()),
        ("PENSTOCK_MEMORY_BYTES", MEMORY.to_string()),
        ("PENSTOCK_MAX_BODY_BYTES", LARGEST.to_string()),
        ("ENABLE_CACHING", "false".to_owned()),
        ("LOG_LEVEL", "error".to_owned()),
    ] {
        host.set(name, &value);
    }
    let mut chance = Rng::with_seed(seed);
    host.answer_with(move |request| match request.authority.starts_with("auth") {
        true => Reply::ok(r#"{"access_token":"made-up-token","expires_in":900}"#),
        false => Reply::ok(odd_answer(&mut chance, LARGEST)).after(Duration::from_millis(5)),
    });
    host
}

fn options() -> CallOptions {
    CallOptions {
        deadline_ms: Some(60_000),
        window: Some(8),
        on_misfit: Some(OnMisfit::Raw),
        ..CallOptions::default()
    }
}

/// One of the ways in which answers are read.
async fn read(client: Rc<Client<Simulated>>, host: Simulated, way: usize) {
    let (list, options) = (dynamic::operation("servicetitan", "jpm.jobs-list").unwrap(), options());
    let ty = list.answer.as_ref().unwrap_or(&Type::Json);
    match way % 3 {
        0 => {
            let Ok(reader) = dynamic::list(&client, list, &[], None, Some(&options)).await else { return };
            _ = stream_records(reader, &mut Slow(host), NormalForm(ty)).await;
        }
        1 => {
            let Ok(reader) = dynamic::list(&client, list, &[], None, Some(&options)).await else { return };
            _ = stream_records(reader, &mut Slow(host), Lowered(ty)).await;
        }
        _ => {
            let page = dynamic::operation("servicetitan", "jpm.jobs-page").unwrap();
            let answer = dynamic::invoke(&client, page, &[], None, Some(&options)).await;
            // The caller has it for a while.
            host.wait(Duration::from_millis(10)).await;
            drop(answer);
        }
    }
}

#[test]
fn no_set_of_answers_takes_more_than_there_is() {
    for seed in 0..20 {
        let host = host(seed);
        let client = Client::new(host.clone());
        host.run(join_all((0..12).map(|way| read(client.clone(), host.clone(), way))));
    }
    let peak = ALLOCATOR.max_allocated();
    println!("at most {} KiB, of {} KiB for answers", peak >> 10, MEMORY >> 10);
    assert!(peak < NATIVE * MEMORY + 12 * LARGEST, "{peak} bytes at once");
}
