//! The providers by name.

use super::api::Vendor;

/// The providers, in the order of the catalogue.
#[must_use]
pub fn all() -> &'static [&'static dyn Vendor] {
    &[
        #[cfg(feature = "servicetitan-base")]
        &super::servicetitan::ServiceTitan,
        #[cfg(feature = "asleep")]
        &super::asleep::Asleep,
    ]
}

/// A provider by name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Vendor> {
    all().iter().copied().find(|vendor| vendor.name() == name)
}
