//! A provider that says 429, or takes its tokens back: slow, and no failure.

use super::rig::{Rig, options, pages_of};
use crate::{
    contract::{CallOptions, FailureKind, Outcome},
    host::simulated::Reply,
};
use std::{cell::RefCell, rc::Rc, time::Duration};

const LATENCY: Duration = Duration::from_millis(300);

/// A provider that takes so many requests at once, and answers the others 429 without a hint.
/// Gives the number that it refused.
fn takes_at_once(rig: &Rig, most: usize) -> Rc<RefCell<Vec<Duration>>> {
    rig.titan.latency(Duration::ZERO, Duration::ZERO);
    let refused = Rc::new(RefCell::new(Vec::new()));
    let noted = refused.clone();
    let mut ends: Vec<Duration> = Vec::new();
    rig.titan.on_api(move |_, request| {
        ends.retain(|end| *end > request.at);
        if ends.len() >= most {
            noted.borrow_mut().push(request.at);
            return Some(Reply::status(429, ""));
        }
        ends.push(request.at + LATENCY);
        None
    });
    refused
}

fn read(most: Option<usize>, window: u32) -> (Duration, Vec<Duration>) {
    let rig = Rig::new();
    rig.titan.holds(800);
    let refused = takes_at_once(&rig, most.unwrap_or(usize::MAX));
    rig.titan.latency(Duration::ZERO, LATENCY);
    let options = CallOptions { window: Some(window), ..pages_of(20) };
    let read = rig.run(rig.read_jobs(&options));
    assert!(read.end.is_ok(), "{:?}", read.end);
    assert_eq!(read.ids.len(), 800);
    let refused = refused.borrow().clone();
    (rig.host.elapsed(), refused)
}

#[test]
fn a_vendor_that_takes_few_at_once_is_read_at_its_pace() {
    for most in [1, 2, 3] {
        let (alone, none) = read(Some(most), u32::try_from(most).unwrap());
        assert_eq!(none, []);
        for window in [4, 8] {
            let (took, refused) = read(Some(most), window);
            assert!(took.as_secs_f64() <= 1.3 * alone.as_secs_f64(), "{most} {window}: {took:?}, {alone:?}");
            let mut bursts = refused;
            // The rate limiter spaces what is sent at once.
            bursts.dedup_by_key(|at| at.as_millis() / 50);
            assert!(bursts.len() <= 2, "{most} {window}: refused at {bursts:?}");
        }
    }
}

#[test]
fn what_was_learned_of_a_group_is_remembered() {
    let rig = Rig::new();
    rig.titan.holds(800);
    let refused = takes_at_once(&rig, 1);
    rig.titan.latency(Duration::ZERO, LATENCY);
    rig.run(async {
        assert!(rig.read_jobs(&pages_of(200)).await.end.is_ok());
        let learned = refused.borrow().len();
        assert!(learned > 0);
        assert!(rig.read_jobs(&pages_of(200)).await.end.is_ok());
        assert_eq!(refused.borrow().len(), learned);
    });
}

/// A provider that answers the first requests of each call 429.
fn throttles_first(rig: &Rig, times: usize) {
    rig.titan.on_api(move |number, _| (number <= times).then(|| Reply::status(429, "")));
}

#[test]
fn a_429_is_waited_for_and_costs_no_attempt_a_write_alike() {
    let rig = Rig::new();
    rig.host.set("RETRY_ATTEMPTS", "1");
    rig.host.set("PENSTOCK_DEADLINE", "3600");
    throttles_first(&rig, 20);
    let answer = rig.run(rig.post(&options()));
    assert!(answer.is_ok(), "{answer:?}");
    assert_eq!((rig.titan.api_requests(), rig.titan.writes().len()), (21, 1));
    assert!(rig.client.metrics().contains("penstock_breakers{state=\"closed\"} 1"));
    let snapshot = rig.client.metrics();
    assert!(snapshot.contains("penstock_retries_refused_total 0\n"), "{snapshot}");
}

#[test]
fn after_the_cap_a_429_is_the_answer() {
    let rig = Rig::new();
    rig.host.set("PENSTOCK_DEADLINE", "3600");
    rig.host.set("PENSTOCK_MAX_THROTTLED", "3");
    throttles_first(&rig, usize::MAX);
    let failure = rig.run(rig.post(&options())).unwrap_err();
    assert_eq!((failure.kind, failure.outcome), (FailureKind::RateLimited, Outcome::NotApplied));
    assert_eq!((failure.status, rig.titan.api_requests()), (Some(429), 4));
}

#[test]
fn a_vendor_that_revokes_the_token_at_every_third_request_is_only_slow() {
    for seed in 0..20 {
        let rig = Rig::seeded(seed);
        rig.titan.holds(2_000);
        rig.titan.revokes_tokens_every(3);
        let options = CallOptions { window: Some(4), ..pages_of(20) };
        let read = rig.run(rig.read_jobs(&options));
        assert!(read.end.is_ok(), "{seed}: {:?}", read.end);
        assert_eq!(read.ids.len(), 2_000);
    }
}

#[test]
fn a_backoff_window_can_be_ended() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.titan.on_api(|number, _| (number == 1).then(|| Reply::status(429, "").header("retry-after", "3600")));
    rig.run(async {
        let failure = rig.get().await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::RateLimited);
        assert_eq!(rig.get().await.unwrap_err().kind, FailureKind::RateLimited);
        assert_eq!(rig.titan.api_requests(), 1, "the window is closed");
        rig.client.forget_limits();
        assert!(rig.get().await.is_ok());
    });
}
