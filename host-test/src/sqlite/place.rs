//! Whether the file that is open is still the one that its name leads to.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How often the name is looked up.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The name of a file that was opened, and what it led to then.
pub(super) struct Place {
    path: PathBuf,
    seen: Mutex<Seen>,
}

struct Seen {
    file: Option<FileId>,
    looked: Instant,
}

/// Device and number; none where a platform tells neither.
type FileId = (u64, u64);

impl Place {
    pub(super) fn new(path: &Path) -> Self {
        let seen = Seen { file: file_id(path), looked: Instant::now() };
        Self { path: path.to_owned(), seen: Mutex::new(seen) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file was removed, or another put in its place, since it was opened. Looks at most
    /// once a second.
    pub(super) fn has_moved(&self, now: Instant) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(seen.looked) < LOOK_EVERY {
            return false;
        }
        seen.looked = now;
        file_id(&self.path) != seen.file
    }

    /// It was opened anew.
    pub(super) fn opened(&self) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).file = file_id(&self.path);
    }
}

#[cfg(unix)]
fn file_id(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().map(|file| (file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn file_id(_: &Path) -> Option<FileId> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_went_or_was_replaced_has_moved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        std::fs::write(&path, "").unwrap();
        let place = Place::new(&path);
        let at = |looks: u32| Instant::now() + LOOK_EVERY * looks;
        assert!(!place.has_moved(at(1)));
        std::fs::rename(&path, folder.path().join("elsewhere")).unwrap();
        assert!(!place.has_moved(at(1)), "not that often");
        assert!(place.has_moved(at(2)));
        std::fs::write(&path, "").unwrap();
        assert!(place.has_moved(at(3)), "another one");
        place.opened();
        assert!(!place.has_moved(at(4)));
    }
}
