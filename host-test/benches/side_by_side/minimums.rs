//! What each line must have at least, from `minimums.toml`.

use anyhow::Result;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a line must have.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum Minimum {
    /// So much or more.
    AtLeast(f64),
    /// So much or less.
    AtMost(f64),
}

/// By the names of the lines.
pub fn read() -> Result<BTreeMap<String, Minimum>> {
    Ok(toml::from_str(include_str!("minimums.toml"))?)
}
