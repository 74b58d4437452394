//! The trace that a request belongs to.

use super::*;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";

/// The log lines of this event.
fn lines(gateway: &Gateway<FakeHost>, event: &str) -> Vec<Value> {
    let log = gateway.client().host().log.borrow();
    let all = serde_json::Deserializer::from_str(&log).into_iter::<Value>().map(Result::unwrap);
    all.filter(|line| line["event"] == event).collect()
}

fn ids(line: &Value) -> (String, String) {
    let id = |name: &str, length: usize| {
        let id = line[name].as_str().unwrap_or_else(|| panic!("{name} in {line}")).to_owned();
        assert!(id.len() == length && id.bytes().all(|digit| digit.is_ascii_hexdigit()), "{line}");
        assert!(id.bytes().any(|digit| digit != b'0'), "{line}");
        id
    };
    (id("trace_id", 32), id("span_id", 16))
}

fn ask(gateway: &Gateway<FakeHost>, headers: &[(&'static str, &str)]) -> Seen {
    let key = key();
    let headers: Vec<_> = headers.iter().copied().chain([("x-api-key", key.as_str())]).collect();
    ask_with(gateway, Method::GET, &format!("{JOBS}/5"), &headers)
}

#[test]
fn a_request_is_a_span_of_its_callers_trace() {
    let gateway = gateway(|_| answer(200, r#"{"id":5}"#));
    let seen = ask(&gateway, &[("traceparent", &format!("00-{TRACE}-{SPAN}-01"))]);
    let (trace, span) = ids(&lines(&gateway, "request")[0]);
    assert_eq!(trace, TRACE);
    assert_ne!(span, SPAN);
    // Who names no id of its own is told that of the trace, which the lines of the call have as well.
    assert_eq!(seen.header("x-correlation-id"), TRACE);
    assert_eq!(lines(&gateway, "call")[0]["correlation_id"], TRACE);
    // Another request is another span.
    ask(&gateway, &[("traceparent", &format!("00-{TRACE}-{SPAN}-01")), ("x-correlation-id", "import 7")]);
    let second = &lines(&gateway, "request")[1];
    assert_eq!(ids(second).0, TRACE);
    assert_ne!(ids(second).1, span);
    assert_eq!(second["correlation_id"], "import 7");
}

#[test]
fn what_is_malformed_begins_a_new_trace() {
    let gateway = gateway(|_| answer(200, r#"{"id":5}"#));
    let good = format!("00-{TRACE}-{SPAN}-01");
    let zeros = format!("00-{}-{SPAN}-01", "0".repeat(32));
    let malformed: [&[(&str, &str)]; 6] = [
        &[],
        &[("traceparent", "canary")],
        &[("traceparent", &zeros)],
        &[("traceparent", &good.to_uppercase())],
        &[("traceparent", &good), ("traceparent", &good)],
        &[("tracestate", "a=1")],
    ];
    for headers in malformed {
        // Static names, for the helper.
        let headers: Vec<(&'static str, &str)> = headers
            .iter()
            .map(|(name, value)| (if *name == "tracestate" { "tracestate" } else { "traceparent" }, *value))
            .collect();
        assert_eq!(ask(&gateway, &headers).status, 200, "{headers:?}");
    }
    let all: Vec<_> = lines(&gateway, "request").iter().map(ids).collect();
    assert!(all.iter().all(|(trace, _)| trace != TRACE), "{all:?}");
    let traces: std::collections::BTreeSet<_> = all.iter().map(|(trace, _)| trace).collect();
    assert_eq!((all.len(), traces.len()), (6, 6));
    assert!(!gateway.client().host().log.borrow().contains("\"canary\""));
    // Refusals are part of a trace as well.
    ask_with(&gateway, Method::GET, JOBS, &[("traceparent", &good)]);
    assert_eq!(ids(&lines(&gateway, "refused")[0]).0, TRACE);
}

#[test]
fn no_vendor_is_told_of_a_trace() {
    let gateway = gateway(|_| answer(200, r#"{"id":5}"#));
    ask(&gateway, &[("traceparent", &format!("00-{TRACE}-{SPAN}-01")), ("tracestate", "a=1")]);
    let fields = gateway.client().host().fields.borrow();
    assert!(
        fields.contains("user-agent") && !fields.iter().any(|name| name.starts_with("trace")),
        "{fields:?}"
    );
}
