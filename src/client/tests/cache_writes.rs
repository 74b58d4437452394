//! The cache of one instance that writes.

use super::cache::{Kitchen, SECOND, types};
use crate::{
    client::cache::Question,
    contract::{AnswerSource, catalogue::find},
};
use futures_util::future::join;
use std::time::Duration;

const VENDOR: AnswerSource = AnswerSource::Vendor;
const CACHE: AnswerSource = AnswerSource::Cache;

#[test]
fn a_write_makes_useless_what_is_kept_even_if_it_is_just_being_fetched() {
    let kitchen = Kitchen::new();
    kitchen.host.run(async {
        kitchen.get().await;
        kitchen.write().await;
        assert_eq!(kitchen.get().await, (2, VENDOR));
        kitchen.latency.set(10 * SECOND);
        kitchen.write().await;
        let write = async {
            kitchen.host.wait(SECOND).await;
            kitchen.write().await;
        };
        assert_eq!(join(kitchen.get(), write).await.0, (3, VENDOR));
        assert_eq!(kitchen.get().await, (4, VENDOR));
        // That of another tenant, or to another resource, does not matter.
        kitchen.writes(&types("2"), Ok(())).await;
        let jobs = Question { operation: find("servicetitan", "jpm.jobs-create").unwrap(), ..types("1") };
        kitchen.writes(&jobs, Ok(())).await;
        assert_eq!(kitchen.get().await, (4, CACHE));
    });
}

#[test]
fn who_asks_after_a_write_gets_nothing_that_was_asked_for_while_it_was_under_way() {
    let kitchen = Kitchen::new();
    kitchen.latency.set(10 * SECOND);
    let question = types("1");
    kitchen.host.run(async {
        let slow = async {
            kitchen.host.wait(5 * SECOND).await;
            Ok(())
        };
        let write = kitchen.cache.write(&kitchen.host, &question, None, slow);
        let ask = async |after: Duration| {
            kitchen.host.wait(after).await;
            kitchen.get().await.0
        };
        let (written, (before, after)) = join(write, join(ask(SECOND), ask(6 * SECOND))).await;
        assert_eq!((written, before, after), (Ok(()), 1, 2));
    });
}
