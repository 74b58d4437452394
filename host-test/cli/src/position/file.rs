//! The file that keeps a position.

use super::lock::{Lock, Unlocked};
use crate::{
    part::{part_of, through_links},
    report::Unfit,
    text,
};
use anyhow::{Context, Result};
use penstock::policy::limits::Limits;
use std::{
    fs::{self, File, Metadata},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The longest file that is read, in bytes: the longest position, a mark before it and a line break.
const LONGEST: usize = Limits::DEFAULT.max_resume_bytes + 8;

/// A file for a position, of which it is known that it can be written, and which no other run has.
#[derive(Debug)]
pub(crate) struct PositionFile {
    /// As it was named.
    named: PathBuf,
    /// Where that leads.
    place: PathBuf,
    _lock: Lock,
}

impl PositionFile {
    /// Finds the file, and the position in it if there is one.
    ///
    /// # Errors
    ///
    /// By its name: a file that cannot be read or replaced, that holds no position, or that another run
    /// goes on from.
    pub(crate) fn find(named: &Path) -> Result<(PositionFile, Option<String>)> {
        let shown = named.display();
        let unfit = |why: &str| Unfit(format!("the position file {shown} {why}"));
        let place = through_links(named).map_err(|error| unfit(&format!("cannot be found: {error}")))?;
        let unreadable = |error: io::Error| unfit(&format!("cannot be read: {error}"));
        match fs::metadata(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(error).into()),
            Ok(status) if !status.is_file() => return Err(unfit("is no file").into()),
            // It is replaced as a whole, and under the other name the old one would stay.
            Ok(status) if has_other_names(&status) => {
                return Err(unfit("has another name as well (a hard link): give it one of its own").into());
            }
            Ok(_) => {}
        }
        part_of(&place).map_err(|error| unfit(&format!("cannot be written: {error}")))?;
        // Before it is read: what another run is about to keep is not read.
        let lock = Lock::take(&place).map_err(|why| match why {
            Unlocked::InUse => unfit("is in use by another run"),
            Unlocked::Failed(error) => unfit(&format!("cannot be locked, by a file beside it: {error}")),
        })?;
        let resume = match File::open(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(unreadable(error).into()),
            Ok(file) => {
                let text = text::of(file, &format!("the position file {shown}"), LONGEST)?;
                match text.trim() {
                    "" => {
                        return Err(unfit("is empty. Remove it to begin with the first record").into());
                    }
                    text => Some(text.to_owned()),
                }
            }
        };
        Ok((PositionFile { named: named.to_owned(), place, _lock: lock }, resume))
    }

    /// Replaces the position, whole or not at all.
    ///
    /// # Errors
    ///
    /// By the file's name.
    pub(crate) fn keep(&self, resume: &str) -> Result<()> {
        let kept = part_of(&self.place).and_then(|mut part| {
            writeln!(part, "{resume}")?;
            part.as_file().sync_all()?;
            part.persist(&self.place).map_err(|error| error.error)
        });
        kept.map(drop).with_context(|| format!("cannot write the position file {}", self.named.display()))
    }

    /// As it was named.
    pub(crate) fn named(&self) -> &Path {
        &self.named
    }
}

#[cfg(unix)]
fn has_other_names(status: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    status.nlink() > 1
}

#[cfg(not(unix))]
fn has_other_names(_: &Metadata) -> bool {
    false
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_link_is_followed_and_stays_and_a_mode_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("volume")).unwrap();
        symlink("volume/position", at("link")).unwrap();
        symlink("link", at("further")).unwrap();
        let (file, resume) = PositionFile::find(&at("further")).unwrap();
        assert_eq!(resume, None);
        let other = PositionFile::find(&at("volume/position")).unwrap_err();
        assert!(other.to_string().contains("volume/position is in use by another run"), "{other}");
        file.keep("one").unwrap();
        assert_eq!(fs::read_to_string(at("volume/position")).unwrap(), "one\n");
        let mode = || fs::metadata(at("volume/position")).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        fs::set_permissions(at("volume/position"), fs::Permissions::from_mode(0o640)).unwrap();
        file.keep("two").unwrap();
        assert_eq!(mode(), 0o640);
        assert!(at("link").is_symlink() && at("further").is_symlink());
        assert!(PositionFile::find(&at("link")).is_err(), "in use, whatever was put in its place");
        drop(file);
        let (_, resume) = PositionFile::find(&at("link")).unwrap();
        assert_eq!(resume.as_deref(), Some("two"));
        assert_eq!(fs::read_dir(at("volume")).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_cannot_keep_a_position_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("empty"), "\n").unwrap();
        symlink("not-there/position", at("dangling")).unwrap();
        symlink("round", at("round")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        // As large as one that was filled with nothing by mistake; it takes no room.
        File::create(at("huge")).unwrap().set_len(3 << 30).unwrap();
        for (name, told) in [
            ("empty", "is empty"),
            ("dangling", "cannot be written"),
            ("round", "cannot be found"),
            ("folder", "is no file"),
            ("huge", "is larger than 65544 bytes"),
            ("not-there/position", "cannot be written"),
        ] {
            let error = PositionFile::find(&at(name)).unwrap_err();
            let error = error.downcast_ref::<Unfit>().unwrap().to_string();
            assert!(error.contains(name) && error.contains(told), "{name}: {error}");
        }
    }
}
