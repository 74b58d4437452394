//! What databases have in common: names, statements.

use crate::schema::{ColumnKind, Table};

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

/// Every column of a table with its type, those of the copy itself last.
pub(super) fn columns<D: Dialect>(table: &Table) -> Vec<(String, String)> {
    let contract =
        table.columns.iter().map(|column| (column.name.clone(), D::type_name(column.kind).to_owned()));
    let (mark, not) = D::MARK;
    let mark = format!("{mark} NOT NULL DEFAULT {not}");
    let own = OWN.iter().map(|name| {
        let ty = match *name {
            "_penstock_version" | "_penstock_generation" => D::INTEGER.to_owned(),
            "_penstock_deleted" | "_penstock_inactive" => mark.clone(),
            "_penstock_created" | "_penstock_seen" => D::type_name(ColumnKind::Instant).to_owned(),
            "_penstock_extra" | "_penstock_misfit" => D::type_name(ColumnKind::Json).to_owned(),
            _ => "TEXT".to_owned(),
        };
        ((*name).to_owned(), ty)
    });
    contract.chain(own).collect()
}

/// Makes a table.
pub(super) fn create<D: Dialect>(table: &Table) -> String {
    let key = table.key_name();
    let columns = columns::<D>(table).into_iter().map(|(name, ty)| {
        let primary = if name == key { " NOT NULL PRIMARY KEY" } else { "" };
        format!("{} {ty}{primary}", quoted(&name))
    });
    let columns: Vec<_> = columns.collect();
    format!("CREATE TABLE {} ({}){}", quoted(&table.name), columns.join(", "), D::TABLE_END)
}

/// Adds a column.
pub(super) fn add_column(table: &str, name: &str, ty: &str) -> String {
    format!("ALTER TABLE {} ADD COLUMN {} {ty}", quoted(table), quoted(name))
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

/// The averages of each owner's records, as a view: of every number, over what is not deleted.
pub(super) fn averages(table: &Table) -> Option<String> {
    let owner = quoted(&table.columns.get(table.owner?)?.name);
    let numbers = table.columns.iter().filter(|column| column.kind == ColumnKind::Real);
    let averages = numbers.map(|column| {
        format!(", avg({0}) AS {1}", quoted(&column.name), quoted(&format!("average_{}", column.name)))
    });
    Some(format!(
        "CREATE VIEW IF NOT EXISTS {} AS SELECT {owner}, count(*) AS records{} FROM {} WHERE NOT _penstock_deleted GROUP BY {owner}",
        quoted(&format!("{}_averages", table.name)),
        averages.collect::<String>(),
        quoted(&table.name)
    ))
}

/// What an upsert sets of a row that is there: everything but its key and when it was made.
pub(super) fn set_all<D: Dialect>(table: &Table) -> String {
    let key = table.key_name();
    let set = columns::<D>(table).into_iter().filter(|(name, _)| name != key && name != CREATED).map(
        |(name, _)| {
            let name = quoted(&name);
            format!("{name} = excluded.{name}")
        },
    );
    set.collect::<Vec<_>>().join(", ")
}

/// That what comes is no older than what is there.
pub(super) fn is_no_older(table: &Table) -> String {
    let there = format!("{}._penstock_version", quoted(&table.name));
    format!(
        "({there} IS NULL OR excluded._penstock_version IS NULL OR excluded._penstock_version >= {there})"
    )
}

/// Counts the rows that are not deleted; those in use alone with `active`.
pub(super) fn count(table: &Table, active: bool) -> String {
    let active = if active { " AND NOT _penstock_inactive" } else { "" };
    format!("SELECT count(*) FROM {} WHERE NOT _penstock_deleted{active}", quoted(&table.name))
}
