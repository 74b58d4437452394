//! `penstock sync all`: the syncs of a file, one after another.

use super::{copy::Copy, every::every};
use crate::{
    report::Unfit,
    stopping::{Stopped, Stopping},
    told::{say, warning},
};
use anyhow::{Result, bail};
use clap::{Args, Parser, error::ContextKind};
use serde_json::json;
use std::{collections::BTreeMap, error::Error as _, fs, path::PathBuf, time::Duration};
use toml::{Table, Value};

#[derive(Args)]
pub(crate) struct All {
    /// The syncs: a table each, with the options of `sync` as its keys.
    #[arg(long, value_name = "FILE", default_value = "sync.toml")]
    file: PathBuf,
    /// Only these.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<String>,
    /// Read everything anew, as `sync --full` does.
    #[arg(long)]
    full: bool,
    /// Say what would be made and read, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// Again and again, with such a pause: `30s`, `5m`, `2h`. The file is read each time.
    #[arg(long, value_name = "TIME", value_parser = every)]
    watch: Option<Duration>,
    /// Show no progress, and tell nothing on standard error but warnings and what went wrong.
    #[arg(long, short)]
    quiet: bool,
}

/// One sync, as the parser of arguments has it.
#[derive(Parser)]
struct One {
    #[command(flatten)]
    copy: Copy,
}

/// Keys that are for all syncs together.
const OF_ALL: [&str; 4] = ["watch", "dry-run", "full", "demo"];

impl All {
    pub(super) async fn run(self, stopping: &Stopping) -> Result<()> {
        loop {
            let done = self.once(stopping).await;
            let Some(pause) = self.watch else { return done };
            match done {
                Err(error) if stopping.signal().is_some() => return Err(error),
                // The next time may be better.
                Err(error) => warning("sync", json!({}), format_args!("{error:#}")),
                Ok(()) => {}
            }
            stopping.unless_asked(tokio::time::sleep(pause)).await?;
        }
    }

    /// Runs each once. One that fails does not keep the others.
    async fn once(&self, stopping: &Stopping) -> Result<()> {
        let copies = self.copies()?;
        let all = copies.len();
        let mut failed = 0;
        for (name, copy) in copies {
            if self.dry_run {
                say!("# {name}")?;
            }
            let Err(error) = copy.run(stopping).await else { continue };
            if error.is::<Stopped>() || all == 1 {
                return Err(error);
            }
            failed += 1;
            warning("sync", json!({ "sync": name }), format_args!("{name}: {error:#}"));
        }
        if failed > 0 {
            bail!("{failed} of {all} syncs failed");
        }
        Ok(())
    }

    /// What is in the file, all of it before anything is read.
    fn copies(&self) -> Result<Vec<(String, Copy)>> {
        let shown = self.file.display();
        let unread = |error| Unfit(format!("cannot read {shown}: {error}"));
        let text = fs::read_to_string(&self.file).map_err(unread)?;
        // The place is told, and no line: it may have a password.
        let unfit = |error: toml::de::Error| Unfit(format!("{shown} is not TOML: {}", error.message()));
        let syncs: BTreeMap<String, Value> = text.parse::<Table>().map_err(unfit)?.into_iter().collect();
        if let Some(unknown) = self.only.iter().find(|name| !syncs.contains_key(*name)) {
            return Err(Unfit(format!("{shown} has no sync \"{unknown}\"")).into());
        }
        let wanted = |name: &String| self.only.is_empty() || self.only.contains(name);
        let copies = syncs.into_iter().filter(|(name, _)| wanted(name)).map(|(name, keys)| {
            let told = |why: String| Unfit(format!("{shown}, {name}: {why}"));
            let copy = self.copy(keys).map_err(told)?;
            Ok((name, copy))
        });
        let copies: Vec<_> = copies.collect::<Result<_, Unfit>>()?;
        if copies.is_empty() {
            return Err(Unfit(format!("{shown} has no sync")).into());
        }
        Ok(copies)
    }

    fn copy(&self, keys: Value) -> Result<Copy, String> {
        let Value::Table(keys) = keys else {
            return Err("must be a table of the options of `sync`".to_owned());
        };
        let mut arguments = vec!["sync".to_owned()];
        for (key, value) in keys {
            if OF_ALL.contains(&key.as_str()) {
                return Err(format!("{key} is for all syncs together: sync all --{key}"));
            }
            let option = format!("--{}", key.replace('_', "-"));
            match (key.as_str(), value) {
                ("vendor", Value::String(vendor)) if !vendor.starts_with('-') => arguments.insert(1, vendor),
                (_, Value::Boolean(true)) => arguments.push(option),
                (_, Value::Boolean(false)) => {}
                (key, value) => arguments.push(format!("{option}={}", argument(key, value)?)),
            }
        }
        let of_all = [(self.full, "--full"), (self.dry_run, "--dry-run"), (self.quiet, "--quiet")];
        arguments.extend(of_all.iter().filter(|(is_set, _)| *is_set).map(|(_, option)| (*option).to_owned()));
        One::try_parse_from(arguments).map(|one| one.copy).map_err(|error| shown(&error))
    }
}

/// A value as an option takes it.
fn argument(key: &str, value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Datetime(time) => Ok(time.to_string()),
        Value::Array(values) => {
            let values: Result<Vec<_>, _> = values.into_iter().map(|value| argument(key, value)).collect();
            Ok(values?.join(","))
        }
        _ => Err(format!("{key} must be a text, a number, a list of them, or true or false")),
    }
}

/// What the parser of arguments refuses, without the value.
fn shown(error: &clap::Error) -> String {
    let about = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    let argument = about.split([' ', '=']).next().unwrap_or_default().trim_start_matches('-').to_owned();
    let why = error.source().map_or_else(|| error.kind().to_string(), ToString::to_string);
    if argument.is_empty() { why } else { format!("{argument}: {why}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> All {
        All {
            file: PathBuf::from("sync.toml"),
            only: Vec::new(),
            full: false,
            dry_run: false,
            watch: None,
            quiet: false,
        }
    }

    fn copy(keys: &str) -> Result<Copy, String> {
        all().copy(Value::Table(keys.parse().unwrap()))
    }

    #[test]
    fn keys_are_options() {
        let copy = copy(
            "vendor = \"servicetitan\"\nto = \"sqlite:titan.db\"\nmodules = [\"jpm\", \"crm\"]\nsince = 2026-01-01\n\
             parallel = 8\nwait = true\n",
        );
        assert_eq!(copy.unwrap().modules, ["jpm", "crm"]);
    }

    #[test]
    fn what_does_not_fit_is_told_by_its_key_and_without_its_value() {
        for (keys, told) in [
            ("to = \"sqlite:c.db\"", "VENDOR"),
            ("vendor = \"servicetitan\"", "to"),
            ("vendor = \"servicetitan\"\nto = \"mysql://u:canary@h\"", "to: this is no destination"),
            ("vendor = \"servicetitan\"\nto = \"sqlite:c.db\"\nsince = \"canary\"", "since: must be a day"),
            ("vendor = \"servicetitan\"\nto = \"sqlite:c.db\"\ncanaries = \"canary\"", "canaries"),
            ("vendor = \"servicetitan\"\nto = \"sqlite:c.db\"\nwatch = \"5m\"", "sync all --watch"),
            ("vendor = \"servicetitan\"\nto = \"sqlite:c.db\"\nmodules = [[{}]]", "modules must be"),
            ("vendor = \"--demo\"\nto = \"sqlite:c.db\"", "VENDOR"),
        ] {
            let Err(why) = copy(keys) else { panic!("{keys}") };
            assert!(why.contains(told) && !why.replace("canaries", "").contains("canary"), "{keys}: {why}");
        }
    }
}
