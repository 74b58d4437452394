//! What can go wrong with a copy.

use std::fmt;

/// Why a table, or all of them, could not be copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What was asked for is not there: no such vendor, module, table or kind of destination.
    #[error("{0}")]
    Unfit(String),

    /// The vendor, or the component that asks it.
    #[error(transparent)]
    Vendor(#[from] penstock_host::Error),

    /// Another sync has the destination.
    #[error("{place} is in use by another sync: {holder}")]
    InUse {
        /// The destination, without secrets.
        place: String,
        /// Who has it, as it said itself: process, machine, since when.
        holder: String,
    },

    /// The destination has a table of this name that no sync made.
    #[error("{place} has a table \"{table}\" that no sync made: rename it, or take another destination")]
    Foreign {
        /// The destination, without secrets.
        place: String,
        /// The table.
        table: String,
    },

    /// A column has another type than the contract wants. Nothing is dropped to make it fit.
    #[error(
        "{place}: the column \"{column}\" of \"{table}\" is {found}, and the contract wants {wanted}: \
         rename the column, and the next sync adds one that fits and reads the table anew"
    )]
    Column {
        /// The destination, without secrets.
        place: String,
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type there.
        found: String,
        /// Its type by the contract.
        wanted: String,
    },

    /// A newer version of this program made the destination.
    #[error(
        "{place} was made by a newer penstock (its form is {found}, this one knows {known}): update penstock"
    )]
    Newer {
        /// The destination, without secrets.
        place: String,
        /// The version of its form.
        found: i64,
        /// The latest that is known here.
        known: i64,
    },

    /// The destination has the records of somebody else.
    #[error(
        "{place} has the records of {found}, and this sync reads those of {wanted}: take another destination"
    )]
    OtherSource {
        /// The destination, without secrets.
        place: String,
        /// Whose records it has.
        found: String,
        /// Whose records are read now.
        wanted: String,
    },

    /// The destination takes or gives nothing: full, locked, read-only, gone.
    #[error("{place}: {what}{}", source_of(.source))]
    Destination {
        /// The destination, without secrets.
        place: String,
        /// What is wrong, for a person.
        what: String,
        /// In the words of whoever said so.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },

    /// The destination refuses a row of one table: by a constraint, a trigger or rights that no sync made.
    #[error("{place}: {what}{}", source_of(.source))]
    Refused {
        /// The destination, without secrets.
        place: String,
        /// What is wrong, for a person.
        what: String,
        /// In the words of whoever said so.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },

    /// It was asked to end.
    #[error("stopped")]
    Stopped,
}

impl Error {
    /// Whether every other table of the destination fails for the same reason.
    #[must_use]
    pub fn is_of_destination(&self) -> bool {
        !matches!(self, Self::Unfit(_) | Self::Vendor(_) | Self::Refused { .. } | Self::Stopped)
    }
}

struct Cause<'a>(&'a Option<Box<dyn std::error::Error + Send + Sync>>);

fn source_of(source: &Option<Box<dyn std::error::Error + Send + Sync>>) -> Cause<'_> {
    Cause(source)
}

impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |source| write!(f, " ({source})"))
    }
}
