//! Holds a destination against the vendor.

mod count;
mod sample;

use crate::{Error, destination::Destination, schema::Table};
use penstock_host::{
    Plugin,
    bindings::types::{CallOptions, OnMisfit},
};
use serde::Serialize;

/// What a table and the vendor have in common, and what not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// The table.
    pub table: String,
    /// What was counted: `records`, or `records in use` where a feed cannot tell deleted ones from those
    /// that are not in use.
    pub counted: &'static str,
    /// How many the destination has.
    pub rows: u64,
    /// How many the vendor has.
    pub vendor: u64,
    /// How many records were compared; 0 where the vendor cannot be asked for single ones.
    pub sampled: u32,
    /// Of these, how many the vendor has changed since.
    pub behind: u32,
    /// What differs though it should not, for a person.
    pub differ: Vec<String>,
}

impl Checked {
    /// Whether the destination has what the vendor has.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.rows == self.vendor && self.differ.is_empty()
    }
}

/// What is asked, and of whom.
pub struct Check<'a> {
    /// Who asks the vendor.
    pub plugin: &'a Plugin,
    /// What is held against it.
    pub destination: &'a dyn Destination,
    /// The account whose credentials are used; the default one if none.
    pub account: Option<String>,
    /// How many records of each table are compared.
    pub sample: u32,
}

impl Check<'_> {
    /// Checks a table.
    ///
    /// # Errors
    /// The vendor's and the destination's.
    pub async fn table(&self, table: &Table) -> Result<Checked, Error> {
        let mut checked = Checked { table: table.name.clone(), ..Checked::default() };
        self.count(table, &mut checked).await?;
        self.compare(table, &mut checked).await?;
        Ok(checked)
    }

    fn options(&self) -> CallOptions {
        CallOptions {
            account: self.account.clone(),
            fresh: true,
            on_misfit: Some(OnMisfit::Raw),
            ..CallOptions::default()
        }
    }
}
