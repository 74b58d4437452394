//! `/live`, `/ready` and `/health`, after draft-inadarei-api-health-check-06.
//!
//! Live means: do not restart me. Ready means: send me requests. Health is for people and alarms: it warns
//! where something is out of order that neither a restart nor another instance mends. None of them asks the
//! provider. All are open; what is missing is named only
//! to whoever has a key, and what is in a setting to nobody.

use crate::{
    answer::{HEALTH, json, response},
    entrance::settled::Keys,
    readiness::Readiness,
};
use http::{Response, StatusCode};
use penstock::contract::FieldError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Health<'a> {
    status: &'static str,
    release_id: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    checks: BTreeMap<&'static str, Vec<Check<'a>>>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Check<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    component_id: Option<&'a str>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_value: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_unit: Option<&'static str>,
}

impl<'a> Check<'a> {
    fn failed(wrong: &'a FieldError) -> Self {
        let output = format!("{} {}", wrong.field, wrong.message);
        Self { component_id: Some(&wrong.field), status: FAIL, output: Some(output), ..Self::default() }
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
    let (fails, checks) = checks(readiness, keys, is_authenticated);
    answer(if fails { FAIL } else { PASS }, checks)
}

/// How it all stands: as [`ready`], and with a snapshot of the policies (for whoever has a key) a check for each
/// circuit breaker that is not closed, each limit that waits as the provider asked, and the age of
/// credentials.
#[must_use]
pub fn health(readiness: &Readiness, keys: &Keys, snapshot: Option<&str>) -> Response<String> {
    let snapshot: Option<Snapshot> = snapshot.and_then(|snapshot| serde_json::from_str(snapshot).ok());
    let (fails, mut checks) = checks(readiness, keys, snapshot.is_some());
    if let Some(snapshot) = &snapshot {
        checks.extend(snapshot.checks());
    }
    let warns = checks.values().flatten().any(|check| check.status == WARN);
    let status = match (fails, warns || readiness.shared_state == Some(false)) {
        (true, _) => FAIL,
        (false, true) => WARN,
        (false, false) => PASS,
    };
    answer(status, checks)
}

/// What `/health` takes of the client's snapshot.
#[derive(Deserialize)]
struct Snapshot {
    #[serde(default)]
    breakers: Vec<Breaker>,
    #[serde(default)]
    limits: Vec<Limit>,
    #[serde(default)]
    credentials: Vec<Credential>,
}

#[derive(Deserialize)]
struct Breaker {
    group: String,
    state: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Limit {
    group: String,
    mode: String,
    waiting: u64,
    closed_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    account: String,
    age_seconds: u64,
}

impl Snapshot {
    fn checks(&self) -> BTreeMap<&'static str, Vec<Check<'_>>> {
        let check = |id, status, observed: Value, unit| Check {
            component_id: Some(id),
            status,
            output: None,
            observed_value: Some(observed),
            observed_unit: unit,
        };
        let breakers = self.breakers.iter().map(|breaker| {
            let status = if breaker.state == "closed" { PASS } else { WARN };
            check(breaker.group.as_str(), status, breaker.state.as_str().into(), None)
        });
        let waiting = self.limits.iter().map(|limit| {
            let status = if limit.closed_ms.is_some() || limit.mode == "share" { WARN } else { PASS };
            let mut waiting = check(limit.group.as_str(), status, limit.waiting.into(), Some("calls"));
            waiting.output =
                limit.closed_ms.map(|ms| format!("the vendor asked to wait; {ms} ms of it are left"));
            waiting
        });
        let ages = self
            .credentials
            .iter()
            .map(|of| check(of.account.as_str(), PASS, of.age_seconds.into(), Some("s")));
        let all = [
            ("circuit-breaker", breakers.collect::<Vec<_>>()),
            ("rate-limit:waiting", waiting.collect()),
            ("credentials:age", ages.collect()),
        ];
        all.into_iter().filter(|(_, checks)| !checks.is_empty()).collect()
    }
}

type Checks<'a> = BTreeMap<&'static str, Vec<Check<'a>>>;

/// What is checked without asking anybody, and whether calls cannot be made.
fn checks<'a>(readiness: &'a Readiness, keys: &'a Keys, is_authenticated: bool) -> (bool, Checks<'a>) {
    let mut settings: Vec<_> =
        keys.iter().filter_map(|keys| keys.as_ref().err()).flatten().map(Check::failed).collect();
    let trouble = keys.is_err() || readiness.trouble;
    let fails = !settings.is_empty() || trouble || !readiness.missing.is_empty();
    let mut checks = BTreeMap::new();
    if is_authenticated {
        settings.extend(readiness.missing.iter().map(Check::failed));
        if trouble {
            // What went wrong inside the host is not for everybody to read.
            let output = "the host cannot read the settings; its log says why".to_owned();
            settings.push(Check { status: FAIL, output: Some(output), ..Check::default() });
        }
        if settings.is_empty() {
            settings.push(Check { status: PASS, ..Check::default() });
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
    (fails, checks)
}

fn shared_state(is_redis: bool, answers: bool) -> Check<'static> {
    let (name, called) =
        if is_redis { ("redis", "Redis") } else { ("key-value", "the host's key-value store") };
    let output = (!answers).then(|| format!("{called} cannot be used, and the instances work alone"));
    let status = if answers { PASS } else { WARN };
    Check { component_id: Some(name), status, output, ..Check::default() }
}

fn refused(origin: &str) -> Check<'_> {
    let output = "the host let no request go there: allow it, in Spin in allowed_outbound_hosts".to_owned();
    Check { component_id: Some(origin), status: WARN, output: Some(output), ..Check::default() }
}

fn answer(status: &'static str, checks: BTreeMap<&'static str, Vec<Check<'_>>>) -> Response<String> {
    let code = if status == FAIL { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    response(code, HEALTH, json(&Health { status, release_id: env!("CARGO_PKG_VERSION"), checks }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entrance::settled::Settled;
    use penstock::host::HostError;
    use serde_json::json;

    fn wrong(field: &str) -> FieldError {
        FieldError::new(field, "is not set")
    }

    fn hashed() -> Keys {
        Ok(Ok(Settled::default()))
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
        let response = ready(&readiness, &Ok(Err(vec![wrong("KEY")])), true);
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
        let nobody = body(&ready(&readiness, &Ok(Err(vec![wrong("KEY")])), false));
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
