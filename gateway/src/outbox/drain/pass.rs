//! One pass: every destination by itself, and in each, lane by lane.

use super::{
    super::{
        Destination, Destinations, EventKey, Outbox, Record, Shelf, arq, celery,
        destination::Way,
        http_delivery,
        key::Entity,
        lane::Lane,
        log::Log,
        progress::{Progress, Standing},
        queue,
        schedule::{self, Outcome},
        shelf::Found,
        size::Size,
    },
    Counts, Listing, Stopped,
    scope::{Next, Scope},
};
use crate::trace::Trace;
use futures_util::{StreamExt, future::join_all, stream};
use penstock::{
    client::Client,
    contract::FailureKind,
    entry::webhooks as entry,
    host::{Host, HostError, timeout},
    policy::time::Tick,
    settings::common::LogLevel,
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    time::Duration,
};

/// How many deliveries a destination gets at once.
const AT_ONCE: usize = 4;

/// So many failures in a row at a destination end its turn: it is down, or wants to be left alone.
const MOST_FAILURES: u32 = 3;

/// An event that came while the keys were listed may be there without one before it. It is left for another listing,
/// unless its number is further ahead of the clock than clocks are apart, in milliseconds.
const AHEAD_MS: u64 = 2_000;

/// When one that does not open is looked at again, in milliseconds.
const UNREADABLE_MS: i64 = 60 * 60 * 1000;

/// What was noted of an event that is gone stays for so long, in milliseconds, and so many go in one pass.
const ORPHAN_MS: u64 = 10 * 60 * 1000;
const MOST_ORPHANS: usize = 100;

/// One pass.
pub(crate) struct Pass<'p, H: Host> {
    client: &'p Client<H>,
    shelf: &'p Shelf<'p, H>,
    destinations: &'p Destinations,
    outbox: &'p Outbox,
    log: &'p Log<'p, H>,
    scope: &'p Scope,
    /// When no delivery is begun any more.
    until: Tick,
    counts: RefCell<Counts>,
    /// Entities that came just now, and of which somebody else hands events on.
    busy: RefCell<BTreeSet<Entity>>,
    /// What went from the outbox.
    gone: Cell<Size>,
}

/// A destination's turn in a pass.
struct Turn<'p> {
    destination: &'p Destination,
    /// Failures in a row.
    failures: Cell<u32>,
}

impl<'p, H: Host + 'static> Pass<'p, H> {
    pub(crate) fn new(
        client: &'p Client<H>,
        shelf: &'p Shelf<'p, H>,
        (destinations, outbox, log): (&'p Destinations, &'p Outbox, &'p Log<'p, H>),
        scope: &'p Scope,
        until: Tick,
    ) -> Self {
        Self {
            client,
            shelf,
            destinations,
            outbox,
            log,
            scope,
            until,
            counts: RefCell::default(),
            busy: RefCell::default(),
            gone: Cell::default(),
        }
    }

    /// What it came to.
    pub(crate) fn counts(&self) -> Counts {
        *self.counts.borrow()
    }

    /// Runs it.
    pub(crate) async fn run(&self) -> Result<Next, Stopped> {
        let host = self.shelf.host;
        let began = u64::try_from(self.now_ms()).unwrap_or(0);
        let known = if self.scope.all { None } else { Listing::of(host, &self.scope.fresh).await? };
        let (listing, is_whole) = match known {
            Some(known) => (known, false),
            None => (Listing::read(host, self.destinations).await?, true),
        };
        if is_whole {
            // Who finds none counts by itself.
            _ = Size::of(&listing.events).note(host).await;
        }
        let is_new = |event: &EventKey| (began..began + AHEAD_MS).contains(&event.sequence.wrapping_sub(1));
        let turns = self.destinations.iter().map(|destination| {
            let turn = Turn { destination, failures: Cell::new(0) };
            let mut lanes = self.lanes(destination, &listing, is_new);
            // Another one is first each time: no entity waits for ever behind others that take all the time.
            let first = usize::try_from(host.random() >> 1).unwrap_or(0).checked_rem(lanes.len());
            lanes.rotate_left(first.unwrap_or(0));
            let noted = &listing.progress;
            async move {
                let hand_on = |lane| self.lane(&turn, lane, noted);
                stream::iter(lanes).for_each_concurrent(AT_ONCE, hand_on).await;
            }
        });
        join_all(turns).await;
        if self.scope.all {
            self.tidy(&listing, began).await?;
        }
        self.count().await;
        let is_ours = |event: &&EventKey| is_new(event) && self.scope.has(event);
        let new = listing.events.iter().filter(is_ours).map(|event| event.sequence).max();
        let now = u64::try_from(self.now_ms()).unwrap_or(0);
        let wait = new.map(|new| Duration::from_millis(new.saturating_sub(now)));
        Ok(Next { wait: wait.filter(|_| !self.is_over()), busy: self.busy.take() })
    }

    /// Others may take in what there is room for now.
    async fn count(&self) {
        let (host, gone) = (self.shelf.host, self.gone.get());
        if gone != Size::default()
            && let Ok(Some(noted)) = Size::noted(host).await
        {
            _ = noted.minus(gone).note(host).await;
        }
    }

    /// What there is to do for a destination, by entity.
    fn lanes<'l>(
        &self,
        destination: &Destination,
        listing: &'l Listing,
        is_new: impl Fn(&EventKey) -> bool,
    ) -> Vec<Vec<&'l EventKey>> {
        let tag = destination.tag();
        let is_open =
            |event: &&EventKey| event.tags.iter().any(|of| of == tag) && listing.is_open(event, tag);
        let entities =
            listing.entities().filter(|events| events.first().is_some_and(|event| self.scope.has(event)));
        let lanes = entities.map(|events| {
            let due = events.iter().take_while(|event| !is_new(event));
            due.filter(is_open).collect::<Vec<_>>()
        });
        lanes.filter(|lane| !lane.is_empty()).collect()
    }

    /// Ends what somebody left who died.
    async fn tidy(&self, listing: &Listing, began: u64) -> Result<(), HostError> {
        for event in listing.events.iter().filter(|event| listing.is_done(event)) {
            self.finish(event).await?;
        }
        for orphan in listing.orphans(began.saturating_sub(ORPHAN_MS)).into_iter().take(MOST_ORPHANS) {
            self.shelf.remove(orphan).await?;
        }
        Ok(())
    }

    /// Hands the events of an entity on, one after the other, until one has to wait.
    async fn lane(&self, turn: &Turn<'_>, events: Vec<&EventKey>, noted: &BTreeSet<String>) {
        let tag = turn.destination.tag();
        let Some(first) = events.first() else { return };
        if self.is_over() || turn.is_over() || self.outbox.is_later(first, tag, self.now_ms()) {
            return;
        }
        // To look costs less than a lease, and most that was noted waits.
        if noted.contains(&first.progress(tag)) && !matches!(self.is_due(first, tag).await, Ok(true)) {
            return;
        }
        let lane = match Lane::take(self.shelf.host, first.lease(tag)).await {
            Ok(Some(lane)) => lane,
            // Whoever has it may have listed the keys before this one came.
            Ok(None) if self.scope.is_fresh(first) => {
                self.busy.borrow_mut().insert(first.entity());
                return;
            }
            // What is somebody else's is not ours, and without a store nothing can be done.
            Ok(None) | Err(_) => return,
        };
        for event in events {
            if self.is_over() || turn.is_over() || !lane.is_held().await {
                break;
            }
            match self.step(turn, &lane, event).await {
                Ok(true) => {}
                // It has to wait, the lane is somebody else's, or the store is in trouble.
                Ok(false) | Err(_) => break,
            }
        }
        lane.give_back().await;
    }

    /// Whether nothing says that an event has to wait.
    async fn is_due(&self, event: &EventKey, tag: &str) -> Result<bool, HostError> {
        let Some(progress) = self.shelf.progress(event, tag).await? else { return Ok(true) };
        let now_ms = self.now_ms();
        let waits = progress.state == Standing::Waiting && now_ms < progress.due_ms;
        if waits {
            self.outbox.wait(event, tag, progress.due_ms, now_ms);
        }
        Ok(!waits)
    }

    /// Hands one event on if it is due. False if those behind it have to wait.
    async fn step(&self, turn: &Turn<'_>, lane: &Lane<'_, H>, event: &EventKey) -> Result<bool, HostError> {
        let (shelf, destination) = (self.shelf, turn.destination);
        let tag = destination.tag();
        let before = shelf.progress(event, tag).await?;
        match before.as_ref().map(|before| (before.state, before.due_ms)) {
            Some((Standing::Dead, _)) => return shelf.rest(event, tag).await.map(|()| true),
            Some((Standing::Done, _)) => return self.finish(event).await.map(|()| true),
            Some((Standing::Waiting, due)) if self.now_ms() < due => {
                self.outbox.wait(event, tag, due, self.now_ms());
                return Ok(false);
            }
            Some((Standing::Unreadable, due)) if self.now_ms() < due => return Ok(true),
            Some((Standing::Waiting | Standing::Unreadable, _)) | None => {}
        }
        let record = match shelf.record(event).await? {
            Found::It(record) => record,
            Found::Nothing => {
                self.forget(event).await;
                return Ok(true);
            }
            Found::Foreign => return self.unreadable(event, tag, before).await.map(|()| true),
        };
        self.settle(&record).await?;
        // Each delivery is a span of its own.
        let trace =
            record.trace.as_ref().map_or_else(|| Trace::begin(shelf.host), |trace| trace.next(shelf.host));
        let sent = lane.hold(self.send(destination, &record, &trace)).await;
        let Some(outcome) = sent else { return Ok(false) };
        turn.note(&outcome);
        let times = (record.received_ms, self.now_ms());
        let after = schedule::next(before.as_ref(), outcome, times, shelf.host.random());
        self.tell(destination, event, (&record, &trace), &after);
        self.keep(event, tag, before.is_some(), &after).await?;
        Ok(after.state != Standing::Waiting)
    }

    /// An event is not there. If it is not being taken in just now, it never will be.
    async fn forget(&self, event: &EventKey) {
        let now = u64::try_from(self.now_ms()).unwrap_or(0);
        if event.sequence < now.saturating_sub(ORPHAN_MS) {
            queue::leave(self.shelf.host, event).await;
        }
    }

    /// An event that does not open holds up nothing, and is looked at again later: the secret may come back.
    async fn unreadable(
        &self,
        event: &EventKey,
        tag: &str,
        before: Option<Progress>,
    ) -> Result<(), HostError> {
        let why = "it opens under none of the secrets".to_owned();
        self.log.line(LogLevel::Error, |line| {
            line.with("entry", event.id(tag)).with("result", "unreadable").with("error.message", why.as_str())
        });
        let attempts = before.map_or(0, |before| before.attempts);
        let due_ms = self.now_ms().saturating_add(UNREADABLE_MS);
        let progress = Progress { state: Standing::Unreadable, attempts, due_ms, why };
        self.shelf.note(event, tag, &progress).await?;
        self.shelf.rest(event, tag).await
    }

    /// Ends the claim of an event, if whoever took it in died before that: so that it is not taken in again while it is
    /// handed on.
    async fn settle(&self, record: &Record) -> Result<(), HostError> {
        match entry::done(self.client, &record.ticket).await {
            Err(failure) if failure.kind == FailureKind::Host => Err(HostError::Unavailable(failure.message)),
            _ => Ok(()),
        }
    }

    async fn send(&self, destination: &Destination, record: &Record, trace: &Trace) -> Outcome {
        let host = self.shelf.host;
        let (url, command) = match &destination.way {
            Way::Http(endpoint) => return http_delivery::deliver(host, endpoint, record, trace).await,
            Way::Celery { url, queue, task } => (url, celery::push(record, queue, task)),
            Way::Arq { url, queue, function } => (url, arq::enqueue(record, queue, function, self.now_ms())),
        };
        match timeout(host, http_delivery::PATIENCE, self.outbox.broker.run(url, command)).await {
            Some(Ok(())) => Outcome::Delivered,
            Some(Err(why)) => Outcome::Failed(why.to_string(), None),
            None => Outcome::Failed("the Redis did not answer".to_owned(), None),
        }
    }

    /// Notes what a delivery came to.
    async fn keep(
        &self,
        event: &EventKey,
        tag: &str,
        was_noted: bool,
        after: &Progress,
    ) -> Result<(), HostError> {
        if after.state != Standing::Done {
            if after.state == Standing::Waiting {
                self.outbox.wait(event, tag, after.due_ms, self.now_ms());
                return self.shelf.note(event, tag, after).await;
            }
            self.shelf.note(event, tag, after).await?;
            return self.shelf.rest(event, tag).await;
        }
        if event.tags.len() > 1 {
            self.shelf.note(event, tag, after).await?;
            return self.finish(event).await;
        }
        match was_noted {
            true => self.shelf.clear(event).await?,
            false => self.shelf.remove(&event.to_string()).await?,
        }
        queue::leave(self.shelf.host, event).await;
        self.went(event);
        Ok(())
    }

    async fn finish(&self, event: &EventKey) -> Result<(), HostError> {
        if finish(self.shelf, event).await? {
            self.went(event);
        }
        Ok(())
    }

    fn went(&self, event: &EventKey) {
        self.gone.set(self.gone.get().plus(Size { entries: 1, bytes: event.bytes }));
    }

    /// Counts and logs what a delivery came to.
    fn tell(
        &self,
        destination: &Destination,
        event: &EventKey,
        (record, trace): (&Record, &Trace),
        after: &Progress,
    ) {
        let mut counts = self.counts.borrow_mut();
        let (count, level, result) = match after.state {
            Standing::Done => (&mut counts.delivered, LogLevel::Info, "delivered"),
            Standing::Waiting | Standing::Unreadable => (&mut counts.failed, LogLevel::Warn, "failed"),
            Standing::Dead => (&mut counts.dead, LogLevel::Error, "dead"),
        };
        *count += 1;
        self.log.line(level, |line| {
            line.with("entry", event.id(destination.tag()))
                .with("event_id", record.id.as_str())
                .with("destination", destination.name.as_str())
                .with("result", result)
                .with("attempts", after.attempts)
                .with("error.message", after.why.as_str())
                .with("trace_id", trace.trace_id.as_str())
                .with("span_id", trace.span_id.as_str())
        });
    }

    fn is_over(&self) -> bool {
        self.shelf.host.now() >= self.until
    }

    fn now_ms(&self) -> i64 {
        self.shelf.host.wall_now().as_millis()
    }
}

impl Turn<'_> {
    fn is_over(&self) -> bool {
        self.failures.get() >= MOST_FAILURES
    }

    fn note(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Delivered => self.failures.set(0),
            Outcome::Refused(_) | Outcome::Failed(..) => self.failures.set(self.failures.get() + 1),
        }
    }
}

/// Removes an event that all its destinations are done with, and then what was noted of them. False if it is needed.
pub(crate) async fn finish<H: Host>(shelf: &Shelf<'_, H>, event: &EventKey) -> Result<bool, HostError> {
    for tag in &event.tags {
        let progress = shelf.progress(event, tag).await?;
        if progress.is_none_or(|progress| progress.state != Standing::Done) {
            return Ok(false);
        }
    }
    shelf.clear(event).await?;
    queue::leave(shelf.host, event).await;
    Ok(true)
}
