//! What was measured: medians, their spread, and whether it is enough.

use crate::minimums::Minimum;
use std::collections::BTreeMap;

/// A line's measure, of ours and of the native client's in turn.
pub struct Pair {
    pub line: &'static str,
    pub unit: Unit,
    pub ours: f64,
    /// None where there is nothing to compare with: then ours itself is judged.
    pub native: Option<f64>,
}

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    RecordsPerSecond,
    CallsPerSecond,
    MegabytesPerSecond,
    /// Less is better, so that the ratio is the native client's to ours.
    Microseconds,
    /// Processor time a record in the process that reads: what a busy machine disturbs least.
    /// Less is better, and it has no minimum.
    ProcessorMicroseconds,
    /// Ours is one of two, and so is the other.
    Kibibytes,
    /// One measure of ours by another.
    Times,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::RecordsPerSecond => "records/s",
            Self::CallsPerSecond => "calls/s",
            Self::MegabytesPerSecond => "MB/s",
            Self::Microseconds => "us",
            Self::ProcessorMicroseconds => "us of processor time a record",
            Self::Kibibytes => "KiB",
            Self::Times => "times",
        }
    }

    fn is_less_better(self) -> bool {
        matches!(self, Self::Microseconds | Self::ProcessorMicroseconds)
    }
}

impl Pair {
    /// What is judged.
    fn ratio(&self) -> f64 {
        match self.native {
            None => self.ours,
            Some(native) if self.unit.is_less_better() => native / self.ours,
            Some(native) => self.ours / native,
        }
    }
}

/// All that was measured so far, in the order of the lines.
pub struct Figures {
    minimums: BTreeMap<String, Minimum>,
    lines: Vec<Vec<Pair>>,
}

impl Figures {
    pub fn new(minimums: BTreeMap<String, Minimum>) -> Self {
        Self { minimums, lines: Vec::new() }
    }

    pub fn add(&mut self, pair: Pair) {
        let is_same = |other: &Pair| (other.line, other.unit) == (pair.line, pair.unit);
        match self.lines.iter_mut().find(|pairs| pairs.first().is_some_and(is_same)) {
            Some(pairs) => pairs.push(pair),
            None => self.lines.push(vec![pair]),
        }
    }

    /// Prints the table. False if a line misses its minimum by more than its spread.
    pub fn print(&self) -> bool {
        println!("| line | | ours | native | ratio | from | to | must have | |");
        println!("|---|---|---:|---:|---:|---:|---:|---:|---|");
        let mut well = true;
        for pairs in &self.lines {
            let Some(Pair { line, unit, .. }) = pairs.first() else { continue };
            let ours = Spread::of(pairs.iter().map(|pair| pair.ours));
            let native = Spread::of(pairs.iter().filter_map(|pair| pair.native));
            let ratio = Spread::of(pairs.iter().map(Pair::ratio));
            let minimum = self.minimums.get(*line).filter(|_| *unit != Unit::ProcessorMicroseconds);
            let missed = minimum.is_some_and(|minimum| ratio.misses(*minimum));
            well &= !missed;
            let must = match minimum {
                None => String::new(),
                Some(Minimum::AtLeast(least)) => format!("≥ {least}"),
                Some(Minimum::AtMost(most)) => format!("≤ {most}"),
            };
            println!(
                "| {line} | {} | {} | {} | {:.2} | {:.2} | {:.2} | {must} | {} |",
                unit.name(),
                ours.text(),
                native.text(),
                ratio.median,
                ratio.least,
                ratio.most,
                if missed { "missed" } else { "" }
            );
        }
        well
    }
}

/// The middle of several measures, and what lies around it.
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
        Self { median: at(values.len() / 2), least: at(0), most: at(values.len().saturating_sub(1)) }
    }

    fn misses(&self, minimum: Minimum) -> bool {
        let spread = self.most - self.least;
        match minimum {
            Minimum::AtLeast(least) => self.median + spread < least,
            Minimum::AtMost(most) => self.median - spread > most,
        }
    }

    fn text(&self) -> String {
        let Self { median, least, most } = *self;
        match median {
            none if none.is_nan() => "-".to_owned(),
            small if small < 100.0 => format!("{small:.2} ({least:.2}..{most:.2})"),
            large => format!("{large:.0} ({least:.0}..{most:.0})"),
        }
    }
}
