//! How far a command has come, on standard error.

use crate::told::is_for_program;
use clap::Args;
use indicatif::{HumanFloatCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::{
    fmt,
    io::{self, IsTerminal},
    time::Duration,
};

/// How often it is drawn.
const OFTEN: Duration = Duration::from_millis(200);

/// Option of commands that may take long.
#[derive(Args, Clone, Copy)]
pub(crate) struct Quiet {
    /// Show no progress, and tell nothing on standard error but warnings, what went wrong, and where a
    /// list goes on.
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

impl Quiet {
    /// A bar that is shown where somebody sees it, and where nothing else is printed.
    pub(crate) fn progress(self, what: &'static str) -> Progress {
        // A program reads lines.
        let quiet = self.quiet || is_for_program();
        let seen = is_seen(quiet, io::stderr().is_terminal(), io::stdout().is_terminal());
        let target = if seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target).with_style(style(what, false));
        if seen {
            // By a thread of its own.
            bar.enable_steady_tick(OFTEN);
        }
        Progress { bar, what }
    }
}

fn is_seen(quiet: bool, errors_on_terminal: bool, output_on_terminal: bool) -> bool {
    !quiet && errors_on_terminal && !output_on_terminal
}

/// What is counted: `records`, `calls`, `bytes`.
pub(crate) struct Progress {
    bar: ProgressBar,
    what: &'static str,
}

impl Progress {
    /// How many there are in all, so that the time left can be told.
    pub(crate) fn of(&self, total: u64) {
        if self.bar.length() != Some(total) {
            self.bar.set_style(style(self.what, true));
            self.bar.set_length(total);
        }
    }

    pub(crate) fn add(&self, count: u64) {
        self.bar.inc(count);
    }

    pub(crate) fn pages(&self, pages: u32) {
        self.bar.set_message(format!(", {pages} pages"));
    }

    /// Another handle, for what counts elsewhere.
    pub(crate) fn counter(&self) -> impl Fn(u64) + Send + 'static {
        let bar = self.bar.clone();
        move |count| bar.inc(count)
    }
}

/// Before anything else is told.
impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(what: &str, is_total_known: bool) -> ProgressStyle {
    let (count, all, rate) = match what {
        "bytes" => ("{bytes}", "{total_bytes}", "{bytes_per_sec}"),
        _ => ("{human_pos}", "{human_len}", "{rate}"),
    };
    let template = match is_total_known {
        true => format!("{{wide_bar}} {count} of {all} {what}{{msg}}, {rate}, {{eta}} left"),
        false => format!("{{spinner}} {count} {what}{{msg}}, {rate}, {{elapsed}}"),
    };
    // The templates are ours, and a test makes each.
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("rate", |state: &ProgressState, to: &mut dyn fmt::Write| {
        // Nobody is there to be told.
        _ = write!(to, "{}", shown(state.per_sec()));
    })
}

/// With as many digits as say anything.
fn shown(per_second: f64) -> String {
    match per_second {
        slow if slow < 10.0 => format!("{slow:.1}/s"),
        fast => format!("{}/s", HumanFloatCount(fast.round())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_shown_to_somebody_who_sees_nothing_else() {
        assert!(is_seen(false, true, false));
        for (quiet, errors, output) in [(true, true, false), (false, false, false), (false, true, true)] {
            assert!(!is_seen(quiet, errors, output));
        }
    }

    #[test]
    fn a_rate_has_no_more_digits_than_anybody_reads() {
        let shown = [0.0, 0.05, 9.94, 19.9696, 1234.5678, 1e7].map(super::shown);
        assert_eq!(shown, ["0.0/s", "0.1/s", "9.9/s", "20/s", "1,235/s", "10,000,000/s"]);
    }

    #[test]
    fn every_style_is_one() {
        for what in ["records", "bytes", "calls"] {
            for is_total_known in [false, true] {
                let terminal = indicatif::InMemoryTerm::new(2, 100);
                let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
                let bar = ProgressBar::with_draw_target(is_total_known.then_some(2_000), target);
                bar.set_style(style(what, is_total_known));
                bar.set_message(", 3 pages");
                bar.inc(1_500);
                bar.tick();
                let drawn = terminal.contents();
                assert!(drawn.contains(what) && drawn.contains(", 3 pages, "), "{drawn}");
                assert_eq!(drawn.contains("left"), is_total_known, "{drawn}");
            }
        }
    }
}
