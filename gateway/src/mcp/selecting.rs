//! Parts of JSON, cut out without changing a character of them.

use crate::{answer::json, pairs::Pairs};
use serde_json::value::RawValue;

/// The value that a JSON Pointer (RFC 6901) leads to.
pub(super) fn pointed<'a>(value: &'a str, pointer: &str) -> Option<&'a str> {
    let mut value: &'a str = value.trim();
    if pointer.is_empty() {
        return Some(value);
    }
    for token in pointer.strip_prefix('/')?.split('/') {
        let token = token.replace("~1", "/").replace("~0", "~");
        value = match value.as_bytes().first()? {
            b'{' => {
                let members: Pairs<&'a RawValue> = serde_json::from_str(value).ok()?;
                members.0.into_iter().find(|(name, _)| *name == token)?.1.get()
            }
            b'[' => {
                let elements: Vec<&'a RawValue> = serde_json::from_str(value).ok()?;
                elements.get(token.parse::<usize>().ok()?)?.get()
            }
            _ => return None,
        };
    }
    Some(value)
}

/// Whether a text is a JSON Pointer (RFC 6901 section 3).
pub(super) fn is_pointer(text: &str) -> bool {
    let is_escaped = |rest: &str| rest.starts_with('0') || rest.starts_with('1');
    (text.is_empty() || text.starts_with('/')) && text.split('~').skip(1).all(is_escaped)
}

/// An object with these of its members alone, in their order; anything else as it is.
pub(super) fn projected(record: &str, fields: &[String]) -> String {
    let Ok(Pairs(members)) = serde_json::from_str::<Pairs<&RawValue>>(record) else {
        return record.to_owned();
    };
    let kept = members.iter().filter(|(name, _)| fields.contains(name));
    let kept: Vec<_> = kept.map(|(name, value)| format!("{}:{}", json(name), value.get())).collect();
    format!("{{{}}}", kept.join(","))
}

/// What fits of a value into so many bytes.
pub(super) struct Cut {
    /// JSON.
    pub(super) kept: String,
    /// What was left out, in words, and how to get it; none if nothing was.
    pub(super) left_out: Option<String>,
}

/// Cuts a value down to so many bytes: of an object the first members that fit, of a list the first
/// elements.
pub(super) fn cut(value: &str, most: usize) -> Cut {
    let value = value.trim();
    if value.len() <= most {
        return Cut { kept: value.to_owned(), left_out: None };
    }
    let length = value.len();
    if let Ok(Pairs(members)) = serde_json::from_str::<Pairs<&RawValue>>(value) {
        let (mut kept, mut room, mut out) = (Vec::new(), most, Vec::new());
        for (name, value) in &members {
            let member = format!("{}:{}", json(name), value.get());
            match room.checked_sub(member.len() + 1) {
                Some(left) => {
                    room = left;
                    kept.push(member);
                }
                None => out.push(format!(
                    "/{} ({} bytes)",
                    name.replace('~', "~0").replace('/', "~1"),
                    value.get().len()
                )),
            }
        }
        out.truncate(50);
        let told = format!(
            "The answer has {length} bytes, and {most} were to be given. Left out: {}. Give one of these as `select`, or raise `maxBytes`",
            out.join(", ")
        );
        return Cut { kept: format!("{{{}}}", kept.join(",")), left_out: Some(told) };
    }
    if let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(value) {
        let mut room = most;
        let fit = elements.iter().take_while(|element| match room.checked_sub(element.get().len() + 1) {
            Some(left) => {
                room = left;
                true
            }
            None => false,
        });
        let kept: Vec<_> = fit.map(|element| element.get()).collect();
        let (first, all) = (kept.len(), elements.len());
        let told = format!(
            "The answer is a list of {all} in {length} bytes, and {most} were to be given: the elements from {first} on are left out. \
             Give /{first} and so on as `select`, or raise `maxBytes`"
        );
        return Cut { kept: format!("[{}]", kept.join(",")), left_out: Some(told) };
    }
    let told =
        format!("The answer is one value of {length} bytes, and {most} were to be given. Raise `maxBytes`");
    Cut { kept: "null".to_owned(), left_out: Some(told) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_leads_to_what_stands_there_as_it_stands_there() {
        let value = r#"{"a":[1.50,{"b/c":98765432109876543210}],"~":null}"#;
        for (pointer, found) in [
            ("/a/0", Some("1.50")),
            ("/a/1/b~1c", Some("98765432109876543210")),
            ("/~0", Some("null")),
            ("", Some(value)),
            ("/a/2", None),
            ("/a/x", None),
            ("a", None),
            ("/a/0/0", None),
        ] {
            assert_eq!(pointed(value, pointer), found, "{pointer}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let value = format!(r#"{{"id":1,"long":"{}","b":[1]}}"#, "x".repeat(100));
        let Cut { kept, left_out } = cut(&value, 60);
        assert_eq!(kept, r#"{"id":1,"b":[1]}"#);
        assert!(left_out.unwrap().contains("/long (102 bytes)"));
        let Cut { kept, left_out } = cut("[1,2,3,4,5,6]", 8);
        assert_eq!(kept, "[1,2,3,4]");
        assert!(left_out.unwrap().contains("list of 6"));
        assert_eq!(cut("\"abcdefgh\"", 5).kept, "null");
        assert!(cut("[1]", 5).left_out.is_none());
        assert_eq!(projected(r#"{"a":1,"b":1.50,"c":3}"#, &["b".into(), "a".into()]), r#"{"a":1,"b":1.50}"#);
    }
}
