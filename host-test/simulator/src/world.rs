//! What all parts of a schedule share: time, the vendor, the trace, the counts.

use crate::{
    Config,
    calls::Calls,
    fault::Fault,
    figures::Figures,
    invariant::{Invariant, Violation},
    memory::Memory,
    staleness::Staleness,
    trace::{Event, Trace, Who},
    vendor::Vendor,
};
use memchr::memmem::Finder;
use penstock::host::simulated::{Simulated, Sleep};
use penstock_spellings::TRACES;
use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

/// `PENSTOCK_DEADLINE` where it is not set, or not read yet. No setting is longer here.
pub(crate) const USUAL_DEADLINE: Duration = Duration::from_secs(120);

/// Violations whose words are kept. All are counted.
const KEPT: usize = 20;

/// The world of one schedule.
pub(crate) struct World {
    /// A host on the world's clock.
    clock: Simulated,
    trace: Trace,
    figures: RefCell<Figures>,
    violations: RefCell<Vec<Violation>>,
    finders: Vec<Finder<'static>>,
    faults: Cell<u64>,
    /// Who calls what.
    pub calls: RefCell<Calls>,
    /// The call on whose behalf the core runs at this moment.
    pub current: Cell<Option<usize>>,
    /// The deadline of calls whose callers name none.
    pub usual_deadline: Cell<Duration>,
    /// RETRY_ATTEMPTS, everywhere.
    pub attempts: Cell<usize>,
    /// What answers take.
    pub memory: Memory,
    /// How old answers may be.
    pub staleness: RefCell<Staleness>,
    /// The vendor.
    pub vendor: RefCell<Vendor>,
}

impl World {
    pub(crate) fn new(seed: u64, config: &Config, vendor: Vendor) -> World {
        World {
            clock: Simulated::new(seed),
            trace: Trace::new(config.trace),
            figures: RefCell::new(Figures { schedules: 1, distinct_traces: 1, ..Figures::default() }),
            violations: RefCell::default(),
            finders: TRACES.iter().map(Finder::new).collect(),
            faults: Cell::new(0),
            calls: RefCell::default(),
            current: Cell::new(None),
            usual_deadline: Cell::new(USUAL_DEADLINE),
            attempts: Cell::new(4),
            memory: Memory::default(),
            staleness: RefCell::default(),
            vendor: RefCell::new(vendor),
        }
    }

    /// A further host on the same clock.
    pub(crate) fn host(&self, seed: u64) -> Simulated {
        self.clock.sibling(seed)
    }

    /// Time since the start.
    pub(crate) fn now(&self) -> Duration {
        self.clock.elapsed()
    }

    pub(crate) fn wait(&self, time: Duration) -> Sleep {
        self.clock.wait(time)
    }

    /// Runs a future in virtual time.
    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.clock.run(future)
    }

    /// The call that runs at this moment, on an instance.
    pub(crate) fn who(&self, instance: usize) -> Who {
        Who { instance: Some(instance), call: self.current.get() }
    }

    /// Takes a step down.
    pub(crate) fn note(&self, who: Who, event: &Event<'_>) {
        self.trace.note(self.now(), who, event);
    }

    /// Something happens that is nobody's call.
    pub(crate) fn tell(&self, instance: Option<usize>, what: &str) {
        self.note(Who { instance, call: None }, &Event::World(what));
    }

    /// A fault takes place.
    pub(crate) fn fault(&self, who: Who, fault: Fault) {
        self.faults.set(self.faults.get() + 1);
        *self.figures.borrow_mut().faults.entry(fault).or_default() += 1;
        self.note(who, &Event::Fault(fault));
    }

    /// A fault that lasts and was counted goes on.
    pub(crate) fn trouble(&self) {
        self.faults.set(self.faults.get() + 1);
    }

    /// Changes whenever anything goes wrong.
    pub(crate) fn faults(&self) -> u64 {
        self.faults.get()
    }

    /// Counts something.
    pub(crate) fn count(&self, count: impl FnOnce(&mut Figures)) {
        count(&mut self.figures.borrow_mut());
    }

    /// An invariant does not hold.
    pub(crate) fn violate(&self, invariant: Invariant, what: impl Into<String>) {
        self.violate_at(self.trace.steps(), invariant, what.into());
    }

    /// An invariant did not hold at an earlier step.
    pub(crate) fn violate_at(&self, step: u64, invariant: Invariant, what: String) {
        *self.figures.borrow_mut().violations.entry(invariant).or_default() += 1;
        let mut violations = self.violations.borrow_mut();
        if violations.len() < KEPT {
            violations.push(Violation { invariant, step, at: self.now(), what });
        }
    }

    pub(crate) fn steps(&self) -> u64 {
        self.trace.steps()
    }

    /// Looks for secrets in something that left the core.
    pub(crate) fn scan(&self, place: &str, text: &[u8]) {
        let Some(at) = self.finders.iter().find_map(|finder| finder.find(text)) else { return };
        let around = text.get(at.saturating_sub(60)..text.len().min(at + 60)).unwrap_or_default();
        let around = String::from_utf8_lossy(around);
        self.violate(Invariant::NoSecretSeen, format!("a secret in {place}: ...{around}..."));
    }

    /// What it all came to.
    pub(crate) fn close(&self) -> (Figures, Vec<Violation>, Vec<String>) {
        let mut figures = self.figures.take();
        let digests = self.trace.digests();
        (figures.port, figures.texts) = (digests.port(), digests.texts());
        figures.simulated_seconds = self.now().as_secs_f64();
        (figures, self.violations.take(), self.trace.take())
    }
}
