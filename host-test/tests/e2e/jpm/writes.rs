//! Writes: they happen once, or the failure says what is known.

use super::Scene;
use penstock_host::{
    Error,
    bindings::{
        jpm::{CancelJob, CreateNote, LeadSource, UpdateJob},
        types::{Failure, FailureKind, Outcome},
    },
};
use penstock_simulated::{
    FaultKind, Matcher,
    servicetitan::{Config, Resource},
};
use serde_json::{Value, json};

const OPERATOR: [(&str, &str); 1] = [("PENSTOCK_ROLE", "operator")];

async fn scene() -> Scene {
    Scene::new(Config::small(40), &OPERATOR).await
}

async fn note(scene: &Scene, text: &str) -> Result<Value, Error> {
    let id = scene.provider.job_ids()[0].to_string();
    let body = json!({ "text": text, "pinToTop": true }).to_string();
    let answer =
        scene.plugin.invoke("servicetitan", "jpm.jobs-create-note", [("id", id)], Some(body), None).await?;
    Ok(serde_json::from_str(&answer.body.unwrap()).unwrap())
}

fn failure(error: &Error) -> &Failure {
    error.failure().unwrap_or_else(|| panic!("{error}"))
}

#[tokio::test]
async fn creates_once() {
    let scene = scene().await;
    let made = note(&scene, "Gate code is 1234").await.unwrap();
    assert_eq!(made["text"], "Gate code is 1234");
    assert_eq!(scene.provider.stats().written("Jobs_CreateNote"), 1);
}

#[tokio::test]
async fn a_post_that_was_sent_is_not_sent_again() {
    for (kind, applied) in [(FaultKind::ResetAfterApply, 1), (FaultKind::ResetBeforeApply, 0)] {
        let scene = scene().await;
        scene.provider.fail_next(Matcher::operation("Jobs_CreateNote"), kind, 1);
        let error = note(&scene, "once").await.unwrap_err();
        let failure = failure(&error);
        assert_eq!(failure.outcome, Outcome::Unknown, "{kind:?}: {failure:?}");
        assert_eq!(failure.kind, FailureKind::Transport, "{kind:?}");
        assert_eq!(failure.attempts.len(), 1);
        let stats = scene.provider.stats();
        assert_eq!(
            (stats.operation("Jobs_CreateNote"), stats.written("Jobs_CreateNote")),
            (1, applied),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn a_get_that_was_dropped_is_sent_again() {
    let scene = scene().await;
    scene.provider.fail_next(Matcher::operation("Jobs_Get"), FaultKind::ResetAfterApply, 1);
    let id = scene.provider.job_ids()[3].to_string();
    scene.plugin.invoke("servicetitan", "jpm.jobs-get", [("id", id)], None, None).await.unwrap();
    assert_eq!(scene.provider.stats().operation("Jobs_Get"), 2);
}

#[tokio::test]
async fn a_post_that_was_refused_is_sent_again() {
    for kind in [FaultKind::TooManyRequestsBare, FaultKind::TokenRevoked] {
        let scene = scene().await;
        scene.provider.fail_next(Matcher::operation("Jobs_CreateNote"), kind, 1);
        note(&scene, "again").await.unwrap();
        let stats = scene.provider.stats();
        assert_eq!(
            (stats.operation("Jobs_CreateNote"), stats.written("Jobs_CreateNote")),
            (2, 1),
            "{kind:?}"
        );
    }
}

#[tokio::test]
async fn a_success_with_a_broken_answer_is_applied() {
    let scene = scene().await;
    scene.provider.fail_next(Matcher::operation("Jobs_CreateNote"), FaultKind::TruncatedJson, 1);
    let error = note(&scene, "applied").await.unwrap_err();
    assert_eq!(failure(&error).outcome, Outcome::Applied, "{error}");
    assert_eq!(scene.provider.stats().written("Jobs_CreateNote"), 1);
}

#[tokio::test]
async fn updates_tell_absent_from_null_from_value() {
    let scene = scene().await;
    let id = scene.provider.job_ids()[5];
    let update = |sold_by_id, lead: Option<Option<LeadSource>>| UpdateJob {
        summary: Some("<p>New</p>".to_owned()),
        sold_by_id,
        job_generated_lead_source: lead,
        ..UpdateJob::default()
    };
    for (body, expected) in [
        (update(None, None), json!({ "summary": "<p>New</p>" })),
        (update(Some(None), None), json!({ "summary": "<p>New</p>", "soldById": null })),
        (
            update(Some(Some(42)), Some(None)),
            json!({ "summary": "<p>New</p>", "soldById": 42, "jobGeneratedLeadSource": null }),
        ),
    ] {
        let job = scene.plugin.servicetitan().jpm().jobs_update(id, body).await.unwrap();
        assert_eq!((job.id, job.summary.as_deref()), (id, Some("<p>New</p>")));
        let seen = scene.provider.requests().into_iter().rfind(|request| request.method == "PATCH").unwrap();
        assert_eq!(serde_json::from_str::<Value>(&seen.body).unwrap(), expected);
    }
}

#[tokio::test]
async fn cancels() {
    let scene = scene().await;
    let find = |status: &str| {
        scene
            .provider
            .job_ids()
            .into_iter()
            .find(|id| scene.provider.record(Resource::Jobs, *id).unwrap()["jobStatus"] == status)
    };
    let id = find("Scheduled").unwrap();
    let reason_id = scene.provider.truth(Resource::CancelReasons)[0];
    let body = CancelJob { reason_id, memo: "Customer moved".to_owned(), extra: None };
    scene.plugin.servicetitan().jpm().jobs_cancel(id, body).await.unwrap();
    assert_eq!(scene.provider.record(Resource::Jobs, id).unwrap()["jobStatus"], "Canceled");
    assert_eq!(scene.provider.stats().written("Jobs_Cancel"), 1);
}

#[tokio::test]
async fn reading_is_all_that_the_default_role_allows() {
    let scene = Scene::new(Config::small(10), &[]).await;
    let error = note(&scene, "never").await.unwrap_err();
    let refused = failure(&error);
    assert_eq!((refused.kind, refused.outcome), (FailureKind::Role, Outcome::NotSent));
    assert!(refused.message.contains("operator"), "{}", refused.message);
    assert_eq!(scene.provider.stats().requests, 0);
}

#[tokio::test]
async fn typed_creates_refuse_what_does_not_fit() {
    let scene = scene().await;
    let id = scene.provider.job_ids()[0];
    let body = CreateNote { text: "x".to_owned(), pin_to_top: None, extra: Some("[1]".to_owned()) };
    let error = scene.plugin.servicetitan().jpm().jobs_create_note(id, body).await.unwrap_err();
    let refused = failure(&error);
    assert_eq!(refused.kind, FailureKind::BadInput);
    assert!(refused.fields.iter().any(|field| field.field.contains("extra")), "{refused:?}");
    assert_eq!(scene.provider.stats().requests, 0);
}
