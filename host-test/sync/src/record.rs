//! Makes a row of a record, whatever the vendor sent.

mod members;
mod value;

pub use value::Value;

use crate::schema::{Column, ColumnKind, Table};
use members::Members;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The member that marks a record that does not fit the contract.
const MISFIT: &str = "$misfit";

/// What a record is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Key {
    /// A number.
    Integer(i64),
    /// Text.
    Text(String),
}

/// A record, as a table has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What it is known by.
    pub key: Key,
    /// One for each column of [`Table::columns`].
    pub values: Vec<Value>,
    /// When the vendor changed it last, in nanoseconds since 1970; none if it does not say.
    pub version: Option<i64>,
    /// Whether the vendor says that it is deleted.
    pub deleted: bool,
    /// Whether the vendor says that it is not in use.
    pub inactive: bool,
    /// A hash of what the vendor sent, 32 hexadecimal digits.
    pub hash: String,
    /// Members that the contract does not know, a JSON object.
    pub extra: Option<String>,
    /// The record as the vendor sent it, if it does not fit the contract or its table.
    pub misfit: Option<String>,
    /// The record as it came, where a destination wants it: [`Limits::raw`].
    pub raw: Option<String>,
    /// The size of the record, in bytes.
    pub bytes: usize,
}

/// What columns hold, which a destination says.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Whether a value of this kind is held as it is.
    pub holds: fn(ColumnKind, &Value) -> bool,
    /// The longest text that a record may be known by, in bytes.
    pub key: usize,
    /// How many digits of a second's fraction are kept.
    pub fraction: usize,
    /// Whether rows have the record as it came, too.
    pub raw: bool,
}

impl Limits {
    /// Everything is held.
    pub const NONE: Limits = Limits { holds: |_, _| true, key: usize::MAX, fraction: 9, raw: false };
}

/// A record that is not known by anything, so that no table can have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unkeyed {
    /// A hash of what the vendor sent.
    pub hash: String,
    /// What the vendor sent.
    pub record: String,
}

/// Makes a row of a record in the normal form. `owner` is whose it is, where records are read owner by
/// owner. What columns do not hold of it makes it a misfit.
///
/// # Errors
/// Its key cannot be read, or is too long.
pub fn row(table: &Table, json: &str, owner: &str, limits: Limits) -> Result<Row, Unkeyed> {
    let hash = hash(json);
    let unkeyed = || Unkeyed { hash: hash.clone(), record: json.to_owned() };
    let members = Members::of(json).ok_or_else(unkeyed)?;
    let mut values = vec![Value::Null; table.columns.len()];
    let (mut extra, mut unfit) = (String::new(), false);
    let mut hint = 0;
    for (name, raw) in members.iter() {
        if name == MISFIT {
            unfit = true;
            continue;
        }
        let Some(at) = place(&table.columns, name, hint) else {
            members::append(&mut extra, name, raw);
            continue;
        };
        hint = at + 1;
        if let (Some(column), Some(value)) = (table.columns.get(at), values.get_mut(at)) {
            match Value::read(column.kind, raw).filter(|value| (limits.holds)(column.kind, value)) {
                Some(read) => *value = read,
                None => unfit = true,
            }
        }
    }
    if let Some(value) = table.owner.and_then(|at| values.get_mut(at)) {
        *value = Value::Text(owner.to_owned());
    }
    let value = |at: Option<usize>| at.and_then(|at| values.get(at));
    let key = match (table.key, value(table.key)) {
        (None, _) => Key::Text(hash.clone()),
        (Some(_), Some(Value::Integer(id))) => Key::Integer(*id),
        (Some(_), Some(Value::Text(id))) if id.len() <= limits.key => Key::Text(id.clone()),
        (Some(_), _) => return Err(unkeyed()),
    };
    let version = value(table.modified).and_then(Value::nanoseconds);
    let inactive = value(table.active) == Some(&Value::Boolean(false));
    let extra = (!extra.is_empty()).then(|| Value::Text(extra + "}"));
    let extra = match extra {
        Some(value) if !(limits.holds)(ColumnKind::Json, &value) => {
            unfit = true;
            None
        }
        Some(Value::Text(extra)) => Some(extra),
        _ => None,
    };
    Ok(Row {
        key,
        version,
        deleted: inactive && table.inactive_is_deleted,
        inactive,
        extra,
        misfit: unfit.then(|| json.to_owned()),
        raw: limits.raw.then(|| json.to_owned()),
        bytes: json.len(),
        values,
        hash,
    })
}

/// Where a member stands. Members mostly come in the order of the contract: the search starts at `hint`.
fn place(columns: &[Column], wire: &str, hint: usize) -> Option<usize> {
    let (before, after) = columns.split_at(hint.min(columns.len()));
    let find = |columns: &[Column]| columns.iter().position(|column| column.wire == wire);
    find(after).map(|at| at + before.len()).or_else(|| find(before))
}

/// The first 16 bytes of SHA-256: enough that no two records of a table have the same by chance.
fn hash(json: &str) -> String {
    let digest = Sha256::digest(json.as_bytes());
    base16ct::lower::encode_string(digest.get(..16).unwrap_or_default())
}
