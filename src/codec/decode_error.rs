//! What can be wrong with a provider's answer.

/// A provider's JSON that is not what the contract says.
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

impl DecodeError {
    /// Something about the whole value, which is JSON.
    pub(crate) fn at_root(message: impl Into<String>) -> DecodeError {
        DecodeError { path: "$".to_owned(), message: message.into(), malformed: false }
    }
}
