//! The plugin, called by `wasmtime run --invoke`.

use super::*;
use penstock_stock::wasmtime::invoke;
use std::net::TcpListener;

/// A write, by its name.
fn write() -> String {
    format!(r#"invoke("servicetitan", "jpm.job-types-create", [], some({WRITTEN:?}), none)"#)
}

#[test]
fn a_write_that_meets_silence_is_sent_once_and_its_outcome_is_unknown() {
    let (provider, read) = after_the_write(|| Reply::Silence).unwrap();
    let said = invoke(&writing(&provider, &[]), &write()).unwrap();
    assert!(said.starts_with("err(") && said.contains("outcome: unknown"), "{said}");
    assert_eq!(read.load(SeqCst), 1, "{said}");
}

#[test]
fn a_write_whose_connection_ends_is_sent_once_and_its_outcome_is_unknown() {
    let (provider, read) = after_the_write(|| Reply::Close).unwrap();
    let said = invoke(&writing(&provider, &[]), &write()).unwrap();
    assert!(said.starts_with("err(") && said.contains("outcome: unknown"), "{said}");
    assert_eq!(read.load(SeqCst), 1, "{said}");
}

#[test]
fn a_refused_connection_proves_that_nothing_was_sent() {
    let (provider, read) = after_the_write(|| Reply::Silence).unwrap();
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let elsewhere = format!("http://{unused}");
    let said = invoke(&writing(&provider, &[("SERVICETITAN_API_URL", &elsewhere)]), &write()).unwrap();
    assert!(said.starts_with("err(") && said.contains("outcome: not-sent"), "{said}");
    assert_eq!(read.load(SeqCst), 0);
}

#[test]
fn a_long_answer_comes_whole_with_and_without_a_length() {
    for with_length in [true, false] {
        let provider = long_answers(with_length).unwrap();
        let call = r#"invoke("servicetitan", "jpm.jobs-get", [("id", "7")], none, none)"#;
        let said = invoke(&settings(&provider, &[]), call).unwrap();
        assert!(said.starts_with("ok("), "with a length: {with_length}: {said:.2000}");
        assert!(said.contains(&"x".repeat(LONG)), "with a length: {with_length}");
    }
}

#[test]
fn pages_that_are_asked_for_at_once_come_whole() {
    for with_length in [true, false] {
        let provider = long_answers(with_length).unwrap();
        let page = |number| {
            let parameters = format!(r#"[("page", "{number}"), ("pageSize", "{PAGE}")]"#);
            format!(r#"{{operation: "jpm.jobs-page", parameters: {parameters}, body: none}}"#)
        };
        let pages: Vec<String> = (1..=records().div_ceil(PAGE)).map(page).collect();
        let call = format!(r#"batch("servicetitan", [{}], {{:}}, none)"#, pages.join(", "));
        let said = invoke(&settings(&provider, &[]), &call).unwrap();
        let found = said.matches("jobNumber").count();
        assert_eq!(found, records(), "with a length: {with_length}: {said:.2000}");
    }
}
