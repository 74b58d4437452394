//! What counts of a folder: one file that is replaced whole.

use super::{FORM, Failed};
use crate::state::State;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{ErrorKind, Write},
    path::Path,
};

/// The file, and its name until it is whole.
const FILE: &str = "_penstock_state.json";
const UNFINISHED: &str = "_penstock_state.json.new";

/// What is durable.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    /// The version of the form of the folder.
    pub(super) form: i64,
    /// Whose records it has.
    pub(super) source: String,
    /// How long the file of records is that no table can have, in bytes.
    #[serde(default)]
    pub(super) misfits: u64,
    #[serde(default)]
    pub(super) tables: BTreeMap<String, KeptTable>,
}

/// What is durable of a table.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct KeptTable {
    #[serde(flatten)]
    pub(super) lengths: Lengths,
    /// How far the read is, by owner.
    #[serde(default)]
    pub(super) states: BTreeMap<String, State>,
}

/// How long files are, in bytes: what is behind that does not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lengths {
    /// Of the lines.
    pub(super) length: u64,
    /// Of the keys that the read that is on its way has seen unchanged.
    #[serde(default)]
    pub(super) seen: u64,
}

impl Kept {
    /// That of a folder that has nothing yet.
    pub(super) fn new(source: &str) -> Kept {
        Kept { form: FORM, source: source.to_owned(), ..Kept::default() }
    }

    /// That of a folder; none if there is none.
    pub(super) fn read(folder: &Path) -> Result<Option<Kept>, Failed> {
        let path = folder.join(FILE);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failed::io(&path, "cannot read")(error)),
        };
        // Positions would be lost with it, and lines be taken for ones that are not there.
        let parsed = serde_json::from_slice(&text);
        parsed.map(Some).map_err(|error| Failed::io(&path, "cannot understand")(error.into()))
    }

    /// Replaces it, whole or not at all.
    pub(super) fn write(&mut self, folder: &Path) -> Result<(), Failed> {
        let (path, unfinished) = (folder.join(FILE), folder.join(UNFINISHED));
        let written = || {
            let mut file = File::create(&unfinished)?;
            file.write_all(&serde_json::to_vec(self)?)?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)?;
            // The name is durable with the folder.
            #[cfg(unix)]
            File::open(folder)?.sync_all()?;
            Ok(())
        };
        written().map_err(Failed::io(&path, "cannot write"))
    }
}
