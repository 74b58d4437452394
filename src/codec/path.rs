//! The way to a value inside another.

use crate::{contract::FieldError, failure::printable};
use std::fmt::Write;

/// One step down.
#[derive(Debug, Clone, Copy)]
pub(super) enum Segment {
    /// Into a field, by the provider's name.
    Field(&'static str),
    /// Into an element, from 0.
    Index(usize),
}

/// Steps from the outermost value inwards, as text: `.data[3].total`.
pub(super) fn render<'a>(segments: impl Iterator<Item = &'a Segment>) -> String {
    let mut text = String::new();
    for segment in segments {
        // Writing to a String cannot fail.
        let _ = match segment {
            Segment::Field(name) => write!(text, ".{name}"),
            Segment::Index(index) => write!(text, "[{index}]"),
        };
    }
    text
}

/// Collects every problem of a caller's input, each with the way to it.
#[derive(Debug, Default)]
pub(super) struct Problems {
    path: Vec<Segment>,
    found: Vec<FieldError>,
}

impl Problems {
    /// Runs `inner` one step further down.
    pub(super) fn within<R>(&mut self, segment: Segment, inner: impl FnOnce(&mut Problems) -> R) -> R {
        self.path.push(segment);
        let result = inner(self);
        self.path.pop();
        result
    }

    /// Something is wrong with the value that is looked at.
    pub(super) fn add(&mut self, message: impl Into<String>) {
        let path = self.here();
        let field = if path.is_empty() { "body".to_owned() } else { path };
        self.found.push(FieldError::new(field, message));
    }

    /// Something is wrong with a field that the contract does not know. Its name is the
    /// caller's, and is shown as such.
    pub(super) fn add_at(&mut self, name: &str, message: impl Into<String>) {
        let path = self.here();
        let dot = if path.is_empty() { "" } else { "." };
        let name = printable(name);
        self.found.push(FieldError::new(format!("{path}{dot}{name}"), message));
    }

    /// `value`, unless something is wrong.
    pub(super) fn or<R>(self, value: R) -> Result<R, Vec<FieldError>> {
        if self.found.is_empty() { Ok(value) } else { Err(self.found) }
    }

    fn here(&self) -> String {
        let path = render(self.path.iter());
        path.strip_prefix('.').map_or(path.clone(), str::to_owned)
    }
}
