//! A provider's record that does not fit the contract, as its caller gets it all the same.

use super::{decode_error::DecodeError, mend::mend, print, raw};
use crate::policy::shown::visible_within;

/// The name of the member that says why a record is not in the normal form.
const MEMBER: &str = "$misfit";

/// The longest id that is told, in characters: what shows it takes secrets out first, and a cut might
/// go through one.
const LONGEST_ID: usize = 4096;

/// The record as it came, with a member `$misfit`: `{"path": "$.total", "reason": "..."}`. What
/// is no object stands as `value` in an object of its own, beside `path` and `reason`, and as text
/// if it is no JSON.
#[must_use]
pub fn marked(json: &[u8], misfit: &DecodeError) -> String {
    let json = mend(json);
    let text = String::from_utf8_lossy(&json);
    let mut mark = String::new();
    let mut quoted = |name: &str, text: &str| {
        let mut json = String::new();
        print::string(&mut json, text);
        print::member(&mut mark, name, &json);
    };
    quoted("path", &misfit.path);
    quoted("reason", &misfit.message);
    // What is no JSON at all is told as text.
    let quoted = misfit.malformed.then(|| {
        let mut json = String::new();
        print::string(&mut json, &text);
        json
    });
    let text = quoted.as_deref().unwrap_or_else(|| raw::trimmed(&text).unwrap_or("null"));
    let object = text.strip_prefix('{').and_then(|members| members.strip_suffix('}')).map(str::trim_end);
    if object.is_none() {
        print::member(&mut mark, "value", text);
    }
    let mut marked = object.map_or_else(String::new, |members| format!("{{{members}"));
    if object.is_some_and(|members| !members.trim_start().is_empty()) {
        marked.push(',');
        print::string(&mut marked, MEMBER);
        marked.push(':');
        marked.push_str(&mark);
    } else {
        marked.clear();
        print::member(&mut marked, MEMBER, &mark);
    }
    marked.push_str("}}");
    marked
}

/// The id of a record for a person: the text or the digits of this member, if it has one.
#[must_use]
pub fn shown_id(json: &[u8], member: &str) -> Option<String> {
    let json = mend(json);
    let members = raw::members(std::str::from_utf8(&json).ok()?)?;
    let (_, id) = members.iter().rev().find(|(name, _)| name == member)?;
    let text = match raw::kind(id) {
        "text" => raw::text(id)?,
        "a number" => (*id).into(),
        _ => return None,
    };
    Some(visible_within(&text, LONGEST_ID))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn misfit() -> DecodeError {
        DecodeError { path: "$.total".to_owned(), message: "found `1\"`".to_owned(), malformed: false }
    }

    #[test]
    fn the_mark_stands_behind_what_came() {
        let mark = r#""$misfit":{"path":"$.total","reason":"found `1\"`""#;
        for (json, expected) in [
            (r#"{"id":1, "total": "1\"" }"#, format!(r#"{{"id":1, "total": "1\"",{mark}}}}}"#)),
            ("{ }", format!("{{{mark}}}}}")),
            ("null", format!("{{{mark},\"value\":null}}}}")),
            (" [1, 2] ", format!("{{{mark},\"value\":[1, 2]}}}}")),
            (r#"{"a":"\ud83d"}"#, format!(r#"{{"a":"\ufffd",{mark}}}}}"#)),
        ] {
            let marked = marked(json.as_bytes(), &misfit());
            assert_eq!(marked, expected);
            serde_json::from_str::<serde_json::Value>(&marked).unwrap();
        }
    }

    #[test]
    fn what_is_no_json_stands_as_text() {
        let misfit = DecodeError { malformed: true, ..misfit() };
        let marked: serde_json::Value =
            serde_json::from_str(&marked(br#"{"id":1,"total":NaN}"#, &misfit)).unwrap();
        assert_eq!(marked["$misfit"]["value"], r#"{"id":1,"total":NaN}"#);
    }

    #[test]
    fn an_id_is_shown_if_it_is_text_or_a_number() {
        let id = |json: &str| shown_id(json.as_bytes(), "id");
        assert_eq!(id(r#"{"id":17}"#).as_deref(), Some("17"));
        assert_eq!(id(r#"{"id":17,"id":"a\u0007b"}"#).as_deref(), Some("a\\u{7}b"));
        for none in [r#"{"id":null}"#, r#"{"id":{}}"#, "{}", "[]", "null", "7"] {
            assert_eq!(id(none), None, "{none}");
        }
    }
}
