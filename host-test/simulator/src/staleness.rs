//! How old an answer from the cache may be, and what it must say of its age.
//!
//! `docs/catalogue.md` promises: after a write, whether or not its caller was told that it
//! took effect, the instance that made it never again answers what was before; those that
//! share its store notice within five seconds, while the store does its work; and without
//! one, an instance goes on until its answer is no longer fresh. An answer that may be older than
//! that says that it comes from the cache and how old it is, or that it is degraded.

use crate::{invariant::Invariant, life::Life, world::World};
use penstock::contract::{AnswerInfo, AnswerSource};
use std::{rc::Rc, time::Duration};

/// Within this, an instance notices what another one has written.
const NOTICED: Duration = Duration::from_millis(5_100);

/// How long a store that was in trouble is left alone, with a look of each side after it.
const RECOVERY: Duration = Duration::from_secs(15);

/// How long an answer is fresh at most: 300 seconds and a tenth.
const FRESH: Duration = Duration::from_secs(330);

/// How long after that it is given to others while one caller fetches it anew.
const REVALIDATED: Duration = Duration::from_secs(300);

/// How long after it was fresh it is given to who accepts that.
const DEGRADED: Duration = Duration::from_secs(24 * 3600);

/// The vendor acts when a request is sent; its answer counts from when it came. No attempt
/// takes longer.
const ON_ITS_WAY: Duration = Duration::from_secs(31);

/// How far the clocks of two instances are apart, before any of them jumps.
const APART: Duration = Duration::from_secs(10);

/// Why a version counts.
const OWN: &str = "that it has written itself";

/// What is known of writes to what is cached, and of the store.
#[derive(Default)]
pub(crate) struct Staleness {
    writes: Vec<Written>,
    /// Until when the shared store is in trouble.
    trouble: Duration,
    /// By how much ages may be wrong, for clocks that jumped.
    jumps: Duration,
}

/// A write whose call is over, and that changed something or may have.
pub(crate) struct Written {
    /// Whose.
    pub tenant: u64,
    /// Of what.
    pub id: u64,
    /// What it made of it.
    pub version: u64,
    /// On which instance.
    pub instance: usize,
    /// In which of its lives: another one has forgotten all.
    pub life: Rc<Life>,
    /// When the call began.
    pub began: Duration,
    /// When it was over.
    pub ended: Duration,
}

/// A read of what is cached.
pub(crate) struct Read {
    /// Whose.
    pub tenant: u64,
    /// On which instance.
    pub instance: usize,
    /// In which of its lives.
    pub life: Rc<Life>,
    /// When it began.
    pub began: Duration,
    /// Not from the cache.
    pub fresh: bool,
    /// Of any age, while the vendor is down.
    pub accept_stale: bool,
}

impl Staleness {
    /// A write is over.
    pub(crate) fn written(&mut self, written: Written) {
        self.writes.push(written);
    }

    /// The shared store is in trouble until then.
    pub(crate) fn trouble(&mut self, until: Duration) {
        self.trouble = self.trouble.max(until);
    }

    /// An instance's clock goes wrong by so many milliseconds, one way or the other.
    pub(crate) fn jump(&mut self, millis: i64) {
        // It was as wrong before, the other way, at most.
        self.jumps += Duration::from_millis(millis.unsigned_abs()) * 2 + APART;
    }

    /// The newest version that a read must not go behind, and why.
    fn least(&self, read: &Read, id: u64) -> Option<(u64, &'static str)> {
        let about = self.writes.iter().filter(|written| (written.tenant, written.id) == (read.tenant, id));
        let bound = about.filter_map(|written| {
            let own = written.instance == read.instance && Rc::ptr_eq(&written.life, &read.life);
            if own {
                return (written.ended < read.began).then_some((written.version, OWN));
            }
            let told = written.began > self.trouble + RECOVERY;
            let noticed = written.ended + NOTICED < read.began;
            (told && noticed).then_some((written.version, "that another one has written, long ago"))
        });
        bound.max_by_key(|(version, _)| *version)
    }
}

impl World {
    /// Holds an answer against all that was written before; `shares` says whether the
    /// instances have a store together.
    pub(crate) fn check_age(&self, read: &Read, id: u64, version: u64, info: &AnswerInfo, shares: bool) {
        let staleness = self.staleness.borrow();
        let replaced = self.vendor.borrow().job_types.replaced(read.tenant, id, version);
        let least = staleness.least(read, id).filter(|(_, why)| shares || *why == OWN);
        let wrong = match least.filter(|(least, _)| version < *least) {
            Some((least, why)) => Some(format!("not version {least} {why}")),
            None => says_so(read, info, replaced, staleness.jumps).err(),
        };
        drop(staleness);
        if let Some(wrong) = wrong {
            let (source, age) = (info.source, info.age_ms);
            let what = format!(
                "job type {id} of {} on #{}: version {version}, {wrong} ({source:?}, {age} ms old{})",
                read.tenant,
                read.instance,
                if info.degraded { ", degraded" } else { "" }
            );
            self.violate(Invariant::RightAnswer, what);
        }
    }
}

/// Whether an answer is as old as it says, and no older than it may be; `replaced` is when
/// another version took the place of its own.
fn says_so(
    read: &Read,
    info: &AnswerInfo,
    replaced: Option<Duration>,
    jumps: Duration,
) -> Result<(), String> {
    let age = Duration::from_millis(info.age_ms);
    let true_age = replaced.map_or(Duration::ZERO, |replaced| read.began.saturating_sub(replaced));
    let seconds = true_age.as_secs_f64();
    match info.source {
        AnswerSource::Fallback => Err("a fallback that nobody gave".to_owned()),
        // It may be for another call that asked the same at once, if that is allowed.
        AnswerSource::Vendor if read.fresh && true_age > Duration::ZERO => {
            Err(format!("replaced {seconds:.3} s before it was asked for afresh"))
        }
        AnswerSource::Vendor if true_age > ON_ITS_WAY => {
            Err(format!("replaced {seconds:.3} s before the vendor is said to have answered"))
        }
        AnswerSource::Vendor => Ok(()),
        AnswerSource::Cache if read.fresh => Err("from the cache although it was to be fresh".to_owned()),
        AnswerSource::Cache if info.degraded && !read.accept_stale => {
            Err("degraded, which was not accepted".to_owned())
        }
        AnswerSource::Cache if info.degraded && age > FRESH + DEGRADED => {
            Err("too old even while the vendor is down".to_owned())
        }
        AnswerSource::Cache if !info.degraded && age > FRESH + REVALIDATED => Err("too old".to_owned()),
        AnswerSource::Cache if true_age > age + ON_ITS_WAY + APART + jumps => {
            Err(format!("older than it says: replaced {seconds:.3} s before"))
        }
        AnswerSource::Cache => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn read(instance: usize, life: &Rc<Life>, began: Duration) -> Read {
        Read { tenant: 7, instance, life: life.clone(), began, fresh: false, accept_stale: false }
    }

    #[test]
    fn an_instance_knows_its_own_writes_at_once_and_others_within_seconds() {
        let (mine, other) = (Rc::<Life>::default(), Rc::<Life>::default());
        let mut staleness = Staleness::default();
        staleness.written(Written {
            tenant: 7,
            id: 1,
            version: 4,
            instance: 0,
            life: mine.clone(),
            began: 20 * SECOND,
            ended: 21 * SECOND,
        });
        let least = |staleness: &Staleness, instance, life, began| {
            staleness.least(&read(instance, life, began), 1).map(|(version, _)| version)
        };
        assert_eq!(least(&staleness, 0, &mine, 21 * SECOND), None);
        assert_eq!(least(&staleness, 0, &mine, 22 * SECOND), Some(4));
        assert_eq!(least(&staleness, 0, &other, 22 * SECOND), None);
        assert_eq!(least(&staleness, 1, &other, 26 * SECOND), None);
        assert_eq!(least(&staleness, 1, &other, 27 * SECOND), Some(4));
        staleness.trouble(6 * SECOND);
        assert_eq!(least(&staleness, 1, &other, 27 * SECOND), None);
        assert_eq!(least(&staleness, 0, &mine, 22 * SECOND), Some(4));
        assert_eq!(staleness.least(&read(0, &mine, 30 * SECOND), 2), None);
    }

    #[test]
    fn an_answer_says_how_old_it_is() {
        let life = Rc::default();
        let info = |source, age: Duration, degraded| AnswerInfo {
            call_id: String::new(),
            status: 200,
            source,
            age_ms: u64::try_from(age.as_millis()).unwrap_or(u64::MAX),
            degraded,
            misfits: 0,
            first_misfits: Vec::new(),
        };
        let held = |fresh, accept_stale, info: &AnswerInfo, true_age: Duration| {
            let read = Read { fresh, accept_stale, ..read(0, &life, 1_000 * SECOND) };
            says_so(&read, info, Some(1_000 * SECOND - true_age), Duration::ZERO).is_ok()
        };
        let vendor = info(AnswerSource::Vendor, Duration::ZERO, false);
        assert!(held(true, false, &vendor, Duration::ZERO) && !held(true, false, &vendor, SECOND));
        assert!(held(false, false, &vendor, 31 * SECOND) && !held(false, false, &vendor, 32 * SECOND));
        let kept = info(AnswerSource::Cache, 100 * SECOND, false);
        assert!(held(false, false, &kept, 141 * SECOND) && !held(false, false, &kept, 142 * SECOND));
        assert!(!held(true, false, &kept, SECOND));
        let old = |degraded| info(AnswerSource::Cache, 700 * SECOND, degraded);
        assert!(!held(false, true, &old(false), SECOND) && held(false, true, &old(true), SECOND));
        assert!(!held(false, false, &old(true), SECOND));
        assert!(!held(false, true, &info(AnswerSource::Cache, 86_731 * SECOND, true), SECOND));
        assert!(!held(false, false, &info(AnswerSource::Fallback, Duration::ZERO, true), SECOND));
    }
}
