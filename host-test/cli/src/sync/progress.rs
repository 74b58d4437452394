//! How far each table is, on standard error.

use crate::{
    progress::Quiet,
    told::{is_for_program, note, warning},
};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use penstock_sync::{
    reader::Event,
    run::{Ended, Read},
};
use serde_json::json;
use std::{
    collections::HashMap,
    io::{self, IsTerminal},
    sync::{Mutex, PoisonError},
};

/// What is shown of the tables that are read: a bar for each, and a line when one has ended.
pub(super) struct Tables {
    bars: MultiProgress,
    by_name: Mutex<HashMap<String, ProgressBar>>,
    quiet: bool,
}

impl Tables {
    pub(super) fn new(quiet: Quiet) -> Tables {
        let is_seen = !quiet.quiet && !is_for_program() && io::stderr().is_terminal();
        let target = if is_seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Tables {
            bars: MultiProgress::with_draw_target(target),
            by_name: Mutex::default(),
            quiet: quiet.quiet,
        }
    }

    pub(super) fn event(&self, read: &Read, event: Event) {
        let bar = self.bar(read);
        match event {
            Event::Records(count) => bar.inc(count),
            Event::Total(total) => bar.set_length(total),
            Event::Drifted => bar.set_message("changed under the read, again"),
            Event::Repeated => bar.set_message("failed for a while, goes on"),
        }
    }

    pub(super) fn ended(&self, ended: &Ended) {
        let name = name(&ended.read);
        let bar = self.by_name.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        self.bars.suspend(|| self.tell(&name, ended));
    }

    fn tell(&self, name: &str, ended: &Ended) {
        match &ended.result {
            Ok(done) => {
                let members = json!({
                    "table": name, "records": done.records, "rows": done.written.rows, "older": done.written.older,
                    "misfits": done.written.misfits, "gone": done.gone, "drifted": done.drifted,
                });
                let mut line = format!("{name}: {} records", done.records);
                for (count, what) in [
                    (done.written.misfits, "do not fit the contract"),
                    (done.written.older, "older than what is there"),
                    (done.gone, "gone"),
                ] {
                    if count > 0 {
                        line.push_str(&format!(", {count} {what}"));
                    }
                }
                if done.drifted {
                    let text = "changed under every read: records may be missing until the next sync";
                    warning("drifted", json!({ "table": name }), format_args!("{name} {text}"));
                }
                if !self.quiet {
                    note("table", members, format_args!("{line}"));
                }
            }
            Err(penstock_sync::Error::Stopped) => {}
            Err(error) => warning("table", json!({ "table": name }), format_args!("{name}: {error}")),
        }
    }

    fn bar(&self, read: &Read) -> ProgressBar {
        let mut bars = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        let name = name(read);
        let make = || {
            let bar = self.bars.add(ProgressBar::new_spinner());
            let style = ProgressStyle::with_template(
                "{spinner} {prefix}: {human_pos} of {human_len} records, {per_sec} {msg}",
            );
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.with_prefix(name.clone())
        };
        bars.entry(name.clone()).or_insert_with(make).clone()
    }
}

/// The table, and whose where that is a part of it.
fn name(read: &Read) -> String {
    match read.owner.as_str() {
        "" => read.table.name.clone(),
        owner => format!("{} of {owner}", read.table.name),
    }
}
