//! The key: a header of every call.

use crate::policy::secret::Secret;

/// `x-api-key`, on every call.
pub(super) fn headers(key: &Secret) -> Vec<(&'static str, Secret)> {
    vec![("x-api-key", key.clone())]
}
