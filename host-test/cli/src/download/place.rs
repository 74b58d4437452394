//! Where a download goes.

use crate::{
    part::{part_of, through_links},
    report::Unfit,
};
use std::{
    fs::{self, Metadata},
    io,
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// Where a download goes, known before it is asked for.
pub(super) enum Place {
    Stdout,
    /// A pipe, a device: it is written to as it is.
    Stream(PathBuf),
    /// A file that is replaced once all is there.
    File {
        part: NamedTempFile,
        place: PathBuf,
    },
}

impl Place {
    /// What `--output` names.
    pub(super) fn of(named: &Path) -> Result<Place, Unfit> {
        if named == Path::new("-") {
            return Ok(Place::Stdout);
        }
        let unfit = |why: &dyn std::fmt::Display| Unfit(format!("{}: {why}", named.display()));
        match fs::metadata(named) {
            Ok(status) if status.is_dir() => Err(unfit(&"is a folder")),
            Ok(status) if is_stdout(&status) => Ok(Place::Stdout),
            Ok(status) if !status.is_file() => Ok(Place::Stream(named.to_owned())),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unfit(&error)),
            Ok(_) | Err(_) => {
                let place = through_links(named).map_err(|error| unfit(&error))?;
                Ok(Place::File { part: part(&place)?, place })
            }
        }
    }
}

/// A part of this file, beside it.
pub(super) fn part(place: &Path) -> Result<NamedTempFile, Unfit> {
    part_of(place).map_err(|error| Unfit(format!("{} cannot be written: {error}", place.display())))
}

/// Whether it is what standard output is redirected to: `--output /dev/stdout > file`.
#[cfg(unix)]
fn is_stdout(status: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let stdout = rustix::fs::fstat(rustix::stdio::stdout());
    stdout.is_ok_and(|stdout| (stdout.st_dev, stdout.st_ino) == (status.dev(), status.ino()))
}

#[cfg(not(unix))]
fn is_stdout(_: &Metadata) -> bool {
    false
}
