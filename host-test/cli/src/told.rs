//! Lines on standard error, and a few on standard output. Either may be full or closed: no print
//! panics, and what a command does and its exit code do not hang on whether somebody is told.
//!
//! For a program (`--json-errors`) every line on standard error is one object in JSON, whatever it is
//! that is told: `error`, `warning` or `note`, each with a `kind` and the `message` that a person gets.

use anyhow::Result;
use penstock::policy::shown::{visible, visible_json};
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

/// `println!` of a command that has more to do than to say so: who read it may have left.
macro_rules! announce {
    ($($line:tt)*) => { $crate::told::announcement(format_args!($($line)*)) };
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

/// The same of several lines, which one object holds.
pub(crate) fn warning_in_lines(kind: &str, members: Value, lines: &[String]) {
    tell_lines("warning", kind, members, lines);
}

/// The same of what is worth knowing.
pub(crate) fn note_in_lines(kind: &str, members: Value, lines: &[String]) {
    tell_lines("note", kind, members, lines);
}

/// A line of text. An argument, a file's name or a vendor may hold what moves a terminal's cursor, paints
/// over what is told or begins a line of its own: that is shown, and not obeyed.
pub(crate) fn line(line: Arguments) {
    write(&visible(&line.to_string()));
}

/// A line for a program, in the form that it has.
pub(crate) fn document(document: &Value) {
    write(&visible_json(&document.to_string()));
}

fn write_told(what: &str, kind: &str, members: Value, text: Arguments) {
    tell_lines(what, kind, members, &[text.to_string()]);
}

fn tell_lines(what: &str, kind: &str, members: Value, lines: &[String]) {
    if is_for_program() {
        return document(&object(what, kind, members, lines.join("\n")));
    }
    let lines: Vec<_> = lines.iter().map(|line| visible(line)).collect();
    let head = if what == "warning" { "warning: " } else { "" };
    write(&format!("{head}{}", lines.join("\n")));
}

/// A line and its end in one write, so that those of several processes do not mix.
fn write(line: &str) {
    // There is nobody to tell that nobody can be told.
    let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}

fn object(what: &str, kind: &str, members: Value, message: String) -> Value {
    let mut told = Map::new();
    told.insert("kind".to_owned(), kind.into());
    told.insert("message".to_owned(), message.into());
    if let Value::Object(members) = members {
        told.extend(members);
    }
    Value::from(Map::from_iter([(what.to_owned(), Value::from(told))]))
}

/// What a command was asked for, or a line of it.
///
/// # Errors
/// Standard output takes it not.
pub(crate) fn answer(line: Arguments) -> Result<()> {
    print(format!("{line}\n").as_bytes())
}

/// The same of what is no answer: whoever read it may have left.
///
/// # Errors
/// Standard output takes it not, although it is open.
pub(crate) fn announcement(line: Arguments) -> Result<()> {
    match write_out(format!("{line}\n").as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(unprinted),
    }
}

/// An answer as it is.
///
/// # Errors
/// Standard output takes it not.
pub(crate) fn print(text: &[u8]) -> Result<()> {
    write_out(text).map_err(unprinted)
}

/// What is to be said when standard output takes something not.
pub(crate) fn unprinted(error: io::Error) -> anyhow::Error {
    anyhow::Error::from(error).context("cannot write standard output")
}

fn write_out(text: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn several_lines_of_text_are_one_of_json() {
        let text = "two:\n  one\n  other".to_owned();
        let line = object("warning", "misfits", json!({ "count": 2 }), text).to_string();
        assert!(!line.contains('\n'));
        let told: Value = serde_json::from_str(&line).unwrap();
        let expected = json!({ "kind": "misfits", "message": "two:\n  one\n  other", "count": 2 });
        assert_eq!(told, json!({ "warning": expected }));
    }
}
