//! `penstock simulate`, as a value: what to run and how to show it.

use crate::{
    Config, Outcome, Seed, run_with,
    scenarios::{Commit, Reading, copies, kills, outage, rotations, saturation},
    simulate_with,
};
use std::{
    fmt::Write,
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

/// A line for whoever is still there: `println!` panics where nothing can be printed.
macro_rules! told {
    ($($line:tt)*) => {{
        use std::io::Write as _;
        _ = writeln!(std::io::stdout(), $($line)*);
    }};
}

/// Every so-manieth seed is run twice, and both traces must be the same.
const TWICE: u64 = 50;

/// How much of a trace is shown of a schedule in which something did not hold.
const EXCERPT: usize = 40;

/// What to run and how to show it.
#[derive(Debug, Clone)]
pub struct Command {
    /// The first seed.
    pub first: u64,
    /// How many schedules.
    pub seeds: u64,
    /// On so many threads.
    pub threads: usize,
    /// Figures as JSON.
    pub json: bool,
    /// The whole trace of the first seed, and nothing else.
    pub trace: bool,
    /// The scenarios instead of schedules.
    pub scenarios: bool,
    /// In the scenarios, a read is killed at one in so many of its host calls.
    pub kill_every: u64,
    /// Where the digests of each seed are written, a line each, to be compared with those of
    /// another commit: the first line that differs is a seed to look at with `trace`.
    pub digests: Option<PathBuf>,
}

impl Command {
    /// Runs it, and prints what it came to on standard output; whether everything held. What else there
    /// is to say, such as how long it took, `note` is told.
    #[must_use]
    pub fn run(&self, note: &dyn Fn(&str)) -> bool {
        let mut config = Config::default();
        if self.trace {
            config.trace = true;
            let report = run_with(self.first, &config);
            report.trace.iter().for_each(|line| told!("{line}"));
            told!("{}", report.excerpt(0));
            return report.violations.is_empty();
        }
        if self.scenarios {
            return play(&config, self.threads, self.kill_every);
        }
        let began = Instant::now();
        let seeds = self.first..self.first.saturating_add(self.seeds);
        let outcome = simulate_with(seeds, self.threads, &config, TWICE, |_| ());
        self.show(&outcome, note);
        let took = began.elapsed().as_secs_f64();
        note(&format!("{took:.1} s, {:.0} schedules a second", self.seeds as f64 / took));
        self.write_digests(&outcome, note) && outcome.is_good()
    }

    fn write_digests(&self, outcome: &Outcome, note: &dyn Fn(&str)) -> bool {
        let Some(path) = &self.digests else { return true };
        let mut lines = String::from("seed port texts\n");
        for Seed { seed, port, texts } in &outcome.seeds {
            // Writing to a String cannot fail.
            _ = writeln!(lines, "{seed} {port:016x} {texts:016x}");
        }
        let written = fs::write(path, lines);
        if let Err(error) = &written {
            note(&format!("{}: {error}", path.display()));
        }
        written.is_ok()
    }

    fn show(&self, outcome: &Outcome, note: &dyn Fn(&str)) {
        if self.json {
            match serde_json::to_string_pretty(outcome) {
                Ok(text) => told!("{text}"),
                Err(error) => note(&error.to_string()),
            }
            return;
        }
        for found in &outcome.findings {
            told!("{}", found.excerpt(EXCERPT));
        }
        told!("{}", outcome.figures);
    }
}

/// Plays all scenarios and shows their figures; whether everything held.
fn play(config: &Config, threads: usize, kill_every: u64) -> bool {
    let minute = Duration::from_secs(60);
    let mut good = true;
    let mut show = |held: bool, what: String| {
        good &= held;
        told!("{}{what}", if held { "" } else { "DOES NOT HOLD: " });
    };
    for reading in [Reading::Pages, Reading::Stream { between: 500 }] {
        let began = Instant::now();
        let kills = kills(1_000, 20, reading, kill_every, threads);
        let took = began.elapsed().as_secs_f64();
        show(kills.is_good(reading), format!("{reading:?}: {kills:?} in {took:.0} s"));
    }
    let copies = copies(40, 20, kill_every, Commit::Together);
    show(copies.is_good(kill_every), format!("a model of a database: {copies:?}"));
    let saturation = saturation(1, config, 8, 16);
    let used = saturation.used() * 100.0;
    show(saturation.is_good(), format!("{used:.1} % of the limit used: {saturation:?}"));
    for way in 0..4 {
        let outage = outage(1, config, 50, minute, way);
        let (sends, recovered) = (outage.amplification(), outage.recovered() * 100.0);
        show(outage.is_good(), format!("{sends:.3} requests a call, {recovered:.1} % after: {outage:?}"));
    }
    for two_slots in [false, true] {
        let rotations = rotations(1, config, 1_000, 6, two_slots);
        show(rotations.is_good(), format!("{rotations:?}"));
    }
    good
}
