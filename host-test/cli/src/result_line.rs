//! One result of a batch on one line, with what the contract says of it besides its body.

use crate::batch::Made;
use penstock_host::{
    Error,
    bindings::{
        operations::Answer,
        types::{AnswerInfo, AnswerSource, Failure, PageInfo},
    },
};
use serde_json::{Map, Value, json};

/// The line of a result, without its end.
pub(crate) fn line(result: &Made) -> String {
    match result {
        Made::Ok(answer) => answered(answer),
        Made::Failed(error) => json!({ "failed": failed(error) }).to_string(),
        Made::Unfinished(outcome) => {
            let message = "the command had to end before the call had";
            json!({ "failed": { "kind": "stopped", "message": message, "outcome": outcome.name() } })
                .to_string()
        }
        Made::NotAttempted(why) => json!({ "notAttempted": why }).to_string(),
    }
}

/// A failure, or what the embedding says of a call that has none.
pub(crate) fn failed(error: &Error) -> Value {
    match error {
        Error::Failure(failure) => shown(failure),
        Error::Instance { outcome, .. } => {
            json!({ "kind": "instance", "message": error.to_string(), "outcome": outcome.name() })
        }
        _ => json!({ "kind": "internal", "message": error.to_string(), "outcome": "not-sent" }),
    }
}

/// The body as it is, and behind it what else is known.
fn answered(answer: &Answer) -> String {
    // A line break can only stand between the tokens of JSON, where a blank does as well.
    let body = answer.body.as_deref().unwrap_or("null").replace(['\n', '\r'], " ");
    let further: String =
        known(answer).iter().map(|(name, value)| format!(",{}:{value}", json!(name))).collect();
    format!(r#"{{"ok":{body}{further}}}"#)
}

/// Nothing for an answer that the vendor gave just now, and that is no page.
fn known(answer: &Answer) -> Map<String, Value> {
    let mut known = Map::new();
    let AnswerInfo { source, age_ms, degraded, misfits, .. } = answer.info;
    if source != AnswerSource::Vendor {
        known.insert("source".to_owned(), source.name().into());
        known.insert("ageMs".to_owned(), age_ms.into());
    }
    if degraded {
        known.insert("degraded".to_owned(), true.into());
    }
    if misfits > 0 {
        known.insert("misfits".to_owned(), misfits.into());
    }
    if let Some(page) = &answer.page {
        known.insert("page".to_owned(), page_of(page));
    }
    known
}

/// What there is to know of a page besides its records.
pub(crate) fn page_of(page: &PageInfo) -> Value {
    let mut shown = Map::new();
    shown.insert("page".to_owned(), page.page.into());
    shown.insert("pageSize".to_owned(), page.page_size.into());
    shown.insert("hasMore".to_owned(), page.has_more.into());
    if let Some(total) = page.total_count {
        shown.insert("totalCount".to_owned(), total.into());
    }
    if let Some(from) = &page.continue_from {
        shown.insert("continueFrom".to_owned(), from.as_str().into());
    }
    if page.drifted {
        shown.insert("drifted".to_owned(), true.into());
    }
    shown.insert("resume".to_owned(), page.resume.as_str().into());
    shown.into()
}

fn shown(failure: &Failure) -> Value {
    let fields: Vec<Value> = failure
        .fields
        .iter()
        .map(|error| json!({ "field": error.field, "message": error.message }))
        .collect();
    json!({
        "kind": failure.kind.name(),
        "message": failure.message,
        "outcome": failure.outcome.name(),
        "status": failure.status,
        "fields": fields,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use penstock_host::bindings::types::{FailureKind, Outcome, RetryAdvice};

    fn info(source: AnswerSource, age_ms: u64, degraded: bool) -> AnswerInfo {
        AnswerInfo {
            call_id: "c".to_owned(),
            status: 200,
            source,
            age_ms,
            degraded,
            misfits: 0,
            first_misfits: Vec::new(),
        }
    }

    fn answer(body: &str, info: AnswerInfo) -> Made {
        Made::Ok(Box::new(Answer { body: Some(body.to_owned()), page: None, info }))
    }

    #[test]
    fn what_the_provider_gave_just_now_is_its_body_alone_on_one_line() {
        let fresh = answer("{\"a\":\r\n [1.50]}", info(AnswerSource::Vendor, 0, false));
        assert_eq!(line(&fresh), "{\"ok\":{\"a\":   [1.50]}}");
    }

    #[test]
    fn an_old_answer_says_where_it_is_from_and_whether_it_is_second_best() {
        let read = |result| serde_json::from_str::<Value>(&line(&result)).unwrap();
        let kept = answer("1", info(AnswerSource::Cache, 1200, false));
        assert_eq!(read(kept), json!({"ok": 1, "source": "cache", "ageMs": 1200}));
        let stale = answer("1", info(AnswerSource::Cache, 900_000, true));
        assert_eq!(read(stale), json!({"ok": 1, "source": "cache", "ageMs": 900_000, "degraded": true}));
    }

    #[test]
    fn a_failure_has_the_names_of_the_contract() {
        let failure = Failure {
            kind: FailureKind::BadInput,
            message: "the input does not fit".to_owned(),
            outcome: Outcome::NotSent,
            retry: RetryAdvice::Never,
            operation: None,
            status: None,
            vendor_trace_id: None,
            call_id: "c".to_owned(),
            fields: Vec::new(),
            attempts: Vec::new(),
            resume: None,
        };
        let line: Value = serde_json::from_str(&line(&Made::Failed(failure.into()))).unwrap();
        assert_eq!(
            (&line["failed"]["kind"], &line["failed"]["outcome"]),
            (&json!("bad-input"), &json!("not-sent"))
        );
    }

    #[test]
    fn what_was_not_begun_says_why() {
        let line = line(&Made::NotAttempted("failures"));
        assert_eq!(line, r#"{"notAttempted":"failures"}"#);
    }
}
