//! An instance is killed at every host call of a long read, one after another, and a
//! consumer goes on elsewhere.
//!
//! What is promised, and checked here:
//! - **Page by page**, the consumer keeps the `resume` of the last page that it was given.
//!   A killed call gave it nothing. So all records come, and each once.
//! - **Streamed**, a consumer that is killed has the `resume` of no read but those that
//!   ended. One that wants to lose little work stops after so many records, and keeps the
//!   `resume` of that end. So all records come; those up to the last `resume` that it kept
//!   come once; those after it, no more than it takes between two stops, may come again.

use super::set_up;
use crate::{
    Config, Violation,
    cluster::{Cluster, Ended, options},
    vendor::{Kind, SPAN},
    workload::{Record, Target, page, stream},
};
use penstock::{contract::CallOptions, entry::stream_records::Sink};
use serde::Serialize;
use std::{
    collections::BTreeSet,
    rc::Rc,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// How the list is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Reading {
    /// Page by page.
    Pages,
    /// Streamed, with a stop after so many records.
    Stream {
        /// Records between two stops.
        between: usize,
    },
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Kills {
    /// Host calls of an undisturbed read.
    pub host_calls: u64,
    /// At each of how many of them a read was killed; 0 is as good as 1, every one.
    pub every: u64,
    /// Reads that were killed, each at another one.
    pub kills: u64,
    /// Records that were delivered in all.
    pub records: u64,
    /// Reads to which a record was missing at the end.
    pub incomplete: u64,
    /// Records that came again although they came before the last `resume` that the
    /// consumer kept.
    pub repeated: u64,
    /// Records that came again after it, at most in one read.
    pub most_again: u64,
    /// What else did not hold.
    pub violations: Vec<Violation>,
}

impl Kills {
    /// Whether the read was killed at every host call that was to be tried, and whole each time, and nothing came
    /// again that the way of reading does not allow.
    #[must_use]
    pub fn is_good(&self, reading: Reading) -> bool {
        let may_come_again = match reading {
            Reading::Pages => 0,
            Reading::Stream { between } => between as u64,
        };
        self.kills > 0
            && self.kills == self.host_calls.div_ceil(self.every.max(1))
            && (self.incomplete, self.repeated) == (0, 0)
            && self.most_again <= may_come_again
            && self.violations.is_empty()
    }
}

/// What one read came to.
struct Read {
    host_calls: u64,
    killed: bool,
    records: u64,
    complete: bool,
    repeated: u64,
    again: u64,
    violations: Vec<Violation>,
}

/// Reads a list of so many full pages, and kills the read at one in `every` of its host calls,
/// beginning with the first.
#[must_use]
pub fn kills(pages: u64, page_size: u32, reading: Reading, every: u64, threads: usize) -> Kills {
    let whole = read(pages, page_size, reading, None);
    let (next, all) =
        (AtomicU64::new(1), Mutex::new(Kills { host_calls: whole.host_calls, every, ..Kills::default() }));
    let work = || {
        loop {
            let at = next.fetch_add(every.max(1), Ordering::Relaxed);
            if at > whole.host_calls {
                return;
            }
            let one = read(pages, page_size, reading, Some(at));
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            all.kills += u64::from(one.killed);
            all.records += one.records;
            all.incomplete += u64::from(!one.complete);
            all.repeated += one.repeated;
            all.most_again = all.most_again.max(one.again);
            all.violations.extend(one.violations.into_iter().take(1));
        }
    };
    match threads {
        0 | 1 => work(),
        _ => thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work)))),
    }
    all.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn read(pages: u64, page_size: u32, reading: Reading, dies_at: Option<u64>) -> Read {
    let cluster = set_up(1, &Config::default(), 2, None);
    cluster.set("LOG_LEVEL", "error");
    let target = Target::new(&cluster, Kind::Numbered, 0, pages, page_size, 0);
    if let Some(first) = cluster.instances.first() {
        first.die_at(dies_at);
    }
    let mut consumer = Consumer::new(&cluster, target);
    let done = cluster.world.run(async {
        match reading {
            Reading::Pages => consumer.pages().await,
            Reading::Stream { between } => consumer.stream(between).await,
        }
    });
    let held = pages * u64::from(page_size);
    Read {
        host_calls: cluster.instances.first().map_or(0, |instance| instance.asked()),
        killed: consumer.killed,
        records: consumer.came.iter().map(|times| u64::from(*times)).sum(),
        complete: done && consumer.came.len() as u64 == held && !consumer.came.contains(&0),
        repeated: consumer.repeated,
        again: consumer.again,
        violations: cluster.world.close().1,
    }
}

/// Who reads the list.
struct Consumer {
    cluster: Rc<Cluster>,
    target: Target,
    instance: usize,
    killed: bool,
    resume: Option<String>,
    /// How often each record came, by its number.
    came: Vec<u32>,
    /// Records that came since the last `resume` was kept.
    since: Vec<u64>,
    /// Of those, the ones that a killed read delivered: they may come again.
    lost_track: BTreeSet<u64>,
    repeated: u64,
    again: u64,
}

/// Takes so many records and no more.
struct Basket {
    room: usize,
    ids: Vec<u64>,
}

impl Sink<Record> for Basket {
    async fn write(&mut self, mut items: Vec<Record>) -> Vec<Record> {
        let refused = items.split_off(items.len().min(self.room - self.ids.len()));
        self.ids.extend(items.into_iter().map(|record| record.id));
        refused
    }
}

impl Consumer {
    fn new(cluster: &Rc<Cluster>, target: Target) -> Consumer {
        Consumer {
            cluster: cluster.clone(),
            target,
            instance: 0,
            killed: false,
            resume: None,
            came: Vec::new(),
            since: Vec::new(),
            lost_track: BTreeSet::new(),
            repeated: 0,
            again: 0,
        }
    }

    fn take(&mut self, id: u64) {
        let record = usize::try_from(id % SPAN).unwrap_or_default();
        if self.came.len() <= record {
            self.came.resize(record + 1, 0);
        }
        let Some(times) = self.came.get_mut(record) else { return };
        *times += 1;
        if *times > 1 {
            match self.lost_track.remove(&id) {
                true => self.again += 1,
                false => self.repeated += 1,
            }
        }
        self.since.push(id);
    }

    fn keep(&mut self, resume: String) {
        self.resume = Some(resume);
        self.since.clear();
        self.lost_track.clear();
    }

    /// It goes on in the other instance.
    fn move_on(&mut self) -> bool {
        let first = !self.killed;
        self.killed = true;
        self.instance = 1;
        self.lost_track = self.since.drain(..).collect();
        first
    }

    async fn pages(&mut self) -> bool {
        loop {
            let options = CallOptions { resume: self.resume.clone(), ..options(None) };
            let (cluster, target) = (self.cluster.clone(), self.target);
            let ended = cluster
                .call(self.instance, target.call(false), "", None, async move |client| {
                    page(&client, &target, false, &options).await
                })
                .await;
            match ended {
                Ended::Done(Ok(page)) => {
                    page.ids.iter().for_each(|id| self.take(*id));
                    if !page.info.has_more {
                        return true;
                    }
                    self.keep(page.info.resume);
                }
                Ended::Killed if self.move_on() => {}
                _ => return false,
            }
        }
    }

    async fn stream(&mut self, between: usize) -> bool {
        loop {
            let options = CallOptions {
                resume: self.resume.clone(),
                page_size: Some(self.target.page_size),
                ..options(None)
            };
            let (cluster, target) = (self.cluster.clone(), self.target);
            let mut basket = Basket { room: between, ids: Vec::new() };
            let ended = {
                let basket = &mut basket;
                cluster
                    .call(self.instance, target.call(true), "", None, async move |client| {
                        stream(&client, &target, &options, basket).await
                    })
                    .await
            };
            basket.ids.into_iter().for_each(|id| self.take(id));
            match ended {
                Ended::Done(Ok(end)) if end.complete => return true,
                Ended::Done(Ok(end)) => self.keep(end.resume),
                Ended::Killed if self.move_on() => {}
                _ => return false,
            }
        }
    }
}
