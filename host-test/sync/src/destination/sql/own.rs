//! The copy's own tables, and what is said of them.

use super::{Dialect, FORM, quoted};
use crate::schema::ColumnKind;

/// Makes the copy's own tables.
pub(in crate::destination) fn own<D: Dialect>() -> Vec<String> {
    let (instant, end) = (D::type_name(ColumnKind::Instant), D::TABLE_END);
    let tables = [
        ("meta", "name TEXT PRIMARY KEY, value TEXT NOT NULL".to_owned()),
        (
            "tables",
            format!(
                "name TEXT PRIMARY KEY, vendor TEXT NOT NULL, operation TEXT NOT NULL, made {instant} NOT NULL"
            ),
        ),
        (
            "state",
            "name TEXT NOT NULL, owner TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (name, owner)"
                .to_owned(),
        ),
        ("migrations", format!("at {instant} NOT NULL, statement TEXT NOT NULL")),
        (
            "misfits",
            format!(
                "name TEXT NOT NULL, hash TEXT NOT NULL, record TEXT NOT NULL, seen {instant} NOT NULL, \
                 PRIMARY KEY (name, hash)"
            ),
        ),
    ];
    let made = tables.into_iter().map(|(name, columns)| {
        format!("CREATE TABLE IF NOT EXISTS {} ({columns}){end}", quoted(&format!("_penstock_{name}")))
    });
    let form = format!("INSERT INTO _penstock_meta VALUES ('form', '{FORM}') ON CONFLICT DO NOTHING");
    made.chain([form]).collect()
}

/// What is known of the destination by a name, `form` or `source`.
pub(in crate::destination) const META: &str = "SELECT value FROM _penstock_meta WHERE name = $1";

/// Keeps it, unless something is known already.
pub(in crate::destination) const PUT_META: &str =
    "INSERT INTO _penstock_meta VALUES ($1, $2) ON CONFLICT DO NOTHING";

/// Whether a sync made a table.
pub(in crate::destination) const OURS: &str = "SELECT name FROM _penstock_tables WHERE name = $1";

/// How far the read of a table is, by its name and owner.
pub(in crate::destination) const STATE: &str =
    "SELECT state FROM _penstock_state WHERE name = $1 AND owner = $2";

/// Keeps that.
pub(in crate::destination) const KEEP_STATE: &str = "INSERT INTO _penstock_state VALUES ($1, $2, $3) ON CONFLICT (name, owner) DO UPDATE SET state = excluded.state";

/// Forgets that of a table: one that had to be made anew has nothing of what was read.
pub(in crate::destination) const FORGET_STATE: &str = "DELETE FROM _penstock_state WHERE name = $1";

/// The owners of whose records a table's reads are known.
pub(in crate::destination) const OWNERS: &str = "SELECT owner FROM _penstock_state WHERE name = $1";

/// Every table, with each owner and how far it is.
pub(in crate::destination) const STATES: &str =
    "SELECT t.name, coalesce(s.owner, ''), s.state FROM _penstock_tables t
     LEFT JOIN _penstock_state s ON s.name = t.name ORDER BY 1, 2";

/// Keeps that a sync made a table: name, vendor, operation, when.
pub(in crate::destination) fn known<D: Dialect>() -> String {
    format!("INSERT INTO _penstock_tables VALUES ($1, $2, $3, {}) ON CONFLICT DO NOTHING", D::instant(4))
}

/// Keeps a statement that changed a table, and when.
pub(in crate::destination) fn migration<D: Dialect>() -> String {
    format!("INSERT INTO _penstock_migrations (statement, at) VALUES ($1, {})", D::instant(2))
}

/// Keeps a record that no table can have: the table, its hash, the record, when.
pub(in crate::destination) fn misfit<D: Dialect>() -> String {
    format!(
        "INSERT INTO _penstock_misfits VALUES ($1, $2, $3, {})
         ON CONFLICT (name, hash) DO UPDATE SET record = excluded.record, seen = excluded.seen",
        D::instant(4)
    )
}

/// Counts a table's rows that are not deleted, those that are, and misfits.
pub(in crate::destination) fn counts(table: &str) -> String {
    format!(
        "SELECT count(*) FILTER (WHERE NOT _penstock_deleted), count(*) FILTER (WHERE _penstock_deleted),
                count(*) FILTER (WHERE _penstock_misfit IS NOT NULL) FROM {}",
        quoted(table)
    )
}
