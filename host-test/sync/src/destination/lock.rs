//! That one sync at a time has a destination in the file system.

use crate::{Error, clock};
use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::Path,
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

/// Who this is: `process 4711, since 2026-11-30T05:00:00Z`.
pub(super) fn holder() -> String {
    let since = clock::text_of_ms(clock::now_ms());
    format!("process {}, since {}Z", std::process::id(), since.split('.').next().unwrap_or_default())
}
