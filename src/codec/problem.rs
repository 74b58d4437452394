//! What can be wrong with a value.

/// A vendor's JSON that is not what the contract says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct DecodeError {
    /// Where, from the given value on: `$.customFields[1].typeId`.
    pub path: String,
    /// What is wrong, for a person.
    pub message: String,
    /// Whether the text itself is no JSON, or is cut off. Otherwise it is JSON
    /// that does not fit the type.
    pub malformed: bool,
}

/// One thing that is wrong with a caller's input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct Problem {
    /// The vendor's name of the field, with the way to it: `appointments[0].start`.
    /// `body` if it is the whole body.
    pub field: String,
    /// What is wrong, for a person.
    pub message: String,
}

impl Problem {
    pub(super) fn new(field: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem { field: field.into(), message: message.into() }
    }
}
