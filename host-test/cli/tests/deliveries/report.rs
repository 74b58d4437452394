//! What must hold, and how well it did.

use crate::{
    receiver::{Got, Place, Receiver},
    vendor::{Seen, Vendor},
    worker::{Ledger, Worker},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// What happened beside the deliveries.
pub struct Times {
    pub kills: usize,
    /// From the first delivery to the answer of the last.
    pub sending: Duration,
    /// From then until the outbox was empty.
    pub draining: Duration,
    /// Events that Celery had taken from its list and noted nowhere when the Redis died: they are lost to it, unless they were
    /// handed on again.
    pub dropped: BTreeSet<usize>,
}

pub fn check(vendor: &Vendor, receiver: &Receiver, workers: [&Worker; 2], times: &Times) {
    let mut seen = vendor.seen.lock().unwrap();
    let failed = receiver.failed();
    let got = receiver.got.lock().unwrap();
    let ledgers = workers.map(Worker::ledger);
    let ended = workers.map(Worker::ended);
    tell(&mut seen, (&got, failed), &ledgers, ended, times);

    let all: BTreeSet<usize> = (0..seen.events.len()).collect();
    let unanswered: Vec<_> = all.iter().filter(|number| seen.events[**number].taken.is_none()).collect();
    assert!(unanswered.is_empty(), "never answered with 2xx: {unanswered:?}");
    let handled = got.events.iter().filter(|(_, place)| place.handled.is_some());
    same("the receiver", &all, &handled.map(|(number, _)| *number).collect());
    assert_eq!(got.forged, 0, "requests that are not signed as they should be");
    for (name, ledger) in ["Celery", "arq"].into_iter().zip(&ledgers) {
        let mut handled = ledger.handled.clone();
        if name == "Celery" {
            handled.extend(&times.dropped);
        }
        same(name, &all, &handled);
        assert_eq!(ledger.twice, 0, "{name} handled events twice");
    }
    assert_eq!(got.at_once, 0, "events about one thing came at once");
    let reordered = reordered(vendor, &seen, &got);
    assert!(reordered.is_empty(), "handed on in another order than taken in: {reordered:?}");
}

fn same(name: &str, all: &BTreeSet<usize>, handled: &BTreeSet<usize>) {
    let lost: Vec<_> = all.difference(handled).collect();
    assert!(lost.is_empty(), "{name} never got {lost:?}");
    assert!(handled.is_subset(all), "{name} got what nobody sent");
}

/// Pairs of events about one thing, of which the second was sent after the first had been answered, and came
/// before the first was handled.
fn reordered(vendor: &Vendor, seen: &Seen, got: &Got) -> Vec<(usize, usize)> {
    let mut jobs: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for number in 0..seen.events.len() {
        jobs.entry(vendor.job(number)).or_default().push(number);
    }
    let is_wrong = |first: usize, second: usize| {
        let (one, other) = (seen.events[first], seen.events[second]);
        let (Place { handled, .. }, Place { came, .. }) = (got.events[&first], got.events[&second]);
        one.taken < other.sent && handled.is_none_or(|handled| handled > came)
    };
    let pairs = |events: &Vec<usize>| {
        let all = events.iter().flat_map(|one| events.iter().map(move |other| (*one, *other)));
        all.filter(|(one, other)| one != other && is_wrong(*one, *other)).collect::<Vec<_>>()
    };
    jobs.values().flat_map(pairs).collect()
}

fn tell(
    seen: &mut Seen,
    (got, failed): (&Got, usize),
    ledgers: &[Ledger; 2],
    ended: [usize; 2],
    times: &Times,
) {
    seen.took.sort_unstable();
    let at = |share: usize| seen.took.get((seen.took.len() * share / 100).min(seen.took.len() - 1));
    let slow = seen.took.iter().filter(|took| **took > Duration::from_millis(100)).count();
    eprintln!(
        "{} events in {} deliveries within {:.0} s, {} kills; answers {:?}, {} broke off; \
         2xx: half within {:?}, 99 % within {:?}, slowest {:?}, {slow} of {} slower than 100 ms",
        seen.events.len(),
        seen.deliveries,
        times.sending.as_secs_f64(),
        times.kills,
        seen.answers,
        seen.broken,
        at(50).unwrap(),
        at(99).unwrap(),
        seen.took.last().unwrap(),
        seen.took.len(),
    );
    eprintln!(
        "the outbox was empty {:.1} s after the last answer; came again after it was handled: \
         receiver {} (it failed {failed}), Celery {}, arq {}; workers that ended: Celery {}, arq {}; \
         in Celery's hands when the Redis died, and noted nowhere: {:?}",
        times.draining.as_secs_f64(),
        got.again,
        ledgers[0].again,
        ledgers[1].again,
        ended[0],
        ended[1],
        times.dropped,
    );
}
