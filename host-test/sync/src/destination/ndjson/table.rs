//! The files of one table.

use super::{
    Failed,
    index::{Index, hash},
    kept::Lengths,
    lines::{self, Line, Own},
};
use crate::{
    clock,
    record::{Key, Row},
    state::{State, Written},
};
use std::{
    collections::{HashMap, HashSet},
    fs::{self, File},
    hash::{BuildHasher, RandomState},
    io::{self, BufRead, BufReader, ErrorKind, Read},
    path::{Path, PathBuf},
};

/// The file of a table's lines.
pub(super) fn path(folder: &Path, table: &str) -> PathBuf {
    folder.join(format!("{table}.ndjson"))
}

/// A table's lines, and the keys that the read that is on its way has seen unchanged: their lines are not
/// written again.
pub(super) struct Files {
    lines: PathBuf,
    seen: PathBuf,
    lengths: Lengths,
    index: Index,
}

/// What was appended, and counts as soon as the lengths are durable.
pub(super) struct Appended {
    pub(super) lengths: Lengths,
    owns: Vec<Own>,
    seen: Vec<(Key, i64)>,
}

impl Appended {
    /// The same, and what the read has seen unchanged is not needed any more.
    pub(super) fn without_seen(self) -> Appended {
        Appended { lengths: Lengths { seen: 0, ..self.lengths }, ..self }
    }
}

/// A record of a sample.
pub(super) struct Sampled {
    pub(super) record: String,
    pub(super) owner: String,
}

impl Files {
    /// Reads them as far as they count.
    pub(super) fn read(folder: &Path, table: &str, lengths: Lengths) -> Result<Files, Failed> {
        let lines = path(folder, table);
        let seen = folder.join(format!("_penstock_{table}.seen"));
        let mut index = Index::default();
        each_line(&lines, lengths.length, |line| {
            let line: Line = serde_json::from_str(line)?;
            index.put(line.own);
            Ok(())
        })?;
        each_line(&seen, lengths.seen, |line| {
            let (key, generation) = serde_json::from_str(line)?;
            index.seen(&key, generation);
            Ok(())
        })?;
        Ok(Files { lines, seen, lengths, index })
    }

    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    /// Nothing, where only a state is to be kept.
    pub(super) fn nothing(&self) -> Appended {
        Appended { lengths: self.lengths, owns: Vec::new(), seen: Vec::new() }
    }

    /// What was appended is durable.
    pub(super) fn accept(&mut self, appended: Appended) {
        self.lengths = appended.lengths;
        appended.owns.into_iter().for_each(|own| self.index.put(own));
        appended.seen.iter().for_each(|(key, generation)| self.index.seen(key, *generation));
    }

    /// Appends rows that are new or were changed, each in a line.
    pub(super) fn append(
        &self,
        rows: &[Row],
        owner: &str,
        state: &State,
    ) -> Result<(Appended, Written), Failed> {
        let (mut appended, mut written) = (self.nothing(), Written::default());
        let (mut text, now) = (String::new(), clock::text_of_ms(clock::now_ms()));
        for row in rows {
            let there = self.index.get(&row.key);
            let is_older =
                |there: Option<i64>| there.zip(row.version).is_some_and(|(there, row)| row < there);
            let is_older = !state.trusted && there.is_some_and(|there| is_older(there.version));
            let is_same =
                there.is_some_and(|there| there.hash == hash(&row.hash) && there.deleted == row.deleted);
            written.misfits += u64::from(row.misfit.is_some());
            if is_older || is_same {
                written.older += u64::from(is_older);
                appended.seen.push((row.key.clone(), state.generation));
                continue;
            }
            let own = Own {
                key: row.key.clone(),
                owner: owner.to_owned(),
                version: row.version,
                generation: state.generation,
                seen: now.clone(),
                deleted: row.deleted,
                inactive: row.inactive,
                misfit: row.misfit.is_some(),
                hash: row.hash.clone(),
            };
            lines::of_row(row, &own, &mut text);
            appended.owns.push(own);
        }
        written.rows = appended.owns.len() as u64;
        self.store(&mut appended, &text)?;
        Ok((appended, written))
    }

    /// Appends a line for each record of an owner that a read has not seen: it is deleted. `key_name` is what
    /// the vendor calls the key.
    pub(super) fn reconcile(
        &self,
        key_name: Option<&str>,
        owner: &str,
        generation: i64,
    ) -> Result<(Appended, u64), Failed> {
        let (mut appended, mut text) = (self.nothing(), String::new());
        let now = clock::text_of_ms(clock::now_ms());
        for (key, entry) in self.index.unseen(owner, generation) {
            let own = Own {
                key: key.clone(),
                owner: owner.to_owned(),
                version: entry.version,
                generation: entry.generation,
                seen: now.clone(),
                deleted: true,
                inactive: entry.inactive,
                misfit: entry.misfit,
                // Whatever it is when it comes back, it is written.
                hash: String::new(),
            };
            lines::of_deleted(key_name, &own, &mut text);
            appended.owns.push(own);
        }
        let gone = appended.owns.len() as u64;
        self.store(&mut appended, &text)?;
        Ok((appended, gone))
    }

    fn store(&self, appended: &mut Appended, text: &str) -> Result<(), Failed> {
        let seen: String =
            appended.seen.iter().map(|seen| format!("{}\n", serde_json::json!(seen))).collect();
        appended.lengths.length = lines::append(&self.lines, self.lengths.length, text)?;
        appended.lengths.seen = lines::append(&self.seen, self.lengths.seen, &seen)?;
        Ok(())
    }

    /// The last lines of some records.
    pub(super) fn sample(&self, most: u32) -> Result<Vec<Sampled>, Failed> {
        // By a hash that is another one each time.
        let random = RandomState::new();
        let mut keys: Vec<_> = self.index.well().map(|key| (random.hash_one(key), key)).collect();
        keys.sort_unstable_by_key(|(hash, _)| *hash);
        let wanted: HashSet<_> = keys.into_iter().map(|(_, key)| key).take(most as usize).collect();
        let mut found = HashMap::new();
        each_line(&self.lines, self.lengths.length, |line| {
            let own = serde_json::from_str::<Line>(line)?.own;
            if wanted.contains(&own.key) {
                found.insert(own.key, Sampled { record: line.to_owned(), owner: own.owner });
            }
            Ok(())
        })?;
        Ok(found.into_values().collect())
    }
}

/// What counts of files of which something may have cut off or removed the end: their whole lines.
pub(super) fn what_is_left(folder: &Path, table: &str, kept: Lengths) -> Result<Lengths, Failed> {
    let path = path(folder, table);
    let length = fs::metadata(&path).map_or(0, |file| file.len());
    if length >= kept.length {
        return Ok(kept);
    }
    let mut whole = 0;
    if length > 0 {
        let mut lines = BufReader::with_capacity(1 << 20, File::open(&path).map_err(cannot_read(&path))?);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).map_err(cannot_read(&path))? > 0 && line.ends_with(b"\n") {
            whole += line.len() as u64;
            line.clear();
        }
    }
    Ok(Lengths { length: whole, seen: 0 })
}

fn cannot_read(path: &Path) -> impl FnOnce(io::Error) -> Failed {
    Failed::io(path, "cannot read")
}

/// Reads the lines of the first `length` bytes of a file.
fn each_line(
    path: &Path,
    length: u64,
    mut read: impl FnMut(&str) -> serde_json::Result<()>,
) -> Result<(), Failed> {
    if length == 0 {
        return Ok(());
    }
    let shorter = || Failed {
        path: path.to_owned(),
        what: "something has cut off or removed",
        advice: ": a sync with --full reads it anew",
        source: None,
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(shorter()),
        Err(error) => return Err(cannot_read(path)(error)),
    };
    if file.metadata().map_err(cannot_read(path))?.len() < length {
        return Err(shorter());
    }
    let mut lines = BufReader::with_capacity(1 << 20, file.take(length));
    let mut line = String::new();
    while lines.read_line(&mut line).map_err(cannot_read(path))? > 0 {
        read(&line).map_err(|error| Failed::io(path, "somebody has changed")(error.into()))?;
        line.clear();
    }
    Ok(())
}
