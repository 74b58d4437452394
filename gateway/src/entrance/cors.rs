//! Which pages of the web may call from a browser (the CORS protocol, Fetch section 3.3). None may
//! unless a setting names their origin.
//!
//! A preflight is answered without a key, since browsers send none with it, and alike for every
//! path, so that nobody learns which there are. Cookies play no part: a key is sent in a header
//! field, by whoever has it.

use super::HEADERS as OWN;
use crate::{
    answer::{self, JSON},
    request::{HEADERS, Head},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode,
    header::{self, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN},
};
use penstock::settings::Origin;
use std::collections::BTreeSet;

/// How long a browser may keep what a preflight says, in seconds.
const MAX_AGE: u64 = 600;

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";

/// What a page may read of an answer, besides what every page may (Fetch section 2.2.2).
const EXPOSED: [&str; 15] = [
    "age",
    "allow",
    "cache-status",
    "content-disposition",
    "etag",
    "idempotency-replayed",
    "link",
    "location",
    "mcp-session-id",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "www-authenticate",
    "x-correlation-id",
    "x-penstock-call-id",
];

/// How a key stands with its rates.
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// Which rates a key has.
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The origins that may.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Cors {
    /// None.
    #[default]
    Off,
    /// These.
    Origins(BTreeSet<String>),
    /// All.
    All,
}

impl Cors {
    /// Reads `*`, or origins separated by commas.
    ///
    /// # Errors
    /// What is wrong, in a sentence without the value.
    pub fn parse(text: &str) -> Result<Cors, String> {
        if text.trim() == "*" {
            return Ok(Cors::All);
        }
        let read = |(number, text): (usize, &str)| {
            let origin = Origin::parse(text.trim()).ok().filter(|_| !text.contains('*'));
            let form =
                format!("must be * or origins such as https://app.example.com, and number {number} is none");
            origin.map(|origin| serialized(&origin)).ok_or(form)
        };
        (1..).zip(text.split(',')).map(read).collect::<Result<_, _>>().map(Cors::Origins)
    }

    /// The value of `Access-Control-Allow-Origin` for a request, if its origin may.
    fn allowed<'r>(&self, head: &'r Head) -> Option<&'r HeaderValue> {
        static ANY: HeaderValue = HeaderValue::from_static("*");
        let origin = head.headers.get(header::ORIGIN)?;
        match self {
            Cors::Off => None,
            Cors::All => Some(&ANY),
            Cors::Origins(known) => known.contains(origin.to_str().ok()?).then_some(origin),
        }
    }

    /// Whether a request comes from no page, or from one that may call.
    #[must_use]
    pub fn admits(&self, head: &Head) -> bool {
        !head.headers.contains_key(header::ORIGIN) || self.allowed(head).is_some()
    }

    /// The answer to a preflight of an origin that may; none if it is no such request.
    #[must_use]
    pub fn preflight(&self, head: &Head) -> Option<Response<String>> {
        let asked = head.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if head.method != Method::OPTIONS || !asked {
            return None;
        }
        self.allowed(head)?;
        let mut response = answer::response(StatusCode::NO_CONTENT, JSON, String::new());
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_TYPE);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
        let readable: Vec<_> = HEADERS.into_iter().filter(|name| !OWN.contains(name)).collect();
        answer::set(headers, ACCESS_CONTROL_ALLOW_HEADERS, &readable.join(", "));
        answer::set(headers, header::ACCESS_CONTROL_MAX_AGE, &MAX_AGE.to_string());
        Some(response)
    }

    /// Says on an answer whether the page that asked may read it. Whether it says that it may.
    pub fn mark(&self, head: &Head, headers: &mut HeaderMap) -> bool {
        if matches!(self, Cors::Origins(_)) {
            // Whoever keeps answers must keep one for each.
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        let Some(origin) = self.allowed(head) else { return false };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        answer::set(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, &EXPOSED.join(", "));
        true
    }
}

/// An origin as browsers write it (RFC 6454 section 6.1): in lower case, without the usual port.
fn serialized(origin: &Origin) -> String {
    let text = origin.to_string().to_ascii_lowercase();
    let usual = if text.starts_with("https:") { ":443" } else { ":80" };
    text.strip_suffix(usual).map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_exact_and_what_is_none_is_told_by_number() {
        let Cors::Origins(known) =
            Cors::parse("https://App.example.com, http://localhost:8080,https://b.example:443/").unwrap()
        else {
            panic!("no origins");
        };
        let expected = ["http://localhost:8080", "https://app.example.com", "https://b.example"];
        assert_eq!(known.into_iter().collect::<Vec<_>>(), expected);
        assert_eq!(Cors::parse(" * "), Ok(Cors::All));
        for wrong in [
            "canary",
            "https://a.example,canary",
            "https://*.example.com",
            "https://a.example/canary",
            "null",
            "*,*",
            ",",
        ] {
            let why = Cors::parse(wrong).unwrap_err();
            assert!(!why.contains("canary") && why.contains("number"), "{why}");
        }
    }
}
