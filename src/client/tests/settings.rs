//! Settings, secrets and accounts.

use super::rig::{APP_KEY, CLIENT_SECRET, Rig, options, within};
use crate::{
    contract::{CallOptions, Failure, FailureKind, Outcome, RetryAdvice},
    host::{HostError, simulated::SentRequest},
    providers::registry,
};
use std::{rc::Rc, time::Duration};

const SECOND: Duration = Duration::from_secs(1);

fn names(failure: &Failure) -> Vec<&str> {
    assert_eq!(
        (failure.kind, failure.outcome),
        (FailureKind::Configuration, Outcome::NotSent),
        "{failure:?}"
    );
    for error in &failure.fields {
        assert!(failure.message.contains(&error.field), "{}", failure.message);
    }
    failure.fields.iter().map(|error| error.field.as_str()).collect()
}

fn of(account: &str) -> CallOptions {
    CallOptions { account: Some(account.to_owned()), ..options() }
}

fn last(rig: &Rig) -> Rc<SentRequest> {
    rig.host.requests().last().unwrap().clone()
}

#[test]
fn everything_that_is_missing_or_malformed_is_named_at_once() {
    let rig = Rig::bare(1);
    let failure = rig.run(rig.get()).unwrap_err();
    let all =
        ["CLIENT_ID", "CLIENT_SECRET", "APP_KEY", "TENANT_ID"].map(|name| format!("SERVICETITAN_{name}"));
    assert_eq!(names(&failure), all);
    assert_eq!((failure.operation.as_deref(), failure.retry), (Some("jpm.jobs-get"), RetryAdvice::Never));

    rig.client.forget_settings();
    rig.host.set("REQUEST_TIMEOUT", "soon");
    rig.host.set("PENSTOCK_WINDOW", "0");
    rig.host.set("SERVICETITAN_API_ENVIRONMENT", "staging");
    rig.host.set("SERVICETITAN_TENANT_ID", "acme");
    rig.host.set("SERVICETITAN_API_URL", "https://api.example/v2");
    rig.host.set_secret("SERVICETITAN_APP_KEY", "canary\u{7}key");
    let failure = rig.run(rig.get()).unwrap_err();
    let mut expected = vec!["REQUEST_TIMEOUT".to_owned(), "PENSTOCK_WINDOW".to_owned()];
    expected.extend(all);
    expected.extend(["API_ENVIRONMENT", "API_URL"].map(|name| format!("SERVICETITAN_{name}")));
    let mut named = names(&failure);
    named.sort_unstable();
    expected.sort_unstable();
    assert_eq!(named, expected);
    // A whole read says the same, and so does the check at start.
    let read = rig.run(rig.read_jobs(&options())).end.unwrap_err();
    assert_eq!(names(&read).len(), expected.len());
    let ready = rig.run(rig.client.ready(registry::find("servicetitan").unwrap(), None)).unwrap();
    assert_eq!(ready.missing.len(), expected.len());
    assert!(rig.host.requests().is_empty());
}

#[test]
fn space_around_a_value_is_not_part_of_it() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.host.set_secret("SERVICETITAN_CLIENT_SECRET", &format!("{CLIENT_SECRET}\n"));
    rig.host.set_secret("SERVICETITAN_APP_KEY", &format!(" {APP_KEY}\r\n"));
    rig.host.set("SERVICETITAN_TENANT_ID", " 1234\n");
    rig.run(rig.get()).unwrap();
}

#[test]
fn an_account_has_settings_of_its_own() {
    let rig = Rig::new();
    let failure = rig.run(rig.get_with(&of("North-East"))).unwrap_err();
    let settings = ["CLIENT_ID", "CLIENT_SECRET", "TENANT_ID"];
    let by_vendor = settings.map(|name| format!("PENSTOCK_ACCOUNT_NORTH_EAST_SERVICETITAN_{name}"));
    assert_eq!(names(&failure), by_vendor);
    let own = settings.map(|name| format!("PENSTOCK_ACCOUNT_NORTH_EAST_{name}"));

    rig.host.set_secret(&own[0], "canary-north-id");
    rig.host.set_secret(&own[1], CLIENT_SECRET);
    rig.host.set(&own[2], "77");
    rig.host.set("PENSTOCK_ACCOUNT_NORTH_EAST_API_URL", "http://localhost");
    let failure = rig.run(rig.get_with(&of("north-east"))).unwrap_err();
    assert_eq!(names(&failure), ["PENSTOCK_ACCOUNT_NORTH_EAST_API_URL"]);
    rig.host.unset("PENSTOCK_ACCOUNT_NORTH_EAST_API_URL");
    rig.titan.holds(1);
    rig.run(rig.get_with(&of("north-east"))).unwrap_err();
    assert_eq!(last(&rig).path(), "/jpm/v2/tenant/77/jobs/1");
    // What names the vendor comes first: the short form may be meant for another one.
    rig.host.set(&by_vendor[2], "78");
    rig.client.forget_settings();
    rig.run(rig.get_with(&of("north-east"))).unwrap_err();
    assert_eq!(last(&rig).path(), "/jpm/v2/tenant/78/jobs/1");
    rig.host.unset(&by_vendor[2]);
    rig.client.forget_settings();
    // Each account has a token of its own.
    let tokens = rig.titan.token_requests();
    rig.run(rig.get()).unwrap();
    assert_eq!(rig.titan.token_requests(), tokens + 1);
    // Many calls that come for it at once read its settings once.
    rig.client.forget_settings();
    rig.host.slow_lookups(SECOND / 100);
    let before = rig.host.reads(&own[2]);
    let north = of("north-east");
    rig.run(async {
        rig.get().await.unwrap();
        futures_util::future::join_all((0..100).map(|_| rig.get_with(&north))).await;
    });
    assert_eq!(rig.host.reads(&own[2]), before + 1);
    let bad = rig.run(rig.get_with(&of("../x"))).unwrap_err();
    assert_eq!((bad.kind, bad.fields[0].field.as_str()), (FailureKind::BadInput, "account"));
}

#[test]
fn a_short_form_that_may_be_meant_for_either_vendor_is_refused_by_name() {
    let rig = Rig::new();
    rig.titan.holds(1);
    let north = |setting| format!("PENSTOCK_ACCOUNT_NORTH_{setting}");
    rig.host.set_secret(&north("CLIENT_ID"), "canary-north-id");
    rig.host.set_secret(&north("CLIENT_SECRET"), CLIENT_SECRET);
    rig.host.set(&north("TENANT_ID"), "1234");
    rig.host.set(&north("RATE_LIMIT"), "30");
    rig.run(rig.get_with(&of("north"))).unwrap();

    // From here on there is an account of Asleep's of that name as well.
    rig.host.set_secret(&north("ASLEEP_API_KEY"), "canary-north-key");
    rig.client.forget_settings();
    let failure = rig.run(rig.get_with(&of("north"))).unwrap_err();
    assert_eq!(names(&failure), [north("RATE_LIMIT")]);
    let told = &failure.fields[0].message;
    assert!(told.contains("PENSTOCK_ACCOUNT_NORTH_SERVICETITAN_RATE_LIMIT"), "{told}");
    // What only one vendor has a setting of stays as it is.
    rig.host.unset(&north("RATE_LIMIT"));
    rig.host.set(&north("SERVICETITAN_RATE_LIMIT"), "30");
    rig.client.forget_settings();
    rig.run(rig.get_with(&of("north"))).unwrap();
}

#[test]
fn the_integration_environment_has_hosts_and_names_of_its_own() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.run(rig.get()).unwrap();
    let origin = |request: &SentRequest| (request.https, request.authority.clone());
    assert_eq!(origin(&rig.host.requests()[0]), (true, "auth.servicetitan.io".to_owned()));
    assert_eq!(origin(&last(&rig)), (true, "api.servicetitan.io".to_owned()));

    rig.host.set("SERVICETITAN_API_ENVIRONMENT", "Integration");
    rig.host.set("SERVICETITAN_INTEGRATION_TENANT_ID", "99");
    rig.client.forget_settings();
    rig.run(rig.get()).unwrap_err();
    let requests = rig.host.requests();
    assert_eq!(origin(&requests[2]), (true, "auth-integration.servicetitan.io".to_owned()));
    assert_eq!(origin(&last(&rig)), (true, "api-integration.servicetitan.io".to_owned()));
    assert_eq!(last(&rig).path(), "/jpm/v2/tenant/99/jobs/1");

    rig.host.unset("SERVICETITAN_CLIENT_ID");
    rig.client.forget_settings();
    let failure = rig.run(rig.get()).unwrap_err();
    assert_eq!(names(&failure), ["SERVICETITAN_INTEGRATION_CLIENT_ID"]);
}

#[test]
fn plain_http_is_for_development_only() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.host.set("SERVICETITAN_API_URL", "http://localhost:8080/");
    rig.host.set("SERVICETITAN_AUTH_URL", "http://auth.localhost:8081");
    let failure = rig.run(rig.get()).unwrap_err();
    assert_eq!(names(&failure), ["SERVICETITAN_AUTH_URL", "SERVICETITAN_API_URL"]);
    assert!(rig.host.requests().is_empty());

    rig.host.set("PENSTOCK_ALLOW_HTTP", "true");
    rig.client.forget_settings();
    rig.run(rig.get()).unwrap();
    let request = last(&rig);
    assert_eq!((request.https, request.authority.as_str()), (false, "localhost:8080"));
}

#[test]
fn a_rotated_secret_is_used_for_the_next_token() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.run(async {
        rig.get().await.unwrap();
        rig.titan.change_client_secret("canary-rotated-secret");
        rig.host.set_secret("SERVICETITAN_CLIENT_SECRET", "canary-rotated-secret");
        rig.get().await.unwrap();
        rig.titan.revoke_tokens();
        rig.get().await.unwrap();
    });
    assert_eq!(rig.titan.token_requests(), 2);
}

#[test]
fn settings_are_read_again_after_a_minute_or_when_told() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.run(async {
        rig.get().await.unwrap();
        let reads = rig.host.all_reads();
        rig.host.set("SERVICETITAN_TENANT_ID", "5");
        rig.host.wait(59 * SECOND).await;
        rig.get().await.unwrap();
        assert_eq!(rig.host.all_reads(), reads);
        rig.host.wait(2 * SECOND).await;
        rig.get().await.unwrap_err();
        assert_eq!(last(&rig).path(), "/jpm/v2/tenant/5/jobs/1");
        // Another tenant's token is not used for this one.
        assert_eq!(rig.titan.token_requests(), 2);

        rig.host.set("SERVICETITAN_TENANT_ID", "6");
        rig.client.forget_settings();
        rig.get().await.unwrap_err();
        assert_eq!(last(&rig).path(), "/jpm/v2/tenant/6/jobs/1");
    });
}

#[test]
fn a_token_outlives_the_settings_that_it_was_made_with() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.run(async {
        for _ in 0..5 {
            rig.get().await.unwrap();
            rig.host.wait(61 * SECOND).await;
        }
        assert_eq!(rig.titan.token_requests(), 1);
        rig.client.forget_tokens();
        rig.get().await.unwrap();
        assert_eq!(rig.titan.token_requests(), 2);
    });
}

#[test]
fn many_accounts_keep_their_tokens() {
    let rig = Rig::new();
    rig.titan.holds(1);
    let accounts: Vec<String> = (0..64).map(|number| format!("a{number}")).collect();
    for account in &accounts {
        let name = |setting| format!("PENSTOCK_ACCOUNT_{}_{setting}", account.to_ascii_uppercase());
        rig.host.set_secret(&name("CLIENT_ID"), "canary-id");
        rig.host.set_secret(&name("CLIENT_SECRET"), CLIENT_SECRET);
        rig.host.set(&name("TENANT_ID"), "1234");
    }
    rig.run(async {
        for round in 0..4 {
            // Not always the oldest first.
            for place in 0..64 {
                let account = &accounts[if round % 2 == 0 { place } else { 63 - place }];
                rig.get_with(&of(account)).await.unwrap();
            }
            rig.host.wait(61 * SECOND).await;
        }
    });
    assert_eq!(rig.titan.token_requests(), 64);
}

#[test]
fn a_host_that_fails_or_hangs_ends_the_call_and_not_the_connector() {
    let rig = Rig::new();
    rig.titan.holds(1);
    rig.host.fail_lookups(Some(HostError::Denied("no".to_owned())));
    let failure = rig.run(rig.get()).unwrap_err();
    assert_eq!((failure.kind, failure.retry), (FailureKind::Host, RetryAdvice::Later));
    rig.host.fail_lookups(None);

    rig.host.slow_lookups(Duration::MAX);
    let deadline = within(3 * SECOND);
    rig.run(async {
        let calls = futures_util::future::join_all((0..100).map(|_| rig.get_with(&deadline)));
        for result in calls.await {
            assert_eq!(result.unwrap_err().kind, FailureKind::Timeout);
        }
        assert_eq!(rig.host.elapsed(), 3 * SECOND);
        assert_eq!(rig.read_jobs(&deadline).await.end.unwrap_err().kind, FailureKind::Timeout);
        rig.client.ready(registry::find("servicetitan").unwrap(), None).await.unwrap_err();
        rig.host.slow_lookups(Duration::ZERO);
        rig.get().await.unwrap();
    });
}
