//! The queue of an entity, what waits of it in order, in one value: whoever hands on what came just now need not list all keys of the
//! store. With it come numbers that grow with each event, whichever instance takes it in and whatever its clock shows.
//!
//! An event stands here before it is written, and until it is gone. One that stands here and is not there was not taken
//! in yet, or never. Too many are not listed here: then only the keys tell.

use super::{EventKey, key};
use penstock::host::{Host, HostError};
use std::time::Duration;

/// How long it is kept when nothing waits. After that the clocks of all instances are past its last number.
const EMPTY_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// How long it is kept else: longer than events are.
const KEPT: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// How often a change is tried when other instances are faster.
const TRIES: u32 = 16;

/// How many events are listed at most: some kilobytes.
const MOST: usize = 64;

/// What stands before a list. Values of earlier versions have none.
const LIST: char = '=';

struct Queue {
    last: u64,
    /// None if only the keys tell.
    waiting: Option<Vec<EventKey>>,
}

/// Has an event wait, and gives it the next number of its entity: the time in milliseconds or, where that would be no
/// more than the last one, one more than that. So one that was asked for after another had been given is larger.
pub(super) async fn join<H: Host>(host: &H, event: &EventKey) -> Result<u64, HostError> {
    let key = key::order(&event.tenant, &event.entity);
    let now = u64::try_from(host.wall_now().as_millis()).unwrap_or(0);
    // What makes the value of two instances different, which a claim could not tell apart.
    let nonce = host.random();
    let mut queue = Queue { last: now, waiting: Some(vec![EventKey { sequence: now, ..event.clone() }]) };
    let mut present = host.state_claim(&key, queue.write(nonce), KEPT).await?;
    for _ in 0..TRIES {
        let Some(before) = present else { return Ok(queue.last) };
        let read = Queue::read(&before, event).filter(|queue| queue.is_of_its_time(now));
        let (last, waiting) =
            read.map_or((now, None), |queue| (now.max(queue.last.saturating_add(1)), queue.waiting));
        queue = Queue { last, waiting };
        queue.add(EventKey { sequence: last, ..event.clone() });
        if host.state_swap(&key, before, queue.write(nonce), KEPT).await? {
            return Ok(queue.last);
        }
        present = host.state_claim(&key, queue.write(nonce), KEPT).await?;
    }
    Err(faster())
}

/// What waits of an entity, in order; none if only the keys tell.
pub(super) async fn waiting<H: Host>(
    host: &H,
    (tenant, entity): &key::Entity,
) -> Result<Option<Vec<EventKey>>, HostError> {
    let of = EventKey::of(tenant, entity);
    let found = host.state_get(&key::order(tenant, entity)).await?;
    Ok(found.and_then(|found| Queue::read(&found, &of)?.waiting))
}

/// Has an event wait under the number that it has.
pub(super) async fn rejoin<H: Host>(host: &H, event: &EventKey) -> Result<(), HostError> {
    change(host, event, |queue| queue.add(event.clone())).await
}

/// An event is gone. If it stays in the list, it costs whoever reads that a look.
pub(super) async fn leave<H: Host>(host: &H, event: &EventKey) {
    let leave = |queue: &mut Queue| {
        if let Some(waiting) = &mut queue.waiting {
            waiting.retain(|other| other.sequence != event.sequence);
        }
    };
    _ = change(host, event, leave).await;
}

async fn change<H: Host>(host: &H, event: &EventKey, change: impl Fn(&mut Queue)) -> Result<(), HostError> {
    let key = key::order(&event.tenant, &event.entity);
    for _ in 0..TRIES {
        let Some(before) = host.state_get(&key).await? else { return Ok(()) };
        let Some(mut queue) = Queue::read(&before, event).filter(|queue| queue.waiting.is_some()) else {
            return Ok(());
        };
        change(&mut queue);
        let is_empty = queue.waiting.as_ref().is_some_and(Vec::is_empty);
        let kept = if is_empty { EMPTY_KEPT } else { KEPT };
        if host.state_swap(&key, before, queue.write(host.random()), kept).await? {
            return Ok(());
        }
    }
    Err(faster())
}

fn faster() -> HostError {
    HostError::Failed("others are always faster".to_owned())
}

impl Queue {
    /// Reads what [`Queue::write`] wrote for the entity of an event.
    fn read(value: &[u8], of: &EventKey) -> Option<Queue> {
        let mut words = std::str::from_utf8(value).ok()?.split(' ');
        let (last, _) = (words.next()?.parse().ok()?, words.next()?);
        let list = words.next().and_then(|list| list.strip_prefix(LIST));
        let waiting = list.and_then(|list| {
            let tails = list.split(',').filter(|tail| !tail.is_empty());
            tails.map(|tail| EventKey::with_tail(&of.tenant, &of.entity, tail)).collect()
        });
        Some(Queue { last, waiting })
    }

    fn write(&self, nonce: u64) -> Vec<u8> {
        let Queue { last, waiting } = self;
        let list = waiting.as_ref().map(|waiting| {
            let tails: Vec<_> = waiting.iter().map(EventKey::tail).collect();
            format!(" {LIST}{}", tails.join(","))
        });
        format!("{last} {nonce:016x}{}", list.unwrap_or_default()).into_bytes()
    }

    /// One that is more than its time ahead was not written by an instance.
    fn is_of_its_time(&self, now: u64) -> bool {
        let ahead = u64::try_from(EMPTY_KEPT.as_millis()).unwrap_or(u64::MAX);
        self.last <= now.saturating_add(ahead)
    }

    fn add(&mut self, event: EventKey) {
        let Some(waiting) = &mut self.waiting else { return };
        waiting.retain(|other| other.sequence != event.sequence);
        waiting.push(event);
        waiting.sort();
        if waiting.len() > MOST {
            self.waiting = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(sequence: u64) -> EventKey {
        let tags = vec!["0000aaaa".to_owned(), "0000bbbb".to_owned()];
        EventKey {
            sequence,
            bytes: 1000,
            tags,
            ..EventKey::of("servicetitan/production/77", &"0".repeat(32))
        }
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let mut queue = Queue { last: 9, waiting: Some(Vec::new()) };
        for count in 0..=MOST {
            let read = Queue::read(&queue.write(1), &event(0)).unwrap();
            assert_eq!((read.last, read.waiting.as_ref().map(Vec::len)), (9, Some(count)));
            assert_eq!(read.waiting, queue.waiting);
            queue.add(event(100 - count as u64));
        }
        let read = Queue::read(&queue.write(1), &event(0)).unwrap();
        assert_eq!((read.last, read.waiting), (9, None));
        // As versions before this one wrote it, and what nobody wrote.
        let old = Queue::read(b"9 0000000000000001", &event(0)).unwrap();
        assert_eq!((old.last, old.waiting), (9, None));
        assert_eq!(Queue::read(b"9 0000000000000001 =x", &event(0)).unwrap().waiting, None);
        assert!(Queue::read(b"nine", &event(0)).is_none());
    }
}
