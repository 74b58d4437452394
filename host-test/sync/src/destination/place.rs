//! What a destination is called.

use crate::Error;
use std::{path::PathBuf, str::FromStr};

/// What `--to` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `sqlite:titan.db`
    Sqlite(PathBuf),
}

/// The forms, for a person.
const FORMS: &str = "sqlite:FILE";

impl FromStr for Place {
    type Err = Error;

    fn from_str(text: &str) -> Result<Place, Error> {
        let unfit = |why: &str| Error::Unfit(format!("{why}: a destination is {FORMS}"));
        match text.split_once(':') {
            Some(("sqlite", file)) if !file.is_empty() => Ok(Place::Sqlite(file.into())),
            Some(("sqlite", _)) => Err(unfit("no file is named")),
            _ => Err(unfit("this is no destination")),
        }
    }
}
