//! Standard output, to a target.

use crate::{
    output::{Output, Patience, Unwritten},
    stopping::Stopping,
};
use std::io::{self, Write};

/// Standard output. A target that takes nothing is waited for, and once the tap is to end not for long.
pub(super) struct Stdout(Output);

impl Stdout {
    pub(super) fn new(stopping: &Stopping, patience: Patience) -> Stdout {
        Stdout(Output::stdout(stopping).patient(patience))
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.bytes(bytes).map_err(failed)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(failed)
    }
}

fn failed(error: Unwritten) -> io::Error {
    match error {
        // The target failed, and not just had enough: a pipeline is to see that the tap did not end well.
        Unwritten::Gone => io::Error::other("it has left"),
        Unwritten::Failed(error) => error,
        error => io::Error::other(error),
    }
}
