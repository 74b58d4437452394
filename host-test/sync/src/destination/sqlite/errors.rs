//! What SQLite says, for a person.

use crate::{
    Error,
    destination::{blocking::Fails, sql::Unusable},
};
use rusqlite::ErrorCode;

/// Why something could not be done.
pub(super) enum Failed {
    /// SQLite says so.
    Sqlite(rusqlite::Error),
    /// We do, of a table.
    Table(Unusable),
}

impl From<Unusable> for Failed {
    fn from(table: Unusable) -> Failed {
        Failed::Table(table)
    }
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Failed {
        Failed::Sqlite(error)
    }
}

impl Fails for Failed {
    fn told(self, place: &str) -> Error {
        match self {
            Failed::Table(table) => table.told(place),
            Failed::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                let what = "it refuses a row, by a constraint or a trigger that no sync made".to_owned();
                Error::Refused { place: place.to_owned(), what, source: Some(Box::new(error)) }
            }
            Failed::Sqlite(error) => {
                let (place, what) = (place.to_owned(), what(&error).to_owned());
                Error::Destination { place, what, source: Some(Box::new(error)) }
            }
        }
    }
}

fn what(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "there is no room for more",
        Some(ErrorCode::ReadOnly) => "it cannot be written: it is read-only",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another program has it locked for longer than 30 s"
        }
        Some(ErrorCode::NotADatabase) => "it is no database of SQLite",
        Some(ErrorCode::DatabaseCorrupt) => "it is damaged",
        Some(ErrorCode::CannotOpen) => "it cannot be opened",
        Some(ErrorCode::PermissionDenied) => "this process may not use it",
        Some(ErrorCode::SystemIoFailure) => "its disk fails",
        _ => "it refuses",
    }
}
