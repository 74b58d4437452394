//! Waits, hints and deadlines.

use super::rig::{Rig, options, within};
use crate::{
    contract::{CallOptions, Failure, FailureKind, Outcome, RetryAdvice},
    host::{
        BodyError, Source,
        simulated::{Conduct, Reply, Simulated, Store},
    },
};
use futures_util::future::LocalBoxFuture;
use std::{cell::Cell, collections::VecDeque, time::Duration};

const SECOND: Duration = Duration::from_secs(1);

/// The time between the first two requests to the API when the first is answered so.
fn wait_after(reply: fn() -> Reply) -> Duration {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.titan.on_api(move |number, _| (number == 1).then(reply));
    rig.run(rig.get()).unwrap();
    let sent: Vec<Duration> = rig.host.requests().iter().skip(1).map(|request| request.at).collect();
    assert_eq!(sent.len(), 2);
    sent[1] - sent[0]
}

#[test]
fn a_hint_is_honoured_in_each_of_its_forms() {
    for reply in [
        || Reply::status(429, "").header("retry-after", "30"),
        || Reply::status(503, "").header("retry-after", "30.0"),
        || Reply::status(429, "").header("retry-after-ms", "30000"),
        || Reply::status(429, "").header("retry-after", "Fri, 20 Nov 2026 10:00:30 GMT"),
        || {
            let date = "Fri, 20 Nov 2026 12:00:00 GMT";
            Reply::status(429, "").header("retry-after", "Fri, 20 Nov 2026 12:00:30 GMT").header("date", date)
        },
    ] {
        let waited = wait_after(reply);
        assert!(waited > 29 * SECOND && waited < 32 * SECOND, "{waited:?}");
    }
}

#[test]
fn without_a_hint_waits_are_short() {
    assert!(wait_after(|| Reply::status(503, "")) < SECOND / 4);
    assert!(wait_after(|| Reply::status(429, "")) < 2 * SECOND);
}

#[test]
fn a_hint_beyond_the_deadline_fails_at_once_and_says_when_to_come_back() {
    let rig = Rig::new();
    rig.titan.on_api(|_, _| Some(Reply::status(429, "").header("retry-after", "60")));
    let failure = rig.run(rig.get_with(&within(10 * SECOND))).unwrap_err();
    assert_eq!((failure.kind, failure.retry), (FailureKind::RateLimited, RetryAdvice::After(60_000)));
    assert!(failure.message.contains("the deadline leaves no time"), "{}", failure.message);
    assert!(rig.host.elapsed() < SECOND);
    assert_eq!(rig.titan.api_requests(), 1);
}

/// The host's own time is more than a call may have: that is no limit's doing, and when the limit has
/// room is no answer.
#[test]
fn a_deadline_that_passes_before_the_turn_is_a_deadline_that_passed() {
    let millisecond = Duration::from_millis(1);
    for (token, api) in [(5 * millisecond, Duration::ZERO), (Duration::ZERO, 5 * millisecond)] {
        let rig = Rig::new();
        rig.titan.holds(1);
        rig.titan.latency(token, api);
        let failure = rig.run(rig.get_with(&within(millisecond))).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Timeout, "{}", failure.message);
    }
    // The turn comes of the store that instances share, which takes its time.
    let (rig, store) = (Rig::new(), Store::default());
    rig.host.share(store.clone());
    rig.titan.holds(1);
    rig.run(rig.get()).unwrap();
    store.behave(Conduct { latency: 5 * millisecond, ..Conduct::default() });
    let rare = || {
        rig.host.run(rig.host.wait(60 * SECOND));
        rig.run(rig.get_with(&within(2 * millisecond)))
    };
    let failures: Vec<_> = (0..5).filter_map(|_| rare().err()).collect();
    assert!(!failures.is_empty());
    for failure in failures {
        assert_eq!(failure.kind, FailureKind::Timeout, "{}", failure.message);
    }
}

#[test]
fn silence_ends_at_the_time_for_one_attempt_and_is_tried_again() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.host.set("REQUEST_TIMEOUT", "5");
    rig.titan.on_api(|number, _| (number == 1).then(Reply::never));
    rig.run(rig.get()).unwrap();
    assert!(rig.host.elapsed() > 5 * SECOND && rig.host.elapsed() < 6 * SECOND);
    assert_eq!(rig.host.aborted(), 1);
    for request in rig.host.requests() {
        let timeouts = request.timeouts;
        assert_eq!(
            (timeouts.connect, timeouts.first_byte, timeouts.between_bytes),
            (5 * SECOND, 5 * SECOND, 5 * SECOND)
        );
    }
}

/// A body that comes in pieces, with a pause before each.
pub(super) struct Flow {
    pub(super) host: Simulated,
    pub(super) pieces: VecDeque<Vec<u8>>,
    pub(super) pause: Duration,
}

fn flow(rig: &Rig, pause: Duration) -> Reply {
    let body = br#"{"id":1,"jobNumber":"J1","total":12.50}"#;
    let pieces = body.chunks(4).map(<[u8]>::to_vec).collect();
    Reply::streamed(200, Flow { host: rig.host.clone(), pieces, pause })
}

impl Source for Flow {
    fn next(&mut self) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BodyError>> {
        Box::pin(async {
            self.host.wait(self.pause).await;
            Ok(self.pieces.pop_front())
        })
    }
}

/// Gives the elapsed time, the number of requests, and how it ended.
fn flows(pause: Duration, options: &CallOptions) -> (Duration, usize, Result<(), Failure>) {
    let rig = Rig::new();
    rig.host.set("REQUEST_TIMEOUT", "5");
    rig.host.set("RETRY_ATTEMPTS", "2");
    let reply = Cell::new(Some((flow(&rig, pause), flow(&rig, pause))));
    rig.titan.on_api(move |_, _| match reply.take() {
        Some((first, second)) => {
            reply.set(Some((second, Reply::never())));
            Some(first)
        }
        None => Some(Reply::never()),
    });
    let result = rig.run(rig.get_with(options)).map(|_| ());
    (rig.host.elapsed(), rig.titan.api_requests(), result)
}

#[test]
fn an_answer_that_flows_may_take_longer_than_the_time_for_one_to_begin() {
    let (took, requests, result) = flows(4 * SECOND, &options());
    assert_eq!((result, requests), (Ok(()), 1));
    assert!(took > 40 * SECOND, "{took:?}");
    // It stops to flow, twice.
    let (took, requests, result) = flows(6 * SECOND, &options());
    let failure = result.unwrap_err();
    assert_eq!((failure.kind, requests), (FailureKind::Timeout, 2));
    assert!(failure.message.contains("no byte of the answer came for 5 s (REQUEST_TIMEOUT)"), "{failure:?}");
    assert!(took < 11 * SECOND, "{took:?}");
    // The deadline bounds the whole.
    let (took, _, result) = flows(4 * SECOND, &within(17 * SECOND));
    let failure = result.unwrap_err();
    assert!(failure.message.starts_with("the deadline passed while the answer came"), "{failure:?}");
    assert_eq!((failure.kind, took), (FailureKind::Timeout, 17 * SECOND));
}

#[test]
fn silence_names_its_setting() {
    let rig = Rig::new();
    rig.host.set("REQUEST_TIMEOUT", "5");
    rig.host.set("RETRY_ATTEMPTS", "1");
    rig.titan.on_api(|_, _| Some(Reply::never()));
    let failure = rig.run(rig.get()).unwrap_err();
    assert!(failure.message.contains("within 5 s (REQUEST_TIMEOUT)"), "{failure:?}");
}

#[test]
fn settings_are_read_at_once() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.titan.latency(Duration::ZERO, Duration::ZERO);
    rig.host.slow_lookups(SECOND / 20);
    rig.run(rig.get()).unwrap();
    assert!(rig.host.elapsed() <= SECOND / 2, "{:?}", rig.host.elapsed());
}

#[test]
fn the_deadline_ends_a_call_wherever_it_is() {
    type Trouble = fn(&Rig);
    let silent_token: Trouble = |rig| rig.titan.on_token(|_| Some(Reply::never()));
    let silent_api: Trouble = |rig| rig.titan.on_api(|_, _| Some(Reply::never()));
    let slow_settings: Trouble = |rig| rig.host.slow_lookups(60 * SECOND);
    let outage: Trouble = |rig| rig.titan.on_api(|_, _| Some(Reply::status(503, "").after(SECOND)));
    let token_outage: Trouble = |rig| rig.titan.on_token(|_| Some(Reply::status(503, "").after(SECOND)));
    for trouble in [silent_token, silent_api, slow_settings, outage, token_outage] {
        for milliseconds in [1, 50, 61, 1000, 1500, 3333, 10_000] {
            let rig = Rig::new();
            rig.host.set("RETRY_ATTEMPTS", "10");
            trouble(&rig);
            let deadline = Duration::from_millis(milliseconds);
            let failure = rig.run(rig.post(&within(deadline))).unwrap_err();
            assert!(rig.host.elapsed() <= deadline, "{:?} {failure:?}", rig.host.elapsed());
            assert!(rig.host.requests().iter().all(|request| request.at < deadline));
            let sent = rig.titan.api_requests() > 0;
            assert_eq!(failure.outcome == Outcome::NotSent, !sent, "{failure:?}");
        }
    }
}

#[test]
fn the_time_that_settings_take_is_part_of_a_reads_deadline() {
    for (name, streamed) in [("jpm.jobs-list", true), ("jpm.jobs-page", false)] {
        let rig = Rig::new();
        rig.titan.holds(5);
        rig.host.slow_lookups(2 * SECOND);
        let options = within(3 * SECOND);
        let failure = rig.run(async {
            match streamed {
                true => rig.read(name, &[], &options).await.end.unwrap_err(),
                false => rig.invoke(name, &[], None, Some(&options)).await.unwrap_err(),
            }
        });
        assert_eq!((failure.kind, failure.outcome), (FailureKind::Timeout, Outcome::NotSent), "{name}");
        assert_eq!((rig.host.elapsed(), rig.host.requests().len()), (3 * SECOND, 0), "{name}");
    }
}

#[test]
fn a_deadline_is_the_callers_or_the_settings() {
    for (setting, given, expected) in [("7", None, 7), ("7", Some(3), 3), ("7", Some(20), 20)] {
        let rig = Rig::new();
        rig.host.set("PENSTOCK_DEADLINE", setting);
        rig.titan.on_api(|_, _| Some(Reply::never()));
        let options = given.map_or_else(options, |seconds| within(seconds * SECOND));
        let failure = rig.run(rig.get_with(&options)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Timeout);
        assert_eq!(rig.host.elapsed(), expected * SECOND);
        // A host that applies the request's own time limits needs no longer either.
        let asked = rig.host.requests().last().unwrap().timeouts.first_byte;
        assert!(asked <= expected * SECOND, "{asked:?}");
    }
    let bad = Rig::new();
    let failure = bad.run(bad.get_with(&within(Duration::ZERO))).unwrap_err();
    assert_eq!((failure.kind, failure.fields[0].field.as_str()), (FailureKind::BadInput, "deadline-ms"));
}
