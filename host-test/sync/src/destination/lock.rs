//! That one sync at a time has a destination in the file system.

use crate::{Error, clock};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
};

/// A file beside a destination, locked as long as the sync lasts. The system lets go of it when a
/// process dies, however it does.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// The longest line that a holder leaves, in bytes.
const LONGEST: u64 = 512;

impl Lock {
    /// Takes the lock that is in the file at `at`, of the destination that is called `place`.
    pub(super) fn take(at: &Path, place: &str, wait: bool) -> Result<Lock, Error> {
        let failed = |what: &str, source: io::Error| Error::Destination {
            place: place.to_owned(),
            what: format!("{what} {}", at.display()),
            source: Some(Box::new(source)),
        };
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(at);
        let mut file = opened.map_err(|error| failed("cannot make its lock", error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) if wait => {
                file.lock().map_err(|error| failed("cannot wait for its lock", error))?;
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who it is matters less than that there is one.
                let _ = (&file).take(LONGEST).read_to_string(&mut holder);
                let holder =
                    holder.lines().next().filter(|line| !line.is_empty()).unwrap_or("an unknown process");
                return Err(Error::InUse { place: place.to_owned(), holder: holder.to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(failed("cannot lock", error)),
        }
        let told = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", holder()));
        told.map_err(|error| failed("cannot write", error))?;
        Ok(Lock { _file: file })
    }
}

/// As many links as Linux follows (`path_resolution(7)`).
const MOST_LINKS: usize = 40;

/// The file that a path leads to, through links, whether it is there or not: what is beside it, this lock and SQLite's
/// own log, is beside the file and not beside one of its names.
///
/// # Errors
/// The file has another name that is no link, so that somebody could use it without being seen.
pub(super) fn itself(path: &Path, place: &str) -> Result<PathBuf, Error> {
    let mut itself = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(to) = fs::read_link(&itself) else { break };
        itself = itself.parent().unwrap_or(Path::new("")).join(to);
    }
    let folder = itself.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let (Ok(folder), Some(name)) = (folder.canonicalize(), itself.file_name()) {
        itself = folder.join(name);
    }
    if has_other_names(&itself) {
        return Err(Error::Unfit(format!(
            "{place} has another name as well (a hard link), by which another program could write it unseen: \
             remove that, or take another destination"
        )));
    }
    Ok(itself)
}

#[cfg(unix)]
fn has_other_names(file: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(file).is_ok_and(|file| file.is_file() && file.nlink() > 1)
}

#[cfg(not(unix))]
fn has_other_names(_: &Path) -> bool {
    false
}

/// Who this is: `process 4711, since 2026-11-30T05:00:00Z`.
pub(super) fn holder() -> String {
    let since = clock::text_of_ms(clock::now_ms());
    format!("process {}, since {}Z", std::process::id(), since.split('.').next().unwrap_or_default())
}
