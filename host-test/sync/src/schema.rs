//! What a table looks like, from the contract.

mod column;
mod names;

pub use column::{Column, ColumnKind};
pub use names::{OWN_PREFIX, table_name};

use penstock::contract::catalogue::{Operation, RecordType, Type};

/// What the records of a vendor are known by.
const KEYS: [&str; 2] = ["id", "session_id"];
/// When a record was changed last, by the vendor's clock.
const MODIFIED: &str = "modifiedOn";
/// Whether a record is in use. The feeds say false of deleted ones too.
const ACTIVE: &str = "active";

/// A table, and the operation that its records come from.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name, `jpm_jobs`.
    pub name: String,
    /// The vendor, `servicetitan`.
    pub provider: &'static str,
    /// What is read: an export feed where the vendor has one, else a list.
    pub source: &'static Operation,
    /// The list of the same records, if there is one besides an export.
    pub list: Option<&'static Operation>,
    /// Its columns, in the order of the contract; those of the copy itself are not among them.
    pub columns: Vec<Column>,
    /// The column that is the primary key. None where records have no id: then it is the hash of the
    /// whole record.
    pub key: Option<usize>,
    /// The column that says when a record was changed last.
    pub modified: Option<usize>,
    /// The column that says whether a record is in use.
    pub active: Option<usize>,
    /// Whether `active: false` can only mean that the record is deleted: its list does not know the
    /// word at all.
    pub inactive_is_deleted: bool,
    /// The column with whose record it is, where records are read owner by owner.
    pub owner: Option<usize>,
}

impl Table {
    /// The table of an operation; none if its answer is no record.
    #[must_use]
    pub fn of(source: &'static Operation, list: Option<&'static Operation>) -> Option<Table> {
        let record = record_of(source)?;
        let mut columns: Vec<Column> = record.fields.iter().map(Column::of).collect();
        let place = |columns: &[Column], wire: &str| columns.iter().position(|column| column.wire == wire);
        let has_id = |column: &Column| matches!(column.kind, ColumnKind::Integer | ColumnKind::Text);
        let key = KEYS.iter().find_map(|wire| place(&columns, wire));
        let key = key.filter(|key| columns.get(*key).is_some_and(has_id));
        let active = place(&columns, ACTIVE);
        let list_knows = list.and_then(record_of).is_some_and(|record| record.field(ACTIVE, 0).is_some());
        let owner = source.owner.map(|wire| {
            columns.push(Column::of_owner(wire));
            columns.len() - 1
        });
        Some(Table {
            name: table_name(source.name),
            provider: source.provider,
            key,
            modified: place(&columns, MODIFIED),
            active,
            inactive_is_deleted: list.is_some() && !list_knows,
            columns,
            source,
            list,
            owner,
        })
    }

    /// The same with columns of members that the contract does not know. One that it knows by now is as the
    /// contract has it.
    #[must_use]
    pub fn with(&self, added: impl IntoIterator<Item = Column>) -> Table {
        let mut table = self.clone();
        for column in added {
            if !table.has(&column) {
                table.columns.push(column);
            }
        }
        table
    }

    /// Whether it has a column of this name, or of this member.
    #[must_use]
    pub fn has(&self, column: &Column) -> bool {
        let is_own = column.name.is_empty() || column.name.starts_with(OWN_PREFIX);
        is_own || self.columns.iter().any(|there| there.name == column.name || there.wire == column.wire)
    }

    /// The primary key's name.
    #[must_use]
    pub fn key_name(&self) -> &str {
        self.key.and_then(|key| self.columns.get(key)).map_or("_penstock_hash", |column| &column.name)
    }

    /// The primary key's type.
    #[must_use]
    pub fn key_kind(&self) -> ColumnKind {
        self.key.and_then(|key| self.columns.get(key)).map_or(ColumnKind::Text, |column| column.kind)
    }
}

/// The type of the records that an operation answers with.
pub(crate) fn record_of(operation: &Operation) -> Option<&'static RecordType> {
    match operation.answer? {
        Type::Record(record) => Some(record),
        _ => None,
    }
}
