//! What a process takes: memory and descriptors, and whether they stay level.

use crate::told::say;
use anyhow::{Context, Result};
use std::{
    fs,
    time::{Duration, Instant},
};

/// How often they are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// How much more there may be at the end.
const LEVEL: f64 = 0.05;

/// Readers come and go while descriptors are counted: so many more say nothing.
const COMING_AND_GOING: u64 = 6;

/// Shorter runs are still warming up: what they take is told, and not judged.
const LONG_ENOUGH: Duration = Duration::from_secs(300);

/// Kibibytes of a line of `/proc/PID/status`, for instance `VmRSS` or `VmHWM` (its peak).
pub(super) fn kibibytes(process: u32, line: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).context("the gateway is gone")?;
    let found = status.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(':'));
    let number = found.and_then(|found| found.split_whitespace().next()?.parse().ok());
    number.with_context(|| format!("no {line} in /proc/{process}/status"))
}

fn descriptors(process: u32) -> Result<u64> {
    Ok(fs::read_dir(format!("/proc/{process}/fd")).context("the gateway is gone")?.count() as u64)
}

/// The medians of the third fifth of the time and of the last one. Before that it is warming up:
/// in 24 minutes memory grew from 124 to 130 MiB within the first ten, and not at all thereafter.
pub(super) struct Figures {
    memory: [u64; 2],
    descriptors: [u64; 2],
    time: Duration,
}

/// Looks at a process until then.
pub(super) async fn watch(process: u32, until: Instant) -> Result<Figures> {
    let (mut memory, mut open) = (Vec::new(), Vec::new());
    let time = until.saturating_duration_since(Instant::now());
    while Instant::now() < until {
        memory.push(kibibytes(process, "VmRSS")?);
        open.push(descriptors(process)?);
        tokio::time::sleep(EVERY).await;
    }
    Ok(Figures { memory: ends(&memory), descriptors: ends(&open), time })
}

fn ends(samples: &[u64]) -> [u64; 2] {
    let fifth = samples.len() / 5;
    let median = |from: usize| {
        let mut part: Vec<_> = samples.iter().skip(from).take(fifth.max(1)).copied().collect();
        part.sort_unstable();
        part.get(part.len() / 2).copied().unwrap_or_default()
    };
    [median(2 * fifth), median(samples.len().saturating_sub(fifth.max(1)))]
}

fn growth([first, last]: [u64; 2]) -> f64 {
    last as f64 / first.max(1) as f64 - 1.0
}

impl Figures {
    pub(super) fn print(&self) -> anyhow::Result<()> {
        let [first, last] = self.memory.map(|kibibytes| kibibytes as f64 / 1024.0);
        say!(
            "{:<36}{first:.1} MiB, at the end {last:.1} MiB ({:+.1} %)",
            "memory of the gateway",
            growth(self.memory) * 100.0
        )?;
        let [first, last] = self.descriptors;
        say!(
            "{:<36}{first}, at the end {last} ({:+.1} %)",
            "its descriptors",
            growth(self.descriptors) * 100.0
        )
    }

    pub(super) fn wrong(&self) -> Option<String> {
        if self.time < LONG_ENOUGH {
            return None;
        }
        let [few, many] = self.descriptors;
        let has_grown = |ends| growth(ends) > LEVEL;
        let grown: Vec<_> = [
            ("memory", self.memory, has_grown(self.memory)),
            ("descriptors", self.descriptors, has_grown(self.descriptors) && many - few > COMING_AND_GOING),
        ]
        .into_iter()
        .filter(|(.., has_grown)| *has_grown)
        .map(|(name, ends, _)| format!("{name} ({:+.1} %)", growth(ends) * 100.0))
        .collect();
        let most = LEVEL * 100.0;
        (!grown.is_empty()).then(|| format!("not level within {most} %: {}", grown.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warming_up_does_not_count_and_growth_does() {
        let level: Vec<_> = [1, 40, 60, 70, 80, 85, 90, 95, 98, 99].into_iter().chain([100; 15]).collect();
        assert_eq!(ends(&level), [100, 100]);
        let grows: Vec<_> = (0..100).map(|step| 100 + step).collect();
        let figures = Figures { memory: ends(&grows), descriptors: [40, 46], time: LONG_ENOUGH };
        assert_eq!(figures.memory, [150, 190]);
        assert_eq!(figures.wrong().as_deref(), Some("not level within 5 %: memory (+26.7 %)"));
        let more = Figures { descriptors: [40, 47], ..figures };
        let both = "not level within 5 %: memory (+26.7 %), descriptors (+17.5 %)";
        assert_eq!(more.wrong().as_deref(), Some(both));
        assert!(Figures { time: LONG_ENOUGH / 2, ..more }.wrong().is_none(), "it warms up");
        let level = Figures { memory: [100, 104], descriptors: [10, 5], time: LONG_ENOUGH };
        assert!(level.wrong().is_none());
    }
}
