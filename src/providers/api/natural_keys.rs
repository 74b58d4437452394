//! How to find what a create of unknown outcome made.

use crate::{call::Call, policy::time::WallTime};

/// The natural keys that a provider offers: values that the caller of a create chose, and by
/// which its record can be found.
pub trait NaturalKeys {
    /// The list that finds what this create made; none when the caller gave no key.
    fn find_created(&self, create: &Call) -> Option<Call>;

    /// When a record that such a list found was created; none if it does not say.
    fn created_at(&self, record: &[u8]) -> Option<WallTime>;
}
