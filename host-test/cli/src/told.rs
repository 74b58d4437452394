//! Lines on standard error, and a few on standard output. Either may be full or closed: no print
//! panics, and what a command does and its exit code do not hang on whether somebody is told.

use std::{
    fmt::Arguments,
    io::{self, Write},
};

/// `eprintln!`, which cannot panic.
macro_rules! tell {
    ($($line:tt)*) => { $crate::told::line(format_args!($($line)*)) };
}

/// `println!`, which says whether it could.
macro_rules! say {
    ($($line:tt)*) => { $crate::told::answer(format_args!($($line)*)) };
}

/// `println!` of a command that has more to do than to say so.
macro_rules! announce {
    ($($line:tt)*) => { drop($crate::told::answer(format_args!($($line)*))) };
}

pub(crate) use {announce, say, tell};

/// A line and its end in one write, so that those of several processes do not mix.
pub(crate) fn line(line: Arguments) {
    // There is nobody to tell that nobody can be told.
    let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}

/// What a command was asked for, or a line of it.
pub(crate) fn answer(line: Arguments) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes())?;
    out.flush()
}
