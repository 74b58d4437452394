//! What several targets share: a choice among all that there is, and a client in virtual
//! time.

pub mod rig;

use penstock::{
    contract::catalogue::{self, Operation, Paging},
    providers::api::Provider,
};

/// One of them, whichever number is thrown.
///
/// # Panics
/// If there is none.
pub fn pick<T>(all: &[T], which: impl Into<usize>) -> &T {
    &all[which.into() % all.len()]
}

/// One of all providers.
#[must_use]
pub fn provider(which: u8) -> &'static dyn Provider {
    *pick(penstock::providers::registry::all(), which)
}

/// All operations of a provider.
///
/// # Panics
/// If the catalogue does not know it.
#[must_use]
pub fn operations(provider: &dyn Provider) -> &'static [Operation] {
    catalogue::operations(provider.name()).expect("every vendor is in the catalogue")
}

/// One of all operations of one of all providers. The provider is chosen first: the one with few
/// operations is met as often as the one with many.
#[must_use]
pub fn operation(provider: u8, which: u16) -> (&'static dyn Provider, &'static Operation) {
    let provider = self::provider(provider);
    (provider, pick(operations(provider), which))
}

/// The shapes of list that a provider has: those that its operations name, so that a new one is
/// never left out.
#[must_use]
pub fn pagings(provider: &dyn Provider) -> Vec<Paging> {
    let mut found = Vec::new();
    for operation in operations(provider) {
        if operation.paging != Paging::None && !found.contains(&operation.paging) {
            found.push(operation.paging);
        }
    }
    found
}
