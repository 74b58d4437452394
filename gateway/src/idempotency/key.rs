//! The key as it comes.

use super::IDEMPOTENCY_KEY;
use http::HeaderMap;
use penstock::contract::{
    FieldError,
    catalogue::{Effect, Operation},
};

/// The field as problems name it.
const FIELD: &str = "Idempotency-Key";

/// The longest key, in characters.
const LONGEST: usize = 255;

/// A key that a request carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// The key of a request for this operation; none if it has none.
    ///
    /// It counts for what creates or acts. A read is repeated without harm, so that its key is not looked
    /// at. Nothing is kept of updates and deletions, and a key that would not do what it promises is refused.
    ///
    /// # Errors
    /// A key of an update or a deletion, one that is malformed, and more than one.
    pub fn of(operation: &Operation, headers: &HeaderMap) -> Result<Option<Key>, FieldError> {
        let wrong = |message: &str| Err(FieldError::new(FIELD, message));
        let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next().filter(|_| operation.effect != Effect::Read) else {
            return Ok(None);
        };
        match operation.effect {
            Effect::Read | Effect::Create | Effect::Action => {}
            Effect::Update | Effect::Delete => {
                return wrong("is for operations that create or act; this one updates or deletes");
            }
        }
        if operation.is_list() || operation.file {
            return wrong("is not for operations that answer with a stream");
        }
        if values.next().is_some() {
            return wrong("is given more than once");
        }
        let Some(key) = value.to_str().ok().and_then(parse) else {
            return wrong(
                "must be a string in double quotes, or a token, of 1 to 255 printable ASCII characters",
            );
        };
        Ok(Some(Key(key)))
    }

    /// A batch has none: each of its calls would need one.
    ///
    /// # Errors
    /// A key.
    pub fn refuse_for_batch(headers: &HeaderMap) -> Result<(), FieldError> {
        match headers.contains_key(IDEMPOTENCY_KEY) {
            true => Err(FieldError::new(FIELD, "is for one call, and not for a batch")),
            false => Ok(()),
        }
    }

    /// The key itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A string of RFC 8941, section 3.3.3, without parameters; or the same text without quotes, if
/// nothing in it could be taken for a list, a parameter or a string.
fn parse(value: &str) -> Option<String> {
    let value = value.trim_matches([' ', '\t']);
    let key = match value.strip_prefix('"') {
        Some(quoted) => unescape(quoted.strip_suffix('"')?)?,
        None => {
            let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b',' | b';');
            value.bytes().all(fits).then(|| value.to_owned())?
        }
    };
    (1..=LONGEST).contains(&key.len()).then_some(key)
}

/// What stands between the quotes: only quotes and backslashes are escaped.
fn unescape(quoted: &str) -> Option<String> {
    let mut key = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => key.push(characters.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            '"' => return None,
            ' '..='~' => key.push(character),
            _ => return None,
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use penstock::contract::catalogue;

    fn of(operation: &str, values: &[&[u8]]) -> Result<Option<String>, String> {
        let operation = catalogue::find("servicetitan", operation).unwrap();
        let values = values.iter().map(|value| HeaderValue::from_bytes(value).unwrap());
        let headers = values.map(|value| (IDEMPOTENCY_KEY.parse().unwrap(), value)).collect();
        let key = Key::of(operation, &headers).map_err(|error| {
            assert_eq!(error.field, "Idempotency-Key");
            error.message
        });
        key.map(|key| key.map(|key| key.as_str().to_owned()))
    }

    const CREATE: &str = "jpm.jobs-create";

    #[test]
    fn a_key_is_a_string_or_a_token() {
        for (value, key) in [
            (r#""8e03978e-40d5-43e8-bc93-6894a57f9324""#, "8e03978e-40d5-43e8-bc93-6894a57f9324"),
            ("8e03978e-40d5-43e8-bc93-6894a57f9324", "8e03978e-40d5-43e8-bc93-6894a57f9324"),
            (" order/7:a+b=~ ", "order/7:a+b=~"),
            (r#""a, b; \"c\\ ""#, r#"a, b; "c\ "#),
            (&"x".repeat(255), &"x".repeat(255)),
            (&format!("\"{}\"", "x".repeat(255)), &"x".repeat(255)),
        ] {
            assert_eq!(of(CREATE, &[value.as_bytes()]), Ok(Some(key.to_owned())), "{value}");
        }
        assert_eq!(of(CREATE, &[]), Ok(None));
    }

    #[test]
    fn anything_else_is_refused() {
        let long = "x".repeat(256);
        let quoted = format!("\"{long}\"");
        for value in [
            &b""[..],
            b" ",
            b"\"\"",
            b"\"",
            b"\"a",
            b"a\"",
            b"\"a\"b\"",
            b"\"a\\\"",
            b"\"a\\b\"",
            b"\"a\";b=1",
            b"a;b=1",
            b"a b",
            b"a, b",
            b"\"a\", \"b\"",
            b"a\\b",
            b"\"a\tb\"",
            "\"\u{e4}\"".as_bytes(),
            long.as_bytes(),
            quoted.as_bytes(),
        ] {
            let message = of(CREATE, &[value]).unwrap_err();
            assert!(message.starts_with("must be"), "{value:?}: {message}");
        }
        assert_eq!(of(CREATE, &[b"a", b"a"]).unwrap_err(), "is given more than once");
    }

    #[test]
    fn it_counts_for_what_creates_or_acts() {
        for operation in catalogue::providers().filter_map(catalogue::operations).flatten() {
            let mut headers = HeaderMap::new();
            headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_static("a"));
            let found = Key::of(operation, &headers);
            match operation.effect {
                Effect::Read => assert_eq!(found, Ok(None), "{}", operation.name),
                Effect::Create | Effect::Action => {
                    assert!(matches!(found, Ok(Some(_))), "{} {found:?}", operation.name);
                }
                Effect::Update | Effect::Delete => {
                    let refused = found.unwrap_err();
                    assert_eq!(refused.field, "Idempotency-Key");
                }
            }
        }
    }
}
