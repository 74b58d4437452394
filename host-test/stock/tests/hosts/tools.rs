//! The plugin as tools of an agent.

use super::*;
use penstock_stock::wasmtime::invoke_on;
use std::path::Path;
use wit_parser::{Resolve, Type, TypeDefKind};

fn call(settings: &Settings, call: &str) -> String {
    let tools = ["penstock_tools", "penstock_plugin_p2", "penstock_env_host_p2"];
    invoke_on(&tools, &["-S", "http"], settings, call).unwrap()
}

#[test]
fn what_is_found_can_be_described_and_read() {
    let provider = long_answers(true).unwrap();
    let settings = settings(&provider, &[]);
    assert!(call(&settings, "list-vendors()").contains("servicetitan"));
    let said = call(&settings, r#"find-operations("servicetitan", some("job-types"))"#);
    assert!(said.contains("jpm.job-types-create") && said.contains(r#"effect: "create""#), "{said}");
    let said = call(&settings, r#"describe-operation("servicetitan", "jpm.jobs-get")"#);
    assert!(said.contains(r#"effect: "read""#) && said.contains(r#"name: "id""#), "{said}");
    let said = call(&settings, r#"read("servicetitan", "jpm.jobs-get", [{name: "id", value: "1"}])"#);
    assert!(said.starts_with("ok(") && said.contains("has-more: false"), "{said}");
    let said = call(&settings, r#"read("servicetitan", "jpm.jobs-page", [{name: "pageSize", value: "5"}])"#);
    assert!(said.matches("jobNumber").count() == 5 && said.contains("has-more: true"), "{said}");
}

#[test]
fn what_does_not_fit_is_a_failure_that_names_it() {
    let (provider, read) = after_the_write(|| Reply::Silence).unwrap();
    let settings = writing(&provider, &[]);
    for (asked, named) in [
        (r#"read("servicetitan", "jpm.job-types-create", [])"#, "for `write`"),
        (r#"write("servicetitan", "jpm.jobs-get", [], none)"#, "for `read`"),
        (r#"read("servicetitan", "jpm.no-such", [])"#, "jpm.no-such"),
        (r#"find-operations("nobody", none)"#, "nobody"),
        (r#"read("servicetitan", "jpm.jobs-get", [{name: "id", value: "seven"}])"#, "id: "),
    ] {
        let said = call(&settings, asked);
        assert!(said.starts_with("err(") && said.contains(named), "{asked}: {said}");
        assert!(
            said.contains(r#"kind: "bad-input""#) && said.contains(r#"outcome: "not-sent""#),
            "{asked}: {said}"
        );
    }
    assert_eq!(read.load(SeqCst), 0);
}

#[test]
fn a_write_that_meets_silence_is_sent_once_and_its_outcome_is_unknown() {
    let (provider, read) = after_the_write(|| Reply::Silence).unwrap();
    let asked = format!(r#"write("servicetitan", "jpm.job-types-create", [], some({WRITTEN:?}))"#);
    let said = call(&writing(&provider, &[]), &asked);
    assert!(said.starts_with("err(") && said.contains(r#"outcome: "unknown""#), "{said}");
    assert_eq!(read.load(SeqCst), 1, "{said}");
}

#[test]
fn its_functions_are_plain_and_all_is_described() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/tools");
    let mut resolve = Resolve::default();
    resolve.push_dir(folder).unwrap();
    let said = |docs: &wit_parser::Docs, of: &str| assert!(docs.contents.is_some(), "{of} is not described");
    for (_, interface) in &resolve.interfaces {
        for (name, function) in &interface.functions {
            assert!(!function.kind.is_async(), "{name} is asynchronous");
            said(&function.docs, name);
            function
                .params
                .iter()
                .map(|param| &param.ty)
                .chain(&function.result)
                .for_each(|ty| plain(&resolve, ty));
        }
        for (name, id) in &interface.types {
            said(&resolve.types[*id].docs, name);
            let TypeDefKind::Record(record) = &resolve.types[*id].kind else { continue };
            record.fields.iter().for_each(|field| said(&field.docs, &field.name));
        }
    }
}

/// Whether a type is JSON without more ado.
fn plain(resolve: &Resolve, ty: &Type) {
    let Type::Id(id) = ty else { return };
    match &resolve.types[*id].kind {
        TypeDefKind::Record(record) => record.fields.iter().for_each(|field| plain(resolve, &field.ty)),
        TypeDefKind::List(of) | TypeDefKind::Option(of) => plain(resolve, of),
        TypeDefKind::Result(of) => of.ok.iter().chain(&of.err).for_each(|ty| plain(resolve, ty)),
        other => panic!("{} is no plain JSON", other.as_str()),
    }
}
