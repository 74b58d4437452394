//! Vendor JSON to the normal form, by the tables alone.

use super::{
    decode_error::DecodeError,
    mend::mend,
    parse::parse,
    print::{Form, print},
};
use crate::contract::catalogue::Type;

/// Brings provider JSON into the normal form, without any Rust type:
///
/// - the provider's names, in the contract's order, then unknown fields in the order
///   they came, their values exactly as they came;
/// - an instant is RFC 3339 in UTC, a decimal a string of exact digits, an open
///   enum its text;
/// - an option that is null or absent is left out; a list that is null or absent
///   is `[]`.
///
/// The normal form is valid input again, and comes out unchanged. Unknown values
/// keep their line breaks, which JSON has between tokens only: who writes one
/// value a line may replace them by blanks.
///
/// # Errors
/// As [`decode`](super::decode()).
pub fn transcode(ty: &Type, json: &[u8]) -> Result<String, DecodeError> {
    Ok(print(Form::Normal, ty, &parse(ty, &mend(json))?))
}
