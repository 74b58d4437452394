//! Calls by name and typed calls, on one instance.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use penstock_host::{
    Environment, Error, Plugin,
    bindings::{
        admin::Scope,
        jpm::JobsGetQuery,
        types::{AnswerSource, CallOptions, FailureKind, Outcome},
    },
};

use crate::support::{
    self, CLIENT_SECRET, NONE,
    server::{self, Server},
};

#[tokio::test]
async fn invokes_by_name_and_typed() {
    let provider = Server::with_jobs(3).await;
    let plugin = support::plugin(&provider).await;

    let answer = plugin.invoke("servicetitan", "jpm.jobs-get", [("id", "2")], None, None).await.unwrap();
    assert_eq!(answer.info.status, 200);
    let body: serde_json::Value = serde_json::from_str(&answer.body.unwrap()).unwrap();
    assert_eq!(body["jobNumber"], "J2");

    let (job, info) = plugin
        .run(|caller, guest| {
            let query = JobsGetQuery::default();
            Box::pin(guest.penstock_servicetitan_jpm().call_jobs_get(caller, 3, query, None))
        })
        .await
        .unwrap()
        .unwrap();
    assert_eq!((job.id, job.job_number.as_deref()), (3, Some("J3")));
    assert_eq!((info.status, info.source, info.degraded), (200, AnswerSource::Vendor, false));

    // Any of several calls in one closure, and the same call as a method.
    let same = plugin.servicetitan().jpm().jobs_get(3, JobsGetQuery::default()).await.unwrap();
    assert_eq!(same.0, job);
    assert_eq!(plugin.instances_started(), 1);
}

#[tokio::test]
async fn a_typed_call_takes_its_options() {
    let provider = Server::start(|request| async move {
        if request.uri().path() == "/connect/token" {
            return server::provider(&request, 1);
        }
        std::future::pending().await
    })
    .await;
    let plugin = support::plugin(&provider).await;
    let call = || plugin.servicetitan().jpm().jobs_get(1, JobsGetQuery::default());
    let error = call().deadline(Duration::from_millis(300)).await.unwrap_err();
    assert_eq!(error.failure().unwrap().kind, FailureKind::Timeout, "{error}");
    let error = call().account("nobody").await.unwrap_err();
    assert_eq!(error.failure().unwrap().kind, FailureKind::Configuration, "{error}");
    let options = CallOptions { deadline_ms: Some(0), ..CallOptions::default() };
    let error = call().account("nobody").with(options).await.unwrap_err();
    assert_ne!(error.failure().unwrap().kind, FailureKind::Configuration, "{error}");
}

#[tokio::test]
async fn describes_itself() {
    let provider = Server::with_jobs(0).await;
    let plugin = support::plugin(&provider).await;
    assert!(plugin.health().await);
    assert_eq!(plugin.providers().await.unwrap(), ["servicetitan", "asleep"]);
    let found = plugin.describe("servicetitan", Some("jobs-get")).await.unwrap();
    assert!(found.iter().any(|operation| operation.name == "jpm.jobs-get"));
    assert!(plugin.describe("servicetitan", None).await.unwrap().len() >= 75);
    assert!(plugin.ready("servicetitan", None).await.unwrap().ready);
    plugin.invalidate(Scope::Tokens).await.unwrap();
    assert!(plugin.snapshot().await.unwrap().starts_with('{'));
    assert_eq!(provider.requests(), 0, "none of that asks the vendor");
}

#[tokio::test]
async fn many_calls_share_one_instance_and_one_token() {
    let tokens = Arc::new(AtomicUsize::new(0));
    let counted = tokens.clone();
    let provider = Server::start(move |request| {
        let counted = counted.clone();
        async move {
            if request.uri().path() == "/connect/token" {
                counted.fetch_add(1, SeqCst);
            }
            server::provider(&request, 1)
        }
    })
    .await;
    let plugin = support::plugin(&provider).await;
    let calls = (1..=100).map(|id: i32| {
        let plugin = plugin.clone();
        tokio::spawn(async move {
            plugin.invoke("servicetitan", "jpm.jobs-get", [("id", id.to_string())], None, None).await
        })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap().unwrap().info.status, 200);
    }
    assert_eq!(tokens.load(SeqCst), 1);
    assert_eq!(provider.requests(), 101);
    assert_eq!(plugin.instances_started(), 1);
}

#[tokio::test]
async fn a_refusal_is_a_failure_and_shows_no_secret() {
    let provider = Server::start(|request| async move {
        match request.uri().path() {
            "/connect/token" => server::json(400, &serde_json::json!({"error": "invalid_client"})),
            path => panic!("{path} without a token"),
        }
    })
    .await;
    let (environment, logs) = support::environment(&provider);
    assert!(!format!("{environment:?}").contains(CLIENT_SECRET));
    let plugin = Plugin::start(environment).await.unwrap();
    let error = plugin.invoke("servicetitan", "jpm.jobs-get", [("id", "1")], None, None).await.unwrap_err();
    let failure = error.failure().unwrap();
    assert_eq!((failure.kind, failure.outcome), (FailureKind::Authentication, Outcome::NotSent));
    assert!(!format!("{error} {error:?}").contains(CLIENT_SECRET));
    assert!(!logs.lines().is_empty(), "the guest's log lines arrive");
    assert!(!logs.contains(CLIENT_SECRET) && !logs.contains("ak1"));
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let plugin = Plugin::start(Environment::empty()).await.unwrap();
    let readiness = plugin.ready("servicetitan", None).await.unwrap();
    let mut missing: Vec<_> = readiness.missing.iter().map(|error| error.field.as_str()).collect();
    missing.sort_unstable();
    assert!(!readiness.ready && !readiness.shared_state);
    assert_eq!(
        missing,
        [
            "SERVICETITAN_APP_KEY",
            "SERVICETITAN_CLIENT_ID",
            "SERVICETITAN_CLIENT_SECRET",
            "SERVICETITAN_TENANT_ID"
        ]
    );
}

#[tokio::test]
async fn the_store_is_lent() {
    use futures_util::future::BoxFuture;
    use penstock_host::{
        sources::HostError,
        state::{MemoryState, State, TurnRequest, Turns},
    };

    let plugin = Plugin::start(Environment::empty().state(Arc::new(MemoryState::default()))).await.unwrap();
    assert!(plugin.ready("servicetitan", None).await.unwrap().shared_state);

    /// A store that is down.
    struct Down;

    fn down<T: Send>() -> BoxFuture<'static, Result<T, HostError>> {
        Box::pin(async { Err(HostError::Unavailable("down".into())) })
    }

    impl State for Down {
        fn get<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, HostError>> {
            down()
        }
        fn set<'a>(
            &'a self,
            _: &'a str,
            _: Vec<u8>,
            _: Option<Duration>,
        ) -> BoxFuture<'a, Result<(), HostError>> {
            down()
        }
        fn delete<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), HostError>> {
            down()
        }
        fn keys<'a>(&'a self, _: &'a str, _: usize) -> BoxFuture<'a, Result<Vec<String>, HostError>> {
            down()
        }
        fn claim<'a>(
            &'a self,
            _: &'a str,
            _: Vec<u8>,
            _: Duration,
        ) -> BoxFuture<'a, Result<Option<Vec<u8>>, HostError>> {
            down()
        }
        fn swap<'a>(
            &'a self,
            _: &'a str,
            _: &'a [u8],
            _: Vec<u8>,
            _: Duration,
        ) -> BoxFuture<'a, Result<bool, HostError>> {
            down()
        }
        fn release<'a>(&'a self, _: &'a str, _: &'a [u8]) -> BoxFuture<'a, Result<(), HostError>> {
            down()
        }
        fn turns<'a>(&'a self, _: &'a str, _: &'a TurnRequest) -> BoxFuture<'a, Result<Turns, HostError>> {
            down()
        }
    }

    let plugin = Plugin::start(Environment::empty().state(Arc::new(Down))).await.unwrap();
    assert!(!plugin.ready("servicetitan", None).await.unwrap().shared_state);
}

#[tokio::test]
async fn a_host_that_is_not_allowed_is_never_called() {
    let provider = Server::with_jobs(1).await;
    let (environment, _) = support::environment(&provider);
    let outbound = penstock_host::http::Outbound::default();
    let plugin = Plugin::start(environment.outbound(outbound.clone())).await.unwrap();
    let error = plugin.invoke("servicetitan", "jpm.jobs-get", [("id", "1")], None, None).await.unwrap_err();
    assert_eq!(error.failure().unwrap().kind, FailureKind::Host, "{error}");
    assert_eq!(provider.connections(), 0);
    assert!(outbound.stats().denied >= 1);
}

#[tokio::test]
async fn a_deadline_ends_a_call_that_hangs() {
    let provider = Server::start(|request| async move {
        if request.uri().path() == "/connect/token" {
            return server::provider(&request, 1);
        }
        std::future::pending().await
    })
    .await;
    let plugin = support::plugin(&provider).await;
    let options = CallOptions { deadline_ms: Some(300), ..CallOptions::default() };
    let error =
        plugin.invoke("servicetitan", "jpm.jobs-get", [("id", "1")], None, Some(options)).await.unwrap_err();
    assert_eq!(error.failure().unwrap().kind, FailureKind::Timeout, "{error}");
}

#[tokio::test]
async fn an_abandoned_call_disturbs_no_other() {
    let provider = Server::with_jobs(1).await;
    let plugin = support::plugin(&provider).await;
    for _ in 0..10 {
        let call = plugin.invoke("servicetitan", "jpm.jobs-get", [("id", "1")], None, None);
        let _ = futures_util::FutureExt::now_or_never(call);
    }
    assert!(plugin.invoke("servicetitan", "jpm.jobs-get", [("id", "1")], None, None).await.is_ok());
}

#[tokio::test]
async fn unknown_names_are_refused() {
    let provider = Server::with_jobs(1).await;
    let plugin = support::plugin(&provider).await;
    for (provider, operation) in [("nobody", "jpm.jobs-get"), ("servicetitan", "jpm.jobs-gte")] {
        let error = plugin.invoke(provider, operation, NONE, None, None).await.unwrap_err();
        assert!(
            matches!(&error, Error::Failure(failure) if failure.kind == FailureKind::BadInput),
            "{error}"
        );
    }
}
