//! The envelope `{"detail": text, "result": value}` of every success, and what is told from
//! the value.
//!
//! The texts for success differ (`success`, `OK`), so that nothing depends on them.

use crate::{
    codec::{last_member, plain_member},
    contract::catalogue::Operation,
    providers::api::Unreadable,
};
use bytes::Bytes;
use serde::{Deserialize, de::IgnoredAny};

/// The operation whose answers are analysed nights.
const SESSION: &str = "sleep.sessions-get";

pub(super) fn value(operation: &Operation, body: &Bytes) -> Result<Bytes, Unreadable> {
    let result = result(body)?;
    match operation.name {
        SESSION => Ok(with_plan(&result)),
        _ => Ok(result),
    }
}

/// What stands under `result`, not decoded. It need not be JSON: whoever reads it says so, and of a list
/// that is the matter of one record.
pub(super) fn result(body: &Bytes) -> Result<Bytes, Unreadable> {
    if let Some(place) = plain_member(body, "result") {
        let result = body.slice(place);
        return if result == "null" { Err(missing()) } else { Ok(result) };
    }
    let member = last_member(body, "result").map_err(|error| match error.is_data() {
        true => wrong("$", "is no object"),
        false => Unreadable { malformed: true, ..wrong("$", "is no JSON, or cut off") },
    })?;
    let result = member.filter(|result| result.get() != "null").ok_or_else(missing)?;
    Ok(body.slice_ref(result.get().as_bytes()))
}

fn missing() -> Unreadable {
    wrong("$.result", "is missing")
}

/// Whether a night is analysed, and so never changes.
pub(super) fn is_final(operation: &Operation, value: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Report<'a> {
        #[serde(borrow)]
        session: Option<Session<'a>>,
    }
    #[derive(Deserialize)]
    struct Session<'a> {
        #[serde(borrow)]
        state: Option<&'a str>,
    }
    if operation.name != SESSION {
        return true;
    }
    let report = serde_json::from_slice::<Report<'_>>(value).ok();
    let state = report.and_then(|report| report.session).and_then(|session| session.state);
    state == Some("COMPLETE")
}

/// What tells the two plans apart.
#[derive(Deserialize)]
struct Report {
    stage_plan: Option<IgnoredAny>,
    session: Option<Stages>,
    stat: Option<Stat>,
}

#[derive(Deserialize)]
struct Stages {
    sleep_stages: Option<Vec<Option<f64>>>,
}

#[derive(Deserialize)]
struct Stat {
    time_in_light: Option<f64>,
    time_in_deep: Option<f64>,
    time_in_rem: Option<f64>,
    light_ratio: Option<f64>,
    deep_ratio: Option<f64>,
    rem_ratio: Option<f64>,
    time_in_sleep: Option<f64>,
}

/// Adds `stage_plan`: whether 1 is light sleep or any sleep depends on the contract, which
/// no field names.
fn with_plan(result: &Bytes) -> Bytes {
    let Ok(report) = serde_json::from_slice::<Report>(result) else { return result.clone() };
    let Some(rest) = result.strip_prefix(b"{").map(<[u8]>::trim_ascii_start) else { return result.clone() };
    if report.stage_plan.is_some() {
        return result.clone();
    }
    let comma = if rest.starts_with(b"}") { "" } else { "," };
    let plan = format!("{{\"stage_plan\":\"{}\"{comma}", plan(&report));
    [plan.as_bytes(), rest].concat().into()
}

fn plan(report: &Report) -> &'static str {
    let stages = report.session.as_ref().and_then(|session| session.sleep_stages.as_ref());
    let deeper = stages.into_iter().flatten().flatten().any(|stage| *stage >= 2.0);
    let Some(stat) = &report.stat else { return if deeper { "FOUR_STAGE" } else { "UNKNOWN" } };
    let parts = [
        stat.time_in_light,
        stat.time_in_deep,
        stat.time_in_rem,
        stat.light_ratio,
        stat.deep_ratio,
        stat.rem_ratio,
    ];
    match (deeper || parts.iter().any(Option::is_some), stat.time_in_sleep) {
        (true, _) => "FOUR_STAGE",
        (false, Some(_)) => "TWO_STAGE",
        (false, None) => "UNKNOWN",
    }
}

pub(super) fn wrong(path: &str, message: &str) -> Unreadable {
    Unreadable { path: path.to_owned(), message: message.to_owned(), malformed: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::catalogue::find;

    fn session(result: &str) -> String {
        let body = format!("{{\"detail\":\"OK\",\"result\":{result}}}");
        let value = value(find("asleep", SESSION).unwrap(), &Bytes::from(body)).unwrap();
        String::from_utf8(value.to_vec()).unwrap()
    }

    #[test]
    fn the_plan_is_told_from_the_session() {
        let four = r#"{"session":{"sleep_stages":[0,1,-1,2]},"stat":null}"#;
        let two = r#"{"session":{"sleep_stages":[0,1]},"stat":{"time_in_sleep":30}}"#;
        let light = r#"{"session":{"sleep_stages":[0,1]},"stat":{"time_in_sleep":30,"time_in_light":30}}"#;
        let none = r#"{"session":{"sleep_stages":null},"stat":null}"#;
        for (result, plan) in
            [(four, "FOUR"), (two, "TWO"), (light, "FOUR"), (none, "UNKNOWN"), ("{}", "UNKNOWN")]
        {
            let told = session(result);
            assert!(told.starts_with(&format!("{{\"stage_plan\":\"{plan}")), "{told}");
            assert!(serde_json::from_str::<serde_json::Value>(&told).is_ok(), "{told}");
        }
        assert_eq!(session(r#"{"stage_plan":"NEW"}"#), r#"{"stage_plan":"NEW"}"#);
    }

    #[test]
    fn only_a_complete_session_is_final() {
        let get = find("asleep", SESSION).unwrap();
        let state = |state: &str| is_final(get, format!("{{\"session\":{{\"state\":{state}}}}}").as_bytes());
        assert!(state("\"COMPLETE\""));
        for other in ["\"OPEN\"", "\"CLOSED\"", "\"NEW\"", "null", "7"] {
            assert!(!state(other), "{other}");
        }
        assert!(!is_final(get, b"{}"));
    }

    #[test]
    fn what_is_no_json_is_left_to_who_reads_it() {
        let read = |body: &'static [u8]| result(&Bytes::from_static(body));
        assert_eq!(read(br#"{"detail":"OK","result":{"a":NaN}}"#).unwrap(), &br#"{"a":NaN}"#[..]);
        assert_eq!(read(b"{\"result\":[\"\xff\"]}").unwrap(), &b"[\"\xff\"]"[..]);
        assert!(read(b"{\"detail\":\"\xff\",\"result\":{}}").unwrap_err().malformed);
        assert!(read(br#"{"detail":NaN,"result":{}}"#).unwrap_err().malformed);
        assert_eq!(read(br#"{"result":null}"#).unwrap_err().path, "$.result");
        assert_eq!(read(br#"{"result":7,"r\u0065sult":8}"#).unwrap(), "8", "the last one counts");
    }

    #[test]
    fn what_is_no_envelope_is_refused() {
        let read = |text: &'static str| result(&Bytes::from_static(text.as_bytes()));
        assert_eq!(read(r#"{"detail":"sucess","result": {"a":1} }"#).unwrap(), r#"{"a":1}"#);
        assert!(read("<html>").unwrap_err().malformed);
        assert!(read(r#"{"result":{"#).unwrap_err().malformed);
        assert_eq!(read(r#"{"detail":"OK"}"#).unwrap_err().path, "$.result");
        assert!(!read("[]").unwrap_err().malformed);
    }
}
