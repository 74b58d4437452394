//! The cache of several instances that share a store.

use super::cache::{Kitchen, SECOND, keys, number, types};
use crate::{
    client::cache::{Question, Wanted},
    contract::{AnswerSource, Failure, FailureKind, Outcome},
    failure::refused,
    host::{
        Host, State,
        simulated::{Conduct, Store},
    },
};
use futures_util::future::{join, join_all, pending, select};
use std::{pin::pin, time::Duration};

const VENDOR: AnswerSource = AnswerSource::Vendor;
const CACHE: AnswerSource = AnswerSource::Cache;

/// Two instances and their store.
fn two() -> (Kitchen, Kitchen, Store) {
    let (one, store) = (Kitchen::new(), Store::default());
    one.host.share(store.clone());
    let other = one.sibling(&store);
    (one, other, store)
}

/// The names of what is stored: of answers, or of epochs, which are numbers.
fn names(store: &Store, epochs: bool) -> Vec<String> {
    let contents = store.contents();
    let lines = contents.iter().filter_map(|line| line.split_once('='));
    let is_number = |value: &str| value.bytes().all(|byte| byte.is_ascii_digit());
    lines.filter(|(_, value)| is_number(value) == epochs).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn what_one_has_fetched_serves_the_others() {
    let (one, other, _) = two();
    one.host.run(async {
        assert_eq!(one.get().await, (1, VENDOR));
        one.host.wait(10 * SECOND).await;
        let answer = other.ask(&types("1"), Wanted::default()).await.unwrap();
        assert_eq!((answer.source, answer.age), (CACHE, 10 * SECOND));
        // From now on it has it itself.
        assert_eq!(other.get().await, (1, CACHE));
        // That something is not there is shared as well.
        one.refusal.set(Some((FailureKind::NotFound, 404)));
        for kitchen in [&one, &other] {
            let failure = kitchen.ask(&types("2"), Wanted::default()).await.unwrap_err();
            assert_eq!(failure.status, Some(404));
        }
    });
    assert_eq!(one.fetched.get(), 2);
}

#[test]
fn a_write_of_one_is_noticed_by_the_others_within_five_seconds() {
    let (one, other, _) = two();
    one.host.run(async {
        one.get().await;
        assert_eq!(other.get().await, (1, CACHE));
        one.write().await;
        assert_eq!(one.get().await, (2, VENDOR));
        assert_eq!(other.get().await, (1, CACHE));
        one.host.wait(5 * SECOND).await;
        assert_eq!(other.get().await, (2, CACHE));
        // Both at once: whatever the store ends with, neither sees what was before.
        join(one.write(), other.write()).await;
        let before = one.fetched.get();
        assert!(one.get().await.0 > before && other.get().await.0 > before);
        one.host.wait(5 * SECOND).await;
        assert!(one.get().await.0 > before && other.get().await.0 > before);
    });
}

#[test]
fn a_store_that_is_down_is_no_reason_to_fail() {
    let (one, other, store) = two();
    one.host.run(async {
        store.behave(Conduct { down: true, ..Conduct::default() });
        assert_eq!(one.get().await, (1, VENDOR));
        assert_eq!(one.get().await, (1, CACHE));
        assert_eq!(other.get().await, (2, VENDOR));
        one.write().await;
        assert_eq!(one.get().await, (3, VENDOR));
        // What could not be told is told when the store is back.
        store.behave(Conduct::default());
        one.host.wait(6 * SECOND).await;
        // What it has kept alone may be older than what others have told by now.
        assert_eq!(one.get().await, (4, VENDOR));
        one.host.wait(6 * SECOND).await;
        assert_eq!(other.get().await, (4, CACHE));
    });
}

#[test]
fn a_store_that_hangs_costs_a_moment_now_and_then() {
    let (one, _, store) = two();
    store.behave(Conduct { latency: Duration::from_secs(3600), ..Conduct::default() });
    one.host.run(async {
        one.get().await;
        assert_eq!(one.host.elapsed(), SECOND * 3 / 10 + SECOND / 10);
        join_all((0..100).map(|_| one.get())).await;
        one.ask(&types("2"), Wanted::default()).await.unwrap();
        assert_eq!(one.host.elapsed(), SECOND * 3 / 10 + 2 * SECOND / 10);
        // A deadline holds here, too.
        one.host.wait(10 * SECOND).await;
        let before = one.host.elapsed();
        let wanted = Wanted { deadline: Some(one.host.now() + SECOND / 5), ..Wanted::default() };
        assert_eq!(one.ask(&types("3"), wanted).await.unwrap_err().kind, FailureKind::Timeout);
        assert_eq!(one.host.elapsed() - before, SECOND / 5);
        let before = one.host.elapsed();
        let deadline = Some(one.host.now() + SECOND / 5);
        one.cache.write(&one.host, &types("4"), deadline, async { Ok(()) }).await.unwrap();
        assert_eq!(one.host.elapsed() - before, SECOND / 5);
    });
}

#[test]
fn an_answer_that_is_there_does_not_wait_for_the_store_past_its_deadline() {
    let (one, _, store) = two();
    one.host.run(async {
        one.get().await;
        let fresh = |time| {
            let deadline = Some(one.host.now() + time);
            Wanted { bypass: true, deadline, ..Wanted::default() }
        };
        store.behave(Conduct { latency: Duration::from_secs(3600), ..Conduct::default() });
        let question = types("1");
        for (time, takes) in [(SECOND / 5, SECOND / 5), (9 * SECOND, SECOND * 4 / 10)] {
            let before = one.host.elapsed();
            assert_eq!(number(one.ask(&question, fresh(time)).await).1, VENDOR);
            assert_eq!(one.host.elapsed() - before, takes);
        }
    });
}

#[test]
fn writes_that_the_store_refuses_are_tried_again() {
    let (one, other, store) = two();
    one.host.run(async {
        one.get().await;
        other.get().await;
        store.behave(Conduct { refused_writes: 1.0, ..Conduct::default() });
        one.write().await;
        // This one knows, and does not trust the store's answer.
        assert_eq!(one.get().await, (2, VENDOR));
        one.host.wait(6 * SECOND).await;
        assert_eq!(other.get().await, (1, CACHE));
        store.behave(Conduct::default());
        // What it has kept alone may be older than what others have told by now.
        assert_eq!(one.get().await, (3, VENDOR));
        one.host.wait(6 * SECOND).await;
        assert_eq!(one.get().await, (3, CACHE));
        assert_eq!(other.get().await, (3, CACHE));
    });
}

#[test]
fn damaged_bytes_are_a_miss() {
    let (one, _, store) = two();
    one.host.run(async {
        one.get().await;
        let names = names(&store, false);
        assert_eq!(names.len(), 1);
        for damage in [b"".to_vec(), b"rubbish".to_vec(), vec![1; 400]] {
            assert_eq!(one.sibling(&store).get().await.1, CACHE);
            one.host.state_set(&names[0], damage, None).await.unwrap();
            assert_eq!(one.sibling(&store).get().await.1, VENDOR);
        }
    });
}

#[test]
fn an_epoch_that_was_lost_or_damaged_brings_nothing_back() {
    let (one, other, store) = two();
    one.host.run(async {
        one.get().await;
        one.write().await;
        one.get().await;
        let before = one.fetched.get();
        let epoch = names(&store, true);
        for value in [Some(b"rubbish".to_vec()), None] {
            match value {
                Some(value) => one.host.state_set(&epoch[0], value, None).await.unwrap(),
                None => one.host.state_delete(&epoch[0]).await.unwrap(),
            }
            for _ in 0..3 {
                one.host.wait(6 * SECOND).await;
                for kitchen in [&one, &other, &one.sibling(&store)] {
                    assert!(kitchen.get().await.0 >= before);
                }
            }
            // And it is over with that: they have the same number again.
            let fetched = one.fetched.get();
            assert_eq!(one.get().await.0, other.get().await.0);
            assert_eq!(one.fetched.get(), fetched);
        }
    });
}

#[test]
fn tenants_do_not_meet_in_the_store_and_only_keys_name_them() {
    let (one, other, store) = two();
    one.host.run(async {
        for (at, tenant) in (1..).zip(["tenant-a", "tenant-b"]) {
            assert_eq!(number(one.ask(&types(tenant), Wanted::default()).await), (at, VENDOR));
        }
        for (at, tenant) in (1..).zip(["tenant-a", "tenant-b"]) {
            assert_eq!(number(other.ask(&types(tenant), Wanted::default()).await), (at, CACHE));
        }
        one.write().await;
    });
    let contents = store.contents();
    assert_eq!((names(&store, false).len(), names(&store, true).len()), (2, 3));
    for line in contents {
        let (key, value) = line.split_once('=').unwrap();
        let tenant = penstock_state::names::parse(key).unwrap().tenant;
        assert!(
            ["tenant-a", "tenant-b", "1"].iter().any(|own| tenant.ends_with(&format!("/{own}"))),
            "{line}"
        );
        assert!(!value.contains("tenant") && !line.contains("job-types"), "{line}");
    }
}

#[test]
fn a_clock_that_is_ahead_does_not_make_answers_last() {
    let (one, other, _) = two();
    one.host.run(async {
        one.host.skew(3_600_000);
        one.get().await;
        assert_eq!(other.get().await, (2, VENDOR));
        // A little ahead is as good as now.
        other.write().await;
        one.host.skew(60_000);
        one.host.wait(6 * SECOND).await;
        one.get().await;
        let answer = other.ask(&types("1"), Wanted::default()).await.unwrap();
        assert_eq!((answer.source, answer.age), (CACHE, Duration::ZERO));
    });
}

/// A write whose outcome nobody knows may take effect long after its caller has gone.
#[test]
fn nothing_is_kept_while_the_vendor_may_still_be_at_work_on_a_write() {
    let (one, other, _) = two();
    one.host.run(async {
        let unknown = Failure { outcome: Outcome::Unknown, ..refused(FailureKind::Timeout, "", Vec::new()) };
        one.writes(&types("1"), Err(unknown)).await;
        for kitchen in [&one, &other, &one, &other] {
            assert_eq!(kitchen.get().await.1, VENDOR);
            one.host.wait(24 * SECOND).await;
        }
        one.host.wait(9 * SECOND).await;
        let last = one.fetched.get();
        assert_eq!(one.get().await, (last + 1, VENDOR));
        assert_eq!(other.get().await, (last + 1, CACHE));
    });
}

#[test]
fn a_write_that_is_killed_or_given_up_leaves_nothing_old_behind() {
    let (one, other, _) = two();
    one.host.run(async {
        one.get().await;
        assert_eq!(other.get().await, (1, CACHE));
        let question = types("1");
        let hung = one.cache.write(&one.host, &question, None, pending::<Result<(), Failure>>());
        // It may have been applied by then.
        select(pin!(hung), pin!(one.host.wait(6 * SECOND))).await;
        assert_eq!(other.get().await, (2, VENDOR));
        assert_eq!(one.get().await, (3, VENDOR));
        // The instance has gone; its word in the store goes by itself.
        one.host.wait(101 * SECOND).await;
        assert_eq!(other.get().await, (4, VENDOR));
        assert_eq!(other.get().await, (4, CACHE));
    });
}

#[test]
fn while_a_write_is_under_way_the_others_keep_nothing() {
    let (one, other, _) = two();
    one.host.run(async {
        let question = types("1");
        let slow = async {
            one.host.wait(10 * SECOND).await;
            Ok(())
        };
        let reading = async {
            one.host.wait(SECOND).await;
            // Before the provider has applied it, and perhaps after.
            assert_eq!(other.get().await, (1, VENDOR));
            assert_eq!(other.get().await, (2, VENDOR));
        };
        join(one.cache.write(&one.host, &question, None, slow), reading).await.0.unwrap();
        one.host.wait(5 * SECOND).await;
        assert_eq!(other.get().await, (3, VENDOR));
        assert_eq!(other.get().await, (3, CACHE));
        assert_eq!(one.get().await, (3, CACHE));
    });
}

#[test]
fn what_is_stored_is_read_by_nobody_else_and_what_was_changed_counts_for_nothing() {
    let (one, other, store) = two();
    one.host.run(async {
        assert_eq!(one.get().await, (1, VENDOR));
        assert!(!store.contents().iter().any(|line| line.contains("answer 1")));
        // With other keys it is not there, and without any nothing is stored or looked for.
        let foreign = Question { keys: Some(keys("another deployment's")), ..types("1") };
        assert_eq!(number(other.ask(&foreign, Wanted::default()).await), (2, VENDOR));
        let stored = store.contents();
        let none = Question { keys: None, ..types("2") };
        assert_eq!(number(one.ask(&none, Wanted::default()).await), (3, VENDOR));
        assert_eq!(number(other.ask(&none, Wanted::default()).await), (4, VENDOR));
        assert_eq!(names(&store, false).len(), stored.len() - names(&store, true).len() + 1);
    });
    // Another tenant's answer, or one that was changed, in its place.
    let (one, other, store) = two();
    one.host.run(async {
        one.ask(&types("1"), Wanted::default()).await.unwrap();
        one.ask(&types("2"), Wanted::default()).await.unwrap();
        let [first, second] = &names(&store, false)[..] else { panic!("two answers") };
        let values = [one.host.state_get(first).await, one.host.state_get(second).await];
        let [Ok(Some(a)), Ok(Some(b))] = values else { panic!("they are there") };
        one.host.state_set(first, b, None).await.unwrap();
        one.host.state_set(second, a, None).await.unwrap();
        assert_eq!(number(other.ask(&types("1"), Wanted::default()).await), (3, VENDOR));
        assert_eq!(number(other.ask(&types("2"), Wanted::default()).await), (4, VENDOR));
    });
}
