//! The cache as a caller meets it.

use super::rig::{Rig, options};
use crate::{
    contract::{AnswerSource, CallOptions, FailureKind, Outcome},
    entry::dynamic::Answer,
    host::simulated::{Reply, Store},
};
use futures_util::future::join;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// A provider whose job types tell how often it was asked.
fn counting(rig: &Rig) {
    rig.titan.on_api(|number, request| {
        let page = format!(r#"{{"page":1,"pageSize":50,"hasMore":false,"data":[{{"id":{number}}}]}}"#);
        let one = format!(r#"{{"id":{number}}}"#);
        match (request.method, request.path()) {
            ("GET", path) if path.ends_with("/job-types") => Some(Reply::ok(page)),
            ("GET" | "PATCH", path) if path.contains("/job-types/") => Some(Reply::ok(one)),
            ("POST", path) if path.ends_with("/job-types") => Some(Reply::ok(one)),
            _ => None,
        }
    });
}

async fn job_type(rig: &Rig, options: &CallOptions) -> Answer {
    rig.invoke("jpm.job-types-get", &[("id", "5")], None, Some(options)).await.unwrap()
}

fn asked(answer: &Answer) -> u64 {
    let body: serde_json::Value = serde_json::from_str(answer.body.as_ref().unwrap()).unwrap();
    body.get(0).unwrap_or(&body)["id"].as_u64().unwrap()
}

#[test]
fn what_rarely_changes_is_asked_for_once_and_tells_its_age() {
    let rig = Rig::new();
    counting(&rig);
    rig.run(async {
        let first = job_type(&rig, &options()).await;
        assert_eq!((first.info.source, first.info.age_ms), (AnswerSource::Vendor, 0));
        rig.host.wait(MINUTE).await;
        let second = job_type(&rig, &options()).await;
        assert_eq!((second.info.source, second.info.status), (AnswerSource::Cache, 200));
        assert!((60_000..61_000).contains(&second.info.age_ms), "{}", second.info.age_ms);
        assert_eq!((asked(&first), asked(&second), second.info.degraded), (1, 1, false));
        assert_ne!(first.info.call_id, second.info.call_id);

        let page = rig.invoke("jpm.job-types-page", &[], None, None).await.unwrap();
        let again = rig.invoke("jpm.job-types-page", &[], None, None).await.unwrap();
        assert_eq!((asked(&page), asked(&again)), (2, 2));
        assert_eq!(again.page.unwrap().answer.source, AnswerSource::Cache);
        let other = rig.invoke("jpm.job-types-page", &[("pageSize", "7")], None, None).await.unwrap();
        assert_eq!(asked(&other), 3);
    });
    assert!(rig.client.metrics().contains("penstock_cache_answers_total{source=\"hit\"} 2\n"));
}

#[test]
fn answers_are_kept_for_as_long_as_the_settings_say() {
    for (times, asked_after) in
        [("", 1), ("30", 2), ("3600,jpm.job-types-get=30", 2), ("30,jpm.job-types-get=3600", 1), ("0", 2)]
    {
        let rig = Rig::new();
        counting(&rig);
        rig.host.set("PENSTOCK_CACHE_SECONDS", times);
        rig.run(async {
            job_type(&rig, &options()).await;
            rig.host.wait(2 * MINUTE).await;
            assert_eq!(asked(&job_type(&rig, &options()).await), asked_after, "{times}");
        });
    }
}

#[test]
fn a_caller_may_ask_past_it_and_a_write_makes_it_forget() {
    let rig = Rig::new();
    counting(&rig);
    rig.run(async {
        assert_eq!(asked(&job_type(&rig, &options()).await), 1);
        let fresh = CallOptions { fresh: true, ..options() };
        assert_eq!(asked(&job_type(&rig, &fresh).await), 2);
        assert_eq!(asked(&job_type(&rig, &options()).await), 2);
        let body = Some(r#"{"name":"Repair"}"#);
        rig.invoke("jpm.job-types-update", &[("id", "5")], body, None).await.unwrap();
        assert_eq!(asked(&job_type(&rig, &options()).await), 4);
        rig.client.forget_answers();
        assert_eq!(asked(&job_type(&rig, &options()).await), 5);
    });
}

/// Who has little time fails soon; who waits with it and has more does not.
#[test]
fn nobody_fails_by_the_deadline_of_another() {
    let rig = Rig::new();
    rig.titan.on_api(|number, _| {
        Some(match number {
            1 => Reply::status(429, "").header("retry-after", "2"),
            _ => Reply::ok(r#"{"id":5}"#),
        })
    });
    rig.run(async {
        let hasty = CallOptions { deadline_ms: Some(500), ..options() };
        let first = rig.invoke("jpm.job-types-get", &[("id", "5")], None, Some(&hasty));
        let patient = options();
        let (first, second) = join(first, job_type(&rig, &patient)).await;
        assert_eq!(first.unwrap_err().kind, FailureKind::RateLimited);
        assert_eq!(asked(&second), 5);
    });
}

/// The provider has applied it, and the caller was told to look before it repeats it.
#[test]
fn a_write_that_its_deadline_cuts_off_leaves_nothing_old() {
    let rig = Rig::new();
    counting(&rig);
    rig.run(async {
        assert_eq!(asked(&job_type(&rig, &options()).await), 1);
        rig.titan.on_api(|number, request| match request.method {
            "PATCH" => Some(Reply::never()),
            _ => Some(Reply::ok(format!(r#"{{"id":{number}}}"#))),
        });
        let hasty = CallOptions { deadline_ms: Some(500), ..options() };
        let write = rig.invoke("jpm.job-types-update", &[("id", "5")], Some("{}"), Some(&hasty));
        assert_eq!(write.await.unwrap_err().outcome, Outcome::Unknown);
        assert_eq!(asked(&job_type(&rig, &options()).await), 3);
        // It may be applied only now.
        assert_eq!(asked(&job_type(&rig, &options()).await), 4);
        rig.host.wait(2 * MINUTE).await;
        assert_eq!(asked(&job_type(&rig, &options()).await), 5);
        assert_eq!(asked(&job_type(&rig, &options()).await), 5);
    });
}

#[test]
fn an_old_answer_is_given_only_to_who_accepts_it_and_says_so() {
    let rig = Rig::new();
    counting(&rig);
    rig.run(async {
        job_type(&rig, &options()).await;
        rig.host.wait(20 * MINUTE).await;
        rig.titan.on_api(|_, _| Some(Reply::status(503, "")));
        let failure = rig.invoke("jpm.job-types-get", &[("id", "5")], None, None).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Vendor);
        let stale = CallOptions { accept_stale: true, ..options() };
        let answer = job_type(&rig, &stale).await;
        assert_eq!((answer.info.source, answer.info.degraded), (AnswerSource::Cache, true));
        assert!(answer.info.age_ms >= 20 * 60_000);
    });
}

#[test]
fn instances_share_it_through_the_store_and_tenants_do_not() {
    let rig = Rig::new();
    counting(&rig);
    let store = Store::default();
    rig.host.share(store.clone());
    rig.host.set_secret("PENSTOCK_ACCOUNT_NORTH_CLIENT_ID", "canary-client-id");
    rig.host.set_secret("PENSTOCK_ACCOUNT_NORTH_CLIENT_SECRET", super::rig::CLIENT_SECRET);
    rig.host.set("PENSTOCK_ACCOUNT_NORTH_TENANT_ID", "99");
    rig.run(async {
        assert_eq!(asked(&job_type(&rig, &options()).await), 1);
        let north = CallOptions { account: Some("north".to_owned()), ..options() };
        assert_eq!(asked(&job_type(&rig, &north).await), 2);
        // As in another instance: nothing is left but the store.
        rig.client.forget_answers();
        assert_eq!(asked(&job_type(&rig, &options()).await), 1);
        assert_eq!(asked(&job_type(&rig, &north).await), 2);
    });
    for kept in store.contents() {
        assert!(!kept.contains("canary"), "{kept}");
    }
}

#[test]
fn it_can_be_switched_off() {
    let rig = Rig::new();
    counting(&rig);
    rig.host.set("ENABLE_CACHING", "false");
    rig.run(async {
        assert_eq!(asked(&job_type(&rig, &options()).await), 1);
        assert_eq!(asked(&job_type(&rig, &options()).await), 2);
    });
}
