//! What tells a record from the others of its list.

use crate::digest::digest;

/// A record's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordId {
    /// [`digest`] of its JSON text.
    pub digest: u64,
    /// Its value, if it is a whole number.
    pub number: Option<i64>,
}

impl RecordId {
    /// From the JSON text of the id; none for `null`.
    #[must_use]
    pub fn of(json: &str) -> Option<Self> {
        (json != "null").then(|| Self { digest: digest(json.as_bytes()), number: json.parse().ok() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_its_text_are_two_ids() {
        let (number, text) = (RecordId::of("17").unwrap(), RecordId::of("\"17\"").unwrap());
        assert_ne!(number.digest, text.digest);
        assert_eq!((number.number, text.number), (Some(17), None));
        assert_eq!(RecordId::of("null"), None);
    }
}
