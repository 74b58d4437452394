//! Sums of exact decimal numbers.

use super::decimal::expand;
use std::fmt;

/// A sum to the last digit. It has as many digits behind the point as the summand with the
/// most of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    digits: i128,
    /// How many of the digits stand behind the point.
    fraction: u32,
}

impl Sum {
    /// Adds a number; none if the text is no number, or the sum has no room for it (38
    /// digits, far more than money needs).
    #[must_use]
    pub fn plus(self, text: &str) -> Option<Sum> {
        let number = expand(text)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
        let other = Sum {
            digits: format!("{whole}{fraction}").parse().ok()?,
            fraction: u32::try_from(fraction.len()).ok()?,
        };
        let fraction = self.fraction.max(other.fraction);
        let digits = self.digits_at(fraction)?.checked_add(other.digits_at(fraction)?)?;
        Some(Sum { digits, fraction })
    }

    fn digits_at(self, fraction: u32) -> Option<i128> {
        self.digits.checked_mul(10_i128.checked_pow(fraction.checked_sub(self.fraction)?)?)
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.digits < 0 { "-" } else { "" };
        let behind = self.fraction as usize;
        let digits = format!("{:0>1$}", self.digits.unsigned_abs(), behind + 1);
        match digits.split_at_checked(digits.len() - behind) {
            Some((whole, fraction)) if behind > 0 => write!(f, "{sign}{whole}.{fraction}"),
            _ => write!(f, "{sign}{digits}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(texts: &[&str]) -> Option<String> {
        texts.iter().try_fold(Sum::default(), |sum, text| sum.plus(text)).map(|sum| sum.to_string())
    }

    #[test]
    fn no_digit_is_lost_and_none_made_up() {
        assert_eq!(sum(&[]).unwrap(), "0");
        assert_eq!(sum(&["0.1"; 10]).unwrap(), "1.0");
        assert_eq!(sum(&["12.30", "1.2", "7"]).unwrap(), "20.50");
        assert_eq!(sum(&["0.05", "-0.10"]).unwrap(), "-0.05");
        assert_eq!(sum(&["-0.5", "0.5"]).unwrap(), "0.0");
        assert_eq!(sum(&["1234567890123456.10", "0.005"]).unwrap(), "1234567890123456.105");
        assert_eq!(sum(&["1.5e2", "1e-2"]).unwrap(), "150.01");
    }

    #[test]
    fn what_is_no_number_or_too_long_is_no_sum() {
        for wrong in ["", "12,5", "NaN", "0x1", "null", "+1"] {
            assert_eq!(sum(&["1", wrong]), None, "{wrong}");
        }
        assert_eq!(sum(&["1e38", "1e38"]), None);
        assert_eq!(sum(&["1e37", "0.01"]), None);
    }

    proptest! {
        #[test]
        fn cents_add_up_in_any_order(cents in prop::collection::vec(-1_000_000_000_i64..1_000_000_000, 0..50)) {
            let texts = cents.iter().map(|cents| {
                let sign = if *cents < 0 { "-" } else { "" };
                format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
            });
            let sum = texts.rev().try_fold(Sum::default(), |sum, text| sum.plus(&text)).unwrap().to_string();
            let expected = cents.iter().sum::<i64>();
            prop_assert_eq!(sum.replace('.', "").parse::<i64>().unwrap(), expected);
        }
    }
}
