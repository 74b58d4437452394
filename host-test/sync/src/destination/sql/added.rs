//! Columns of members that the contract does not know.

use super::{Dialect, Made, add_column, quoted};
use crate::{
    destination::Member,
    schema::{Column, ColumnKind, Table},
};

/// What is kept of such columns, among what is known of the destination.
pub(in crate::destination) const ADDED: &str =
    "SELECT name, value FROM _penstock_meta WHERE name LIKE 'column %' ORDER BY name";

/// The name by which a column is kept.
pub(in crate::destination) fn kept_as(table: &Table, column: &Column) -> String {
    format!("column {} {}", table.name, column.wire)
}

/// What kind it has, as it is kept.
pub(in crate::destination) fn kind_text(kind: ColumnKind) -> String {
    serde_json::to_string(&kind).unwrap_or_default()
}

/// A column and its table as they were kept; none if a newer version did.
pub(in crate::destination) fn kept(name: &str, value: &str) -> Option<(String, Column)> {
    let (table, wire) = name.strip_prefix("column ")?.split_once(' ')?;
    let kind = serde_json::from_str(value).ok()?;
    Some((table.to_owned(), Column::added(wire, kind)))
}

/// A text in a statement.
pub(in crate::destination) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// The statements that make a column, and move there what rows have of its member. `moved` says, in the database's
/// words, what the value is and what is left.
pub(in crate::destination) fn add<D: Dialect>(
    table: &Table,
    member: &Member,
    moved: fn(&Column) -> (String, String),
) -> [String; 2] {
    let column = &member.column;
    let made = Made { name: column.name.clone(), ty: D::type_name(column.kind), more: String::new() };
    let (value, left) = moved(column);
    let (table, name) = (&table.name, quoted(&column.name));
    [
        add_column(table, &made),
        format!(
            "UPDATE {} SET {name} = {value}, _penstock_extra = {left} WHERE _penstock_extra IS NOT NULL",
            quoted(table)
        ),
    ]
}
