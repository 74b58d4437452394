//! Reads requests: the target, the query, the few header fields that count.
//!
//! The body is read by [`body`](crate::body), or by whoever takes a file.

use crate::answer::{self, CORRELATION_ID};
use http::{HeaderMap, Method};
use penstock::{
    codec::whole_number,
    contract::{FieldError, OnMisfit},
};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The longest path and query, in bytes. RFC 9110 section 4.1 asks for at least 8000.
pub const LONGEST_TARGET: usize = 8 * 1024;

/// The header fields that are read. Hosts need to hand over no others.
pub const HEADERS: [&str; 19] = [
    "accept",
    "authorization",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-length",
    "content-type",
    "idempotency-key",
    "if-none-match",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
    "prefer",
    "x-api-key",
    "x-correlation-id",
    "traceparent",
    "tracestate",
    "x-deadline-ms",
];

/// A request without its body.
#[derive(Debug, Clone)]
pub struct Head {
    /// The method.
    pub method: Method,
    /// Path and query as they came, percent-encoded.
    pub target: String,
    /// At least those of [`HEADERS`].
    pub headers: HeaderMap,
}

impl Head {
    /// The path as it came.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(&self.target, |(path, _)| path)
    }

    /// The query as it came, empty if there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// What ties the call to the caller's own logs: `X-Correlation-Id`, if it is 1 to 128 printable ASCII
    /// characters. Anything else is no id, and no reason to refuse a request.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        let id = self.headers.get(CORRELATION_ID)?.to_str().ok()?.trim();
        let fits = (1..=128).contains(&id.len()) && id.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        fits.then_some(id)
    }

    /// The same with another id.
    #[must_use]
    pub fn with_correlation_id(&self, id: &str) -> Head {
        let mut head = self.clone();
        answer::set(&mut head.headers, CORRELATION_ID, id);
        head
    }

    /// Whether a request directive of `Cache-Control` is given (RFC 9111 section 5.2.1):
    /// `no-cache` asks past our cache, `stale-if-error` (RFC 5861) takes an old answer
    /// rather than none. An argument of a directive is not looked at.
    #[must_use]
    pub fn cache_directive(&self, name: &str) -> bool {
        let values = self.headers.get_all("cache-control").iter().filter_map(|value| value.to_str().ok());
        let mut directives = values.flat_map(|value| value.split(','));
        directives.any(|directive| {
            let given = directive.split_once('=').map_or(directive, |(given, _)| given);
            given.trim().eq_ignore_ascii_case(name)
        })
    }

    /// Whether a preference is stated (RFC 7240); its value and parameters are not looked at.
    #[must_use]
    pub fn prefers(&self, name: &str) -> bool {
        let values = self.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        let mut preferences = values.flat_map(|value| value.split(','));
        preferences.any(|given| {
            let given = given.split([';', '=']).next().unwrap_or_default();
            given.trim().eq_ignore_ascii_case(name)
        })
    }

    /// How long the body is, if the request says so.
    ///
    /// # Errors
    /// When it is no whole number, or is said twice: two servers on the way may believe either (RFC 9112
    /// section 6.3).
    pub fn content_length(&self) -> Result<Option<u64>, FieldError> {
        self.number("content-length").map_err(|message| wrong("Content-Length", message))
    }

    /// The whole number that a header field holds.
    fn number(&self, name: &str) -> Result<Option<u64>, &'static str> {
        let mut values = self.headers.get_all(name).iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err("is given more than once");
        }
        let number = value.to_str().ok().and_then(|text| whole_number(text.trim()));
        number.map(Some).ok_or("must be a whole number")
    }

    /// Whether the body is said to be JSON: `application/json`, or a type that ends in `+json`
    /// (RFC 6839 section 3.1).
    #[must_use]
    pub fn has_json(&self) -> bool {
        let Some(value) = self.headers.get("content-type").and_then(|value| value.to_str().ok()) else {
            return false;
        };
        let media_type = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        media_type == "application/json"
            || (media_type.starts_with("application/") && media_type.ends_with("+json"))
    }

    /// All the time that the call may take, in milliseconds: `X-Deadline-Ms`.
    ///
    /// # Errors
    /// When it is no whole number, or is said twice.
    pub fn deadline_ms(&self) -> Result<Option<u64>, FieldError> {
        self.number("x-deadline-ms").map_err(|message| wrong("X-Deadline-Ms", message))
    }

    /// Sees to it that the query has no parameters, for what takes none.
    ///
    /// # Errors
    /// Those that it has.
    pub fn no_parameters(&self) -> Result<(), Vec<FieldError>> {
        Parameters::parse(self.query())?.none_left()
    }
}

/// A query's parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters(pub Vec<(String, String)>);

impl Parameters {
    /// Reads `name=value&name=value` as forms write it: `+` is a blank
    /// (`application/x-www-form-urlencoded`, WHATWG URL section 5), but strictly.
    ///
    /// # Errors
    /// Every parameter that is badly encoded.
    pub fn parse(query: &str) -> Result<Parameters, Vec<FieldError>> {
        let (mut pairs, mut errors) = (Vec::new(), Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let blank = |text: &str| decode(&text.replace('+', " "));
            match (blank(name), blank(value)) {
                (Some(name), Some(value)) => pairs.push((name, value)),
                (name, _) => {
                    let field = name.unwrap_or_else(|| "query".to_owned());
                    errors.push(wrong(&field, "is not percent-encoded UTF-8"));
                }
            }
        }
        if errors.is_empty() { Ok(Parameters(pairs)) } else { Err(errors) }
    }

    /// Takes a parameter out.
    ///
    /// # Errors
    /// When it is given more than once.
    pub fn take(&mut self, name: &str) -> Result<Option<String>, FieldError> {
        let mut taken = self.0.extract_if(.., |(given, _)| given == name).map(|(_, value)| value);
        let first = taken.next();
        match taken.next() {
            None => Ok(first),
            Some(_) => Err(wrong(name, "is given more than once")),
        }
    }

    /// Takes a switch out; absent is off.
    ///
    /// # Errors
    /// When it is neither `true` nor `false`, or is given more than once.
    pub fn take_switch(&mut self, name: &str) -> Result<bool, FieldError> {
        match self.take(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(wrong(name, "must be true or false")),
        }
    }

    /// Takes out what becomes of records that do not fit the contract: `onMisfit`.
    ///
    /// # Errors
    /// When it is none of the choices, or is given more than once.
    pub fn take_on_misfit(&mut self) -> Result<Option<OnMisfit>, FieldError> {
        match self.take("onMisfit")?.as_deref() {
            None => Ok(None),
            Some("fail") => Ok(Some(OnMisfit::Fail)),
            Some("skip") => Ok(Some(OnMisfit::Skip)),
            Some("raw") => Ok(Some(OnMisfit::Raw)),
            Some(_) => Err(wrong("onMisfit", "must be fail, skip or raw")),
        }
    }

    /// The Link header field (RFC 8288) to the page after this one: the same path and query, and `resume`
    /// instead of a page's number.
    #[must_use]
    pub fn next_link(&self, path: &str, resume: &str) -> String {
        let kept = self.0.iter().filter(|(name, _)| name != "page");
        let pairs = kept.map(|(name, value)| (name.as_str(), value.as_str())).chain([("resume", resume)]);
        let query: Vec<_> =
            pairs.map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        format!("<{path}?{}>; rel=\"next\"", query.join("&"))
    }

    /// Sees to it that all parameters were taken out: one that nobody knows would change nothing, and whoever
    /// gave it thinks that it does.
    ///
    /// # Errors
    /// Each that is left.
    pub fn none_left(&self) -> Result<(), Vec<FieldError>> {
        let left: Vec<_> = self.0.iter().map(|(name, _)| wrong(name, "is not known")).collect();
        if left.is_empty() { Ok(()) } else { Err(left) }
    }

    /// Whether a parameter is given.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(given, _)| given == name)
    }
}

/// Percent-encodes a text, so that it can stand in any part of a URL.
#[must_use]
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Percent-decodes a text; none unless every `%` begins an octet (RFC 3986 section
/// 2.1) and the whole is UTF-8.
#[must_use]
pub fn decode(text: &str) -> Option<String> {
    let hexadecimal = |pair: &[u8; 2]| pair.iter().all(u8::is_ascii_hexdigit);
    let octet = |rest: &str| rest.as_bytes().first_chunk().is_some_and(hexadecimal);
    if !text.split('%').skip(1).all(octet) {
        return None;
    }
    percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

fn wrong(field: &str, message: &str) -> FieldError {
    FieldError::new(field, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn pairs(query: &str) -> Vec<(String, String)> {
        Parameters::parse(query).unwrap().0
    }

    fn head(headers: &[(&'static str, &'static [u8])]) -> Head {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_bytes(value).unwrap()));
        Head { method: Method::GET, target: "/a?b?c".to_owned(), headers: headers.collect() }
    }

    #[test]
    fn a_query_is_read_as_forms_write_it() {
        let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        assert_eq!(pairs(""), []);
        assert_eq!(pairs("a=1&b&&c=&a=2"), own(&[("a", "1"), ("b", ""), ("c", ""), ("a", "2")]));
        assert_eq!(pairs("n=a+b%2Bc%20d=e"), own(&[("n", "a b+c d=e")]));
        assert_eq!(pairs("%c3%A4=%E2%82%AC"), own(&[("ä", "€")]));
        assert_eq!(pairs("n=%2525"), own(&[("n", "%25")]));
    }

    #[test]
    fn bad_encodings_are_named_all_at_once() {
        let errors = Parameters::parse("a=%&b=%4&c=%zz&d=%+1&ok=1&%ff=1&e=%C3&f=%4%31").unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["a", "b", "c", "d", "query", "e", "f"]);
    }

    #[test]
    fn what_is_taken_is_gone_and_may_be_there_once_only() {
        let mut parameters = Parameters::parse("resume=x&all=true&resumes=y").unwrap();
        assert_eq!(parameters.take("resume"), Ok(Some("x".to_owned())));
        assert_eq!(parameters.take_switch("all"), Ok(true));
        assert_eq!(parameters.0, [("resumes".to_owned(), "y".to_owned())]);
        assert_eq!(parameters.take_switch("all"), Ok(false));
        for query in ["all=true&all=true", "all=yes", "all", "all=True"] {
            assert_eq!(
                Parameters::parse(query).unwrap().take_switch("all").unwrap_err().field,
                "all",
                "{query}"
            );
        }
    }

    #[test]
    fn the_target_splits_at_the_first_question_mark() {
        let head = head(&[]);
        assert_eq!((head.path(), head.query()), ("/a", "b?c"));
    }

    #[test]
    fn only_a_printable_short_text_is_a_correlation_id() {
        assert_eq!(head(&[("x-correlation-id", b"job 7")]).correlation_id(), Some("job 7"));
        for wrong in [&b""[..], b"a\tb", b"\xc3\xa4", &[b'x'; 129]] {
            assert_eq!(
                head(&[("x-correlation-id", wrong.to_vec().leak())]).correlation_id(),
                None,
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn a_deadline_and_a_length_are_numbers_and_said_once() {
        assert_eq!(head(&[]).deadline_ms(), Ok(None));
        assert_eq!(head(&[("x-deadline-ms", b" 1500")]).deadline_ms(), Ok(Some(1500)));
        assert_eq!(head(&[("content-length", b"0")]).content_length(), Ok(Some(0)));
        for wrong in [&b"-1"[..], b"+1", b"1.5", b"", b"soon", b"1,1", b"1, 1"] {
            assert_eq!(head(&[("x-deadline-ms", wrong)]).deadline_ms().unwrap_err().field, "X-Deadline-Ms");
            let length = head(&[("content-length", wrong)]).content_length();
            assert_eq!(length.unwrap_err().field, "Content-Length");
        }
        let mut twice = head(&[("content-length", b"1"), ("x-deadline-ms", b"1")]);
        for name in ["content-length", "x-deadline-ms"] {
            twice.headers.append(name, HeaderValue::from_static("1"));
        }
        let errors = [twice.content_length().unwrap_err(), twice.deadline_ms().unwrap_err()];
        assert_eq!(errors.map(|error| error.message), ["is given more than once"; 2]);
    }

    #[test]
    fn what_nobody_takes_is_named() {
        let mut parameters = Parameters::parse("limit=1&x=1&y").unwrap();
        _ = parameters.take("limit").unwrap();
        let named: Vec<_> = parameters.none_left().unwrap_err().into_iter().map(|one| one.field).collect();
        assert_eq!(named, ["x", "y"]);
        assert_eq!(Parameters::default().none_left(), Ok(()));
    }
}
