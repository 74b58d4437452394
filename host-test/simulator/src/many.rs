//! Many schedules, on several threads.

use crate::{Config, Figures, Invariant, Report, Violation, run_with};
use serde::Serialize;
use std::{
    collections::HashSet,
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// Every so many seeds, the schedule is run twice and must give the same trace.
const TWICE: u64 = 50;

/// Schedules with violations whose reports are kept.
const KEPT: usize = 10;

/// Seeds that a thread takes at once.
const BATCH: u64 = 16;

/// What many schedules came to.
#[derive(Debug, Default, Serialize)]
pub struct Outcome {
    /// All figures together.
    pub figures: Figures,
    /// The schedules in which something did not hold, the first ten by seed, each run
    /// again with its trace kept.
    pub findings: Vec<Report>,
    /// The digests of each schedule, by seed.
    #[serde(skip)]
    pub seeds: Vec<Seed>,
}

/// The digests of one schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed {
    /// Its seed.
    pub seed: u64,
    /// See [`Figures::port`].
    pub port: u64,
    /// See [`Figures::texts`].
    pub texts: u64,
}

impl Outcome {
    /// Whether everything held.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.figures.all_violations() == 0
    }
}

/// Runs the schedules of these seeds. `progress` is told from time to time how many are
/// done. One thread is the caller's own.
pub fn simulate(seeds: Range<u64>, threads: usize, progress: impl Fn(u64) + Sync) -> Outcome {
    simulate_with(seeds, threads, &Config::default(), TWICE, progress)
}

/// The same in a certain way; every `twice`-th seed is run twice, none if it is 0.
pub fn simulate_with(
    seeds: Range<u64>,
    threads: usize,
    config: &Config,
    twice: u64,
    progress: impl Fn(u64) + Sync,
) -> Outcome {
    let next = AtomicU64::new(seeds.start);
    let done = AtomicU64::new(0);
    let all = Mutex::new(Gathered::default());
    let work = || {
        loop {
            let from = next.fetch_add(BATCH, Ordering::Relaxed);
            if from >= seeds.end {
                return;
            }
            let mut some = Gathered::default();
            for seed in from..seeds.end.min(from.saturating_add(BATCH)) {
                some.take(checked(seed, config, twice));
            }
            let many = some.outcome.figures.schedules;
            all.lock().unwrap_or_else(PoisonError::into_inner).add(some);
            progress(done.fetch_add(many, Ordering::Relaxed) + many);
        }
    };
    if threads <= 1 {
        work();
    } else {
        thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    }
    let Gathered { mut outcome, digests } = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcome.figures.distinct_traces = digests.len() as u64;
    outcome.seeds.sort_unstable_by_key(|seed| seed.seed);
    outcome.findings = outcome.findings.iter().map(explained).collect();
    outcome
}

/// Runs a schedule, some twice.
fn checked(seed: u64, config: &Config, twice: u64) -> Report {
    let mut report = run_with(seed, config);
    if twice > 0 && seed.is_multiple_of(twice) {
        let again = run_with(seed, config);
        if again.figures.trace() != report.figures.trace() {
            let invariant = Invariant::SameTrace;
            *report.figures.violations.entry(invariant).or_default() += 1;
            let what = format!("{:x} and {:x}", report.figures.trace(), again.figures.trace());
            report.violations.push(Violation { invariant, step: 0, at: Duration::ZERO, what });
        }
    }
    report
}

/// The same schedule with its steps as text. A trace that differs each time shows where.
fn explained(found: &Report) -> Report {
    let config = Config { trace: true };
    let mut report = run_with(found.seed, &config);
    for violation in found.violations.iter().filter(|violation| violation.invariant == Invariant::SameTrace) {
        let again = run_with(found.seed, &config);
        let same = report.trace.iter().zip(&again.trace).take_while(|(one, other)| one == other).count();
        let line = |report: &Report| report.trace.get(same).map_or("the end", |line| line.trim()).to_owned();
        let what = format!("{}: {:?} or {:?}", violation.what, line(&report), line(&again));
        report.violations.push(Violation { step: same as u64, what, ..violation.clone() });
        *report.figures.violations.entry(Invariant::SameTrace).or_default() += 1;
    }
    report
}

#[derive(Default)]
struct Gathered {
    outcome: Outcome,
    digests: HashSet<u64>,
}

impl Gathered {
    fn take(&mut self, report: Report) {
        self.digests.insert(report.figures.trace());
        let Figures { port, texts, .. } = report.figures;
        self.outcome.seeds.push(Seed { seed: report.seed, port, texts });
        self.outcome.figures.add(&report.figures);
        if !report.violations.is_empty() {
            self.keep(report);
        }
    }

    fn add(&mut self, other: Gathered) {
        self.digests.extend(other.digests);
        self.outcome.seeds.extend(other.outcome.seeds);
        self.outcome.figures.add(&other.outcome.figures);
        other.outcome.findings.into_iter().for_each(|report| self.keep(report));
    }

    fn keep(&mut self, report: Report) {
        let kept = &mut self.outcome.findings;
        kept.push(report);
        kept.sort_by_key(|report| report.seed);
        kept.truncate(KEPT);
    }
}
