//! Kinds of job: what rarely changes, and is therefore cached. Each has a version, which
//! every write counts up, and an answer tells tenant and version.

use super::{Answer, problem};
use std::{collections::BTreeMap, fmt::Write, time::Duration};

/// Kinds of job of each tenant, with ids from 1.
pub(crate) const KINDS: u64 = 3;

/// What became of all kinds of job, by tenant and id.
#[derive(Default)]
pub(crate) struct JobTypes(BTreeMap<(u64, u64), Vec<Change>>);

/// A write that took effect. The first makes version 1.
struct Change {
    write: u64,
    at: Duration,
}

impl JobTypes {
    /// A write takes effect.
    pub(super) fn change(&mut self, tenant: u64, id: u64, write: u64, at: Duration) {
        self.0.entry((tenant, id)).or_default().push(Change { write, at });
    }

    /// The present version.
    pub(crate) fn version(&self, tenant: u64, id: u64) -> u64 {
        self.changes(tenant, id).len() as u64
    }

    /// The version that a write made, the last if it took effect more than once.
    pub(crate) fn made_by(&self, tenant: u64, id: u64, write: u64) -> Option<u64> {
        let place = self.changes(tenant, id).iter().rposition(|change| change.write == write)?;
        Some(place as u64 + 1)
    }

    /// When another version took the place of this one.
    pub(crate) fn replaced(&self, tenant: u64, id: u64, version: u64) -> Option<Duration> {
        let next = usize::try_from(version).ok()?;
        self.changes(tenant, id).get(next).map(|change| change.at)
    }

    fn changes(&self, tenant: u64, id: u64) -> &[Change] {
        self.0.get(&(tenant, id)).map_or(&[], |changes| changes)
    }

    /// One, as the vendor sends it.
    pub(super) fn json(&self, tenant: u64, id: u64) -> String {
        format!(r#"{{"id":{id},"name":"T{tenant}-{id}","duration":{}}}"#, self.version(tenant, id))
    }

    /// One of them. What is not there is told as well as what is.
    pub(super) fn get(&self, tenant: u64, id: &str) -> Answer {
        match id.parse() {
            Ok(id @ 1..=KINDS) => Answer::status(200, &self.json(tenant, id)),
            _ => Answer::status(404, &problem(404, "No such job type")),
        }
    }

    pub(super) fn page(&self, tenant: u64) -> Answer {
        let mut out = format!(r#"{{"page":1,"pageSize":{KINDS},"hasMore":false,"data":["#);
        for id in 1..=KINDS {
            // Writing to a String cannot fail.
            _ = write!(out, "{}{}", if id > 1 { "," } else { "" }, self.json(tenant, id));
        }
        out.push_str("]}");
        Answer::status(200, &out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_write_makes_a_version_of_its_own() {
        let mut types = JobTypes::default();
        types.change(7, 1, 50, Duration::from_secs(3));
        types.change(7, 1, 51, Duration::from_secs(9));
        types.change(7, 1, 50, Duration::from_secs(11));
        assert_eq!((types.version(7, 1), types.version(7, 2), types.version(8, 1)), (3, 0, 0));
        assert_eq!((types.made_by(7, 1, 51), types.made_by(7, 1, 50)), (Some(2), Some(3)));
        assert_eq!((types.made_by(7, 1, 52), types.made_by(7, 2, 50)), (None, None));
        assert_eq!(types.replaced(7, 1, 0), Some(Duration::from_secs(3)));
        assert_eq!(types.replaced(7, 1, 2), Some(Duration::from_secs(11)));
        assert_eq!(types.replaced(7, 1, 3), None);
    }
}
