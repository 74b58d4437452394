//! What happens when an instance ends.

use std::time::Duration;

use futures_util::StreamExt;
use penstock_host::{Error, Limits, Plugin};

use crate::support::{
    self, NONE,
    server::{self, Server},
};

/// Answers with a body that does not fit the memory that the instance may have.
async fn provider_with_one_huge_job() -> Server {
    Server::start(|request| async move {
        if request.uri().path().ends_with("/jobs/666") {
            let padding = "x".repeat(40 << 20);
            return server::json(200, &serde_json::json!({"id": 666, "summary": padding}));
        }
        server::provider(&request, 1000)
    })
    .await
}

#[tokio::test]
async fn a_trap_costs_the_calls_in_flight_and_no_more() {
    let provider = provider_with_one_huge_job().await;
    let (environment, logs) = support::environment(&provider);
    let mut limits = Limits::default();
    limits.memory = 32 << 20;
    // As with a host that does not say what it gives.
    let environment = environment.setting("PENSTOCK_INSTANCE_MEMORY_BYTES", "0");
    let plugin = Plugin::start(environment.limits(limits)).await.unwrap();

    // A list that is waiting for its consumer when the instance ends.
    let mut records = plugin.list("servicetitan", "jpm.jobs-list", NONE, None).await.unwrap();
    records.next().await.unwrap().unwrap();

    let error = plugin.invoke("servicetitan", "jpm.jobs-get", [("id", "666")], None, None).await.unwrap_err();
    assert!(matches!(&error, Error::Instance { reason, .. } if reason.contains("memory")), "{error:?}");

    let rest: Vec<_> = records.collect().await;
    let (last, before) = rest.split_last().unwrap();
    assert!(before.iter().all(Result::is_ok), "what was on its way arrives");
    assert!(matches!(last, Err(Error::Instance { .. })), "{last:?}");

    for _ in 0..3 {
        let answer = plugin.invoke("servicetitan", "jpm.jobs-get", [("id", "1")], None, None).await.unwrap();
        assert_eq!(answer.info.status, 200);
    }
    assert_eq!(plugin.instances_started(), 2);
    assert!(logs.contains("the component's instance ended"), "{:?}", logs.lines());
}

#[tokio::test]
async fn an_instance_that_computes_for_too_long_is_ended() {
    let provider = Server::start(|request| async move {
        if request.uri().path().ends_with("/jobs/666") {
            // Each escape is looked at by itself.
            let body = format!(r#"{{"id":666,"summary":"{}"}}"#, r"\n".repeat(20_000_000));
            return http::Response::new(body.into());
        }
        server::provider(&request, 10)
    })
    .await;
    let (environment, _) = support::environment(&provider);
    let mut limits = Limits::default();
    limits.computing = Duration::from_millis(150);
    let plugin = Plugin::start(environment.limits(limits)).await.unwrap();
    let error = plugin.invoke("servicetitan", "jpm.jobs-get", [("id", "666")], None, None).await.unwrap_err();
    assert!(
        matches!(&error, Error::Instance { reason, .. } if reason.contains("without a pause")),
        "{error:?}"
    );
}

#[tokio::test]
async fn settings_that_the_memory_cannot_hold_are_refused_by_name() {
    let provider = Server::with_jobs(1).await;
    let (environment, _) = support::environment(&provider);
    let mut limits = Limits::default();
    limits.memory = 256 << 20;
    let small = environment.limits(limits);
    let plugin = Plugin::start(small.clone()).await.unwrap();
    let error = plugin.invoke("servicetitan", "jpm.jobs-get", [("id", "1")], None, None).await.unwrap_err();
    let failure = error.failure().unwrap();
    assert_eq!(failure.fields[0].field, "PENSTOCK_MEMORY_BYTES");
    // (256 - 16 - 8) / 2 MiB.
    assert!(failure.fields[0].message.contains("at most 121634816"), "{failure:?}");
    let fits =
        small.setting("PENSTOCK_MEMORY_BYTES", "121634816").setting("PENSTOCK_MAX_BODY_BYTES", "30408704");
    let plugin = Plugin::start(fits).await.unwrap();
    assert!(plugin.invoke("servicetitan", "jpm.jobs-get", [("id", "1")], None, None).await.is_ok());
}

#[tokio::test]
async fn memory_that_cannot_hold_the_component_is_refused_at_once() {
    let provider = Server::with_jobs(0).await;
    let (environment, _) = support::environment(&provider);
    let mut limits = Limits::default();
    limits.memory = 64 << 10;
    let error = Plugin::start(environment.limits(limits)).await.unwrap_err();
    assert!(matches!(error, Error::Component { .. }), "{error:?}");
}

#[tokio::test]
async fn a_panic_of_the_embedder_reaches_its_caller_only() {
    let provider = Server::with_jobs(1).await;
    let plugin = support::plugin(&provider).await;
    let caller = plugin.clone();
    let panicking = tokio::spawn(async move {
        caller
            .run(|_, _| -> futures_util::future::BoxFuture<'_, wasmtime::Result<()>> { panic!("mine") })
            .await
    });
    assert!(panicking.await.unwrap_err().is_panic());
    assert!(plugin.invoke("servicetitan", "jpm.jobs-get", [("id", "1")], None, None).await.is_ok());
    assert_eq!(plugin.instances_started(), 1);
}
