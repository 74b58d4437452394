//! What it is measured on.

use anyhow::{Context as _, Result};
use std::{fs, thread, time::Duration};

/// Prints the processors, and how busy they are.
pub fn print() {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let model = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown", |(_, model)| model);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    println!("{processors} processors, {model}, load {load} before the start\n");
}

/// The processor time of this process so far, in the hundredths of a second that Linux counts in
/// (`proc_pid_stat(5)`, fields 14 and 15).
pub fn spent() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name of the program before them may have blanks in it.
    let (_, fields) = stat.rsplit_once(')').context("a name in parentheses")?;
    let ticks = fields.split_ascii_whitespace().skip(11).take(2).map(str::parse::<u64>);
    Ok(Duration::from_millis(10 * ticks.sum::<Result<u64, _>>()?))
}
