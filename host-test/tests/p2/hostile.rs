//! A host that fails, answers late, answers nonsense, or never.

use super::{
    host::{Given, Says},
    penstock::{Penstock, scene, settings},
};
use penstock_host::bindings::types::{CallOptions, FailureKind, Outcome as Effect};
use penstock_simulated::servicetitan::Config;
use std::{collections::BTreeMap, time::Duration};

async fn hostile(interface: &'static str, says: Says) -> (Penstock, String) {
    let (provider, _) = scene(Config::small(3), &[]).await;
    let id = provider.job_ids()[0].to_string();
    let penstock =
        Penstock::given(settings(&provider, &[]), BTreeMap::from([(interface, says)]), Given::default())
            .await;
    // It serves as long as this is there.
    std::mem::forget(provider);
    (penstock, id)
}

#[tokio::test]
async fn a_function_that_fails_is_named() {
    for interface in ["config", "secrets"] {
        let (mut penstock, id) = hostile(interface, Says::Fails("the vault is shut")).await;
        let failure = penstock.invoke("jpm.jobs-get", &[("id", &id)], None, None).await.unwrap_err();
        assert_eq!((failure.kind, failure.outcome), (FailureKind::Host, Effect::NotSent), "{failure:?}");
        assert!(failure.message.contains("the vault is shut"), "{failure:?}");
    }
}

#[tokio::test]
async fn nonsense_is_named() {
    let (mut penstock, id) = hostile("config", Says::Nonsense("\u{1}banana")).await;
    let failure = penstock.invoke("jpm.jobs-get", &[("id", &id)], None, None).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Configuration, "{failure:?}");
    assert!(failure.fields.iter().any(|field| field.field == "REQUEST_TIMEOUT"), "{failure:?}");
}

#[tokio::test]
async fn a_deadline_that_passed_while_a_function_answered_late_is_noticed() {
    let (mut penstock, id) = hostile("secrets", Says::Late(Duration::from_millis(400))).await;
    let options = CallOptions { deadline_ms: Some(300), ..CallOptions::default() };
    let failure = penstock.invoke("jpm.jobs-get", &[("id", &id)], None, Some(options)).await.unwrap_err();
    assert_eq!((failure.kind, failure.outcome), (FailureKind::Timeout, Effect::NotSent), "{failure:?}");
    // With time enough it goes on.
    penstock.invoke("jpm.jobs-get", &[("id", &id)], None, None).await.unwrap();
}

/// A plain function holds its caller: only the embedding can end that, and another instance is as good as new.
#[tokio::test]
async fn a_function_that_never_answers_is_the_embeddings_to_end() {
    let (mut penstock, id) = hostile("secrets", Says::Late(Duration::from_secs(3_600))).await;
    let parameters = [("id", id.as_str())];
    let call = penstock.invoke("jpm.jobs-get", &parameters, None, None);
    assert!(tokio::time::timeout(Duration::from_millis(500), call).await.is_err());
    drop(penstock);
    let (mut penstock, id) = hostile("secrets", Says::Value).await;
    penstock.invoke("jpm.jobs-get", &[("id", &id)], None, None).await.unwrap();
}
