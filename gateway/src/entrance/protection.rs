//! What browsers may do with answers: nothing but what the page that asked does with them.
//!
//! They hold data and no documents. Should one be opened as a document anyhow, it runs nothing,
//! loads nothing, stands in no frame, and names itself to nobody. `X-Content-Type-Options` and
//! `Cache-Control` are on all answers already ([`crate::answer::response`]).

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Who may have the answer in a page at all (Fetch section 3.7).
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Sets the header fields. `is_shared` says that pages of another origin may read the answer.
pub fn protect(headers: &mut HeaderMap, is_shared: bool) {
    let policy = "default-src 'none'; frame-ancestors 'none'";
    // The page of documentation has a policy of its own.
    let kept = headers.entry(header::CONTENT_SECURITY_POLICY);
    kept.or_insert(HeaderValue::from_static(policy));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let whose = if is_shared { "cross-origin" } else { "same-origin" };
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static(whose));
}
