//! How long answers are kept, where somebody wants it otherwise than the contract has it.

use crate::contract::{
    FieldError,
    catalogue::{self, Caching, Operation},
};
use litemap::LiteMap;
use std::time::Duration;

/// The setting.
pub const CACHE_SECONDS: &str = "PENSTOCK_CACHE_SECONDS";

/// The longest: a day.
const LONGEST: u32 = 86_400;

/// Times for all operations whose answers are kept for some time, and for some of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheTimes {
    of_all: Option<Duration>,
    by_operation: LiteMap<String, Duration>,
}

impl CacheTimes {
    /// Reads `60`, `jpm.job-types-list=600` or both with commas between them.
    ///
    /// # Errors
    /// What is no time, and what is no operation whose answers are kept for some time.
    pub fn parse(text: &str) -> Result<CacheTimes, FieldError> {
        let mut times = CacheTimes::default();
        let entries = text.split(',').map(str::trim).enumerate().filter(|(_, entry)| !entry.is_empty());
        for (place, entry) in entries {
            let (name, seconds) = entry.rsplit_once('=').unwrap_or(("", entry));
            let seconds = seconds.trim().parse::<u32>().ok().filter(|seconds| *seconds <= LONGEST);
            let Some(seconds) = seconds.map(|seconds| Duration::from_secs(seconds.into())) else {
                let wanted =
                    "must be whole seconds, 0 to 86400, or `OPERATION=SECONDS`, with commas between them";
                return Err(FieldError::new(CACHE_SECONDS, wanted));
            };
            match name.trim() {
                "" => times.of_all = Some(seconds),
                name if is_kept(name) => {
                    times.by_operation.insert(name.to_owned(), seconds);
                }
                name => return Err(FieldError::new(CACHE_SECONDS, not_kept(place + 1, name))),
            }
        }
        Ok(times)
    }

    /// How long answers of an operation are fresh; none if the contract's own time holds.
    #[must_use]
    pub fn of(&self, operation: &Operation) -> Option<Duration> {
        self.by_operation.get(operation.name).copied().or(self.of_all)
    }
}

fn is_kept(name: &str) -> bool {
    known(name).any(|found| matches!(found.cache, Some(Caching::Seconds(_))))
}

/// The operations of this name, by provider.
fn known(name: &str) -> impl Iterator<Item = &'static Operation> {
    catalogue::providers().filter_map(move |provider| catalogue::find(provider, name).ok())
}

/// What is told of an entry. What is not known is not repeated: it may be a secret in the wrong place.
fn not_kept(place: usize, name: &str) -> String {
    match known(name).next() {
        Some(found) => format!("names `{}`, whose answers are not kept for a time", found.name),
        None => format!("names in its entry {place} no operation that there is"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_for_all_or_for_one() {
        let of = |text: &str, name| {
            CacheTimes::parse(text).unwrap().of(catalogue::find("servicetitan", name).unwrap())
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(of("", "jpm.job-types-list"), None);
        assert_eq!(of("60", "jpm.job-types-list"), seconds(60));
        let both = "0, jpm.job-types-list = 600,";
        assert_eq!(
            (of(both, "jpm.job-types-list"), of(both, "jpm.job-types-get")),
            (seconds(600), seconds(0))
        );
        for (text, told) in [
            ("1.5", "whole seconds"),
            ("86401", "86400"),
            ("jpm.job-types-list=", "whole seconds"),
            ("jpm.jobs-list=60", "`jpm.jobs-list`, whose answers are not kept"),
            ("60, jpm.nonsense=60", "in its entry 2 no operation"),
        ] {
            let wrong = CacheTimes::parse(text).unwrap_err();
            assert!(!wrong.message.contains("nonsense"), "it may be a secret");
            assert!(
                wrong.field == CACHE_SECONDS && wrong.message.contains(told),
                "{text}: {}",
                wrong.message
            );
        }
    }
}
