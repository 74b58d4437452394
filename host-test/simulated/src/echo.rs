//! Answers that repeat the credentials of their request, as error pages and proxies do.

use crate::{answer::Answer, faults::FaultKind, request::Received};
use penstock_spellings::spellings;
use serde_json::json;

/// How many spellings one answer has, and how many of them the next one has no more: each comes to stand
/// in each place.
const AT_ONCE: usize = 6;
const NEXT: usize = 5;

/// The header fields that a client proves itself with.
const HEADERS: [&str; 3] = ["authorization", "st-app-key", "x-api-key"];

/// The answer in the place of the right one, if this kind repeats credentials. `number` counts such
/// answers.
pub(crate) fn instead(kind: FaultKind, request: &Received, number: u64) -> Option<Answer> {
    let said = said(request, number);
    match kind {
        FaultKind::SecretsInError => Some(error(&said)),
        FaultKind::SecretsInPage => {
            let page = format!("<html><h1>Your request</h1><pre>{}</pre></html>", said.join("\n"));
            Some(Answer::new(200, "text/html", page))
        }
        _ => None,
    }
}

/// In every place from which a client may take something for its own messages: the fields of problem
/// details (RFC 9457), of the provider's errors and of those of OAuth 2.0 (RFC 6749), header fields.
fn error(said: &[String]) -> Answer {
    let [title, detail, trace, field, code, place] = [0, 1, 2, 3, 4, 5].map(|at| {
        let place = at % said.len().max(1);
        said.get(place).map_or("", String::as_str)
    });
    let body = json!({
        "type": format!("https://example.com/{place}"),
        "title": format!("Refused: {title}"),
        "status": 503,
        "detail": detail,
        "traceId": trace,
        "errors": { field: [code], code: [field] },
        "error": code,
        "error_description": detail,
        "message": place,
    });
    let mut answer = Answer::new(503, "application/problem+json; charset=utf-8", body.to_string());
    answer.headers = vec![
        ("location", format!("https://example.com/{place}?{title}")),
        ("www-authenticate", format!("Bearer error_description=\"{detail}\"")),
        ("x-request-id", trace.to_owned()),
    ];
    answer
}

/// Some of the spellings of what the request brought.
fn said(request: &Received, number: u64) -> Vec<String> {
    let all: Vec<String> = credentials(request).iter().flat_map(|secret| spellings(secret)).collect();
    let first = usize::try_from(number).unwrap_or_default().wrapping_mul(NEXT);
    all.iter().cycle().skip(first % all.len().max(1)).take(AT_ONCE).cloned().collect()
}

/// What a request proves itself with: in header fields, or in the form that asks for a token.
fn credentials(request: &Received) -> Vec<String> {
    let bare = |text: &str| text.strip_prefix("Bearer ").unwrap_or(text).to_owned();
    let mut all: Vec<String> = HEADERS.iter().filter_map(|name| request.header(name).map(bare)).collect();
    let form = request.header("content-type").is_some_and(|ty| ty.contains("x-www-form-urlencoded"));
    if form {
        let fields = form_urlencoded::parse(&request.body);
        let secret = fields.filter(|(name, _)| name.starts_with("client_"));
        all.extend(secret.map(|(_, value)| value.into_owned()));
        all.push(request.text());
    }
    all
}
