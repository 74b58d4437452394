//! A file that is to be sent: its name, its type, and its bytes, which come once.

use crate::{contract::FieldError, host::Source};
use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
};

/// The longest name, in bytes: the most that usual file systems take.
const LONGEST_NAME: usize = 255;

/// The media type of a file of which nothing is known.
const UNKNOWN: &str = "application/octet-stream";

/// A file that is to be sent. Clones are the same one.
#[derive(Clone)]
pub struct Upload(Rc<Shared>);

struct Shared {
    file_name: String,
    content_type: String,
    length: Option<u64>,
    /// None since the first byte was asked for.
    content: RefCell<Option<Box<dyn Source>>>,
    /// Counts what was asked for and what came, to see whether anything moves.
    steps: Cell<u64>,
    /// Why its bytes cannot all be sent.
    broken: RefCell<Option<Broken>>,
}

/// Why the bytes of a file cannot all be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// There are more of them than the setting allows.
    #[error("the file has more than {0} bytes (PENSTOCK_MAX_FILE_BYTES)")]
    TooLarge(u64),
    /// There are more or less of them than was said.
    #[error("the file has {got} bytes or more, and not the {said} that were said")]
    TooMany {
        /// As many came.
        got: u64,
        /// As many were said.
        said: u64,
    },
    /// There are less of them than was said.
    #[error("the file ended after {got} bytes of {said}")]
    TooFew {
        /// As many came.
        got: u64,
        /// As many were said.
        said: u64,
    },
    /// They cannot be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
}

impl Upload {
    /// Checks what was said of a file.
    ///
    /// # Errors
    /// Everything that does not fit.
    pub fn new(
        file_name: String,
        content_type: Option<String>,
        length: Option<u64>,
        content: Box<dyn Source>,
    ) -> Result<Upload, Vec<FieldError>> {
        let mut wrong = Vec::new();
        let mut complain = |field: &str, message: &str| {
            wrong.push(FieldError::new(field, message));
        };
        if file_name.trim().is_empty() || file_name.len() > LONGEST_NAME {
            complain("body.file-name", "must be 1 to 255 bytes");
        } else if file_name.chars().any(|letter| letter.is_control() || "/\\".contains(letter)) {
            complain("body.file-name", "must be a name alone: no path, no control characters");
        }
        let content_type = content_type.unwrap_or_else(|| UNKNOWN.to_owned());
        if !is_media_type(&content_type) {
            complain("body.content-type", "must be a media type such as image/png");
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Upload(Rc::new(Shared {
            file_name,
            content_type,
            length,
            content: RefCell::new(Some(content)),
            steps: Cell::new(0),
            broken: RefCell::default(),
        })))
    }

    /// Its name.
    #[must_use]
    pub fn file_name(&self) -> &str {
        &self.0.file_name
    }

    /// Its media type.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.0.content_type
    }

    /// How many bytes it has, if that was said.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.0.length
    }

    /// Whether any of its bytes were asked for: they cannot be sent a second time.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.0.content.borrow().is_none()
    }

    /// A number that changes as long as something moves.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.0.steps.get()
    }

    /// Why its bytes could not all be sent, if that is the reason.
    #[must_use]
    pub fn broken(&self) -> Option<Broken> {
        self.0.broken.borrow().clone()
    }

    pub(super) fn take(&self) -> Option<Box<dyn Source>> {
        self.0.content.borrow_mut().take()
    }

    pub(super) fn step(&self) {
        self.0.steps.set(self.0.steps.get().wrapping_add(1));
    }

    pub(super) fn failed(&self, broken: Broken) {
        self.0.broken.borrow_mut().get_or_insert(broken);
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upload({:?}, {:?})", self.0.file_name, self.0.content_type)
    }
}

/// `type/subtype`, perhaps with parameters (RFC 9110 section 8.3.1).
fn is_media_type(text: &str) -> bool {
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let is_token = |token: &str| {
        !token.is_empty()
            && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
    };
    text.len() <= 255
        && essence.trim_end().split_once('/').is_some_and(|(kind, sub)| is_token(kind) && is_token(sub))
        && parameters.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::simulated::Pieces;

    fn wrong(file_name: &str, content_type: Option<&str>) -> Vec<String> {
        let content = Box::new(Pieces::new([""; 0]));
        let upload = Upload::new(file_name.to_owned(), content_type.map(str::to_owned), None, content);
        upload.err().unwrap_or_default().into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn names_and_types_that_fit() {
        for name in ["a", "photo 1.png", "über \"x\".pdf", ".hidden", &"x".repeat(255)] {
            assert_eq!(wrong(name, None), [""; 0], "{name}");
        }
        for content_type in ["image/png", "text/plain; charset=utf-8", "application/vnd.a+json"] {
            assert_eq!(wrong("a", Some(content_type)), [""; 0], "{content_type}");
        }
    }

    #[test]
    fn names_and_types_that_do_not() {
        for name in ["", " ", "a/b", "a\\b", "a\r\nb", "a\0", &"x".repeat(256)] {
            assert_eq!(wrong(name, None), ["body.file-name"], "{name:?}");
        }
        for content_type in ["", "png", "image/", "image/png\r\nx: y", "image/p ng", "image/png; x=é"] {
            assert_eq!(wrong("a", Some(content_type)), ["body.content-type"], "{content_type:?}");
        }
        assert_eq!(wrong("", Some("")).len(), 2);
    }
}
