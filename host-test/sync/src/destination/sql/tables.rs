//! What a table lacks of what the contract wants.

use super::{Dialect, add_column, columns, create};
use crate::{Error, schema::Table};
use std::collections::BTreeMap;

/// A table that cannot be used as it is.
pub(in crate::destination) struct Unusable {
    table: String,
    /// A column of it, its type there, and the type that it must have; none if the table is not ours.
    column: Option<(String, String, &'static str)>,
}

impl Unusable {
    /// The error, of this destination.
    pub(in crate::destination) fn told(self, place: &str) -> Error {
        let (place, table) = (place.to_owned(), self.table);
        match self.column {
            None => Error::Foreign { place, table },
            Some((column, found, wanted)) => {
                Error::Column { place, table, column, found, wanted: wanted.to_owned() }
            }
        }
    }
}

/// What is there by the name of a table.
pub(in crate::destination) enum There {
    /// Nothing.
    Nothing,
    /// Something that no sync made.
    Foreign,
    /// A table of ours, with its columns and their types.
    Ours(BTreeMap<String, String>),
}

impl There {
    /// Whether the table is to be made.
    pub(in crate::destination) fn is_nothing(&self) -> bool {
        matches!(self, There::Nothing)
    }
}

/// The statements that make a table what the contract wants.
pub(in crate::destination) fn missing<D: Dialect>(
    table: &Table,
    there: &There,
) -> Result<Vec<String>, Unusable> {
    let unusable = |column| Unusable { table: table.name.clone(), column };
    let there = match there {
        There::Nothing => return Ok(vec![create::<D>(table)]),
        There::Foreign => return Err(unusable(None)),
        There::Ours(columns) => columns,
    };
    let mut statements = Vec::new();
    for column in columns::<D>(table) {
        match there.get(&column.name.to_lowercase()) {
            None => statements.push(add_column(&table.name, &column)),
            Some(found) if found == column.ty => {}
            Some(found) => return Err(unusable(Some((column.name, found.clone(), column.ty)))),
        }
    }
    Ok(statements)
}
