//! What is told of tokens, and how often their subjects may call.

use super::*;

fn of(subject: &str) -> String {
    Pair::ed_dsa(2).good("two", json!({"sub": subject}))
}

#[test]
fn each_subject_has_its_own_rate() {
    let (gateway, _) = world(&[("PENSTOCK_OIDC_RATE", "2/min")]);
    for left in ["1", "0"] {
        let seen = ask(&gateway, &of("alice"), JOB);
        assert_eq!((seen.status, seen.header("ratelimit-policy")), (200, r#""minute";q=2;w=60"#));
        assert!(seen.header("ratelimit").starts_with(&format!(r#""minute";r={left};t="#)));
    }
    // Another token of the same subject is no other caller.
    let again = Pair::es256(1).good("one", json!({"jti": "7"}));
    let refused = ask(&gateway, &again, JOB);
    assert_eq!(refused.problem(), problem(429, "rate-limited", ""));
    assert_eq!(refused.json()["detail"], "the token of `oidc:alice` may make 2/min calls");
    assert_eq!(ask(&gateway, &of("bob"), JOB).status, 200);
    gateway.client().host().pass(Duration::from_secs(30));
    assert_eq!(ask(&gateway, &again, JOB).status, 200);
}

#[test]
fn the_log_and_the_audit_name_the_subject_and_a_token_can_write_nothing_else() {
    let (gateway, _) = world(&[]);
    let notes = "/v1/servicetitan/default/crm/customers/5/notes";
    let write = |token: &str| {
        let bearer = format!("Bearer {token}");
        send(&gateway, Method::POST, notes, &[("authorization", &bearer), JSON], r#"{"text":"x"}"#).status
    };
    assert_eq!(write(&of("auth0|5f7c")), 200);
    let strange = "mallory\",\"key\":\"billing\"\n\u{1b}[31m`{}";
    assert_eq!(write(&of(strange)), 200);
    let names = |event| {
        lines(&gateway, event).iter().map(|line| line["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let audit = names("audit");
    assert_eq!((audit.len(), audit[0].as_str()), (2, "oidc:auth0|5f7c"));
    assert!(audit[1].starts_with("oidc:#") && audit[1].len() == 38, "{}", audit[1]);
    assert_eq!(names("request"), audit);
    let log = gateway.client().host().log.borrow();
    assert!(!log.contains("mallory") && !log.contains("eyJ"), "{log}");
}

#[test]
fn counters_have_one_name_for_all_tokens() {
    let (gateway, _) = world(&[("PENSTOCK_OIDC_RATE", "1/min")]);
    for number in 0..20 {
        let token = of(&format!("canary{number}"));
        assert_eq!([ask(&gateway, &token, JOB).status, ask(&gateway, &token, JOB).status], [200, 429]);
    }
    let text = ask(&gateway, &of("admin"), "/metrics").body;
    for line in [
        r#"requests_total{key="oidc:tokens",route="operation",status="2xx"} 20"#,
        r#"refusals_total{key="oidc:tokens",reason="rate-limited"} 20"#,
        r#"rate_limited_total{key="oidc:tokens",rate="minute"} 20"#,
    ] {
        let line = format!("penstock_gateway_{line}");
        assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
    }
    assert!(!text.contains("canary") && !text.contains("admin"), "{text}");
}

#[test]
fn refusals_are_logged_once_with_the_reason_and_their_address_is_limited() {
    let (gateway, _) = world(&[("PENSTOCK_ADDRESS_RATE", "20/h")]);
    let expired = Pair::es256(1).good("one", json!({"exp": NOW - 90, "sub": "canary"}));
    for _ in 0..19 {
        assert_eq!(ask(&gateway, &expired, JOB).status, 401);
    }
    // One without a role is known, and has no right to ask as often as it likes.
    assert_eq!(ask(&gateway, &Pair::es256(1).good("one", json!({"penstock_role": null})), JOB).status, 403);
    let limited = ask(&gateway, &expired, JOB);
    assert_eq!(limited.problem(), problem(429, "rate-limited", ""));
    // Whoever has a good one gets in from there.
    assert_eq!(ask(&gateway, &of("bob"), JOB).status, 200);
    let told: Vec<_> = lines(&gateway, "refused")
        .iter()
        .map(|line| format!("{} {} {}", line["refusal"], line["error.message"], line["client.address"]))
        .collect();
    assert_eq!(
        told,
        [
            r#""unauthorized" "the bearer token has expired" "192.0.2.7""#,
            r#""forbidden" "the token of `oidc:alice` has no role: its claim `penstock_role` holds none that is known" "192.0.2.7""#,
            r#""address-limited" "the bearer token has expired" "192.0.2.7""#,
        ]
    );
    assert!(!gateway.client().host().log.borrow().contains("canary"));
}
