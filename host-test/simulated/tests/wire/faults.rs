//! Each fault does on the wire what its name says.

use super::{JPM, client::Client};
use penstock_simulated::{
    Clock, FaultKind, Faults, Matcher, VariantArray,
    servicetitan::{Config, Resource, SimulatedServiceTitan},
};
use penstock_spellings::spellings;
use serde_json::json;
use std::time::Duration;

async fn started(faults: Faults) -> (SimulatedServiceTitan, Client) {
    let config = Config { faults, clock: Clock::manual(), ..Config::small(60) };
    let provider = SimulatedServiceTitan::start(config).await.unwrap();
    let client = Client::new(&provider).await;
    (provider, client)
}

fn list() -> String {
    format!("{JPM}/jobs?pageSize=10")
}

#[tokio::test]
async fn errors_have_their_status_body_and_header() {
    use FaultKind as K;
    let title = Some("Rate limit is exceeded. Try again in 7 seconds.");
    for (kind, status, retry_after, expected) in [
        (K::TooManyRequests, 429, Some("7"), title),
        (K::TooManyRequestsDate, 429, Some("Fri, 20 Nov 2026 12:00:07 GMT"), title),
        (K::TooManyRequestsBare, 429, None, title),
        (K::InternalServerError, 500, None, Some("An unexpected error occurred.")),
        (K::BadGateway, 502, None, None),
        (K::Unavailable, 503, None, Some("The service is unavailable.")),
        (K::UnavailableRetryAfter, 503, Some("7"), Some("The service is unavailable.")),
        (K::GatewayTimeout, 504, None, Some("The upstream server did not answer in time.")),
        (K::GatewayTimeoutAfterApply, 504, None, Some("The upstream server did not answer in time.")),
        (K::HtmlPage, 200, None, None),
        (K::TokenRevoked, 401, None, Some("The access token is invalid or has expired.")),
    ] {
        let (provider, mut client) =
            started(Faults { retry_after: Duration::from_secs(7), ..Faults::only(kind) }).await;
        let reply = client.get(&list()).await;
        assert_eq!((reply.status, reply.header("retry-after")), (status, retry_after), "{kind:?}");
        assert_eq!(reply.json["title"].as_str(), expected, "{kind:?}");
        assert_eq!(reply.text.starts_with("<html>"), expected.is_none(), "{kind:?}");
        if kind == K::TokenRevoked {
            assert_eq!(client.get(&list()).await.status, 401, "the token stays revoked");
            client.renew().await;
        }
        let second = client.get(&list()).await;
        assert_eq!((second.status, second.ids().len()), (200, 10), "the second try is served");
        assert_eq!(provider.stats().faults, [(kind, 1)].into(), "{kind:?}");
    }
}

#[tokio::test]
async fn credentials_are_repeated_in_every_spelling() {
    for kind in [FaultKind::SecretsInError, FaultKind::SecretsInPage] {
        let (provider, client) = started(Faults { max_in_a_row: u32::MAX, ..Faults::only(kind) }).await;
        let mut seen = String::new();
        for _ in 0..20 {
            seen += &client.get(&list()).await.text;
        }
        for spelling in spellings(&provider.config().accounts[0].app_keys[0]) {
            let in_json = json!(spelling).to_string();
            assert!(seen.contains(&spelling) || seen.contains(&in_json), "{kind:?}: {spelling}");
        }
    }
}

#[tokio::test]
async fn a_reset_comes_before_any_byte_or_in_the_middle() {
    for kind in [FaultKind::ResetBeforeApply, FaultKind::ResetAfterApply] {
        let (provider, client) = started(Faults::only(kind)).await;
        let error = client.try_call("GET", &list(), None).await.unwrap_err();
        assert!(error.starts_with("no response"), "{error}");
        assert!(error.contains("ConnectionReset"), "a TCP reset, not a polite end: {error}");
        assert_eq!(provider.requests().last().unwrap().status, None);
        assert_eq!(client.get(&list()).await.status, 200);
    }
    let (_provider, client) = started(Faults::only(FaultKind::ResetInBody)).await;
    let error = client.try_call("GET", &list(), None).await.unwrap_err();
    assert!(error.starts_with("200 OK then a broken body"), "{error}");
    assert_eq!(client.get(&list()).await.ids().len(), 10);
}

#[tokio::test]
async fn an_answer_can_be_empty() {
    let (_provider, client) = started(Faults::only(FaultKind::EmptyBody)).await;
    let reply = client.get(&list()).await;
    assert_eq!((reply.status, reply.text.as_str(), reply.header("content-length")), (200, "", Some("0")));
}

#[tokio::test]
async fn truncated_json_has_the_length_that_it_has() {
    let (_provider, client) = started(Faults::only(FaultKind::TruncatedJson)).await;
    let cut = client.get(&list()).await;
    let whole = client.get(&list()).await;
    assert_eq!((cut.status, cut.json.is_null()), (200, true));
    assert_eq!(cut.header("content-length"), Some(cut.text.len().to_string().as_str()));
    assert!(whole.text.starts_with(&cut.text) && cut.text.len() < whole.text.len());
}

#[tokio::test]
async fn a_slow_answer_comes_when_its_time_is_over() {
    let delay = Duration::from_secs(3_600);
    let (provider, client) = started(Faults { delay, ..Faults::only(FaultKind::Slow) }).await;
    let asked = tokio::spawn(async move { client.get(&list()).await });
    provider.wait_for(|stats| stats.faults.contains_key(&FaultKind::Slow)).await;
    provider.clock().advance(delay - Duration::from_nanos(1));
    // Enough turns for an answer to come, if it came too early.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!asked.is_finished());
    // The wait may begin after the fault was counted, so time moves until it is over.
    while !asked.is_finished() {
        provider.clock().advance(delay);
        tokio::task::yield_now().await;
    }
    assert_eq!(asked.await.unwrap().ids().len(), 10);
}

#[tokio::test]
async fn a_write_is_applied_or_not_as_the_kind_says() {
    for kind in FaultKind::VARIANTS.iter().copied() {
        let (provider, mut client) = started(Faults::none()).await;
        provider.fail_next(Matcher::operation("Jobs_CreateNote"), kind, 1);
        let path = format!("{JPM}/jobs/{}/notes", provider.job_ids()[1]);
        let before = provider.truth(Resource::JobNotes).len();
        let note = json!({ "text": "once" });
        let sent = client.clone();
        let (body, to) = (note.clone(), path.clone());
        let asked = tokio::spawn(async move { sent.try_call("POST", &to, Some(body)).await });
        while !asked.is_finished() {
            provider.clock().advance(Duration::from_secs(1));
            tokio::task::yield_now().await;
        }
        let applied = u64::from(kind.applies());
        assert_eq!(provider.stats().written("Jobs_CreateNote"), applied, "{kind:?}");
        assert_eq!(
            provider.truth(Resource::JobNotes).len() - before,
            usize::from(kind.applies()),
            "{kind:?}"
        );
        client.renew().await;
        assert_eq!(client.call("POST", &path, Some(note)).await.status, 200);
        assert_eq!(provider.stats().written("Jobs_CreateNote"), applied + 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_script_picks_its_requests() {
    let (provider, client) = started(Faults::none()).await;
    let second = Matcher::operation("Jobs_GetList").with_query("page=2");
    provider.fail_next(second, FaultKind::InternalServerError, 2);
    provider.fail_next(Matcher::token(), FaultKind::Unavailable, 1);
    provider.fail_next(Matcher::path("/notes").with_method("post"), FaultKind::BadGateway, 1);
    let status = async |path: &str| client.get(&format!("{JPM}/{path}")).await.status;
    assert_eq!(
        [status("jobs?page=1").await, status("jobs?page=2").await, status("jobs?page=2").await],
        [200, 500, 500]
    );
    assert_eq!(status("jobs?page=2").await, 200);
    assert_eq!(status(&format!("jobs/{}/notes", provider.job_ids()[0])).await, 200, "a GET, not a POST");
    assert_eq!(client.token_request(super::client::FORM).await.status, 503);
    assert_eq!(client.token_request(super::client::FORM).await.status, 200);
    assert_eq!(provider.stats().all_faults(), 3);
}

#[tokio::test]
async fn runs_are_the_same_and_no_request_fails_too_often() {
    let faults = Faults { max_in_a_row: 2, tokens: false, ..Faults::mixed(0.6) };
    let mut runs = Vec::new();
    for _ in 0..2 {
        let config = Config { faults: faults.clone(), seed: 42, ..Config::small(60) };
        let config = Config { faults: Faults { delay: Duration::ZERO, ..config.faults }, ..config };
        let provider = SimulatedServiceTitan::start(config).await.unwrap();
        let mut client = Client::new(&provider).await;
        for page in 1..=12 {
            let mut in_a_row = 0;
            for _ in 0..10 {
                client.try_call("GET", &format!("{JPM}/jobs?pageSize=5&page={page}"), None).await.ok();
                client.renew().await;
                let failed = provider
                    .requests()
                    .iter()
                    .rfind(|seen| seen.operation.is_some())
                    .unwrap()
                    .fault
                    .is_some();
                in_a_row = if failed { in_a_row + 1 } else { 0 };
                assert!(in_a_row <= 2, "page {page}");
            }
        }
        runs.push(provider.stats().faults);
    }
    assert_eq!(runs[0], runs[1]);
    assert!(runs[0].len() > 10, "most kinds come up: {:?}", runs[0]);
}

#[tokio::test]
async fn counters_tell_what_went_on() {
    let (provider, client) = started(Faults::none()).await;
    let all: Vec<_> = (0..8)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.get(&list()).await })
        })
        .collect();
    for asked in all {
        assert_eq!(asked.await.unwrap().status, 200);
    }
    let stats = provider.stats();
    assert_eq!((stats.operation("Jobs_GetList"), stats.records, stats.token_requests), (8, 80, 1));
    assert!(stats.connections >= 1 && stats.most_at_once >= 1 && stats.in_work == 0);
    assert_eq!(stats.statuses, [(200, 9)].into());
    let printed = serde_json::to_value(&stats).unwrap();
    assert_eq!(printed["operations"]["Jobs_GetList"], 8);
    provider.reset_stats();
    assert_eq!((provider.stats().requests, provider.requests().len()), (0, 0));
}

#[tokio::test]
async fn a_provider_that_is_shut_down_does_not_answer() {
    let (provider, client) = started(Faults::none()).await;
    assert_eq!(client.get(&list()).await.status, 200);
    provider.shutdown().await;
    assert!(client.try_call("GET", &list(), None).await.is_err());
}
