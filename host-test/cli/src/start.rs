//! What a process needs before it can do anything. Libraries panic where it is not to be had, some
//! of them on threads of their own: so it is tried first.

use crate::told::warning;
use anyhow::{Context, Result, anyhow};
use penstock_host::Engine;
use serde_json::json;
use std::{io, sync::mpsc, thread};
use tokio::runtime::{Builder, Runtime};

/// Threads beside those of the runtime and of the compiler: the one that interrupts components, the
/// one that writes logs, and some that wait for files.
const MORE_THREADS: usize = 4;

/// The same where threads are counted (`ulimit -u`), and all that there may ever be: the one that draws progress,
/// those that wait for names, those that compile. With fewer than 12 on two processors some command ended in a
/// panic of a library's. Not everywhere, since addresses are taken for each (64 MiB by glibc).
const MORE_COUNTED: usize = 14;

/// A limit of threads that is no smaller than this is out of the way.
const FEW_THREADS: u64 = 256;

/// The runtime, once it is known that there is room for it and for the component.
///
/// # Errors
///
/// What there is too little of.
pub(crate) fn runtime() -> Result<Runtime> {
    room_for_addresses()?;
    room_for_files().context("cannot start: this process may open too few files (see `ulimit -n`)")?;
    let workers = thread::available_parallelism().map_or(1, usize::from);
    // As many as the runtime has compile a component.
    let more = if are_threads_few() { MORE_COUNTED } else { MORE_THREADS };
    room_for_threads(workers.saturating_mul(2).saturating_add(more), None)
        .context("cannot start: this process may have too few threads (see `ulimit -u` and `ulimit -v`)")?;
    Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .map_err(|error| anyhow!("cannot start: {error}"))
}

/// Whether there are as many addresses as a component, its compiler and the stacks of threads take. With
/// fewer an allocation fails somewhere, which ends the process without a word of what it lacks.
#[cfg(unix)]
fn room_for_addresses() -> Result<()> {
    const LEAST: u64 = 1_000_000 * 1024;
    match rustix::process::getrlimit(rustix::process::Resource::As).current {
        Some(bytes) if bytes < LEAST => Err(anyhow!(
            "cannot start: this process may have {} KiB of addresses, and needs {} (see `ulimit -v`)",
            bytes / 1024,
            LEAST / 1024
        )),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn room_for_addresses() -> Result<()> {
    Ok(())
}

/// Whether so many descriptors are to be had as the runtime, a compiled component, settings, a
/// position and a few connections take.
#[cfg(unix)]
fn room_for_files() -> io::Result<()> {
    use rustix::io::Errno;
    use std::os::fd::AsFd;
    const FILES: usize = 24;
    let mut held = Vec::new();
    for _ in 0..FILES {
        match io::stdin().as_fd().try_clone_to_owned() {
            Ok(file) => held.push(file),
            Err(error)
                if [Some(Errno::MFILE), Some(Errno::NFILE)].contains(&Errno::from_io_error(&error)) =>
            {
                return Err(error);
            }
            // It says nothing of how many there may be.
            Err(_) => return Ok(()),
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn room_for_files() -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn are_threads_few() -> bool {
    let most = rustix::process::getrlimit(rustix::process::Resource::Nproc).current;
    most.is_some_and(|most| most < FEW_THREADS)
}

#[cfg(not(unix))]
fn are_threads_few() -> bool {
    false
}

/// Whether so many threads can run at once.
fn room_for_threads(count: usize, stack: Option<usize>) -> io::Result<()> {
    // They end when nobody can send any more.
    let mut ends = Vec::new();
    let mut running = Vec::new();
    let mut begun = Ok(());
    for _ in 0..count {
        let (end, ended) = mpsc::channel::<()>();
        let builder = stack.map_or_else(thread::Builder::new, |size| thread::Builder::new().stack_size(size));
        match builder.spawn(move || _ = ended.recv()) {
            Ok(thread) => running.push(thread),
            Err(error) => {
                begun = Err(error);
                break;
            }
        }
        ends.push(end);
    }
    drop(ends);
    for thread in running {
        // It only waited.
        let _ = thread.join();
    }
    begun
}

/// Says so if every start has to compile the component anew.
///
/// # Errors
///
/// As [`Engine::shared`].
pub(crate) fn warn_without_cache() -> Result<()> {
    if !Engine::shared()?.keeps_compiled() {
        let members = json!({});
        let text = "the compiled component cannot be kept, so that every start compiles it anew, which takes seconds: \
                    no folder for it can be made in XDG_CACHE_HOME or HOME";
        warning("cache", members, format_args!("warning: {text}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_are_not_to_be_had_are_an_error() {
        room_for_threads(3, None).unwrap();
        // More addresses than any process has.
        room_for_threads(1, Some(1 << 47)).unwrap_err();
    }
}
