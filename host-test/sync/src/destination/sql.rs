//! What databases have in common: names, statements. Parameters are `$1`, `$2`, which both know.

mod added;
mod own;
mod tables;

pub(super) use added::{ADDED, add, kept, kept_as, kind_text, text};
pub(super) use own::{
    FORGET_STATE, KEEP_STATE, META, OURS, OWNERS, PUT_META, STATE, STATES, counts, known, migration, misfit,
    own,
};
pub(super) use tables::{There, Unusable, missing};

use crate::{
    record::{Key, Value},
    schema::{ColumnKind, Table},
};

/// The version of the form of the copy's own tables and columns.
pub(super) const FORM: i64 = 1;

/// A database's own words.
pub(super) trait Dialect {
    /// The type of a column of this kind.
    fn type_name(kind: ColumnKind) -> &'static str;
    /// What stands behind the parenthesis of a new table.
    const TABLE_END: &'static str;
    /// The type of the copy's own whole numbers.
    const INTEGER: &'static str;
    /// The type of the copy's own marks, and one that is not set.
    const MARK: (&'static str, &'static str);
    /// The parameter of this number, from 1, that is a point in time as text.
    fn instant(number: usize) -> String;
}

/// The columns of the copy itself, in this order behind those of the contract.
pub(super) const OWN: [&str; 9] = [
    "_penstock_hash",
    "_penstock_version",
    "_penstock_generation",
    "_penstock_created",
    "_penstock_seen",
    "_penstock_deleted",
    "_penstock_inactive",
    "_penstock_extra",
    "_penstock_misfit",
];

/// When a row was made: nothing changes it.
const CREATED: &str = "_penstock_created";

/// A name as SQL has it, whatever letters it has.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A column as a database has it.
pub(super) struct Made {
    pub(super) name: String,
    pub(super) ty: &'static str,
    /// What stands behind the type.
    more: String,
}

/// Every column of a table, those of the copy itself last.
pub(super) fn columns<D: Dialect>(table: &Table) -> Vec<Made> {
    let contract = table.columns.iter().map(|column| (column.name.as_str(), D::type_name(column.kind)));
    let own = OWN.iter().map(|name| {
        let ty = match *name {
            "_penstock_version" | "_penstock_generation" => D::INTEGER,
            "_penstock_deleted" | "_penstock_inactive" => D::MARK.0,
            "_penstock_created" | "_penstock_seen" => D::type_name(ColumnKind::Instant),
            "_penstock_extra" => D::type_name(ColumnKind::Json),
            // A record as it came may have what a type for JSON refuses.
            _ => "TEXT",
        };
        (*name, ty)
    });
    let made = contract.chain(own).map(|(name, ty)| {
        let is_mark = matches!(name, "_penstock_deleted" | "_penstock_inactive");
        let more = if is_mark { format!(" NOT NULL DEFAULT {}", D::MARK.1) } else { String::new() };
        Made { name: name.to_owned(), ty, more }
    });
    made.collect()
}

/// The names of columns, as a statement lists them.
pub(super) fn names(columns: &[Made]) -> String {
    columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
}

/// Makes a table.
fn create<D: Dialect>(table: &Table) -> String {
    let key = table.key_name();
    let columns = columns::<D>(table).into_iter().map(|Made { name, ty, more }| {
        let primary = if name == key { " NOT NULL PRIMARY KEY" } else { "" };
        format!("{} {ty}{more}{primary}", quoted(&name))
    });
    let columns: Vec<_> = columns.collect();
    format!("CREATE TABLE {} ({}){}", quoted(&table.name), columns.join(", "), D::TABLE_END)
}

/// Adds a column.
fn add_column(table: &str, column: &Made) -> String {
    let Made { name, ty, more } = column;
    format!("ALTER TABLE {} ADD COLUMN {} {ty}{more}", quoted(table), quoted(name))
}

/// The indexes of a table: by what reads of a copy ask for most.
pub(super) fn indexes(table: &Table) -> Vec<String> {
    let index = |suffix: &str, columns: &[&str]| {
        let columns: Vec<_> = columns.iter().map(|name| quoted(name)).collect();
        let name = quoted(&format!("{}_{suffix}", table.name));
        format!("CREATE INDEX IF NOT EXISTS {name} ON {} ({})", quoted(&table.name), columns.join(", "))
    };
    let name = |at: usize| table.columns.get(at).map(|column| column.name.as_str());
    let mut indexes = Vec::new();
    if let Some(modified) = table.modified.and_then(name) {
        indexes.push(index("modified", &[modified]));
    }
    if let Some(owner) = table.owner.and_then(name) {
        let start = table.columns.iter().find(|column| column.name == "session_start_time");
        let columns: Vec<_> =
            [Some(owner), start.map(|column| column.name.as_str())].into_iter().flatten().collect();
        indexes.push(index("owner_start", &columns));
        indexes.push(index("created", &[CREATED]));
    }
    indexes
}

/// The averages of each owner's records, as a view: of every number, over what is not deleted. Its name, and
/// what makes it.
pub(super) fn averages(table: &Table) -> Option<(String, String)> {
    let name = format!("{}_averages", table.name);
    let owner = quoted(&table.columns.get(table.owner?)?.name);
    let numbers = table.columns.iter().filter(|column| column.kind == ColumnKind::Real);
    let averages = numbers.map(|column| {
        format!(", avg({0}) AS {1}", quoted(&column.name), quoted(&format!("average_{}", column.name)))
    });
    let view = format!(
        "CREATE VIEW {} AS SELECT {owner}, count(*) AS records{} FROM {} WHERE NOT _penstock_deleted GROUP BY {owner}",
        quoted(&name),
        averages.collect::<String>(),
        quoted(&table.name)
    );
    Some((name, view))
}

/// What an upsert sets of a row that is there: everything but its key and when it was made.
fn set_all<D: Dialect>(table: &Table) -> String {
    let key = table.key_name();
    let changed = columns::<D>(table).into_iter().map(|column| column.name);
    let set = changed.filter(|name| name != key && name != CREATED).map(|name| {
        let name = quoted(&name);
        format!("{name} = excluded.{name}")
    });
    set.collect::<Vec<_>>().join(", ")
}

/// What stands behind the rows of an INSERT: one that is there is set, unless what comes is older. What is
/// `trusted` is taken all the same.
pub(super) fn on_conflict<D: Dialect>(table: &Table, trusted: bool) -> String {
    let (key, set) = (quoted(table.key_name()), set_all::<D>(table));
    let there = format!("{}._penstock_version", quoted(&table.name));
    let no_older = match trusted {
        true => String::new(),
        false => format!(
            " WHERE ({there} IS NULL OR excluded._penstock_version IS NULL OR excluded._penstock_version >= {there})"
        ),
    };
    format!("ON CONFLICT ({key}) DO UPDATE SET {set}{no_older}")
}

/// Marks as deleted, at `$1`, what a read has not seen: its generation is `$2`, and the owner `$3` where rows
/// have one.
pub(super) fn reconcile<D: Dialect>(table: &Table) -> String {
    let owner = table.owner.and_then(|at| table.columns.get(at));
    let of_owner = owner.map_or_else(String::new, |column| format!(" AND {} = $3", quoted(&column.name)));
    format!(
        "UPDATE {} SET _penstock_deleted = TRUE, _penstock_seen = {}
         WHERE _penstock_generation < $2 AND NOT _penstock_deleted{of_owner}",
        quoted(&table.name),
        D::instant(1)
    )
}

/// Looks at some rows that are neither deleted nor misfits, `$1` at most: the key and the columns, each as
/// `shown` has it.
pub(super) fn sampling(table: &Table, shown: impl Fn(&str, ColumnKind) -> String) -> String {
    let key = (table.key_name(), table.key_kind());
    let columns = table.columns.iter().map(|column| (column.name.as_str(), column.kind));
    let shown: Vec<_> = std::iter::once(key).chain(columns).map(|(name, kind)| shown(name, kind)).collect();
    format!(
        "SELECT {} FROM {} WHERE NOT _penstock_deleted AND _penstock_misfit IS NULL ORDER BY random() LIMIT $1",
        shown.join(", "),
        quoted(&table.name)
    )
}

/// A row of [`sampling`]: none if its key is no key.
pub(super) fn sampled(mut values: Vec<Value>) -> Option<(Key, Vec<Value>)> {
    if values.is_empty() {
        return None;
    }
    match values.remove(0) {
        Value::Integer(id) => Some((Key::Integer(id), values)),
        Value::Text(id) => Some((Key::Text(id), values)),
        _ => None,
    }
}

/// Counts the rows that are not deleted; those in use alone with `active`.
pub(super) fn count(table: &Table, active: bool) -> String {
    let active = if active { " AND NOT _penstock_inactive" } else { "" };
    format!("SELECT count(*) FROM {} WHERE NOT _penstock_deleted{active}", quoted(&table.name))
}
