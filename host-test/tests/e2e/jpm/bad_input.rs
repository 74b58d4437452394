//! What does not fit is refused before anything is sent, and named.

use super::Scene;
use penstock_host::{
    Error,
    bindings::types::{FailureKind, Outcome},
};
use penstock_simulated::servicetitan::Config;

async fn refused(operation: &str, parameters: &[(&str, &str)], body: Option<&str>, field: &str) -> String {
    let scene = Scene::new(Config::small(3), &[("PENSTOCK_ROLE", "admin")]).await;
    let called = scene.plugin.invoke(
        "servicetitan",
        operation,
        parameters.iter().copied(),
        body.map(str::to_owned),
        None,
    );
    let error: Error = called.await.unwrap_err();
    let failure = error.failure().unwrap().clone();
    assert_eq!((failure.kind, failure.outcome), (FailureKind::BadInput, Outcome::NotSent), "{failure:?}");
    assert_eq!(scene.provider.stats().requests, 0, "{failure:?}");
    let named = failure.fields.iter().find(|error| error.field == field);
    named.unwrap_or_else(|| panic!("{field} is not named: {failure:?}")).message.clone()
}

#[tokio::test]
async fn unknown_names_bring_the_nearest() {
    assert!(refused("jpm.job-get", &[("id", "1")], None, "operation").await.contains("jpm.jobs-get"));
    assert!(
        refused("jpm.jobs-page", &[("jobstatus", "Completed")], None, "jobstatus")
            .await
            .contains("jobStatus")
    );
    assert!(
        refused("jpm.jobs-page", &[("jobStatus", "Complete")], None, "jobStatus").await.contains("Completed")
    );
}

#[tokio::test]
async fn an_id_cannot_change_the_path() {
    for id in ["../../x", "1?active=Any", "1\n2", "1/2", "", "%2e%2e"] {
        refused("jpm.jobs-get", &[("id", id)], None, "id").await;
    }
}

#[tokio::test]
async fn pages_dates_and_bodies_are_checked() {
    refused("jpm.jobs-page", &[("pageSize", "0")], None, "pageSize").await;
    refused("jpm.jobs-page", &[("pageSize", "5001")], None, "pageSize").await;
    refused("jpm.jobs-page", &[("createdBefore", "yesterday")], None, "createdBefore").await;
    refused("jpm.jobs-create-note", &[("id", "1")], Some(r#"{"txt":"x"}"#), "text").await;
    refused("jpm.jobs-create-note", &[("id", "1")], Some(r#"{"text":5}"#), "text").await;
    refused("jpm.jobs-create-note", &[("id", "1")], None, "body").await;
}
