//! Lines on standard error, and a few on standard output. Either may be full or closed: no print
//! panics, and what a command does and its exit code do not hang on whether somebody is told.
//!
//! For a program (`--json-errors`) every line on standard error is one object in JSON, whatever it is
//! that is told: `error`, `warning` or `note`, each with a `kind` and the `message` that a person gets.

use serde_json::{Map, Value};
use std::{
    fmt::Arguments,
    io::{self, Write},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

/// `eprintln!`, which cannot panic. For a program it is a note without more than its text.
macro_rules! tell {
    ($($line:tt)*) => { $crate::told::note("text", serde_json::json!({}), format_args!($($line)*)) };
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

/// Whether a program reads standard error. A process has one.
static FOR_PROGRAM: AtomicBool = AtomicBool::new(false);

/// From here on a program reads standard error.
pub(crate) fn set_for_program() {
    FOR_PROGRAM.store(true, Relaxed);
}

pub(crate) fn is_for_program() -> bool {
    FOR_PROGRAM.load(Relaxed)
}

/// Something that is worth knowing, of this kind, and what a program is told of it besides.
pub(crate) fn note(kind: &str, members: Value, text: Arguments) {
    write_told("note", kind, members, text);
}

/// The same of what may be wrong.
pub(crate) fn warning(kind: &str, members: Value, text: Arguments) {
    write_told("warning", kind, members, text);
}

/// A line of what went wrong, in the form that it has.
pub(crate) fn line(line: Arguments) {
    write(&line.to_string());
}

fn write_told(what: &str, kind: &str, members: Value, text: Arguments) {
    match is_for_program() {
        true => write(&object(what, kind, members, text.to_string())),
        false => write(&text.to_string()),
    }
}

/// A line and its end in one write, so that those of several processes do not mix.
fn write(line: &str) {
    // There is nobody to tell that nobody can be told.
    let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}

fn object(what: &str, kind: &str, members: Value, message: String) -> String {
    let mut told = Map::new();
    told.insert("kind".to_owned(), kind.into());
    told.insert("message".to_owned(), message.into());
    if let Value::Object(members) = members {
        told.extend(members);
    }
    Value::from(Map::from_iter([(what.to_owned(), Value::from(told))])).to_string()
}

/// What a command was asked for, or a line of it.
pub(crate) fn answer(line: Arguments) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn several_lines_of_text_are_one_of_json() {
        let line = object("warning", "misfits", json!({ "count": 2 }), "two:\n  one\n  other".to_owned());
        assert!(!line.contains('\n'));
        let told: Value = serde_json::from_str(&line).unwrap();
        let expected = json!({ "kind": "misfits", "message": "two:\n  one\n  other", "count": 2 });
        assert_eq!(told, json!({ "warning": expected }));
    }
}
