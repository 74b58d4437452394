//! What an operation does to the provider's data, by its name: the component cannot be asked
//! once its instance has ended.

use crate::bindings::types::Outcome;

include!(concat!(env!("OUT_DIR"), "/effects.rs"));

/// Whether the contract says of an operation, by its name, that it changes nothing at the provider's.
/// False for one that is not known.
#[must_use]
pub fn is_read(provider: &str, operation: &str) -> bool {
    READS.binary_search(&(provider, operation)).is_ok()
}

/// The outcome of a call under which the instance ended.
pub(crate) fn lost(provider: &str, operation: &str) -> Outcome {
    if is_read(provider, operation) { Outcome::NotApplied } else { Outcome::Unknown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use penstock::{
        contract::catalogue::{self, Effect},
        providers::registry,
    };

    #[test]
    fn every_operation_is_known_by_its_effect() {
        let mut reads = 0;
        for provider in registry::all() {
            for operation in catalogue::operations(provider.name()).unwrap() {
                let read = operation.effect == Effect::Read;
                for name in [Some(operation.name), operation.alias].into_iter().flatten() {
                    assert_eq!(is_read(provider.name(), name), read, "{name}");
                }
                reads += usize::from(read);
            }
        }
        assert!(reads > 300, "{reads}");
        assert_eq!(lost("servicetitan", "jpm.something-else"), Outcome::Unknown);
    }
}
