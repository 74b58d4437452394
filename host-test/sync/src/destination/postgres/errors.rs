//! What PostgreSQL says, for a person.

use crate::{Error, destination::sql::Unusable};
use deadpool_postgres::PoolError;
use std::error::Error as _;
use tokio_postgres::error::SqlState;

/// Why something could not be done.
pub(super) enum Failed {
    /// The server says so, or it cannot be reached.
    Postgres(tokio_postgres::Error),
    /// We do, of a table.
    Table(Unusable),
    /// Another sync has it, or has had it since.
    InUse(String),
    /// It does not answer.
    Silent,
    /// Something else, for a person.
    Other(String),
}

impl From<tokio_postgres::Error> for Failed {
    fn from(error: tokio_postgres::Error) -> Failed {
        Failed::Postgres(error)
    }
}

impl From<Unusable> for Failed {
    fn from(table: Unusable) -> Failed {
        Failed::Table(table)
    }
}

impl From<PoolError> for Failed {
    fn from(error: PoolError) -> Failed {
        match error {
            PoolError::Backend(error) => Failed::Postgres(error),
            PoolError::Timeout(_) => Failed::Silent,
            other => Failed::Other(other.to_string()),
        }
    }
}

impl Failed {
    /// Whether it may pass: the server is gone or comes back, or somebody's transaction was in the way. What
    /// was not committed is not there then.
    pub(super) fn passes(&self) -> bool {
        let error = match self {
            Failed::Postgres(error) => error,
            Failed::Silent => return true,
            _ => return false,
        };
        match error.code().map(SqlState::code) {
            // 08: connection, 57P: the server stops or starts, 53300: too many connections, 40: rolled back,
            // 25P03: it waited too long for us.
            Some(code) => {
                matches!(code, "57P01" | "57P02" | "57P03" | "53300" | "25P03")
                    || code.starts_with("08")
                    || code.starts_with("40")
            }
            None => (error.is_closed() || has_io(error)) && what(error) != TLS,
        }
    }

    /// The error, of this destination.
    pub(super) fn told(self, place: &str) -> Error {
        let place = place.to_owned();
        let other = |place, what: &str, source: String| Error::Destination {
            place,
            what: what.to_owned(),
            source: Some(source.into()),
        };
        match self {
            Failed::Table(table) => table.told(&place),
            Failed::InUse(holder) => Error::InUse { place, holder },
            Failed::Other(what) => Error::Destination { place, what, source: None },
            Failed::Silent => {
                Error::Destination { place, what: "it does not answer".to_owned(), source: None }
            }
            Failed::Postgres(error) if is_of_table(&error) => {
                let (what, source) = (what(&error).to_owned(), Some(words(&error).into()));
                Error::Refused { place, what, source }
            }
            Failed::Postgres(error) => other(place, what(&error), words(&error)),
        }
    }
}

/// That there is no connection whose certificate and encryption are as they were asked for.
const TLS: &str = "TLS fails";

/// Whether it is one table's: values, constraints, what a trigger says (P0001), rights.
fn is_of_table(error: &tokio_postgres::Error) -> bool {
    let code = error.code().map_or("", SqlState::code);
    matches!(code, "42501" | "P0001") || code.starts_with("22") || code.starts_with("23")
}

fn has_io(error: &tokio_postgres::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<std::io::Error>() {
            return true;
        }
        cause = error.source();
    }
    false
}

fn what(error: &tokio_postgres::Error) -> &'static str {
    let Some(code) = error.code() else {
        // It has no other word for what went wrong.
        let is_tls = error.to_string().contains("TLS")
            || error.source().is_some_and(|cause| cause.to_string().contains("TLS"));
        return match is_tls {
            true => TLS,
            false if error.is_closed() || has_io(error) => "it cannot be reached",
            false => "it is not understood",
        };
    };
    match code.code() {
        "25006" => "it cannot be written: it is read-only",
        "28000" | "28P01" => "it refuses the user or the password",
        "3D000" => "there is no such database",
        "42501" => "this user may not",
        "53100" => "there is no room for more",
        "53200" => "it has no memory left",
        "53300" => "it has no connection left",
        "55P03" => "another program has it locked for longer than its lock_timeout",
        "57014" => "it gave up: a statement took longer than its statement_timeout, or somebody cancelled it",
        "57P01" | "57P02" => "it is gone: it was stopped, or somebody ended the session",
        "57P03" => "it is starting or stopping",
        code if code.starts_with("58") => "its disk fails",
        "P0001" => "it refuses a row, by a trigger that no sync made",
        code if code.starts_with("22") => "it refuses a value",
        code if code.starts_with("23") => "it refuses a row, by a constraint that no sync made",
        _ => "it refuses",
    }
}

/// Its own words, without the rows that a detail may quote.
fn words(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return format!("{}, SQLSTATE {}", error.message(), error.code().code());
    }
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(&format!(": {error}"));
        cause = error.source();
    }
    words
}
