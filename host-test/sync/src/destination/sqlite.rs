//! A file of SQLite.

mod added;
mod errors;
mod rows;
mod tables;

use super::{
    Answer, Destination, Member, Opening,
    blocking::{Blocking, Fails as _},
    lock::{self, Lock},
    sql::{self, Dialect, FORM},
};
use crate::{
    Error,
    batch::Batch,
    record::{Key, Value},
    schema::{Column, ColumnKind, Table},
    state::{State, TableStatus, Written},
};
use errors::Failed;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};
use std::{path::Path, sync::Arc, time::Duration};

/// How long another program may hold the file before a write fails.
const BUSY: Duration = Duration::from_secs(30);

/// How many prepared statements are kept: three for each table of a large copy.
const STATEMENTS: usize = 512;

/// A file of SQLite, which one sync at a time writes and anybody may read.
pub struct Sqlite {
    connection: Blocking<Connection, Failed>,
    _lock: Option<Lock>,
}

/// The words of SQLite. Tables are STRICT: a value of another type is refused.
struct Words;

impl Dialect for Words {
    fn type_name(kind: ColumnKind) -> &'static str {
        match kind {
            ColumnKind::Boolean | ColumnKind::Integer => "INTEGER",
            ColumnKind::Real => "REAL",
            // NUMERIC would make a float of a decimal.
            ColumnKind::Text
            | ColumnKind::Instant
            | ColumnKind::Date
            | ColumnKind::Decimal
            | ColumnKind::Json => "TEXT",
        }
    }
    const TABLE_END: &'static str = " STRICT";
    const INTEGER: &'static str = "INTEGER";
    const MARK: (&'static str, &'static str) = ("INTEGER", "0");

    fn instant(number: usize) -> String {
        format!("${number}")
    }
}

impl Sqlite {
    /// Opens the file, and makes it if it is not there.
    ///
    /// # Errors
    /// It cannot be written, another sync has it, or it is not one of ours.
    pub fn open(path: &Path, opening: &Opening) -> Result<Sqlite, Error> {
        let name = format!("sqlite:{}", path.display());
        let path = &lock::itself(path, &name)?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(".penstock-lock");
        if opening.look && !path.exists() {
            return Err(Error::Unfit(format!("{name} is not there: sync to it first")));
        }
        let lock = match opening.look {
            true => None,
            false => Some(Lock::take(Path::new(&beside), &name, opening.wait)?),
        };
        let failed = |error| Failed::Sqlite(error).told(&name);
        let (connection, form) = match opening.look {
            true => looked_at(path),
            false => written(path),
        }
        .map_err(failed)?;
        if form > FORM {
            return Err(Error::Newer { place: name, found: form, known: FORM });
        }
        if !opening.look {
            let found = tables::source(&connection, &opening.source).map_err(failed)?;
            if found != opening.source {
                return Err(Error::OtherSource { place: name, found, wanted: opening.source.clone() });
            }
        }
        Ok(Sqlite { connection: Blocking::new(name, connection)?, _lock: lock })
    }
}

/// Opens a file that is written, and makes the copy's own tables in it; the version of their form.
fn written(path: &Path) -> rusqlite::Result<(Connection, i64)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let connection = opened(path, flags)?;
    let form = own(&connection)?;
    Ok((connection, form))
}

/// Opens a file that is only looked at. Where nothing can be written beside it, which SQLite does to read what a
/// log has, and where no log is left to read, the file is all that there is: nobody else can write it either.
fn looked_at(path: &Path) -> rusqlite::Result<(Connection, i64)> {
    let read = |path: &Path, flags: OpenFlags| {
        let connection = opened(path, OpenFlags::SQLITE_OPEN_READ_ONLY | flags)?;
        let form = tables::form(&connection)?;
        Ok((connection, form))
    };
    let shut = |error: &rusqlite::Error| {
        matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
    };
    match read(path, OpenFlags::empty()) {
        Err(error) if shut(&error) && !has_log(path) => {
            let address = utf8_percent_encode(&path.to_string_lossy(), NON_ALPHANUMERIC).to_string();
            let address = format!("file:{}?immutable=1", address.replace("%2F", "/"));
            read(Path::new(&address), OpenFlags::SQLITE_OPEN_URI)
        }
        read => read,
    }
}

/// Whether a program that ended early has left something beside the file that belongs to it.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    Path::new(&log).metadata().is_ok_and(|log| log.len() > 0)
}

fn opened(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// Makes the copy's own tables; the version of their form, an older one's too.
fn own(connection: &Connection) -> rusqlite::Result<i64> {
    // Readers go on reading while rows are written, and a process that dies leaves what was committed.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    let form = tables::form(connection)?;
    if form <= FORM {
        connection.execute_batch(&format!("BEGIN IMMEDIATE; {}; COMMIT", sql::own::<Words>().join("; ")))?;
    }
    Ok(form)
}

impl Destination for Sqlite {
    fn name(&self) -> &str {
        &self.connection.name
    }

    fn prepare<'a>(&'a self, tables: &'a [Arc<Table>], dry_run: bool) -> Answer<'a, Vec<String>> {
        let tables = tables.to_vec();
        self.connection.with(move |connection| tables::prepare(connection, &tables, dry_run))
    }

    fn state<'a>(&'a self, table: &'a Table, owner: &'a str) -> Answer<'a, Option<State>> {
        let (table, owner) = (table.name.clone(), owner.to_owned());
        self.connection.with(move |connection| Ok(tables::state(connection, &table, &owner)?))
    }

    fn write<'a>(
        &'a self,
        table: &'a Table,
        owner: &'a str,
        batch: Batch,
        state: State,
    ) -> Answer<'a, Written> {
        let (statements, owner) = (rows::Statements::of(table, state.trusted), owner.to_owned());
        self.connection
            .with(move |connection| Ok(rows::write(connection, &statements, &owner, &batch, &state)?))
    }

    fn finish<'a>(
        &'a self,
        table: &'a Table,
        owner: &'a str,
        state: State,
        reconcile: bool,
    ) -> Answer<'a, u64> {
        let reconcile = reconcile.then(|| (sql::reconcile::<Words>(table), table.owner.is_some()));
        let (table, owner) = (table.name.clone(), owner.to_owned());
        self.connection
            .with(move |connection| Ok(rows::finish(connection, &table, &owner, &state, reconcile)?))
    }

    fn failed<'a>(&'a self, table: &'a Table, owner: &'a str, error: &'a str) -> Answer<'a, ()> {
        let (table, owner, error) = (table.name.clone(), owner.to_owned(), error.to_owned());
        self.connection.with(move |connection| {
            let state = tables::state(connection, &table, &owner)?.unwrap_or_default();
            Ok(tables::keep(connection, &table, &owner, &State { error: Some(error), ..state })?)
        })
    }

    fn status(&self) -> Answer<'_, Vec<TableStatus>> {
        self.connection.with(|connection| Ok(tables::status(connection)?))
    }

    fn count<'a>(&'a self, table: &'a Table, active: bool) -> Answer<'a, u64> {
        let sql = sql::count(table, active);
        self.connection
            .with(move |connection| Ok(connection.query_row(&sql, [], |row| tables::count(row, 0))?))
    }

    fn sample<'a>(&'a self, table: &'a Table, most: u32) -> Answer<'a, Vec<(Key, Vec<Value>)>> {
        let select = sql::sampling(table, |name, _| sql::quoted(name));
        let kinds: Vec<_> =
            [table.key_kind()].into_iter().chain(table.columns.iter().map(|column| column.kind)).collect();
        self.connection.with(move |connection| Ok(rows::sample(connection, &select, &kinds, most)?))
    }

    fn added(&self) -> Answer<'_, Vec<(String, Column)>> {
        self.connection.with(|connection| Ok(added::added(connection)?))
    }

    fn extra<'a>(&'a self, table: &'a Table) -> Answer<'a, Vec<Member>> {
        let table = table.clone();
        self.connection.with(move |connection| Ok(added::extra(connection, &table)?))
    }

    fn add<'a>(&'a self, table: &'a Table, members: &'a [Member]) -> Answer<'a, Vec<String>> {
        let (table, members) = (table.clone(), members.to_vec());
        self.connection.with(move |connection| Ok(added::add(connection, &table, &members)?))
    }
}

/// One value of the copy's own.
fn one<T: rusqlite::types::FromSql>(
    connection: &Connection,
    sql: &str,
    name: &str,
) -> rusqlite::Result<Option<T>> {
    connection.query_row(sql, [name], |row| row.get(0)).optional()
}
