//! Files that are there whole or not at all.

use std::{io, path::Path};
use tempfile::NamedTempFile;

/// A file beside its place, so that it can be renamed to it; removed if anything goes wrong.
pub(crate) fn part_of(place: &Path) -> io::Result<NamedTempFile> {
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".penstock-").suffix(".part");
    // As any new file: it does not stay a temporary one.
    #[cfg(unix)]
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(permissions);
    builder.tempfile_in(folder.unwrap_or(Path::new(".")))
}
