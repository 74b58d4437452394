//! `/live`, `/ready` and `/health`, after draft-inadarei-api-health-check-06.
//!
//! Live means: do not restart me. Ready means: send me requests. Health is for people and alarms: it warns
//! where something is out of order that neither a restart nor another instance mends. None of them asks the
//! provider. All are open; what is missing is named only
//! to whoever has a key, and what is in a setting to nobody.

mod check;
mod checkup;
mod gauges;
mod policies;

pub use checkup::Checkup;
pub use gauges::gauges;

use crate::{
    answer::{HEALTH, json, response},
    entrance::settled::Keys,
    oidc::IssuerState,
    readiness::Readiness,
    secret_source::SecretSource,
};
use check::{Check, Checks, FAIL, PASS, WARN};
use http::{Response, StatusCode};
use policies::Policies;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Health<'a> {
    status: &'static str,
    release_id: &'static str,
    #[serde(skip_serializing_if = "Checks::is_empty")]
    checks: Checks<'a>,
}

/// The instance answers.
#[must_use]
pub fn live() -> Response<String> {
    answer(PASS, Checks::new())
}

/// Whether calls can be made, and to whoever has a key everything that is missing if not: `settings` has one check for each setting that is missing or malformed.
/// `shared-state` names the store, and warns when it does not answer; calls work without one. `secrets:source` names the
/// secret manager of the host, and warns while it gives nothing newer. `issuer:keys` warns
/// while the issuer of bearer tokens gives no keys; API keys do without. `outbound`
/// warns of each origin to which the host let no request go in the last ten minutes.
///
/// Without one the status is told, and of the settings the one that holds the hash of the key,
/// while nobody can have any.
#[must_use]
pub fn ready(readiness: &Readiness, keys: &Keys, is_authenticated: bool) -> Response<String> {
    let (fails, checks) = checks(readiness, keys, None);
    answer(if fails { FAIL } else { PASS }, shown(checks, keys, is_authenticated))
}

/// How it all stands: as [`ready`], and besides, of each account whether its configuration is complete and how it
/// stands with its token, each circuit breaker, each limit, the age of credentials, and the outbox. `snapshot` is
/// the client's.
///
/// The status is the same for everybody: `fail` where no calls can be made, `warn` where any check is no `pass`.
#[must_use]
pub fn health(
    readiness: &Readiness,
    keys: &Keys,
    checkup: &Checkup,
    snapshot: &str,
    is_authenticated: bool,
) -> Response<String> {
    let policies: Policies = serde_json::from_str(snapshot).unwrap_or_default();
    let (fails, mut checks) = checks(readiness, keys, policies.store.retry_after_ms);
    checks.extend(policies.checks());
    checkup.add_to(&mut checks, readiness, &policies);
    let is_well = checks.values().flatten().all(|check| check.status == PASS);
    let status = match (fails, is_well) {
        (true, _) => FAIL,
        (false, false) => WARN,
        (false, true) => PASS,
    };
    answer(status, shown(checks, keys, is_authenticated))
}

/// What is told of the checks.
fn shown<'a>(checks: Checks<'a>, keys: &'a Keys, is_authenticated: bool) -> Checks<'a> {
    if is_authenticated {
        return checks;
    }
    let of_keys: Vec<_> = wrong_keys(keys).collect();
    let only = (!of_keys.is_empty()).then_some(("settings", of_keys));
    only.into_iter().collect()
}

/// What is wrong with the settings that say who has a key.
fn wrong_keys(keys: &Keys) -> impl Iterator<Item = Check<'_>> {
    keys.iter().filter_map(|keys| keys.as_ref().err()).flatten().map(Check::failed)
}

/// What is checked without asking anybody, and whether calls cannot be made. `retry_after_ms` says for how long the store
/// is left alone.
fn checks<'a>(readiness: &'a Readiness, keys: &'a Keys, retry_after_ms: Option<u64>) -> (bool, Checks<'a>) {
    let mut settings: Vec<_> = wrong_keys(keys).collect();
    settings.extend(readiness.missing.iter().map(Check::failed));
    let trouble = keys.is_err() || readiness.trouble;
    let fails = trouble || !settings.is_empty();
    if trouble {
        // What went wrong inside the host is not for everybody to read.
        let output = "the host cannot read the settings; its log says why".to_owned();
        settings.push(Check { status: FAIL, output: Some(output), ..Check::default() });
    }
    if settings.is_empty() {
        settings.push(Check { status: PASS, ..Check::default() });
    }
    let mut checks = Checks::from([("settings", settings)]);
    let store =
        readiness.shared_state.map(|answers| shared_state(readiness.is_redis, answers, retry_after_ms));
    checks.extend(store.map(|store| ("shared-state", vec![store])));
    checks.extend(readiness.secrets.as_ref().map(|source| ("secrets:source", vec![secrets(source)])));
    checks.extend(readiness.issuer.as_ref().map(|state| ("issuer:keys", vec![issuer(state)])));
    if !readiness.refused.is_empty() {
        checks.insert("outbound", readiness.refused.iter().map(|origin| refused(origin)).collect());
    }
    (fails, checks)
}

/// Whether calls can be made.
#[must_use]
pub fn is_ready(readiness: &Readiness, keys: &Keys) -> bool {
    !checks(readiness, keys, None).0
}

fn shared_state(is_redis: bool, answers: bool, retry_after_ms: Option<u64>) -> Check<'static> {
    let (name, called) =
        if is_redis { ("redis", "Redis") } else { ("key-value", "the host's key-value store") };
    let rests =
        retry_after_ms.map_or_else(String::new, |ms| format!(", and leave it alone for another {ms} ms"));
    let output = (!answers).then(|| format!("{called} cannot be used: the instances work alone{rests}"));
    let status = if answers { PASS } else { WARN };
    Check { component_id: Some(name.into()), status, output, ..Check::default() }
}

/// How it stands with the keys by which bearer tokens are checked. That there are none yet is in order: the first
/// token has them fetched.
fn issuer(state: &IssuerState) -> Check<'_> {
    let seconds = state.age.map(|age| age.as_secs());
    let output = match (&state.trouble, state.serve) {
        (Some(why), Some(time)) => Some(format!(
            "it gives no newer keys ({why}): those known serve for another {} s",
            time.as_secs()
        )),
        (Some(why), None) => Some(format!("it gives no keys, and no bearer token is accepted: {why}")),
        (None, _) if seconds.is_some() && state.keys == 0 => {
            Some("it has no key for ES256 or EdDSA: no bearer token is accepted".to_owned())
        }
        (None, _) => None,
    };
    let status = if output.is_none() { PASS } else { WARN };
    Check {
        component_id: Some(state.issuer.as_str().into()),
        status,
        output,
        observed_value: seconds.map(Into::into),
        observed_unit: seconds.map(|_| "s"),
    }
}

/// How it stands with the secret manager. While it is down, what it said before is used.
fn secrets(source: &SecretSource) -> Check<'_> {
    let output = source.trouble.as_ref().map(|why| match source.age_seconds {
        Some(seconds) => format!("it gives none ({why}): what it said {seconds} s ago is used"),
        None => format!("it gives none: {why}"),
    });
    Check {
        component_id: Some(source.manager.as_str().into()),
        status: if output.is_none() { PASS } else { WARN },
        output,
        observed_value: source.age_seconds.map(Into::into),
        observed_unit: source.age_seconds.map(|_| "s"),
    }
}

fn refused(origin: &str) -> Check<'_> {
    let output = "the host let no request go there: allow it, in Spin in allowed_outbound_hosts".to_owned();
    Check { component_id: Some(origin.into()), status: WARN, output: Some(output), ..Check::default() }
}

fn answer(status: &'static str, checks: Checks<'_>) -> Response<String> {
    let code = if status == FAIL { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    response(code, HEALTH, json(&Health { status, release_id: env!("CARGO_PKG_VERSION"), checks }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entrance::settled::Settled;
    use penstock::contract::FieldError;
    use penstock::host::HostError;
    use serde_json::{Value, json};

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
    fn a_secret_manager_that_is_down_makes_nothing_unready() {
        let source = |trouble: Option<&str>| SecretSource {
            manager: "Vault at https://vault.example".to_owned(),
            age_seconds: Some(90),
            trouble: trouble.map(str::to_owned),
        };
        let told = |source| {
            let readiness = Readiness { secrets: Some(source), ..Readiness::default() };
            let response = ready(&readiness, &hashed(), true);
            assert_eq!(response.status(), 200);
            body(&response)["checks"]["secrets:source"][0].clone()
        };
        let expected = json!({
            "componentId": "Vault at https://vault.example", "status": "pass", "observedValue": 90, "observedUnit": "s"
        });
        assert_eq!(told(source(None)), expected);
        let down = told(source(Some("it refuses connections")));
        assert_eq!(down["status"], "warn");
        assert_eq!(down["output"], "it gives none (it refuses connections): what it said 90 s ago is used");
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
