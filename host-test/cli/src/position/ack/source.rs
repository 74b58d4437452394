//! Where acknowledgements come from: what somebody writes to while the list runs.
//!
//! A file is nothing of the kind. What an earlier run left in it would be taken for what this one's reader
//! has stored, and records would be passed over for good.

use std::{fs::File, io, path::PathBuf};

/// Of which it is known that it is a pipe, a socket or a terminal.
#[derive(Debug)]
pub(super) enum Source {
    /// Opened when it is read: a pipe waits for its writer.
    Named(PathBuf),
    /// Sockets cannot be opened by a name.
    #[cfg(target_os = "linux")]
    Opened(File),
}

impl Source {
    /// What `--ack` names: a descriptor by its number, or a pipe.
    pub(super) fn of(given: &str) -> Result<Source, String> {
        let by_number = !given.is_empty() && given.bytes().all(|byte| byte.is_ascii_digit());
        let place = if by_number { PathBuf::from(format!("/dev/fd/{given}")) } else { PathBuf::from(given) };
        let shown = place.display();
        if !place.exists() || by_number && is_own(given) {
            return Err(format!("there is no {shown}"));
        }
        if is_pipe(&place).map_err(|error| format!("{shown}: {error}"))? {
            return Ok(Source::Named(place));
        }
        #[cfg(target_os = "linux")]
        if by_number && is_socket(&place) {
            return copied(given).map(Source::Opened).map_err(|error| format!("{shown}: {error}"));
        }
        Err(format!(
            "{shown} is no pipe: what somebody writes to while the list runs is needed, such as a FIFO (mkfifo)"
        ))
    }

    pub(super) fn open(self) -> io::Result<File> {
        match self {
            Source::Named(place) => File::open(place),
            #[cfg(target_os = "linux")]
            Source::Opened(socket) => Ok(socket),
        }
    }
}

/// A terminal counts as one: somebody may type there.
#[cfg(unix)]
fn is_pipe(place: &std::path::Path) -> io::Result<bool> {
    use rustix::fs::{Mode, OFlags, open};
    use std::{io::IsTerminal, os::unix::fs::FileTypeExt};
    let kind = std::fs::metadata(place)?.file_type();
    if kind.is_char_device() {
        let opened = open(place, OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK, Mode::empty());
        return Ok(opened.is_ok_and(|opened| opened.is_terminal()));
    }
    Ok(kind.is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(place: &std::path::Path) -> io::Result<bool> {
    Ok(!std::fs::metadata(place)?.is_file())
}

/// Whether this number is one that the program itself has opened, such as the runtime: those are closed for
/// programs that it would start, so that it was given none of them.
#[cfg(target_os = "linux")]
fn is_own(number: &str) -> bool {
    /// `O_CLOEXEC`, among the octal digits of `proc_pid_fdinfo(5)`.
    const CLOSED: u32 = 0o2_000_000;
    let about = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap_or_default();
    let flags = about.lines().find_map(|line| line.strip_prefix("flags:"));
    flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok()).is_some_and(|flags| flags & CLOSED != 0)
}

#[cfg(not(target_os = "linux"))]
fn is_own(_: &str) -> bool {
    false
}

#[cfg(target_os = "linux")]
fn is_socket(place: &std::path::Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::metadata(place).is_ok_and(|status| status.file_type().is_socket())
}

/// What has this number, by another one.
#[cfg(target_os = "linux")]
fn copied(number: &str) -> io::Result<File> {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
    let number = number.parse().map_err(io::Error::other)?;
    let own = pidfd_open(getpid(), PidfdFlags::empty())?;
    Ok(pidfd_getfd(own, number, PidfdGetfdFlags::empty())?.into())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_writes_to_while_the_list_runs_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(at("file"), "20\n").unwrap();
        std::os::unix::fs::symlink("file", at("link")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        for given in
            [at("file"), at("link"), at("socket"), at(""), "/dev/null".to_owned(), "/dev/zero".to_owned()]
        {
            let why = Source::of(&given).unwrap_err();
            assert!(why.contains(&given) && why.contains("is no pipe"), "{why}");
        }
        assert_eq!(Source::of(&at("none")).unwrap_err(), format!("there is no {}", at("none")));
        assert!(std::process::Command::new("mkfifo").arg(at("fifo")).status().unwrap().success());
        assert!(matches!(Source::of(&at("fifo")), Ok(Source::Named(_))));
    }
}
