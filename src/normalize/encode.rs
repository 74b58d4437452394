//! Rust values to JSON.

use super::{
    check::check,
    path::Problems,
    print::{Form, print},
    problem::Problem,
    serialize::serialize,
    value::Value,
};
use crate::catalogue::Type;
use serde::Serialize;

/// Writes a body for the vendor, from a Rust value that `ty` describes.
///
/// Absent fields are left out, and an option of an option that holds `none` is
/// null; a list is always written. A decimal becomes a JSON number with its exact
/// digits, an instant RFC 3339 in UTC, an open enum the vendor's text. The members
/// of `extra` are added to their record.
///
/// # Errors
/// Every problem: an instant whose nanoseconds are a second or more or whose year
/// is not within 0001 to 9999; a decimal that is not `-`, digits, `.`, digits
/// (sign and fraction may be missing; no exponent); a date that is not in the
/// calendar; JSON that is none; `extra` that is no object, or names a known field
/// or anything twice.
pub fn encode_body<T: Serialize>(ty: &Type, value: &T) -> Result<String, Vec<Problem>> {
    let value = valid(Form::Vendor, *ty, value)?;
    Ok(print(Form::Vendor, ty, &value))
}

/// Writes a Rust value in the normal form. What was decoded comes out as
/// [`transcode`](super::transcode()) has it, byte for byte.
///
/// # Errors
/// As [`encode_body`]. What was decoded is never wrong.
pub fn normal_form<T: Serialize>(ty: &Type, value: &T) -> Result<String, Vec<Problem>> {
    let value = valid(Form::Normal, *ty, value)?;
    Ok(print(Form::Normal, ty, &value))
}

/// The Rust value taken apart and checked.
pub(super) fn valid<T: Serialize>(form: Form, ty: Type, value: &T) -> Result<Value<'static>, Vec<Problem>> {
    let value = serialize(ty, value).map_err(|what| {
        vec![Problem::new(
            "body",
            format!("the Rust type is not the one that the contract describes: {what}"),
        )]
    })?;
    checked(form, ty, value)
}

/// Apart from [`valid`], so that it is compiled once.
fn checked(form: Form, ty: Type, mut value: Value<'static>) -> Result<Value<'static>, Vec<Problem>> {
    let mut problems = Problems::default();
    check(form, ty, &mut value, &mut problems);
    problems.or(value)
}
