//! The file that keeps a position.

use crate::{
    part::{part_of, through_links},
    report::Unfit,
    text,
};
use anyhow::{Context, Result};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// A file for a position, of which it is known that it can be written.
#[derive(Debug)]
pub(crate) struct PositionFile {
    /// As it was named.
    named: PathBuf,
    /// Where that leads.
    place: PathBuf,
}

impl PositionFile {
    /// Finds the file, and the position in it if there is one.
    ///
    /// # Errors
    ///
    /// By its name: a file that cannot be read or replaced, or that holds no position.
    pub(crate) fn find(named: &Path) -> Result<(PositionFile, Option<String>)> {
        let shown = named.display();
        let unfit = |why: &str| Unfit(format!("the position file {shown} {why}"));
        let place = through_links(named).map_err(|error| unfit(&format!("cannot be found: {error}")))?;
        let resume = match fs::metadata(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(unfit(&format!("cannot be read: {error}")).into()),
            Ok(status) if !status.is_file() => return Err(unfit("is no file").into()),
            Ok(_) => {
                let bytes = fs::read(&place).map_err(|error| unfit(&format!("cannot be read: {error}")))?;
                let text = text::of(bytes, &format!("the position file {shown}"))?;
                match text.trim() {
                    "" => {
                        return Err(unfit("is empty. Remove it to begin with the first record").into());
                    }
                    text => Some(text.to_owned()),
                }
            }
        };
        part_of(&place).map_err(|error| unfit(&format!("cannot be written: {error}")))?;
        Ok((PositionFile { named: named.to_owned(), place }, resume))
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
        file.keep("one").unwrap();
        assert_eq!(fs::read_to_string(at("volume/position")).unwrap(), "one\n");
        let mode = || fs::metadata(at("volume/position")).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        fs::set_permissions(at("volume/position"), fs::Permissions::from_mode(0o640)).unwrap();
        file.keep("two").unwrap();
        assert_eq!(mode(), 0o640);
        assert!(at("link").is_symlink() && at("further").is_symlink());
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
        for (name, told) in [
            ("empty", "is empty"),
            ("dangling", "cannot be written"),
            ("round", "cannot be found"),
            ("folder", "is no file"),
            ("not-there/position", "cannot be written"),
        ] {
            let error = PositionFile::find(&at(name)).unwrap_err();
            let error = error.downcast_ref::<Unfit>().unwrap().to_string();
            assert!(error.contains(name) && error.contains(told), "{name}: {error}");
        }
    }
}
