//! `traceparent` (W3C Trace Context, level 1, section 3.2).

/// Version, trace id, parent id and flags, with the dashes between them.
const LENGTH: usize = 2 + 1 + 32 + 1 + 16 + 1 + 2;

/// The flag that says that the caller may record the trace.
const SAMPLED: u8 = 1;

/// What a caller says of its own span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// The trace.
    pub trace_id: String,
    /// The caller's span.
    pub parent_id: String,
    /// Whether it may be recorded.
    pub is_sampled: bool,
}

impl Parent {
    /// Reads the field; none if it is malformed. Of a version that is not known, what version 00 has is read, and
    /// nothing else is looked at (section 3.2.4).
    #[must_use]
    pub fn parse(field: &str) -> Option<Parent> {
        let field = field.trim_matches([' ', '\t']);
        let (known, further) = field.split_at_checked(LENGTH)?;
        let mut parts = known.split('-');
        let mut part = |length: usize| parts.next().filter(|part| is_hexadecimal(part, length));
        let (version, trace_id, parent_id, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        let fits = match version {
            "ff" => false,
            "00" => further.is_empty(),
            _ => further.is_empty() || further.starts_with('-'),
        };
        let is_some = |id: &str| id.bytes().any(|digit| digit != b'0');
        let flags = u8::from_str_radix(flags, 16).ok()?;
        (fits && is_some(trace_id) && is_some(parent_id)).then(|| Parent {
            trace_id: trace_id.to_owned(),
            parent_id: parent_id.to_owned(),
            is_sampled: flags & SAMPLED != 0,
        })
    }
}

/// Digits in lower case only (section 3.2.2).
fn is_hexadecimal(part: &str, length: usize) -> bool {
    part.len() == length && part.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    fn sampled(field: &str) -> Option<bool> {
        let parent = Parent::parse(field)?;
        assert_eq!((parent.trace_id.as_str(), parent.parent_id.as_str()), (TRACE, SPAN), "{field}");
        Some(parent.is_sampled)
    }

    #[test]
    fn the_flag_is_one_bit_and_the_others_mean_nothing() {
        for (flags, is_sampled) in [("00", false), ("01", true), ("02", false), ("ff", true), ("fe", false)] {
            assert_eq!(sampled(&format!("00-{TRACE}-{SPAN}-{flags}")), Some(is_sampled), "{flags}");
        }
        assert_eq!(sampled(&format!(" \t00-{TRACE}-{SPAN}-01\t ")), Some(true));
    }

    #[test]
    fn of_later_versions_what_is_known_is_read() {
        for field in [
            format!("01-{TRACE}-{SPAN}-01"),
            format!("cc-{TRACE}-{SPAN}-01-"),
            format!("fe-{TRACE}-{SPAN}-01-what-the-future-brings"),
        ] {
            assert_eq!(sampled(&field), Some(true), "{field}");
        }
        for field in [format!("01-{TRACE}-{SPAN}-01.x"), format!("cc-{TRACE}-{SPAN}-010")] {
            assert_eq!(sampled(&field), None, "{field}");
        }
    }

    #[test]
    fn what_is_malformed_is_no_parent() {
        let zeros = |count| "0".repeat(count);
        for field in [
            String::new(),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-01-"),
            format!("00-{TRACE}-{SPAN}-01-x"),
            format!("00-{TRACE}-{SPAN}-0"),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{}-{SPAN}-01", zeros(32)),
            format!("00-{TRACE}-{}-01", zeros(16)),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{}-01", SPAN.to_uppercase()),
            format!("00-{TRACE}-{SPAN}-0A"),
            format!("0x-{TRACE}-{SPAN}-01"),
            format!("0-{TRACE}-{SPAN}-001"),
            format!("00-{TRACE}0-{}-01", SPAN.split_at(1).1),
            format!("00_{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-01 00-{TRACE}-{SPAN}-01"),
            format!("00-{TRACE}-{SPAN}-0é"),
        ] {
            assert_eq!(Parent::parse(&field), None, "{field}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_has_ids_that_may_be_sent_on(field in "[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-.{0,4}|.{0,80}") {
            if let Some(parent) = Parent::parse(&field) {
                let again = format!("00-{}-{}-00", parent.trace_id, parent.parent_id);
                prop_assert!(Parent::parse(&again).is_some(), "{field}");
            }
        }
    }
}
