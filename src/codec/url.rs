//! Puts a path and a query together. No text of a caller's can change the path.

use super::{digits, scalar};
use crate::contract::{
    FieldError,
    catalogue::{Operation, Placeholder, Type},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters.
const STRICT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The value of a placeholder, checked by its type and percent-encoded as one path
/// segment.
pub(crate) fn segment(placeholder: &Placeholder, value: &str) -> Result<String, FieldError> {
    let wrong = |message: &str| Err(FieldError::new(placeholder.wire, message));
    match placeholder.ty {
        Type::S32 | Type::S64 | Type::U32 | Type::U64 => {
            let number = digits::integer(value).filter(|number| scalar::is_within(placeholder.ty, *number));
            number.map_or_else(|| wrong("must be a whole number"), |number| Ok(number.to_string()))
        }
        _ if value.is_empty() || value.chars().nth(256).is_some() => wrong("must be 1 to 256 characters"),
        _ if value == "." || value == ".." => wrong("must not be a dot segment"),
        _ if value.chars().any(char::is_control) => wrong("must not hold control characters"),
        _ => Ok(utf8_percent_encode(value, STRICT).to_string()),
    }
}

/// Path and query of a call. `segments` are encoded; the query is not yet.
pub(crate) fn path_and_query(
    operation: &Operation,
    tenant: &str,
    segments: &[String],
    query: &[(&'static str, String)],
) -> String {
    let mut segments = segments.iter();
    let mut url = String::new();
    for part in operation.path.split('/').skip(1) {
        url.push('/');
        match part {
            "{tenant}" => url.extend(utf8_percent_encode(tenant, STRICT)),
            _ if part.starts_with('{') => url.push_str(segments.next().map_or("", String::as_str)),
            _ => url.push_str(part),
        }
    }
    for (index, (name, value)) in query.iter().enumerate() {
        url.push(if index == 0 { '?' } else { '&' });
        url.extend(utf8_percent_encode(name, STRICT));
        url.push('=');
        url.extend(utf8_percent_encode(value, STRICT));
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::catalogue;

    const ID: Placeholder = Placeholder { wire: "id", ty: Type::S64 };
    const NAME: Placeholder = Placeholder { wire: "name", ty: Type::Text };

    #[test]
    fn an_id_is_a_number_or_nothing() {
        assert_eq!(segment(&ID, "-42").unwrap(), "-42");
        for wrong in ["../../x", "1?active=Any", "1\n2", "", "1 ", "+5", "9223372036854775808", "1/2", "%31"]
        {
            assert_eq!(segment(&ID, wrong).unwrap_err().field, "id", "{wrong:?}");
        }
    }

    #[test]
    fn a_text_stays_one_segment() {
        assert_eq!(segment(&NAME, "a/b?c#d%e f").unwrap(), "a%2Fb%3Fc%23d%25e%20f");
        assert_eq!(segment(&NAME, "...").unwrap(), "...");
        assert_eq!(segment(&NAME, &"é".repeat(256)).unwrap().len(), 256 * 6);
        for wrong in [".", "..", "", "a\u{0}b", "a\r\nb", &"é".repeat(257)] {
            assert!(segment(&NAME, wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_query_is_encoded() {
        let operation = catalogue::find("servicetitan", "jpm.jobs-page").unwrap();
        let url = path_and_query(operation, "7", &[], &[("sort", "+Id".into()), ("ids", "1,2".into())]);
        assert_eq!(url, "/jpm/v2/tenant/7/jobs?sort=%2BId&ids=1%2C2");
        let operation = catalogue::find("servicetitan", "jpm.projects-attach-job").unwrap();
        let url = path_and_query(operation, "7", &["1".into(), "2".into()], &[]);
        assert_eq!(url, "/jpm/v2/tenant/7/projects/1/attach-job/2");
    }
}
