//! `/live` and `/ready`, after draft-inadarei-api-health-check-06.
//!
//! Live means: do not restart me. Ready means: send me requests. Neither asks the
//! provider, whose trouble a restart does not mend. Both are open, so they name
//! settings and never show what is in them.

use crate::answer::{HEALTH, json, response};
use http::{Response, StatusCode};
use penstock::{
    client::Readiness,
    contract::{Failure, FieldError},
    host::HostError,
};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Health<'a> {
    status: &'static str,
    release_id: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    checks: BTreeMap<&'static str, Vec<Check<'a>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Check<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    component_id: Option<&'a str>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
}

const PASS: &str = "pass";
const WARN: &str = "warn";
const FAIL: &str = "fail";

/// The instance answers.
#[must_use]
pub fn live() -> Response<String> {
    answer(PASS, BTreeMap::new())
}

/// Whether calls can be made for the default account, and everything that is missing
/// if not: `settings` has one check for each setting that is missing or malformed.
/// `shared-state` warns when the host has no store; calls work without one.
#[must_use]
pub fn ready(
    readiness: Result<Readiness, Failure>,
    key: Result<(), Result<FieldError, HostError>>,
) -> Response<String> {
    let mut missing = Vec::new();
    // What went wrong inside the host is not for everybody to read.
    let mut trouble = false;
    match key {
        Ok(()) => {}
        Err(Ok(wrong)) => missing.push(wrong),
        Err(Err(_)) => trouble = true,
    }
    let mut shared_state = None;
    match readiness {
        Ok(readiness) => {
            shared_state = Some(readiness.shared_state);
            missing.extend(readiness.missing);
        }
        Err(_) => trouble = true,
    }
    let mut settings: Vec<_> = missing
        .iter()
        .map(|wrong| Check {
            component_id: Some(&wrong.field),
            status: FAIL,
            output: Some(format!("{} {}", wrong.field, wrong.message)),
        })
        .collect();
    if trouble {
        let output = "the host cannot read the settings; its log says why".to_owned();
        settings.push(Check { component_id: None, status: FAIL, output: Some(output) });
    }
    let status = if settings.is_empty() { PASS } else { FAIL };
    if settings.is_empty() {
        settings.push(Check { component_id: None, status: PASS, output: None });
    }
    let mut checks = BTreeMap::from([("settings", settings)]);
    if let Some(answers) = shared_state {
        let output = (!answers).then(|| "the host's key-value store does not answer".to_owned());
        let status = if answers { PASS } else { WARN };
        checks.insert("shared-state", vec![Check { component_id: None, status, output }]);
    }
    answer(status, checks)
}

fn answer(status: &'static str, checks: BTreeMap<&'static str, Vec<Check<'_>>>) -> Response<String> {
    let code = if status == FAIL { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    response(code, HEALTH, json(&Health { status, release_id: env!("CARGO_PKG_VERSION"), checks }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use penstock::{contract::FailureKind, failure::refused};
    use serde_json::{Value, json};

    fn wrong(field: &str) -> FieldError {
        FieldError::new(field, "is not set")
    }

    fn body(response: &Response<String>) -> Value {
        assert_eq!(response.headers()["content-type"], "application/health+json");
        serde_json::from_str(response.body()).unwrap()
    }

    #[test]
    fn ready_when_nothing_is_missing() {
        let response = ready(Ok(Readiness { missing: Vec::new(), shared_state: false }), Ok(()));
        assert_eq!(response.status(), 200);
        let body = body(&response);
        assert_eq!(
            (&body["status"], &body["checks"]["settings"]),
            (&json!("pass"), &json!([{"status": "pass"}]))
        );
        assert_eq!(body["checks"]["shared-state"][0]["status"], "warn");
    }

    #[test]
    fn everything_that_is_missing_is_named() {
        let readiness = Readiness { missing: vec![wrong("A"), wrong("B")], shared_state: true };
        let response = ready(Ok(readiness), Err(Ok(wrong("KEY"))));
        assert_eq!(response.status(), 503);
        let body = body(&response);
        let named = body["checks"]["settings"].as_array().unwrap().iter().map(|check| &check["componentId"]);
        assert_eq!(named.collect::<Vec<_>>(), ["KEY", "A", "B"]);
        assert_eq!(body["checks"]["settings"][1]["output"], "A is not set");
        assert_eq!(
            (&body["status"], &body["checks"]["shared-state"]),
            (&json!("fail"), &json!([{"status": "pass"}]))
        );
    }

    #[test]
    fn a_hosts_trouble_is_told_without_its_words() {
        let failure = refused(FailureKind::Host, "vault at 10.0.0.7 said canary", Vec::new());
        let response = ready(Err(failure), Err(Err(HostError::Failed("canary".to_owned()))));
        assert_eq!(response.status(), 503);
        assert!(!response.body().contains("canary"), "{}", response.body());
    }
}
