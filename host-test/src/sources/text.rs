//! Small text files, as editors and shells of all systems write them.

use std::{fs, io, path::PathBuf};

use super::HostError;

/// A secret or a `.env` file is far smaller; a device file would never end.
const LONGEST: u64 = 1 << 20;

pub(super) struct Found {
    bytes: Vec<u8>,
    /// Whether others than the file's owner may write it.
    pub(super) open_to_others: bool,
}

impl Found {
    /// Its text without a byte-order mark; bytes that are no UTF-8 become U+FFFD.
    pub(super) fn lossy(&self, shown: &str) -> Result<String, HostError> {
        let utf_16 = [&b"\xff\xfe"[..], b"\xfe\xff"].iter().any(|mark| self.bytes.starts_with(mark));
        if utf_16 || self.bytes.contains(&0) {
            return Err(HostError::Failed(format!("{shown} is in UTF-16 or no text; save it as UTF-8")));
        }
        let bytes = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.bytes);
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    /// The same, but all of it must be UTF-8.
    pub(super) fn utf_8(&self, shown: &str) -> Result<String, HostError> {
        let text = self.lossy(shown)?;
        match std::str::from_utf8(&self.bytes) {
            Ok(_) => Ok(text),
            Err(_) => Err(HostError::Failed(format!("{shown} is not UTF-8"))),
        }
    }
}

/// Whether a file is there and stands in a folder or below it, links followed.
pub(super) async fn is_within(path: PathBuf, folder: PathBuf) -> bool {
    let found = move || Some(fs::canonicalize(path).ok()?.starts_with(fs::canonicalize(folder).ok()?));
    tokio::task::spawn_blocking(found).await.ok().flatten() == Some(true)
}

/// Reads a file off the runtime's threads. None when there is none.
pub(super) async fn read(path: PathBuf) -> Result<Option<Found>, HostError> {
    let shown = path.display().to_string();
    match tokio::task::spawn_blocking(move || load(path)).await {
        Ok(Ok(found)) if found.bytes.len() as u64 == LONGEST => {
            Err(HostError::Failed(format!("{shown} is larger than {LONGEST} bytes")))
        }
        Ok(Ok(found)) => Ok(Some(found)),
        Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidInput => {
            Err(HostError::Failed(format!("{shown} is no regular file")))
        }
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Ok(Err(error)) => Err(HostError::Failed(format!("cannot read {shown}: {error}"))),
        Err(_) => Err(HostError::Unavailable(format!("reading {shown} was interrupted"))),
    }
}

fn load(path: PathBuf) -> io::Result<Found> {
    use io::Read as _;
    // Before it is opened: to open a pipe waits for its writer, perhaps for ever. And what is read
    // at each use must be there at each use.
    regular(&fs::metadata(&path)?)?;
    let file = fs::File::open(path)?;
    let status = file.metadata()?;
    regular(&status)?;
    let open_to_others = writable_by_others(&status);
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(Found { bytes, open_to_others })
}

fn regular(status: &fs::Metadata) -> io::Result<()> {
    if status.is_file() { Ok(()) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

#[cfg(unix)]
fn writable_by_others(file: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.permissions().mode() & 0o022 != 0
}

/// Elsewhere the bits do not say.
#[cfg(not(unix))]
fn writable_by_others(_: &fs::Metadata) -> bool {
    false
}
