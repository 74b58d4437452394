//! The simulated Asleep, asked by a plain client.

use super::client::{Client, Reply};
use http::Request;
use http_body_util::Full;
use penstock_simulated::{
    FaultKind, Matcher, RateLimit,
    asleep::{Config, Oddity, Plan, SimulatedAsleep, State},
};
use serde_json::json;
use std::time::Duration;

const KEY: &str = "asleep-simulated-key";

struct Caller {
    client: Client,
    headers: Vec<(&'static str, String)>,
}

impl Caller {
    fn new(provider: &SimulatedAsleep) -> Caller {
        let headers = vec![("x-api-key", KEY.to_owned()), ("user-agent", "test".to_owned())];
        Caller { client: Client::plain(&provider.url()), headers }
    }

    fn with(&self, name: &'static str, value: &str) -> Caller {
        let mut headers: Vec<_> = self.headers.iter().filter(|(known, _)| *known != name).cloned().collect();
        headers.push((name, value.to_owned()));
        Caller { client: self.client.clone(), headers }
    }

    async fn call(&self, method: &str, path: &str, body: Option<&str>) -> Reply {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.client.root));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.unwrap_or_default().to_owned();
        self.client.send(request.body(Full::from(body)).unwrap()).await.unwrap()
    }

    async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, None).await
    }
}

async fn start(config: Config) -> (SimulatedAsleep, Caller, String) {
    let provider = SimulatedAsleep::start(config).await.unwrap();
    let caller = Caller::new(&provider);
    let user = provider.user_ids()[0].clone();
    (provider, caller, user)
}

#[tokio::test]
async fn wrong_requests_are_refused() {
    let (provider, caller, user) = start(Config::default()).await;
    let asked = caller.with("x-user-id", &user);
    let session = &provider.session_ids(&user)[0];
    let statuses = [
        (caller.with("x-api-key", "other").get("/ai/v1/users/x").await, 401),
        (caller.with("user-agent", "").get("/ai/v1/users/x").await, 401),
        (caller.get("/health").await, 404),
        (caller.get("/ai/v1/users/nobody").await, 404),
        (caller.get("/data/v1/sessions").await, 422),
        (caller.with("x-user-id", "a b").get("/data/v1/sessions").await, 400),
        (asked.get("/data/v1/sessions?limit=101").await, 422),
        (asked.get("/data/v1/sessions?page=1").await, 422),
        (asked.get("/data/v1/sessions?date_gte=2026-1-1").await, 422),
        (asked.get("/data/v1/sessions?order_by=asc").await, 422),
        (asked.with("timezone", "Mars/Base").get("/data/v1/sessions").await, 400),
        (asked.get("/data/v3/sessions/abc").await, 400),
        (asked.get("/data/v3/sessions/20200101000000_zzzzz").await, 404),
        (caller.get(&format!("/data/v3/sessions/{session}")).await, 422),
        (caller.get(&format!("/data/v1/users/{user}/average-stats?start_date=2026-01-01")).await, 422),
        (caller.call("POST", "/ai/v1/users", Some(r#"{"name":"x"}"#)).await, 422),
        (caller.call("POST", "/ai/v1/users", Some(r#"{"metadata":{"height":301}}"#)).await, 422),
        (caller.call("PUT", &format!("/ai/v1/users/{user}"), Some("{}")).await, 422),
    ];
    for (index, (reply, status)) in statuses.iter().enumerate() {
        assert_eq!(reply.status, *status, "{index}: {reply:?}");
        assert!(!reply.json["detail"].is_null(), "{index}: {reply:?}");
    }
    let period = |last| format!("/data/v1/users/{user}/average-stats?start_date=2026-01-01&end_date={last}");
    assert_eq!(caller.get(&period("2026-04-10")).await.status, 200);
    let long = caller.get(&period("2026-04-11")).await;
    assert_eq!(
        (long.status, &long.json["detail"]),
        (400, &json!("The period should be less than or equal to 100 days"))
    );
}

#[tokio::test]
async fn every_odd_session_is_there() {
    let (provider, caller, user) = start(Config::default()).await;
    let asked = caller.with("x-user-id", &user);
    let kinds = [
        (State::Open, Oddity::InProgress),
        (State::Closed, Oddity::InProgress),
        (State::Complete, Oddity::NeverSlept),
        (State::Complete, Oddity::TooShort),
        (State::Complete, Oddity::TooLong),
        (State::Complete, Oddity::TooManyDefects),
        (State::Complete, Oddity::NoBreathing),
        (State::Complete, Oddity::NoPolling),
    ];
    for (state, oddity) in kinds {
        let id = &provider.find(&user, state, Some(oddity))[0];
        let report = asked.get(&format!("/data/v3/sessions/{id}")).await.json["result"].clone();
        assert_eq!(report["peculiarities"], json!([oddity.word()]));
        assert_eq!(report["session"]["state"], state.word());
        assert_eq!(report["stat"].is_object(), oddity.has_statistics(), "{oddity:?}");
        assert_eq!(report["session"]["end_time"].is_null(), state == State::Open);
    }
    // The time zone of the answer is that of the header, and the day with it.
    let id = &provider.session_ids(&user)[0];
    let seoul = asked.with("timezone", "Asia/Seoul").get(&format!("/data/v3/sessions/{id}")).await;
    assert!(seoul.json["result"]["session"]["start_time"].as_str().unwrap().ends_with("+09:00"));
}

#[tokio::test]
async fn two_stages_are_all_that_a_small_contract_has() {
    let (provider, caller, user) = start(Config { plan: Plan::TwoStage, ..Config::default() }).await;
    let id = &provider.find(&user, State::Complete, None)[0];
    let report = caller.with("x-user-id", &user).get(&format!("/data/v3/sessions/{id}")).await;
    let report = &report.json["result"];
    let stages = report["session"]["sleep_stages"].as_array().unwrap();
    assert!(stages.iter().all(|stage| stage == 0 || stage == 1));
    assert!(report["stat"]["time_in_light"].is_null() && report["stat"]["time_in_sleep"].is_number());
}

#[tokio::test]
async fn its_limit_is_a_403_and_faults_are_as_asked() {
    let limit = RateLimit { requests: 2, per: Duration::from_secs(3_600) };
    let (_provider, caller, user) = start(Config { rate_limit: Some(limit), ..Config::default() }).await;
    let path = format!("/ai/v1/users/{user}");
    assert_eq!([caller.get(&path).await.status, caller.get(&path).await.status], [200, 200]);
    let refused = caller.get(&path).await;
    assert_eq!((refused.status, &refused.json["detail"]), (403, &json!("Rate limit exceeded")));
    assert_eq!(refused.header("retry-after"), None);

    let (provider, caller, user) = start(Config::default()).await;
    provider.fail_next(Matcher::operation("GetUser"), FaultKind::BadGateway, 1);
    let path = format!("/ai/v1/users/{user}");
    assert_eq!([caller.get(&path).await.status, caller.get(&path).await.status], [502, 200]);
}
