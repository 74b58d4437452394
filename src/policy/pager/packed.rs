//! Digests as text: eight bytes each, in base64.

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

pub(super) fn pack(digests: &VecDeque<u64>) -> String {
    let bytes: Vec<u8> = digests.iter().flat_map(|digest| digest.to_be_bytes()).collect();
    STANDARD_NO_PAD.encode(bytes)
}

/// Reads `most` digests at most; none if the text holds more, or something else.
pub(super) fn unpack(text: &str, most: usize) -> Option<VecDeque<u64>> {
    let bytes = STANDARD_NO_PAD.decode(text).ok()?;
    let (digests, rest) = bytes.as_chunks::<8>();
    let fits = rest.is_empty() && digests.len() <= most;
    fits.then(|| digests.iter().map(|digest| u64::from_be_bytes(*digest)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_is_read_back_within_its_bound() {
        let digests = VecDeque::from([0, 1, u64::MAX]);
        assert_eq!(unpack(&pack(&digests), 3), Some(digests.clone()));
        assert_eq!(unpack(&pack(&digests), 2), None);
        assert_eq!(unpack("AA", 3), None);
        assert_eq!(unpack("no base64!", 3), None);
    }
}
