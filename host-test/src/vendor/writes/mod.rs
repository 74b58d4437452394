//! Writes.

use super::{answer::Answer, data::Tenant, errors::ApiError, operations::Call};

/// Answers the writes; none if the operation is another.
pub(crate) fn answer(_call: &Call<'_>, _data: &mut Tenant) -> Option<Result<Answer, ApiError>> {
    None
}
