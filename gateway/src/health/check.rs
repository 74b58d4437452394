//! One check of a health document.

use penstock::contract::FieldError;
use serde::Serialize;
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeMap};

pub(super) const PASS: &str = "pass";
pub(super) const WARN: &str = "warn";
pub(super) const FAIL: &str = "fail";

/// The checks by what they check: `component:measurement`.
pub(super) type Checks<'a> = BTreeMap<&'static str, Vec<Check<'a>>>;

/// A check.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Check<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) component_id: Option<Cow<'a, str>>,
    pub(super) status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) observed_value: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) observed_unit: Option<&'static str>,
}

impl<'a> Check<'a> {
    /// A setting that is missing or malformed.
    pub(super) fn failed(wrong: &'a FieldError) -> Self {
        let output = format!("{} {}", wrong.field, wrong.message);
        Self {
            component_id: Some(wrong.field.as_str().into()),
            status: FAIL,
            output: Some(output),
            ..Self::default()
        }
    }

    /// So many of something.
    pub(super) fn measured(
        id: impl Into<Cow<'a, str>>,
        status: &'static str,
        value: impl Into<Value>,
        unit: &'static str,
    ) -> Self {
        Self {
            component_id: Some(id.into()),
            status,
            output: None,
            observed_value: Some(value.into()),
            observed_unit: Some(unit),
        }
    }
}
