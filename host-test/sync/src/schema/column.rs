//! A column of a table.

use super::names;
use penstock::contract::catalogue::{Field, Type};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A column, and the member of a record that it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name, `job_number`.
    pub name: String,
    /// The vendor's name, `jobNumber`; what is read of the owner has the parameter's.
    pub wire: Cow<'static, str>,
    /// What it holds.
    pub kind: ColumnKind,
}

/// What a column holds. Every column may be empty: a record that does not fit is kept all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
    /// A number of IEEE 754.
    Real,
    /// Text; open enums too, in the vendor's spelling.
    Text,
    /// A point in time.
    Instant,
    /// A calendar date.
    Date,
    /// An exact decimal number.
    Decimal,
    /// Any JSON: lists and nested records.
    Json,
}

impl Column {
    pub(super) fn of(field: &'static Field) -> Column {
        Column { name: names::snake(field.wire), wire: field.wire.into(), kind: ColumnKind::of(&field.ty) }
    }

    /// The column of a member that the contract does not know.
    #[must_use]
    pub fn added(wire: &str, kind: ColumnKind) -> Column {
        Column { name: names::snake(wire), wire: wire.to_owned().into(), kind }
    }

    /// The column of whose record it is.
    pub(super) fn of_owner(wire: &'static str) -> Column {
        let name = wire.strip_prefix("x-").unwrap_or(wire);
        Column { name: names::snake(name), wire: wire.into(), kind: ColumnKind::Text }
    }
}

impl ColumnKind {
    fn of(ty: &Type) -> ColumnKind {
        match ty.inner() {
            Type::Bool => Self::Boolean,
            Type::S32 | Type::S64 | Type::U32 | Type::U64 => Self::Integer,
            Type::F64 => Self::Real,
            Type::Text | Type::Enum(_) => Self::Text,
            Type::Instant => Self::Instant,
            Type::Date => Self::Date,
            Type::Decimal => Self::Decimal,
            Type::Json | Type::List(_) | Type::Record(_) | Type::Option(_) => Self::Json,
        }
    }
}
