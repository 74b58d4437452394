//! Answers that take the provider long: `Prefer: respond-async` (RFC 7240 section 4.1).
//!
//! Where the provider has a query for it that it answers later, as ServiceTitan has for the data of a report, the
//! query is started and its token given: 202, with `Location` where the answer will be. With `all=true` the
//! whole is read by such queries, one a page, which may take longer than any single answer.

use crate::{
    answer::{self, set},
    paths,
    request::{Head, Parameters, encoded},
};
use http::{Response, StatusCode, header};
use penstock::contract::catalogue::{self, Operation};
use serde_json::Value;

/// Where the answer of a query is.
const ANSWERS: &str = "reporting.data-queries-get";

/// The operation to call instead, where the request prefers an answer later and the provider has that.
#[must_use]
pub fn instead(head: &Head, query: &Parameters, operation: &'static Operation) -> Option<&'static Operation> {
    if !head.prefers("respond-async") {
        return None;
    }
    let start = start(operation)?;
    let all = catalogue::operations(operation.provider)?;
    match query.0.iter().any(|(name, value)| name == "all" && value == "true") {
        true => all.iter().find(|other| other.variant_of == Some(start.name)),
        false => Some(start),
    }
}

/// The operation that starts a query whose answer is that of this operation, if the provider has one.
#[must_use]
pub fn start(operation: &Operation) -> Option<&'static Operation> {
    catalogue::operations(operation.provider)?
        .iter()
        .find(|other| other.variant_of.is_none() && other.path.strip_prefix(operation.path) == Some("/query"))
}

/// Says that the query was started, and where its answer will be.
#[must_use]
pub fn accepted(mut response: Response<String>, provider: &str, account: &str) -> Response<String> {
    let token = serde_json::from_str::<Value>(response.body()).ok();
    let token = token.as_ref().and_then(|body| body.get("token")).and_then(Value::as_str);
    let template = paths::of(provider)
        .and_then(|all| all.iter().find(|path| path.operation.name == ANSWERS))
        .map(paths::Path::template);
    if let (Some(token), Some(template)) = (token, template) {
        let location = template.replace("{account}", &encoded(account)).replace("{token}", &encoded(token));
        set(response.headers_mut(), header::LOCATION, &location);
    }
    *response.status_mut() = StatusCode::ACCEPTED;
    set(response.headers_mut(), answer::PREFERENCE_APPLIED, "respond-async");
    response
}
