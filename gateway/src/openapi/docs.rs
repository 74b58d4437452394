//! The page that shows the document to people. All that it needs is in it.

use crate::{answer, validation};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use sha2::{Digest, Sha256};

const HTML: &str = "text/html; charset=utf-8";
const PAGE: &str = include_str!("page/docs.html");
const STYLE: &str = include_str!("page/docs.css");
const SCRIPT: &str = include_str!("page/docs.js");

/// The page; 304 if it is had already. Nothing but its own script runs in it, and that speaks to
/// this host alone.
#[must_use]
pub fn page(asked: &HeaderMap) -> Response<String> {
    let body = PAGE.replacen("{{style}}", STYLE, 1).replacen("{{script}}", SCRIPT, 1);
    let mut response = validation::conditional(answer::response(StatusCode::OK, HTML, body), asked);
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        hash(SCRIPT),
        hash(STYLE),
    );
    let headers = response.headers_mut();
    answer::set(headers, header::CONTENT_SECURITY_POLICY, &policy);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// What lets an inline text of the page take effect (Content Security Policy Level 3, section 2.3.1).
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_what_its_policy_lets_run_and_nothing_from_elsewhere() {
        let page = page(&HeaderMap::new());
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        for (name, directive) in [("script", "script-src"), ("style", "style-src")] {
            let (_, rest) = page.body().split_once(&format!("<{name}>")).unwrap();
            let (inline, rest) = rest.split_once(&format!("</{name}>")).unwrap();
            assert!(policy.contains(&format!("{directive} '{}'", hash(inline))), "{policy}");
            assert!(!rest.contains(&format!("<{name}")));
        }
        // What a policy of hashes stops: handlers and styles in attributes.
        for forbidden in ["://", " onclick=", " style=", "innerHTML", "eval(", "{{"] {
            assert!(!page.body().contains(forbidden), "{forbidden}");
        }
    }
}
