//! A dynamic call with any parameters, body and options: either it is refused in words before
//! anything is sent, or what is sent goes where the catalogue says, and says nothing else.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::{
    contract::{
        CallOptions, FailureKind, Outcome,
        catalogue::{Effect, Parameter},
    },
    host::simulated::{Reply, SentRequest},
};
use penstock_fuzz::{operation, operations, rig::Rig};

/// Whether this is the path of an operation, with something in each placeholder.
fn is_path_of(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some("{tenant}"), Some("1234")) => {}
            (Some(name), Some(segment)) if name.starts_with('{') => {
                if segment.is_empty() || segment == "." || segment == ".." {
                    return false;
                }
            }
            (Some(name), Some(segment)) if name == segment => {}
            _ => return false,
        }
    }
}

fn check(provider: &str, request: &SentRequest) {
    let line = &request.path_and_query;
    assert!(line.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'), "{line}");
    let provider = penstock::providers::registry::find(provider).expect("it was found before");
    let known = operations(provider).iter();
    let mut known = known.filter(|operation| operation.method.as_str() == request.method);
    assert!(known.any(|operation| is_path_of(operation.path, request.path())), "{line}");
    for (name, value) in &request.headers {
        assert!(!value.chars().any(char::is_control), "{name}: {value:?}");
    }
}

fn printable(text: &str) {
    assert!(!text.chars().any(char::is_control), "{text:?}");
}

/// Names, by their place among those that are known, and values.
type Parameters = Vec<(u8, String)>;

/// Account, deadline, id, fallback, page size and window.
type Given = (Option<String>, Option<u64>, Option<String>, Option<String>, Option<u32>, Option<u32>);

fn options(
    (account, deadline_ms, correlation_id, fallback, page_size, window): Given,
    bits: u8,
) -> CallOptions {
    CallOptions {
        account,
        deadline_ms,
        correlation_id,
        fresh: bits & 1 == 1,
        accept_stale: bits & 2 == 2,
        fallback,
        allow_resend: bits & 4 == 4,
        page_size,
        window,
        ..CallOptions::default()
    }
}

fuzz_target!(|data: (u8, u16, Parameters, Option<&str>, u8, Given, Option<String>, &str)| {
    let (provider, which, given, body, bits, chosen, resume, answer) = data;
    let (provider, operation) = operation(provider, which);
    let known: Vec<Parameter> = operation.parameters().collect();
    let named = |(which, text): (u8, String)| match known.get(usize::from(which)) {
        Some(parameter) => (parameter.wire().to_owned(), text),
        None => (text.clone(), text),
    };
    let parameters: Vec<(String, String)> = given.into_iter().map(named).collect();
    let mut options = options(chosen, bits);
    options.resume = resume;
    let options = (bits & 8 == 8).then_some(options);

    let answer = answer.to_owned();
    let rig = Rig::new(move |_| Reply::ok(answer.clone()));
    let result = rig.call(provider.name(), operation.name, &parameters, body, options.as_ref());
    for request in rig.asked() {
        check(provider.name(), &request);
    }
    if let Err(failure) = &result {
        printable(&failure.message);
        for error in &failure.fields {
            printable(&error.field);
            printable(&error.message);
        }
        if failure.outcome == Outcome::NotSent && operation.effect != Effect::Read {
            let sent = rig.asked().iter().any(|request| request.method == operation.method.as_str());
            assert!(!sent || operation.composed || operation.method.as_str() == "POST", "{failure:?}");
        }
        if failure.kind == FailureKind::BadInput {
            assert!(!failure.fields.is_empty(), "it names what does not fit: {failure:?}");
        }
    }
    rig.host.told(format!("{result:?}"));
    rig.check();
});
