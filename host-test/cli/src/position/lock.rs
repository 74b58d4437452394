//! That one run at a time goes on from a position: of two, one would undo what the other kept.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// How often it is tried anew while runs before this one end and take their file away.
const TRIES: u32 = 16;

/// A file beside a position, locked as long as the run lasts. The position itself is replaced while the
/// run lasts, and a lock would go with what was replaced.
#[derive(Debug)]
pub(super) struct Lock {
    place: PathBuf,
    /// None where the file system has no locks.
    held: Option<File>,
}

/// Why there is none.
#[derive(Debug)]
pub(super) enum Unlocked {
    /// Another run has it.
    InUse,
    /// Its file cannot be made.
    Failed(io::Error),
}

impl Lock {
    /// Takes the lock of the position at this place, links followed.
    pub(super) fn take(position: &Path) -> Result<Lock, Unlocked> {
        let mut name = position.file_name().unwrap_or_default().to_owned();
        name.push(".lock");
        let place = position.with_file_name(name);
        for _ in 0..TRIES {
            let file = open(&place).map_err(Unlocked::Failed)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(Unlocked::InUse),
                // It is told by nobody else either.
                Err(TryLockError::Error(_)) => return Ok(Lock { place, held: None }),
            }
            // Whoever had it before takes its file away at the end, perhaps since it was opened.
            if is_at(&file, &place) {
                return Ok(Lock { place, held: Some(file) });
            }
        }
        Err(Unlocked::InUse)
    }
}

/// The file goes while it is locked, so that nobody holds a lock of one that another has replaced. A run that
/// was killed leaves it, without its lock.
impl Drop for Lock {
    fn drop(&mut self) {
        if self.held.is_some() {
            // It locks nothing where it stays.
            let _ = fs::remove_file(&self.place);
        }
    }
}

#[cfg(unix)]
fn open(place: &Path) -> io::Result<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    // Whatever else has that name is neither followed nor waited for.
    let careful = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let mut how = OpenOptions::new();
    how.write(true).create(true).truncate(false).mode(0o600).custom_flags(careful).open(place)
}

#[cfg(not(unix))]
fn open(place: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).open(place)
}

#[cfg(unix)]
fn is_at(file: &File, place: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(own), Ok(there)) = (file.metadata(), fs::symlink_metadata(place)) else { return false };
    (own.dev(), own.ino()) == (there.dev(), there.ino())
}

/// A file that is open is not taken away there.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_it_and_whoever_was_killed_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let position = folder.path().join("position");
        // As a run leaves it that was killed.
        fs::write(folder.path().join("position.lock"), "").unwrap();
        let first = Lock::take(&position).unwrap();
        assert!(matches!(Lock::take(&position), Err(Unlocked::InUse)));
        drop(first);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing stays");
        drop(Lock::take(&position).unwrap());
        let nowhere = Lock::take(&folder.path().join("missing/position"));
        assert!(matches!(nowhere, Err(Unlocked::Failed(_))));
    }

    /// Whoever opened the file before it was taken away holds none that counts.
    #[test]
    fn many_that_take_it_in_turn_never_have_it_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let position = folder.path().join("position");
        let (holders, taken) = (std::sync::atomic::AtomicU32::new(0), std::sync::atomic::AtomicU32::new(0));
        let order = std::sync::atomic::Ordering::SeqCst;
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let Ok(lock) = Lock::take(&position) else { continue };
                        assert_eq!(holders.fetch_add(1, order), 0);
                        taken.fetch_add(1, order);
                        holders.fetch_sub(1, order);
                        drop(lock);
                    }
                });
            }
        });
        assert!(taken.into_inner() > 0);
    }
}
