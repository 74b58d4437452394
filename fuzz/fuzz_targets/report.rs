//! What ServiceTitan says of its reports: a promise of rows (202), and the description that a
//! call is held against.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::{call::Call, contract::catalogue, entry::dynamic};
use penstock_fuzz::rig::CANARY;
use serde_json::{Value, json};

/// A call for the rows of a report.
fn call(name: &str, path: &[(&str, &str)], body: Option<&Value>) -> Option<Call> {
    let operation = catalogue::find("servicetitan", name).expect("there is such an operation");
    let path: Vec<_> = path.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let body = body.map(Value::to_string);
    dynamic::prepare(operation, &path, body.as_deref(), true).ok().map(|(call, _)| call.call)
}

fuzz_target!(|data: (&[u8], &str, &str, &str, &str, bool)| {
    let (bytes, name, kind, text, token, required) = data;
    let provider = penstock::providers::registry::find("servicetitan").expect("it is there");
    let reports = provider.reports().expect("it has reports");
    let report = [("report_category", "operations"), ("reportId", "7")];

    // The way to the rows is a way to rows, whatever the token is.
    let start = call("reporting.reports-query-list", &report, Some(&json!({"parameters": []})));
    let later = call("reporting.data-queries-get", &[("token", "t")], None);
    let accepted = json!({"token": token}).to_string();
    for call in [&start, &later].into_iter().map(|call| call.as_ref().expect("the call is well formed")) {
        for said in [bytes, accepted.as_bytes()] {
            let Some(progress) = reports.in_progress(call, said) else { continue };
            assert_eq!(progress.poll.operation.name, "reporting.data-queries-get");
            let cancel = progress.cancel.expect("it can be cancelled");
            assert_eq!(cancel.operation.name, "reporting.data-queries-cancel");
        }
        let fits = !token.is_empty() && token.len() <= 256 && !token.chars().any(char::is_control);
        let fits = fits && token != "." && token != "..";
        assert_eq!(reports.in_progress(call, accepted.as_bytes()).is_some(), fits, "{token:?}");
    }

    // What does not fit is told in lines, without the value: it may be personal.
    let value = format!("{text}{CANARY}");
    let given = json!({"parameters": [{"name": name, "value": value}, {"name": text, "value": [value]}]});
    let Some(call) = call("reporting.reports-data-list", &report, Some(&given)) else { return };
    let listed = [text, name, kind];
    let described = json!({"parameters": [
        {"name": name, "dataType": kind, "isRequired": required, "isArray": text.len() > 3,
            "acceptValues": {"values": [listed, listed]}},
        {"name": token, "dataType": kind, "isRequired": required},
    ]});
    for description in [bytes, described.to_string().as_bytes()] {
        for error in reports.violations(&call, description).unwrap_or_default() {
            assert!(!error.message.contains(CANARY), "{error:?}");
            for told in [&error.field, &error.message] {
                assert!(!told.chars().any(char::is_control), "{error:?}");
                assert!(told.len() <= 8192, "{} bytes", told.len());
            }
        }
    }
});
