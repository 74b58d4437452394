//! Answers that a client may keep, if it asks each time whether they still hold.
//!
//! What the component itself keeps for a while (`@cache` in the contract) goes out with a strong `ETag`
//! and `Cache-Control: private, no-cache`: the client's copy saves the bytes, not the question, since
//! a write would not reach it.

mod tags;

pub(crate) use tags::Tags;

use crate::answer::set;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use sha2::{Digest, Sha256};

/// Gives an answer its `ETag`, and says 304 to who has it (RFC 9110 section 13.1.2).
#[must_use]
pub fn conditional(response: Response<String>, asked: &HeaderMap) -> Response<String> {
    conditional_by(response, asked, |body| tag(body.as_bytes()))
}

/// The same of one whose tag may be known.
pub(crate) fn remembered(response: Response<String>, asked: &HeaderMap, tags: &Tags) -> Response<String> {
    conditional_by(response, asked, |body| tags.of(body))
}

fn conditional_by(
    response: Response<String>,
    asked: &HeaderMap,
    tag: impl FnOnce(&str) -> String,
) -> Response<String> {
    if response.status() != StatusCode::OK {
        return response;
    }
    let tag = tag(response.body());
    tagged(response, asked, &tag)
}

/// The strong tag of a body.
#[must_use]
pub fn tag(body: &[u8]) -> String {
    format!("\"{}\"", base16ct::lower::encode_string(&Sha256::digest(body)))
}

/// The same for an answer whose tag is known.
#[must_use]
pub fn tagged(mut response: Response<String>, asked: &HeaderMap, tag: &str) -> Response<String> {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    // What is in it depends on whose key it is.
    headers.insert(header::VARY, HeaderValue::from_static("Authorization, X-API-Key"));
    set(headers, header::ETAG, tag);
    if is_had(asked, tag) {
        response.body_mut().clear();
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    response
}

/// Whether `If-None-Match` names it; weakly, as that field is compared.
fn is_had(asked: &HeaderMap, tag: &str) -> bool {
    let fields = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|field| field.to_str().ok());
    fields
        .flat_map(|field| field.split(','))
        .map(str::trim)
        .any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::{JSON, response};

    fn answer(if_none_match: &str) -> Response<String> {
        let mut asked = HeaderMap::new();
        set(&mut asked, header::IF_NONE_MATCH, if_none_match);
        conditional(response(StatusCode::OK, JSON, "[1]".to_owned()), &asked)
    }

    #[test]
    fn who_has_it_is_told_so() {
        let first = answer("");
        let tag = first.headers()["etag"].to_str().unwrap().to_owned();
        assert_eq!(
            (first.status(), &first.headers()["cache-control"]),
            (StatusCode::OK, &HeaderValue::from_static("private, no-cache"))
        );
        for had in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
            let again = answer(&had);
            assert_eq!((again.status(), again.body().as_str()), (StatusCode::NOT_MODIFIED, ""), "{had}");
            assert_eq!(again.headers()["etag"].to_str().unwrap(), tag);
        }
        assert_eq!(answer("\"x\"").status(), StatusCode::OK);
    }

    #[test]
    fn what_is_no_success_has_none() {
        let problem = response(StatusCode::NOT_FOUND, JSON, "{}".to_owned());
        assert!(conditional(problem, &HeaderMap::new()).headers().get("etag").is_none());
    }
}
