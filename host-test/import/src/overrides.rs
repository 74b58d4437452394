//! What no rule can know, in one file.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The overrides file: a table for every module, by the name of its interface.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Overrides {
    /// By the module's name, `crm`.
    pub modules: BTreeMap<String, Module>,
}

/// What a module needs said.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Module {
    /// The file name of the provider's document, `crm-v2.json`.
    pub document: String,
    /// The module in a sentence.
    pub about: String,
    /// The module is kept by hand: it is compared, never written.
    pub by_hand: bool,
    /// First path segments of what rarely changes and may be cached.
    pub cached: Vec<String>,
    /// Operation ids that the newer portal no longer lists.
    pub withdrawn: Vec<String>,
    /// Fields of answers that hold exact amounts as text.
    pub decimals: Vec<String>,
    /// Names of types, by the schema's name.
    pub types: BTreeMap<String, String>,
    /// By operation id.
    pub operations: BTreeMap<String, Operation>,
}

/// What an operation needs said.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Operation {
    /// The function's name, without `-page` or `-list`.
    pub name: Option<String>,
    /// `read`, `create`, `update`, `delete` or `action`.
    pub effect: Option<String>,
    /// A kind of page, or `none`.
    pub page: Option<String>,
    /// The words of its comment.
    pub doc: Option<String>,
    /// Query fields of which one is needed, by their WIT names.
    pub any_of: Vec<String>,
    /// The most records that a page may have.
    pub max_page_size: Option<u32>,
    /// Doing it twice adds twice, though its method is PUT.
    pub non_idempotent: bool,
    /// The answer is a file, though the document does not say so.
    pub file: bool,
    /// The answer is too varied for a type.
    pub json: bool,
}

impl Overrides {
    /// Reads the file's text.
    ///
    /// # Errors
    /// What is no TOML, and names that mean nothing.
    pub fn parse(text: &str) -> Result<Overrides> {
        toml::from_str(text).context("the overrides")
    }
}
