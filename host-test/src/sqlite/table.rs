//! The one table of the file.

use std::{
    fs::{self, OpenOptions},
    io,
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use penstock_state::embedded::{Bucket, Embedded, Opened};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};

use super::{UnusableFile, place::Place};
use crate::sources::HostError;

/// How long a file is waited for that another process holds locked.
const BUSY: Duration = Duration::from_millis(300);

/// "PNST": which program a file belongs to (`PRAGMA application_id`).
const APPLICATION: i32 = i32::from_be_bytes(*b"PNST");

/// How often what has expired is looked for, in microseconds, and among how many keys.
const SWEEP_EVERY: u64 = 600_000_000;
const SWEPT: usize = 10_000;

/// SQLite's trouble.
#[derive(Debug)]
pub(crate) struct Trouble(rusqlite::Error);

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self(error)
    }
}

impl From<Trouble> for HostError {
    fn from(Trouble(error): Trouble) -> Self {
        let why = format!("the state's file: {error}");
        match error.sqlite_error_code() {
            // Another process has it, or the disk: it may pass.
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::SystemIoFailure,
            ) => HostError::Unavailable(why),
            _ => HostError::Failed(why),
        }
    }
}

pub(crate) struct Table {
    place: Place,
    connection: Mutex<Connection>,
    /// Whether the table is known to be there: another process may have had the file locked.
    prepared: AtomicBool,
    /// When it was swept last.
    swept: Mutex<u64>,
}

impl Table {
    pub(super) fn open(path: &Path) -> Result<Self, UnusableFile> {
        let unusable = |source| UnusableFile::File { path: path.to_owned(), source };
        let content = |reason: String| UnusableFile::Content { path: path.to_owned(), reason };
        let absolute = std::path::absolute(path).map_err(unusable)?;
        make(&absolute).map_err(unusable)?;
        let connection = connect(&absolute).map_err(|error| content(error.to_string()))?;
        let prepared = match prepare(&connection) {
            Ok(()) => true,
            Err(Unprepared::Sqlite(error)) if is_locked(&error) => false,
            Err(unprepared) => return Err(content(unprepared.to_string())),
        };
        Ok(Self {
            place: Place::new(&absolute),
            connection: Mutex::new(connection),
            prepared: AtomicBool::new(prepared),
            swept: Mutex::new(0),
        })
    }

    pub(super) fn path(&self) -> &Path {
        self.place.path()
    }

    fn connection(&self) -> Result<MutexGuard<'_, Connection>, Trouble> {
        // A statement that panicked has not changed anything by halves.
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if self.place.has_moved(Instant::now()) {
            // Whoever starts next has another file: so has everybody.
            make(self.path()).map_err(|_| cannot_open())?;
            *connection = connect(self.path())?;
            self.prepared.store(false, Relaxed);
            self.place.opened();
        }
        if !self.prepared.load(Relaxed) {
            prepare(&connection).map_err(|unprepared| match unprepared {
                Unprepared::Sqlite(error) => Trouble(error),
                Unprepared::Foreign => Trouble(rusqlite::Error::InvalidQuery),
            })?;
            self.prepared.store(true, Relaxed);
        }
        Ok(connection)
    }

    pub(super) fn value(&self, key: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let connection = self.connection()?;
        let mut select = connection.prepare_cached("SELECT value FROM key_value WHERE key = ?1")?;
        Ok(select.query_row([key], |row| row.get(0)).optional()?)
    }

    pub(super) fn put(&self, key: &str, value: &[u8]) -> Result<(), Trouble> {
        let connection = self.connection()?;
        let mut put = connection.prepare_cached("INSERT OR REPLACE INTO key_value VALUES (?1, ?2)")?;
        put.execute(params![key, value])?;
        Ok(())
    }

    pub(super) fn remove(&self, key: &str) -> Result<(), Trouble> {
        self.connection()?.prepare_cached("DELETE FROM key_value WHERE key = ?1")?.execute([key])?;
        Ok(())
    }

    pub(super) fn all_keys(&self) -> Result<Vec<String>, Trouble> {
        let connection = self.connection()?;
        let mut select = connection.prepare_cached("SELECT key FROM key_value")?;
        let keys = select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(keys)
    }

    /// A counter is eight bytes, the least significant first, as in Spin's store.
    pub(super) fn increment(&self, key: &str, delta: i64) -> Result<i64, Trouble> {
        let mut connection = self.connection()?;
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let old: Option<Vec<u8>> = transaction
            .query_row("SELECT value FROM key_value WHERE key = ?1", [key], |row| row.get(0))
            .optional()?;
        let old = match old {
            None => 0,
            Some(old) => i64::from_le_bytes(old.as_slice().try_into().map_err(|_| no_counter())?),
        };
        let new = old.checked_add(delta).ok_or_else(no_counter)?;
        transaction.execute(
            "INSERT OR REPLACE INTO key_value VALUES (?1, ?2)",
            params![key, new.to_le_bytes().as_slice()],
        )?;
        transaction.commit()?;
        Ok(new)
    }

    pub(super) fn replace(&self, key: &str, current: &[u8], value: &[u8]) -> Result<bool, Trouble> {
        let connection = self.connection()?;
        let mut update =
            connection.prepare_cached("UPDATE key_value SET value = ?3 WHERE key = ?1 AND value = ?2")?;
        Ok(update.execute(params![key, current, value])? == 1)
    }

    /// Removes what expired long ago, if it is time.
    pub(super) fn sweep(&self, now: u64) {
        {
            let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
            if now.saturating_sub(*swept) < SWEEP_EVERY {
                return;
            }
            *swept = now;
        }
        // What is not removed now is removed another time.
        _ = Embedded { bucket: self, now }.sweep(SWEPT, now);
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // Without a meaning of its own for any name: `:memory:` and `file:` are files as well.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
}

fn cannot_open() -> Trouble {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
    Trouble(rusqlite::Error::SqliteFailure(code, Some("it was removed and cannot be made again".to_owned())))
}

fn no_counter() -> Trouble {
    let kind = rusqlite::types::Type::Blob;
    Trouble(rusqlite::Error::InvalidColumnType(
        1,
        "value, which is no counter that can count on".to_owned(),
        kind,
    ))
}

/// The file and its folders, for their owner only.
fn make(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(()),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "is no file")),
    }
}

/// What stands in the way.
#[derive(Debug, thiserror::Error)]
enum Unprepared {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("it is another program's database")]
    Foreign,
}

fn is_locked(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn prepare(connection: &Connection) -> Result<(), Unprepared> {
    connection.busy_timeout(BUSY)?;
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 && number("application_id")? != APPLICATION {
        return Err(Unprepared::Foreign);
    }
    // Readers and one writer at once; what a crash of the machine takes of it is asked for again.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS key_value (key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) WITHOUT ROWID",
        )?;
    Ok(())
}

impl Bucket for Table {
    /// The key, and its value as it was.
    type Handle = (String, Option<Vec<u8>>);
    type Error = Trouble;

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Trouble> {
        self.value(key)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), Trouble> {
        self.put(key, value)
    }

    fn delete(&self, key: &str) -> Result<(), Trouble> {
        self.remove(key)
    }

    fn keys(&self) -> Result<Vec<String>, Trouble> {
        self.all_keys()
    }

    fn create(&self, key: &str) -> Result<(), Trouble> {
        let connection = self.connection()?;
        let mut create = connection.prepare_cached("INSERT OR IGNORE INTO key_value VALUES (?1, ?2)")?;
        create.execute(params![key, 0_i64.to_le_bytes().as_slice()])?;
        Ok(())
    }

    fn open(&self, key: &str) -> Result<Opened<Self::Handle>, Trouble> {
        let value = self.value(key)?;
        Ok(((key.to_owned(), value.clone()), value))
    }

    fn swap(&self, (key, current): Self::Handle, value: &[u8]) -> Result<bool, Trouble> {
        match current {
            Some(current) => self.replace(&key, &current, value),
            None => Ok(false),
        }
    }
}
