//! A folder of files with a JSON object a line, one for each table.

mod index;
mod kept;
mod lines;
mod table;

use super::{
    Answer, Destination, Opening,
    blocking::{Blocking, Fails},
    lock::Lock,
    sql::FORM,
};
use crate::{
    Error,
    batch::Batch,
    record::{self, Key, Limits, Value},
    schema::Table,
    state::{State, TableStatus, Written},
};
use futures_util::FutureExt;
use kept::Kept;
use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use table::{Appended, Files};

/// What cannot be done with a file, and why.
struct Failed {
    path: PathBuf,
    what: &'static str,
    /// What there is to be done about it, if that is known.
    advice: &'static str,
    source: Option<io::Error>,
}

impl Failed {
    fn io(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> Failed {
        move |source| Failed { path: path.to_owned(), what, advice: "", source: Some(source) }
    }
}

impl Fails for Failed {
    fn told(self, place: &str) -> Error {
        let full = |source: &io::Error| {
            matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        };
        let what = match &self.source {
            Some(source) if full(source) => "there is no room for more in",
            Some(source) if source.kind() == io::ErrorKind::ReadOnlyFilesystem => {
                "it is read-only, and so is"
            }
            _ => self.what,
        };
        Error::Destination {
            place: place.to_owned(),
            what: format!("{what} {}{}", self.path.display(), self.advice),
            source: self.source.map(Into::into),
        }
    }
}

/// A folder, which one sync at a time writes and anybody may read.
pub struct Ndjson {
    folder: Blocking<Folder, Failed>,
    _lock: Option<Lock>,
}

/// What is known of the folder.
struct Folder {
    path: PathBuf,
    /// What is durable.
    kept: Kept,
    /// The tables that were looked into.
    files: BTreeMap<String, Files>,
    /// Whether everything is read anew: then lines that something has cut off come back.
    anew: bool,
}

impl Ndjson {
    /// Opens the folder, and makes it if it is not there.
    ///
    /// # Errors
    /// It cannot be written, another sync has it, or it is not one of ours.
    pub fn open(path: &Path, opening: &Opening) -> Result<Ndjson, Error> {
        let name = format!("ndjson:{}", path.display());
        let failed = |error: Failed| error.told(&name);
        let lock = if opening.look {
            None
        } else {
            fs::create_dir_all(path).map_err(Failed::io(path, "cannot make")).map_err(failed)?;
            Some(Lock::take(&path.join("_penstock.lock"), &name, opening.wait)?)
        };
        let mut kept = match Kept::read(path).map_err(failed)? {
            Some(kept) => kept,
            None if opening.look => {
                return Err(Error::Unfit(format!("{name} has no copy: sync to it first")));
            }
            None => Kept::new(&opening.source),
        };
        if kept.form > FORM {
            return Err(Error::Newer { place: name, found: kept.form, known: FORM });
        }
        if !opening.look {
            if kept.source != opening.source {
                let (found, wanted) = (kept.source, opening.source.clone());
                return Err(Error::OtherSource { place: name, found, wanted });
            }
            kept.write(path).map_err(|error| error.told(&name))?;
        }
        let folder = Folder { path: path.to_owned(), kept, files: BTreeMap::new(), anew: opening.anew };
        Ok(Ndjson { folder: Blocking::new(name, folder)?, _lock: lock })
    }
}

impl Folder {
    /// The files of a table, as far as they are durable.
    fn files(&mut self, table: &str) -> Result<&mut Files, Failed> {
        if !self.files.contains_key(table) {
            let lengths = self.kept.tables.get(table).map(|table| table.lengths).unwrap_or_default();
            let lengths = if self.anew { table::what_is_left(&self.path, table, lengths)? } else { lengths };
            let files = Files::read(&self.path, table, lengths)?;
            self.files.insert(table.to_owned(), files);
        }
        let missing =
            || Failed { path: self.path.join(table), what: "cannot find", advice: "", source: None };
        self.files.get_mut(table).ok_or_else(missing)
    }

    /// Makes durable what was appended, with the state behind it: the file of states says what counts.
    fn keep(&mut self, table: &str, owner: &str, state: &State, appended: Appended) -> Result<(), Failed> {
        let mut next = self.kept.clone();
        let kept = next.tables.entry(table.to_owned()).or_default();
        kept.lengths = appended.lengths;
        kept.states.insert(owner.to_owned(), state.clone());
        next.write(&self.path)?;
        self.kept = next;
        self.files(table)?.accept(appended);
        Ok(())
    }

    fn state(&self, table: &str, owner: &str) -> Option<State> {
        self.kept.tables.get(table)?.states.get(owner).cloned()
    }

    fn write(&mut self, table: &str, owner: &str, batch: &Batch, state: &State) -> Result<Written, Failed> {
        let unkeyed = batch.unkeyed.iter().map(|unkeyed| (unkeyed, table));
        self.kept.misfits = lines::keep_unkeyed(&self.path, self.kept.misfits, unkeyed)?;
        let (appended, mut written) = self.files(table)?.append(batch.rows(), owner, state)?;
        written.misfits += batch.unkeyed.len() as u64;
        self.keep(table, owner, state, appended)?;
        Ok(written)
    }

    /// Ends a read; with `reconcile`, which is what the vendor calls the key, also what it has not seen.
    fn finish(
        &mut self,
        table: &str,
        owner: &str,
        state: &State,
        reconcile: Option<Option<&str>>,
    ) -> Result<u64, Failed> {
        let others = self.kept.tables.get(table).into_iter().flat_map(|kept| &kept.states);
        let is_last = others.filter(|(other, _)| *other != owner).all(|(_, state)| !state.reading);
        let files = self.files(table)?;
        let (appended, gone) = match reconcile {
            Some(key_name) => files.reconcile(key_name, owner, state.generation)?,
            None => (files.nothing(), 0),
        };
        // What reads have seen is of use until they end.
        let appended = if is_last { appended.without_seen() } else { appended };
        self.keep(table, owner, state, appended)?;
        Ok(gone)
    }

    fn status(&mut self) -> Result<Vec<TableStatus>, Failed> {
        let mut all = Vec::new();
        for (table, kept) in self.kept.tables.clone() {
            let (rows, deleted, misfits) = self.files(&table)?.index().counts();
            let mut states = kept.states;
            if states.is_empty() {
                states.insert(String::new(), State::default());
            }
            all.extend(states.into_iter().map(|(owner, state)| TableStatus {
                table: table.clone(),
                owner,
                rows,
                deleted,
                misfits,
                state,
            }));
        }
        Ok(all)
    }
}

impl Destination for Ndjson {
    fn name(&self) -> &str {
        &self.folder.name
    }

    fn limits(&self) -> Limits {
        Limits { raw: true, ..Limits::NONE }
    }

    fn prepare<'a>(&'a self, tables: &'a [Arc<Table>], dry_run: bool) -> Answer<'a, Vec<String>> {
        let (names, place): (Vec<String>, _) =
            (tables.iter().map(|table| table.name.clone()).collect(), self.folder.name.clone());
        let prepared = self.folder.with(move |folder| {
            let mut next = folder.kept.clone();
            let new = names.into_iter().filter(|name| !folder.kept.tables.contains_key(name));
            let new: Vec<String> = new.collect();
            if let Some(foreign) = new.iter().find(|name| table::path(&folder.path, name).exists()) {
                return Ok(Err(foreign.clone()));
            }
            for name in &new {
                next.tables.entry(name.clone()).or_default();
            }
            if !dry_run && !new.is_empty() {
                next.write(&folder.path)?;
                folder.kept = next;
            }
            Ok(Ok(new.iter().map(|name| format!("a new file {name}.ndjson")).collect()))
        });
        async move { prepared.await?.map_err(|table| Error::Foreign { place, table }) }.boxed()
    }

    fn state<'a>(&'a self, table: &'a Table, owner: &'a str) -> Answer<'a, Option<State>> {
        let (table, owner) = (table.name.clone(), owner.to_owned());
        self.folder.with(move |folder| Ok(folder.state(&table, &owner)))
    }

    fn write<'a>(
        &'a self,
        table: &'a Table,
        owner: &'a str,
        batch: Batch,
        state: State,
    ) -> Answer<'a, Written> {
        let (table, owner) = (table.name.clone(), owner.to_owned());
        self.folder.with(move |folder| folder.write(&table, &owner, &batch, &state))
    }

    fn finish<'a>(
        &'a self,
        table: &'a Table,
        owner: &'a str,
        state: State,
        reconcile: bool,
    ) -> Answer<'a, u64> {
        let key = table.key.and_then(|key| table.columns.get(key)).map(|column| column.wire.clone());
        let (table, owner) = (table.name.clone(), owner.to_owned());
        self.folder
            .with(move |folder| folder.finish(&table, &owner, &state, reconcile.then_some(key.as_deref())))
    }

    fn failed<'a>(&'a self, table: &'a Table, owner: &'a str, error: &'a str) -> Answer<'a, ()> {
        let (table, owner, error) = (table.name.clone(), owner.to_owned(), error.to_owned());
        self.folder.with(move |folder| {
            let state = folder.state(&table, &owner).unwrap_or_default();
            let nothing = folder.files(&table)?.nothing();
            folder.keep(&table, &owner, &State { error: Some(error), ..state }, nothing)
        })
    }

    fn status(&self) -> Answer<'_, Vec<TableStatus>> {
        self.folder.with(Folder::status)
    }

    fn count<'a>(&'a self, table: &'a Table, active: bool) -> Answer<'a, u64> {
        let table = table.name.clone();
        self.folder.with(move |folder| Ok(folder.files(&table)?.index().count(active)))
    }

    fn sample<'a>(&'a self, table: &'a Table, most: u32) -> Answer<'a, Vec<(Key, Vec<Value>)>> {
        let name = table.name.clone();
        let lines = self.folder.with(move |folder| folder.files(&name)?.sample(most));
        async move {
            let rows = lines
                .await?
                .into_iter()
                .filter_map(|line| record::row(table, &line.record, &line.owner, Limits::NONE).ok());
            Ok(rows.map(|row| (row.key, row.values)).collect())
        }
        .boxed()
    }
}

impl fmt::Debug for Ndjson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ndjson").field("name", &self.folder.name).finish_non_exhaustive()
    }
}
