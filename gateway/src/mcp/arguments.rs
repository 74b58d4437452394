//! What tools are called with.

use crate::{pairs::Pairs, problem::Problem};
use penstock::contract::FieldError;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Of `search-operations`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Search {
    pub(super) query: String,
    pub(super) provider: Option<String>,
    pub(super) module: Option<String>,
    pub(super) effect: Option<Kind>,
    pub(super) limit: Option<usize>,
}

/// Whether an operation changes anything.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    Read,
    Write,
}

/// Of `describe-operation`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Describe {
    pub(super) provider: Option<String>,
    pub(super) operation: String,
    #[serde(default)]
    pub(super) answer: bool,
}

/// Of `call-operation`, and of the tool of an operation that is no list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Call<'a> {
    pub(super) provider: Option<String>,
    pub(super) operation: Option<String>,
    pub(super) account: Option<String>,
    #[serde(default, borrow)]
    pub(super) parameters: Pairs<&'a RawValue>,
    #[serde(default, borrow)]
    pub(super) body: Option<&'a RawValue>,
    pub(super) confirm: Option<String>,
    #[serde(default)]
    pub(super) dry_run: bool,
    pub(super) idempotency_key: Option<String>,
    #[serde(default)]
    pub(super) fresh: bool,
    pub(super) select: Option<String>,
    pub(super) max_bytes: Option<usize>,
    #[serde(default)]
    pub(super) as_text: bool,
}

/// Of `read-list`, and of the tool of a list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct List<'a> {
    pub(super) provider: Option<String>,
    pub(super) operation: Option<String>,
    pub(super) account: Option<String>,
    #[serde(default, borrow)]
    pub(super) parameters: Pairs<&'a RawValue>,
    #[serde(default, borrow)]
    pub(super) body: Option<&'a RawValue>,
    pub(super) limit: Option<usize>,
    pub(super) max_bytes: Option<usize>,
    pub(super) fields: Option<Vec<String>>,
    pub(super) resume: Option<String>,
    pub(super) on_misfit: Option<String>,
    #[serde(default)]
    pub(super) as_text: bool,
}

/// Of `read-report`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Report<'a> {
    pub(super) account: Option<String>,
    pub(super) category: String,
    pub(super) report: u64,
    #[serde(default, borrow)]
    pub(super) parameters: Pairs<&'a RawValue>,
    pub(super) limit: Option<usize>,
    pub(super) max_bytes: Option<usize>,
    pub(super) fields: Option<Vec<String>>,
    pub(super) resume: Option<String>,
    #[serde(default)]
    pub(super) as_text: bool,
}

/// Of `count`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Count<'a> {
    pub(super) provider: Option<String>,
    pub(super) operation: String,
    pub(super) account: Option<String>,
    #[serde(default, borrow)]
    pub(super) parameters: Pairs<&'a RawValue>,
    #[serde(default, borrow)]
    pub(super) body: Option<&'a RawValue>,
    pub(super) at_most: Option<u64>,
    pub(super) resume: Option<String>,
}

/// Of `fetch-file`, and of the tool of a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct File<'a> {
    pub(super) provider: Option<String>,
    pub(super) operation: Option<String>,
    pub(super) account: Option<String>,
    #[serde(default, borrow)]
    pub(super) parameters: Pairs<&'a RawValue>,
    pub(super) max_bytes: Option<usize>,
}

/// Reads arguments.
///
/// # Errors
/// What does not fit.
pub(super) fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Problem> {
    // Serde takes a list of values for a struct as well.
    if !json.starts_with('{') {
        return Err(Problem::from(FieldError::new("arguments", "must be an object")));
    }
    serde_json::from_str(json).map_err(|error| Problem::from(FieldError::new("arguments", error.to_string())))
}

/// A number within bounds, or the usual one.
///
/// # Errors
/// One beyond them.
pub(super) fn within(
    name: &str,
    given: Option<usize>,
    usual: usize,
    least: usize,
    most: usize,
) -> Result<usize, FieldError> {
    match given.unwrap_or(usual) {
        number if (least..=most).contains(&number) => Ok(number),
        _ => Err(FieldError::new(name, format!("must be from {least} to {most}"))),
    }
}
