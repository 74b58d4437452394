//! Whole numbers as texts from outside write them. Rust's own parser also takes a `+`, which no
//! contract has, and which a form turns into a blank.

/// The number that a text of digits is, if it has 64 bits at most.
#[must_use]
pub fn whole_number(text: &str) -> Option<u64> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().ok())?
}

/// The number that digits are, with `-` before them or without.
pub(super) fn integer(text: &str) -> Option<i128> {
    (!text.starts_with('+')).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_digits_and_no_plus() {
        assert_eq!((whole_number("007"), whole_number("18446744073709551615")), (Some(7), Some(u64::MAX)));
        assert_eq!((integer("-7"), integer("42")), (Some(-7), Some(42)));
        for wrong in ["", "+5", "-5", " 5", "5 ", "5.0", "0x5", "18446744073709551616", "٣"] {
            assert_eq!(whole_number(wrong), None, "{wrong}");
        }
        for wrong in ["", "+5", "--5", "+-5", "-", "5e1"] {
            assert_eq!(integer(wrong), None, "{wrong}");
        }
    }
}
