//! What can be asked of a descriptor that is written to.

#[cfg(unix)]
pub(super) use unix::Descriptor;

#[cfg(not(unix))]
pub(super) use elsewhere::Descriptor;

#[cfg(unix)]
mod unix {
    use rustix::{
        event::{PollFd, PollFlags, Timespec, poll},
        fs::{FileType, SeekFrom, fdatasync, fstat, ftruncate, seek},
        io::{Errno, ioctl_fionread, write},
        stdio,
    };
    use std::{
        fs::File,
        io,
        os::fd::{AsFd, BorrowedFd},
    };

    /// How much of a pipe can be written without waiting once it takes anything at all: a page
    /// of memory (`PIPE_BUF` on Linux; elsewhere it is no more).
    const PIECE: usize = 4096;

    /// How long a pipe that is full is waited for before the caller looks around.
    const WHILE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

    pub(crate) struct Descriptor {
        /// None is standard output.
        file: Option<File>,
        kind: Option<FileType>,
    }

    impl Descriptor {
        pub(crate) fn stdout() -> Descriptor {
            Descriptor::of(None)
        }

        pub(crate) fn opened(file: File) -> Descriptor {
            Descriptor::of(Some(file))
        }

        fn of(file: Option<File>) -> Descriptor {
            let mut descriptor = Descriptor { file, kind: None };
            let status = fstat(descriptor.fd());
            descriptor.kind = status.ok().map(|status| FileType::from_raw_mode(status.st_mode));
            descriptor
        }

        fn fd(&self) -> BorrowedFd<'_> {
            self.file.as_ref().map_or_else(|| stdio::stdout(), AsFd::as_fd)
        }

        /// Writes as much as goes at once; nothing if it took nothing for a while.
        pub(crate) fn write_soon(&self, bytes: &[u8]) -> io::Result<usize> {
            if self.is_file() {
                return retried(write(self.fd(), bytes));
            }
            let mut asked = [PollFd::from_borrowed_fd(self.fd(), PollFlags::OUT)];
            match poll(&mut asked, Some(&WHILE)) {
                Ok(0) | Err(Errno::INTR) => return Ok(0),
                Ok(_) => {}
                Err(error) => return Err(error.into()),
            }
            retried(write(self.fd(), bytes.get(..PIECE).unwrap_or(bytes)))
        }

        /// How many bytes of a pipe nobody has read yet.
        pub(crate) fn unread(&self) -> u64 {
            if self.kind == Some(FileType::Fifo) { ioctl_fionread(self.fd()).unwrap_or(0) } else { 0 }
        }

        /// Whether it is a file.
        pub(crate) fn is_file(&self) -> bool {
            self.kind == Some(FileType::RegularFile)
        }

        /// Whether a pipe has no reader any more.
        pub(crate) fn is_gone(&self) -> bool {
            let mut asked = [PollFd::from_borrowed_fd(self.fd(), PollFlags::empty())];
            let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
            self.kind == Some(FileType::Fifo)
                && poll(&mut asked, Some(&at_once)).is_ok()
                && asked.iter().any(|asked| asked.revents().contains(PollFlags::ERR))
        }

        /// Takes the last bytes off a file, if they are the last ones.
        pub(crate) fn take_back(&self, count: u64) -> bool {
            let end = || -> rustix::io::Result<u64> {
                let end = seek(self.fd(), SeekFrom::Current(0))?;
                let size = u64::try_from(fstat(self.fd())?.st_size).unwrap_or(0);
                if end != size || count > end {
                    return Err(Errno::INVAL);
                }
                ftruncate(self.fd(), end - count)?;
                seek(self.fd(), SeekFrom::Start(end - count))
            };
            self.is_file() && end().is_ok()
        }

        /// Puts nothing in the place of standard output, whose number others rely on.
        pub(crate) fn close(&mut self) -> io::Result<()> {
            match self.file.take() {
                Some(file) => drop(file),
                None => stdio::dup2_stdout(File::options().write(true).open("/dev/null")?)?,
            }
            self.kind = None;
            Ok(())
        }

        pub(crate) fn sync(&self) {
            if self.is_file() {
                // Not every file system has it, and none need.
                let _ = fdatasync(self.fd());
            }
        }
    }

    fn retried(written: rustix::io::Result<usize>) -> io::Result<usize> {
        match written {
            Err(Errno::INTR | Errno::AGAIN) => Ok(0),
            written => Ok(written?),
        }
    }
}

/// Where descriptors cannot be asked: what was written counts as taken.
#[cfg(not(unix))]
mod elsewhere {
    use std::{
        fs::File,
        io::{self, Write},
    };

    pub(crate) struct Descriptor(Option<File>);

    impl Descriptor {
        pub(crate) fn stdout() -> Descriptor {
            Descriptor(None)
        }

        pub(crate) fn opened(file: File) -> Descriptor {
            Descriptor(Some(file))
        }

        pub(crate) fn write_soon(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match &mut self.0 {
                Some(file) => file.write_all(bytes)?,
                None => {
                    let mut out = io::stdout().lock();
                    out.write_all(bytes)?;
                    out.flush()?;
                }
            }
            Ok(bytes.len())
        }

        pub(crate) fn unread(&self) -> u64 {
            0
        }

        pub(crate) fn is_gone(&self) -> bool {
            false
        }

        pub(crate) fn is_file(&self) -> bool {
            false
        }

        pub(crate) fn take_back(&self, _count: u64) -> bool {
            false
        }

        pub(crate) fn close(&mut self) -> io::Result<()> {
            Ok(())
        }

        pub(crate) fn sync(&self) {}
    }
}
