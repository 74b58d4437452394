//! What one schedule came to.

use crate::{Config, Figures, Invariant, Violation, schedule};
use serde::Serialize;
use std::{
    any::Any,
    fmt::Write,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// What one schedule came to.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// How many steps it had.
    pub steps: u64,
    /// Its figures; the digests are those of its trace.
    pub figures: Figures,
    /// What did not hold, the first twenty. [`Figures::violations`] counts all.
    pub violations: Vec<Violation>,
    /// Its steps as text, if they were kept.
    #[serde(skip)]
    pub trace: Vec<String>,
}

impl Report {
    /// Whether this was violated.
    #[must_use]
    pub fn violates(&self, invariant: Invariant) -> bool {
        self.figures.violations.contains_key(&invariant)
    }

    /// The violations, and the last so many steps before each of them.
    #[must_use]
    pub fn excerpt(&self, steps: usize) -> String {
        let mut out = String::new();
        for violation in &self.violations {
            // Writing to a String cannot fail.
            _ = writeln!(out, "seed {}: {violation}", self.seed);
            let end = usize::try_from(violation.step).unwrap_or(usize::MAX).min(self.trace.len());
            let before = self.trace.get(end.saturating_sub(steps)..end).unwrap_or_default();
            before.iter().for_each(|line| _ = writeln!(out, "    {line}"));
        }
        out
    }
}

/// Runs a schedule; a panic is a violation at the step that it came to. The world outlives
/// it, and so does its trace.
pub(crate) fn caught(seed: u64, config: &Config) -> Report {
    let (world, chance) = schedule::world(seed, config);
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| schedule::run(&world, chance))) {
        world.violate(Invariant::NoPanic, words(panic.as_ref()));
    }
    let (figures, violations, trace) = world.close();
    Report { seed, steps: world.steps(), figures, violations, trace }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}
