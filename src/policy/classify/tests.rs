use std::time::Duration;

use super::*;

fn answer(status: u16) -> Attempt {
    Attempt::Answer { status, hint: None, body: BodyKind::Usable }
}

fn body(body: BodyKind) -> Attempt {
    Attempt::Answer { status: 200, hint: None, body }
}

fn write(attempt: Attempt) -> (Class, Effect) {
    let fault = classify(&attempt, Access::Write, &StatusRules::STANDARD).unwrap_err();
    (fault.class, fault.effect)
}

fn read(attempt: Attempt) -> (Class, Effect) {
    let fault = classify(&attempt, Access::Read, &StatusRules::STANDARD).unwrap_err();
    (fault.class, fault.effect)
}

#[test]
fn a_usable_2xx_is_no_fault() {
    for status in [200, 201, 202, 204, 206, 299] {
        for access in [Access::Read, Access::Write] {
            assert_eq!(classify(&answer(status), access, &StatusRules::STANDARD), Ok(()));
        }
    }
}

#[test]
fn writes_by_status() {
    use Class::{Final, Throttled, TokenRejected, Transient};
    use Effect::{NotApplied, Unknown};
    let expected = [
        (100, Final, Unknown),
        (301, Final, Unknown),
        (304, Final, Unknown),
        (400, Final, NotApplied),
        (401, TokenRejected, NotApplied),
        (403, Final, NotApplied),
        (404, Final, NotApplied),
        (408, Transient, Unknown),
        (409, Final, NotApplied),
        (422, Final, NotApplied),
        (425, Transient, NotApplied),
        (429, Throttled, NotApplied),
        (500, Transient, Unknown),
        (501, Final, NotApplied),
        (502, Transient, Unknown),
        (503, Transient, Unknown),
        (504, Transient, Unknown),
        (520, Transient, Unknown),
        (600, Final, Unknown),
        (0, Final, Unknown),
    ];
    for (status, class, effect) in expected {
        assert_eq!(write(answer(status)), (class, effect), "{status}");
    }
}

#[test]
fn a_read_never_changes_anything() {
    for status in 300..=599 {
        assert_eq!(read(answer(status)).1, Effect::NotApplied, "{status}");
    }
    assert_eq!(read(Attempt::Timeout { sent: Sent::Maybe }).1, Effect::NotApplied);
    assert_eq!(read(Attempt::Timeout { sent: Sent::No }).1, Effect::NotSent);
}

#[test]
fn a_lost_body_of_a_2xx() {
    assert_eq!(write(body(BodyKind::Foreign)), (Class::Final, Effect::Unknown));
    assert_eq!(write(body(BodyKind::Malformed)), (Class::Final, Effect::Applied));
    assert_eq!(write(body(BodyKind::CutOff)), (Class::Final, Effect::Applied));
    assert_eq!(write(body(BodyKind::TooLarge)), (Class::Final, Effect::Applied));
    assert_eq!(read(body(BodyKind::Malformed)), (Class::Transient, Effect::NotApplied));
    assert_eq!(read(body(BodyKind::CutOff)), (Class::Transient, Effect::NotApplied));
    assert_eq!(read(body(BodyKind::TooLarge)), (Class::Final, Effect::NotApplied));
}

#[test]
fn an_errors_body_does_not_matter() {
    let html = Attempt::Answer { status: 502, hint: None, body: BodyKind::Malformed };
    assert_eq!(write(html), write(answer(502)));
}

#[test]
fn a_lost_connection() {
    let lost = |sent, reason| Attempt::Transport { sent, reason };
    assert_eq!(write(lost(Sent::No, Reason::Connect)), (Class::Transient, Effect::NotSent));
    assert_eq!(write(lost(Sent::Maybe, Reason::Connection)), (Class::Transient, Effect::Unknown));
    assert_eq!(write(lost(Sent::No, Reason::Denied)), (Class::Final, Effect::NotSent));
    assert_eq!(write(lost(Sent::No, Reason::Stopping)), (Class::Final, Effect::NotSent));
    assert_eq!(write(Attempt::Timeout { sent: Sent::Maybe }), (Class::Transient, Effect::Unknown));
}

#[test]
fn status_and_hint_are_kept() {
    let hint = Some(Duration::from_secs(3));
    let attempt = Attempt::Answer { status: 429, hint, body: BodyKind::Usable };
    let fault = classify(&attempt, Access::Write, &StatusRules::STANDARD).unwrap_err();
    assert_eq!((fault.status, fault.hint, fault.reason), (Some(429), hint, Reason::RateLimited));
}

#[test]
fn a_503_with_a_hint_is_a_refusal_only_where_the_vendor_promises_it() {
    let bold = StatusRules { unavailable_with_hint_is_refusal: true, ..StatusRules::STANDARD };
    let hinted = Attempt::Answer { status: 503, hint: Some(Duration::ZERO), body: BodyKind::Usable };
    let effect = |attempt: Attempt, rules| classify(&attempt, Access::Write, rules).unwrap_err().effect;
    assert_eq!(effect(hinted, &bold), Effect::NotApplied);
    assert_eq!(effect(answer(503), &bold), Effect::Unknown);
    assert_eq!(effect(hinted, &StatusRules::STANDARD), Effect::Unknown);
}

#[test]
fn each_status_has_its_reason() {
    let reasons = [
        (200, Reason::UnexpectedStatus),
        (302, Reason::Redirect),
        (401, Reason::TokenExpired),
        (408, Reason::Timeout),
        (425, Reason::Rejected),
        (429, Reason::RateLimited),
        (404, Reason::Rejected),
        (500, Reason::ServerError),
        (501, Reason::ServerError),
        (503, Reason::Unavailable),
        (600, Reason::UnexpectedStatus),
    ];
    for (status, reason) in reasons {
        assert_eq!(StatusRules::STANDARD.rule(status, false).reason, reason, "{status}");
    }
}

#[test]
fn a_vendors_own_meaning_comes_first() {
    const QUOTA: StatusRule =
        StatusRule { class: Class::Throttled, effect: Effect::NotApplied, reason: Reason::RateLimited };
    let rules = StatusRules { overrides: &[(403, QUOTA)], ..StatusRules::STANDARD };
    assert_eq!(rules.rule(403, false), QUOTA);
    assert_eq!(rules.rule(404, false).class, Class::Final);
}

#[test]
fn the_greater_effect_wins() {
    assert!(Effect::NotSent < Effect::NotApplied);
    assert!(Effect::NotApplied < Effect::Unknown);
    assert!(Effect::Unknown < Effect::Applied);
}

#[test]
fn reasons_have_names_that_do_not_change() {
    use Reason::*;
    let named = [
        (Dns, "dns"),
        (Connect, "connect"),
        (Tls, "tls"),
        (Denied, "denied"),
        (Connection, "connection"),
        (Protocol, "protocol"),
        (Timeout, "timeout"),
        (RateLimited, "rate-limited"),
        (TokenExpired, "token-expired"),
        (Unavailable, "unavailable"),
        (ServerError, "server-error"),
        (Rejected, "rejected"),
        (Redirect, "redirect"),
        (Malformed, "malformed"),
        (Unfit, "unfit"),
        (TooLarge, "too-large"),
        (UnexpectedStatus, "unexpected-status"),
    ];
    for (reason, name) in named {
        assert_eq!(reason.as_str(), name);
    }
}
