use super::*;
use crate::stopping::Asked;
use std::{io::Read, os::fd::OwnedFd};
use tokio::sync::watch;

fn pipe() -> (File, Output, watch::Sender<Option<Asked>>) {
    let (read, write): (OwnedFd, OwnedFd) = rustix::pipe::pipe().unwrap();
    let (ask, asked) = watch::channel(None);
    (read.into(), Output::opened(write.into(), &Stopping::told(asked)), ask)
}

#[test]
fn a_pipe_tells_what_its_reader_has_taken_and_that_it_has_left() {
    let (mut reader, mut output, _ask) = pipe();
    output.line("one").unwrap();
    assert_eq!((output.place(), output.taken()), (4, 0), "it waits for others");
    output.line("two").unwrap();
    output.flush().unwrap();
    assert_eq!((output.place(), output.taken()), (8, 0));
    reader.read_exact(&mut [0; 5]).unwrap();
    assert_eq!((output.taken(), output.is_gone()), (5, false));
    drop(reader);
    assert_eq!((output.taken(), output.is_gone()), (5, true));
    output.line("three").unwrap();
    assert!(matches!(output.flush(), Err(Unwritten::Gone)));
}

/// More than a pipe holds, and nobody reads: whoever wants to end it must not wait for a reader.
#[test]
fn a_reader_that_takes_nothing_holds_nobody_up_once_the_command_is_to_end() {
    let (_reader, mut output, ask) = pipe();
    ask.send_replace(Some((Signal::Terminate, tokio::time::Instant::now())));
    let began = Instant::now();
    let full = output.bytes(&vec![b'x'; 1024 * 1024]);
    assert!(matches!(full, Err(Unwritten::Stopped(Signal::Terminate))));
    assert!(began.elapsed() < Duration::from_secs(10));
    assert!(output.place() < 1024 * 1024);
}

#[test]
fn a_part_of_a_line_is_taken_back_from_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let descriptor = Descriptor::opened(file.reopen().unwrap());
    assert_eq!(descriptor.write_soon(b"whole\npar").unwrap(), 9);
    assert!(descriptor.take_back(3));
    descriptor.write_soon(b"next\n").unwrap();
    assert_eq!(std::fs::read_to_string(file.path()).unwrap(), "whole\nnext\n");
}
