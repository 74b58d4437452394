//! What the contract knows: every operation of every provider, and every type.
//!
//! The tables are made by `build/` from `wit/`; nothing here is written twice.
//! [`types`] says what a value looks like, [`operation`] how a call is made.

mod operation;

use crate::contract::abi::Layout;

pub use operation::{Caching, Effect, Method, Operation, Paging, Parameter, Placeholder};
pub use penstock_json::types::{Case, EnumType, Field, Join, RecordType, Type};

/// The tables of one provider, by interface, as `build/` wrote them.
#[allow(missing_docs, reason = "generated: the WIT carries the documentation")]
pub mod tables {
    include!(concat!(env!("OUT_DIR"), "/tables.rs"));
}

/// The operations of a provider, in the order of the WIT files; none for a provider
/// that is not there.
#[must_use]
pub fn operations(provider: &str) -> Option<&'static [Operation]> {
    tables::PROVIDERS.iter().find(|(name, _)| *name == provider).map(|(_, operations)| *operations)
}

/// The names of all providers.
pub fn providers() -> impl Iterator<Item = &'static str> {
    tables::PROVIDERS.iter().map(|(name, _)| *name)
}

/// Finds an operation by its name or its alias.
///
/// # Errors
/// The nearest known name, if any is near.
pub fn find(provider: &str, name: &str) -> Result<&'static Operation, NotFound> {
    let Some(all) = operations(provider) else {
        return Err(NotFound { what: "vendor", nearest: nearest(provider, providers()) });
    };
    all.iter().find(|operation| operation.name == name || operation.alias == Some(name)).ok_or_else(|| {
        NotFound {
            what: "operation",
            nearest: nearest(
                name,
                all.iter().flat_map(|operation| std::iter::once(operation.name).chain(operation.alias)),
            ),
        }
    })
}

/// What [`find`] did not find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotFound {
    /// `vendor` or `operation`.
    pub what: &'static str,
    /// A known name that is spelt much alike.
    pub nearest: Option<&'static str>,
}

/// The candidate that is spelt most like `name`, if any is close enough to be
/// what was meant (Jaro-Winkler 0.75, found by trying typos).
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reads_of_one_answer_or_page_are_cached() {
        let cached: Vec<&Operation> = providers()
            .flat_map(|provider| operations(provider).unwrap())
            .filter(|all| all.cache.is_some())
            .collect();
        assert!(cached.iter().any(|operation| operation.name == "jpm.job-types-list"));
        for operation in cached {
            assert_eq!(
                (operation.effect, operation.method),
                (Effect::Read, Method::Get),
                "{}",
                operation.name
            );
            assert!(!matches!(operation.paging, Paging::Export | Paging::Cursor), "{}", operation.name);
        }
    }

    #[test]
    fn a_resource_is_what_a_write_and_a_read_have_in_common() {
        let resource = |name| find("servicetitan", name).unwrap().resource();
        assert_eq!(resource("jpm.job-types-list"), ("jpm", "job-types"));
        assert_eq!(resource("jpm.job-types-update"), resource("jpm.job-types-get"));
        assert_eq!(resource("jpm.jobs-create-note"), ("jpm", "jobs"));
    }
}
