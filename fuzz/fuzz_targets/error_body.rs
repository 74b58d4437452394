//! What an answer that is no success says and means: short sentences without control
//! characters, and never that something took effect.
#![no_main]

use libfuzzer_sys::fuzz_target;
use penstock::{
    contract::FailureKind,
    policy::classify::{Class, Effect},
    providers::api::{ApiError, ErrorClass},
};
use serde_json::json;

fn check(text: &str) {
    assert!(text.len() <= 4096, "{}", text.len());
    assert!(!text.chars().any(char::is_control), "{text:?}");
}

fn look(status: u16, body: &[u8]) {
    for provider in penstock::providers::registry::all() {
        let ApiError { message, trace_id, fields } = provider.errors().read(status, body);
        check(&message);
        trace_id.iter().for_each(|id| check(id));
        assert!(!message.is_empty() && fields.len() <= 64, "{} fields", fields.len());
        for (field, message) in fields {
            check(&field);
            check(&message);
        }
        let Some(means) = provider.errors().classify(status, body) else { continue };
        let ErrorClass { rule, kind } = means;
        // A body changes what a refusal means; no text makes one of a success or an outage.
        assert!((400..500).contains(&status), "{status}");
        assert!(matches!(rule.effect, Effect::NotApplied), "{rule:?}");
        let throttled = rule.class == Class::Throttled;
        assert_eq!(throttled, kind == FailureKind::RateLimited, "{means:?}");
    }
}

fuzz_target!(|data: (u16, &[u8], &str)| {
    let (status, body, text) = data;
    look(status, body);
    // In the forms that the providers have, with statuses that they give.
    let status = 400 + status % 30;
    let forms = [
        json!({"detail": text}),
        json!({"detail": [{"loc": ["body", text], "msg": text}]}),
        json!({"title": text, "traceId": text, "errors": {text: [text]}}),
        json!({"error": text, "error_description": text}),
    ];
    for form in forms {
        look(status, form.to_string().as_bytes());
    }
});
