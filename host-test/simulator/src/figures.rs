//! What the schedules came to, counted.

use crate::{fault::Fault, invariant::Invariant};
use serde::Serialize;
use std::{collections::BTreeMap, fmt, time::Duration};

/// Counts over any number of schedules.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Figures {
    /// Schedules that were run.
    pub schedules: u64,
    /// Calls that callers made; a whole read is one.
    pub calls: u64,
    /// Calls that ended well.
    pub calls_ok: u64,
    /// Requests that were sent, those for tokens included.
    pub requests: u64,
    /// Requests for tokens.
    pub token_requests: u64,
    /// Operations on the shared store.
    pub state_operations: u64,
    /// Records that were delivered to consumers.
    pub records: u64,
    /// Lists that were read to their end, through whatever failures.
    pub reads: u64,
    /// How often a read went on from where it had stopped.
    pub resumed: u64,
    /// Lists that were given up after too many failures.
    pub abandoned_reads: u64,
    /// Lists read to their end that shifted meanwhile.
    pub shifted_reads: u64,
    /// Lists read to their end whose end says `drifted`.
    pub drifted_reads: u64,
    /// Lists read to their end that may have lost records: they say `drifted`, or are of the
    /// kinds in which nobody can see a loss.
    pub exempt_reads: u64,
    /// Records that those lost, all together.
    pub exempt_losses: u64,
    /// Records that came again in those that say `drifted`.
    pub exempt_repeats: u64,
    /// Records that did not fit the contract, and were left out or given as they came.
    pub misfits: u64,
    /// Writes that callers asked for.
    pub writes: u64,
    /// Writes that took effect at the vendor's.
    pub writes_applied: u64,
    /// Answers that came from the cache.
    pub kept_answers: u64,
    /// Those of them that were the second best while the vendor was down.
    pub degraded_answers: u64,
    /// Virtual time in seconds, all schedules together.
    pub simulated_seconds: f64,
    /// Faults that took place, by kind.
    pub faults: BTreeMap<Fault, u64>,
    /// Different traces among those of all schedules.
    pub distinct_traces: u64,
    /// The digests of what crosses the host's port in all schedules, whatever their order:
    /// calls, requests, answers, waits, look-ups, operations on the store, records. A change
    /// that leaves behaviour as it is leaves this as it is.
    pub port: u64,
    /// The same of results, log lines and names, which a rename may change.
    pub texts: u64,
    /// Violations, by invariant.
    pub violations: BTreeMap<Invariant, u64>,
}

impl Figures {
    /// Takes in those of other schedules. [`Figures::distinct_traces`] adds up, which is
    /// right only if the traces of both differ.
    pub fn add(&mut self, other: &Figures) {
        self.schedules += other.schedules;
        self.calls += other.calls;
        self.calls_ok += other.calls_ok;
        self.requests += other.requests;
        self.token_requests += other.token_requests;
        self.state_operations += other.state_operations;
        self.records += other.records;
        self.reads += other.reads;
        self.resumed += other.resumed;
        self.abandoned_reads += other.abandoned_reads;
        self.shifted_reads += other.shifted_reads;
        self.drifted_reads += other.drifted_reads;
        self.exempt_reads += other.exempt_reads;
        self.exempt_losses += other.exempt_losses;
        self.exempt_repeats += other.exempt_repeats;
        self.misfits += other.misfits;
        self.writes += other.writes;
        self.writes_applied += other.writes_applied;
        self.kept_answers += other.kept_answers;
        self.degraded_answers += other.degraded_answers;
        self.simulated_seconds += other.simulated_seconds;
        self.distinct_traces += other.distinct_traces;
        self.port = self.port.wrapping_add(other.port);
        self.texts = self.texts.wrapping_add(other.texts);
        for (fault, count) in &other.faults {
            *self.faults.entry(*fault).or_default() += count;
        }
        for (invariant, count) in &other.violations {
            *self.violations.entry(*invariant).or_default() += count;
        }
    }

    /// Virtual time, all schedules together.
    #[must_use]
    pub fn simulated(&self) -> Duration {
        Duration::try_from_secs_f64(self.simulated_seconds).unwrap_or_default()
    }

    /// Faults that took place, of all kinds.
    #[must_use]
    pub fn all_faults(&self) -> u64 {
        self.faults.values().sum()
    }

    /// Both digests in one: what tells traces apart.
    #[must_use]
    pub fn trace(&self) -> u64 {
        self.port ^ self.texts.rotate_left(32)
    }

    /// Violations of all invariants.
    #[must_use]
    pub fn all_violations(&self) -> u64 {
        self.violations.values().sum()
    }

    fn rows(&self) -> [(&'static str, u64); 21] {
        [
            ("schedules", self.schedules),
            ("calls", self.calls),
            ("  ended well", self.calls_ok),
            ("requests", self.requests),
            ("  for tokens", self.token_requests),
            ("state operations", self.state_operations),
            ("records delivered", self.records),
            ("lists read to the end", self.reads),
            ("  went on after a stop", self.resumed),
            ("  shifted meanwhile", self.shifted_reads),
            ("  say `drifted`", self.drifted_reads),
            ("  may lose records", self.exempt_reads),
            ("    and lost", self.exempt_losses),
            ("    and repeated", self.exempt_repeats),
            ("misfits", self.misfits),
            ("lists given up", self.abandoned_reads),
            ("writes", self.writes),
            ("  took effect", self.writes_applied),
            ("answers from the cache", self.kept_answers),
            ("  degraded", self.degraded_answers),
            ("distinct traces", self.distinct_traces),
        ]
    }
}

/// A table for a terminal.
impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, count) in self.rows() {
            writeln!(f, "{name:<26}{count:>14}")?;
        }
        writeln!(f, "{:<26}{:>14.1}", "simulated hours", self.simulated_seconds / 3600.0)?;
        // Wider than the counts: 16 digits.
        writeln!(f, "{:<24}{:016x}", "digest port", self.port)?;
        writeln!(f, "{:<24}{:016x}", "digest texts", self.texts)?;
        let per_schedule = self.all_faults() as f64 / self.schedules.max(1) as f64;
        let kinds = self.faults.len();
        writeln!(f, "\nfaults: {} of {kinds} kinds, {per_schedule:.1} a schedule", self.all_faults())?;
        for fault in Fault::ALL {
            writeln!(f, "  {fault:<24}{:>14}", self.faults.get(fault).copied().unwrap_or_default())?;
        }
        writeln!(f, "\nviolations: {}", self.all_violations())?;
        for invariant in Invariant::ALL {
            let count = self.violations.get(invariant).copied().unwrap_or_default();
            writeln!(f, "  {invariant:<24}{count:>14}")?;
        }
        Ok(())
    }
}
