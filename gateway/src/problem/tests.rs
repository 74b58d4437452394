use super::*;
use penstock::{contract::Outcome, failure::refused};
use serde_json::{Value, json};

fn document(problem: &Problem) -> Value {
    serde_json::from_str(&problem.document()).unwrap()
}

#[test]
fn a_failure_keeps_all_that_it_says() {
    let failure = Failure {
        kind: FailureKind::RateLimited,
        message: "too many requests; the deadline leaves no time to try again".to_owned(),
        outcome: Outcome::NotApplied,
        retry: RetryAdvice::After(1001),
        operation: Some("jpm.jobs-list".to_owned()),
        status: Some(429),
        vendor_trace_id: Some("00-ab".to_owned()),
        call_id: "00000000000000ff".to_owned(),
        fields: vec![FieldError::new("ids", "is odd")],
        attempts: vec![penstock::contract::Attempt {
            number: 1,
            started: Instant { seconds: 1_763_596_800, nanoseconds: 250_000_000 },
            elapsed_ms: 12,
            status: Some(429),
            reason: "rate-limited".to_owned(),
        }],
        resume: Some("abc".to_owned()),
    };
    let problem = Problem::from(failure);
    assert_eq!(
        document(&problem),
        json!({
            "type": "urn:penstock:failure:rate-limited",
            "title": "Too many requests to the vendor",
            "status": 429,
            "detail": "too many requests; the deadline leaves no time to try again",
            "instance": "urn:penstock:call:00000000000000ff",
            "operation": "jpm.jobs-list",
            "outcome": "not-applied",
            "retry": {"advice": "after", "afterMs": 1001},
            "vendorStatus": 429,
            "vendorTraceId": "00-ab",
            "fields": [{"field": "ids", "message": "is odd"}],
            "attempts": [{
                "number": 1,
                "started": "2025-11-20T00:00:00.25Z",
                "elapsedMs": 12,
                "status": 429,
                "reason": "rate-limited",
            }],
            "resume": "abc",
        })
    );
    let response = problem.response();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.headers()["retry-after"], "2");
    assert_eq!(response.headers()["x-penstock-call-id"], "00000000000000ff");
}

#[test]
fn what_is_empty_is_left_out() {
    let problem = Problem::from(refused(FailureKind::Internal, "odd", Vec::new()));
    assert_eq!(
        document(&problem),
        json!({
            "type": "urn:penstock:failure:internal",
            "title": "A defect of Penstock",
            "status": 500,
            "detail": "odd",
            "outcome": "not-sent",
            "retry": {"advice": "never"},
        })
    );
    let response = problem.response();
    assert!(!response.headers().contains_key("retry-after"));
    assert!(!response.headers().contains_key("x-penstock-call-id"));
}

#[test]
fn each_kind_has_its_status() {
    let kinds = [
        (FailureKind::Configuration, 503),
        (FailureKind::BadInput, 400),
        (FailureKind::Role, 403),
        (FailureKind::Authentication, 502),
        (FailureKind::Permission, 502),
        (FailureKind::NotFound, 404),
        (FailureKind::Conflict, 409),
        (FailureKind::Rejected, 422),
        (FailureKind::RateLimited, 429),
        (FailureKind::Vendor, 502),
        (FailureKind::Unavailable, 503),
        (FailureKind::Transport, 502),
        (FailureKind::Timeout, 504),
        (FailureKind::Decode, 502),
        (FailureKind::TooLarge, 502),
        (FailureKind::Paging, 502),
        (FailureKind::Host, 500),
        (FailureKind::Internal, 500),
    ];
    for (kind, status) in kinds {
        let problem = Problem::from(refused(kind, "", Vec::new()));
        assert_eq!(problem.response().status(), status, "{kind:?}");
        assert_eq!(document(&problem)["status"], status, "{kind:?}");
    }
}

#[test]
fn the_gateways_own_problems_are_not_the_vendors() {
    let problem = Problem::method_not_allowed("GET, HEAD");
    let response = problem.response();
    assert_eq!(
        (response.status().as_u16(), response.headers()["allow"].to_str().unwrap()),
        (405, "GET, HEAD")
    );
    assert_eq!(document(&problem)["type"], "urn:penstock:gateway:method-not-allowed");
    let missing = document(&Problem::unknown_path());
    assert_ne!(
        missing["type"],
        document(&Problem::from(refused(FailureKind::NotFound, "", Vec::new())))["type"]
    );
}
