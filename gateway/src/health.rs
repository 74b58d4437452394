//! `/live` and `/ready`, after draft-inadarei-api-health-check-06.
//!
//! Live means: do not restart me. Ready means: send me requests. Neither asks the
//! provider, whose trouble a restart does not mend. Both are open; what is missing is named only
//! to whoever has a key, and what is in a setting to nobody.

use crate::{
    admission::Keys,
    answer::{HEALTH, json, response},
    readiness::Readiness,
};
use http::{Response, StatusCode};
use penstock::contract::FieldError;
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

impl<'a> Check<'a> {
    fn failed(wrong: &'a FieldError) -> Self {
        let output = format!("{} {}", wrong.field, wrong.message);
        Self { component_id: Some(&wrong.field), status: FAIL, output: Some(output) }
    }
}

const PASS: &str = "pass";
const WARN: &str = "warn";
const FAIL: &str = "fail";

/// The instance answers.
#[must_use]
pub fn live() -> Response<String> {
    answer(PASS, BTreeMap::new())
}

/// Whether calls can be made, and to whoever has a key everything that is missing if not: `settings` has one check for each setting that is missing or malformed.
/// `shared-state` names the store, and warns when it does not answer; calls work without one. `outbound`
/// warns of each origin to which the host let no request go in the last ten minutes.
///
/// Without one the status is told, and of the settings the one that holds the hash of the key,
/// while nobody can have any.
#[must_use]
pub fn ready(readiness: &Readiness, keys: &Keys, is_authenticated: bool) -> Response<String> {
    let mut settings: Vec<_> =
        keys.iter().filter_map(|keys| keys.as_ref().err()).map(Check::failed).collect();
    let trouble = keys.is_err() || readiness.trouble;
    let fails = !settings.is_empty() || trouble || !readiness.missing.is_empty();
    let status = if fails { FAIL } else { PASS };
    let mut checks = BTreeMap::new();
    if is_authenticated {
        settings.extend(readiness.missing.iter().map(Check::failed));
        if trouble {
            // What went wrong inside the host is not for everybody to read.
            let output = "the host cannot read the settings; its log says why".to_owned();
            settings.push(Check { component_id: None, status: FAIL, output: Some(output) });
        }
        if settings.is_empty() {
            settings.push(Check { component_id: None, status: PASS, output: None });
        }
        let store = readiness.shared_state.map(|answers| shared_state(readiness.is_redis, answers));
        checks.extend(store.map(|store| ("shared-state", vec![store])));
        if !readiness.refused.is_empty() {
            checks.insert("outbound", readiness.refused.iter().map(|origin| refused(origin)).collect());
        }
    }
    if !settings.is_empty() {
        checks.insert("settings", settings);
    }
    answer(status, checks)
}

fn shared_state(is_redis: bool, answers: bool) -> Check<'static> {
    let (name, called) =
        if is_redis { ("redis", "Redis") } else { ("key-value", "the host's key-value store") };
    let output = (!answers).then(|| format!("{called} cannot be used, and the instances work alone"));
    Check { component_id: Some(name), status: if answers { PASS } else { WARN }, output }
}

fn refused(origin: &str) -> Check<'_> {
    let output = "the host let no request go there: allow it, in Spin in allowed_outbound_hosts".to_owned();
    Check { component_id: Some(origin), status: WARN, output: Some(output) }
}

fn answer(status: &'static str, checks: BTreeMap<&'static str, Vec<Check<'_>>>) -> Response<String> {
    let code = if status == FAIL { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    response(code, HEALTH, json(&Health { status, release_id: env!("CARGO_PKG_VERSION"), checks }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use penstock::{api_key::Hashes, host::HostError};
    use serde_json::{Value, json};

    fn wrong(field: &str) -> FieldError {
        FieldError::new(field, "is not set")
    }

    fn hashed() -> Keys {
        Ok(Ok(Hashes::parse(&format!("sha256:{}", "0".repeat(64))).unwrap()))
    }

    fn body(response: &Response<String>) -> Value {
        assert_eq!(response.headers()["content-type"], "application/health+json");
        serde_json::from_str(response.body()).unwrap()
    }

    #[test]
    fn ready_when_nothing_is_missing() {
        let readiness = Readiness { shared_state: Some(false), ..Readiness::default() };
        let response = ready(&readiness, &hashed(), true);
        assert_eq!(response.status(), 200);
        let told = body(&response);
        assert_eq!(
            (&told["status"], &told["checks"]["settings"]),
            (&json!("pass"), &json!([{"status": "pass"}]))
        );
        let store = &told["checks"]["shared-state"][0];
        assert_eq!((&store["status"], &store["componentId"]), (&json!("warn"), &json!("key-value")));
        let open = ready(&readiness, &hashed(), false);
        assert_eq!((open.status().as_u16(), body(&open).get("checks")), (200, None));
    }

    #[test]
    fn everything_that_is_missing_is_named() {
        let readiness = Readiness {
            missing: vec![wrong("A"), wrong("B")],
            shared_state: Some(true),
            is_redis: true,
            ..Readiness::default()
        };
        let response = ready(&readiness, &Ok(Err(wrong("KEY"))), true);
        assert_eq!(response.status(), 503);
        let body = body(&response);
        let named = body["checks"]["settings"].as_array().unwrap().iter().map(|check| &check["componentId"]);
        assert_eq!(named.collect::<Vec<_>>(), ["KEY", "A", "B"]);
        assert_eq!(body["checks"]["settings"][1]["output"], "A is not set");
        assert_eq!(
            (&body["status"], &body["checks"]["shared-state"]),
            (&json!("fail"), &json!([{"componentId": "redis", "status": "pass"}]))
        );
    }

    #[test]
    fn without_a_key_one_learns_the_status_and_what_a_key_needs() {
        let readiness =
            Readiness { missing: vec![wrong("A")], shared_state: Some(true), ..Readiness::default() };
        let response = ready(&readiness, &hashed(), false);
        assert_eq!((response.status().as_u16(), body(&response).get("checks")), (503, None));
        let nobody = body(&ready(&readiness, &Ok(Err(wrong("KEY"))), false));
        let named =
            json!({"settings": [{"componentId": "KEY", "status": "fail", "output": "KEY is not set"}]});
        assert_eq!(nobody["checks"], named);
    }

    #[test]
    fn a_hosts_trouble_is_told_without_its_words() {
        let readiness = Readiness { trouble: true, ..Readiness::default() };
        for is_authenticated in [true, false] {
            let keys = Err(HostError::Failed("vault at 10.0.0.7 said canary".to_owned()));
            let response = ready(&readiness, &keys, is_authenticated);
            assert_eq!(response.status(), 503);
            assert!(!response.body().contains("canary"), "{}", response.body());
        }
    }
}
