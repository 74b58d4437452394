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

/// One of all vendors.
#[must_use]
pub fn vendor(which: u8) -> &'static dyn Provider {
    *pick(penstock::providers::registry::all(), which)
}

/// All operations of a vendor.
///
/// # Panics
/// If the catalogue does not know it.
#[must_use]
pub fn operations(vendor: &dyn Provider) -> &'static [Operation] {
    catalogue::operations(vendor.name()).expect("every vendor is in the catalogue")
}

/// One of all operations of one of all vendors. The vendor is chosen first: the one with few
/// operations is met as often as the one with many.
#[must_use]
pub fn operation(vendor: u8, which: u16) -> (&'static dyn Provider, &'static Operation) {
    let vendor = self::vendor(vendor);
    (vendor, pick(operations(vendor), which))
}

/// The shapes of list that a vendor has: those that its operations name, so that a new one is
/// never left out.
#[must_use]
pub fn pagings(vendor: &dyn Provider) -> Vec<Paging> {
    let mut found = Vec::new();
    for operation in operations(vendor) {
        if operation.paging != Paging::None && !found.contains(&operation.paging) {
            found.push(operation.paging);
        }
    }
    found
}
