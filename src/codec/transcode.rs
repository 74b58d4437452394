//! Vendor JSON to the normal form, by the tables alone.

use super::{
    decode_error::DecodeError,
    mend::mend,
    parse::parse,
    print::{Form, print},
};
use crate::contract::catalogue::Type;
use penstock_json::Scratch;

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
    let mut out = Vec::with_capacity(json.len());
    transcode_into(ty, json, &mut out, &mut Scratch::default())?;
    Ok(text(out))
}

/// The same at the end of a text, for one of many values. After an error nothing was added.
///
/// # Errors
/// As [`decode`](super::decode()).
pub fn transcode_into(
    ty: &Type,
    json: &[u8],
    out: &mut Vec<u8>,
    scratch: &mut Scratch,
) -> Result<(), DecodeError> {
    if penstock_json::transcode(ty, json, out, scratch).is_none() {
        out.extend_from_slice(print(Form::Normal, ty, &parse(ty, &mend(json))?).as_bytes());
    }
    Ok(())
}

/// What was put together of texts.
#[must_use]
pub fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
