//! Files that are there whole or not at all.

use std::{
    fs, io,
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// How many links are followed, as Linux does (`path_resolution(7)`).
const MOST_LINKS: usize = 40;

/// A file beside its place, so that it can be renamed to it; removed if anything goes wrong. It has
/// the mode of the file that it replaces; a new one is its owner's alone.
pub(crate) fn part_of(place: &Path) -> io::Result<NamedTempFile> {
    let part = tempfile::Builder::new().prefix(".penstock-").suffix(".part").tempfile_in(folder_of(place))?;
    if let Ok(status) = fs::metadata(place) {
        part.as_file().set_permissions(status.permissions())?;
    }
    Ok(part)
}

fn folder_of(place: &Path) -> &Path {
    place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Where links lead, whether or not there is something.
pub(crate) fn through_links(named: &Path) -> io::Result<PathBuf> {
    let mut place = named.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&place) {
            // What is no link, and what is not there.
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::NotFound) => {
                return Ok(place);
            }
            Err(error) => return Err(error),
            Ok(target) => place = folder_of(&place).join(target),
        }
    }
    Err(io::Error::other("too many links"))
}
