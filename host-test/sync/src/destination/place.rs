//! What a destination is called.

use crate::Error;
use penstock_host::sources::Secret;
use std::{path::PathBuf, str::FromStr};

/// What `--to` names.
#[derive(Debug, Clone)]
pub enum Place {
    /// `ndjson:titan`
    Ndjson(PathBuf),
    /// `sqlite:titan.db`
    Sqlite(PathBuf),
    /// `postgres://user:password@host/titan`, or `postgres` alone for whatever `DATABASE_URL` says.
    Postgres(Option<Secret>),
}

/// The forms, for a person.
const FORMS: &str =
    "sqlite:FILE, ndjson:FOLDER, postgres for what DATABASE_URL names, or postgres://USER@HOST/DATABASE";

impl FromStr for Place {
    type Err = Error;

    /// The error has nothing of the text: it may have a password.
    fn from_str(text: &str) -> Result<Place, Error> {
        let unfit = |why: &str| Error::Unfit(format!("{why}: a destination is {FORMS}"));
        match text.split_once(':') {
            Some(("sqlite", file)) if !file.is_empty() => Ok(Place::Sqlite(file.into())),
            Some(("sqlite", _)) => Err(unfit("no file is named")),
            Some(("ndjson", folder)) if !folder.is_empty() => Ok(Place::Ndjson(folder.into())),
            Some(("ndjson", _)) => Err(unfit("no folder is named")),
            None if matches!(text, "postgres" | "postgresql") => Ok(Place::Postgres(None)),
            Some((scheme, _)) if is_postgres(scheme) => {
                Ok(Place::Postgres(Some(Secret::new(text.to_owned()))))
            }
            _ => Err(unfit("this is no destination")),
        }
    }
}

/// `postgres`, `postgresql`, and with the name of a driver as Python's URLs have it.
fn is_postgres(scheme: &str) -> bool {
    let scheme = scheme.split_once('+').map_or(scheme, |(scheme, _)| scheme);
    matches!(scheme, "postgres" | "postgresql")
}
