//! Who may come in: tokens, app keys, tenants, the rate limit.

use super::{
    JPM,
    client::{Client, FORM},
};
use penstock_simulated::{
    Clock, RateLimit,
    servicetitan::{Account, Config, RetryAfter, SimulatedServiceTitan},
};
use std::time::Duration;

#[tokio::test]
async fn the_token_endpoint_takes_client_credentials_and_nothing_else() {
    let provider = SimulatedServiceTitan::start(Config::small(1)).await.unwrap();
    let client = Client::new(&provider).await;
    let first = client.token_request(FORM).await;
    assert_eq!(
        (first.json["expires_in"].clone(), first.json["token_type"].clone()),
        (900.into(), "Bearer".into())
    );
    assert_eq!(first.header("cache-control"), Some("no-store"));
    assert_ne!(first.json["access_token"], client.token_request(FORM).await.json["access_token"]);

    let wrong = [
        (FORM.replace("client_credentials", "password"), "unsupported_grant_type"),
        (FORM.replace("cs2.simulated-secret", "guess"), "invalid_client"),
        (FORM.replace("cid.simulated", "nobody"), "invalid_client"),
        (FORM.replace("client_secret=", "secret="), "invalid_request"),
        (format!("{FORM}&client_id=again"), "invalid_request"),
        (String::new(), "invalid_request"),
    ];
    for (form, error) in wrong {
        let reply = client.token_request(&form).await;
        assert_eq!((reply.status, &reply.json["error"]), (400, &error.into()), "{form}");
    }
    let get = client.get("/connect/token").await;
    assert_eq!((get.status, get.header("allow")), (405, Some("POST")));
    assert_eq!(provider.stats().tokens, 3);
}

#[tokio::test]
async fn a_token_ends_with_its_time_and_can_be_revoked() {
    let clock = Clock::manual();
    let config = Config { token_lifetime: Duration::from_secs(60), clock: clock.clone(), ..Config::small(1) };
    let provider = SimulatedServiceTitan::start(config).await.unwrap();
    let mut client = Client::new(&provider).await;
    let list = format!("{JPM}/jobs");
    clock.advance(Duration::from_secs(59));
    assert_eq!(client.get(&list).await.status, 200);
    clock.advance(Duration::from_secs(1));
    let reply = client.get(&list).await;
    assert_eq!((reply.status, reply.header("www-authenticate").is_some()), (401, true));
    client.renew().await;
    assert_eq!(client.get(&list).await.status, 200);
    provider.revoke_all();
    assert_eq!(client.get(&list).await.status, 401);
}

#[tokio::test]
async fn a_rotation_has_two_valid_secrets() {
    let account = Account {
        client_secrets: vec!["old".to_owned(), "new".to_owned()],
        app_keys: vec!["key-1".to_owned(), "key-2".to_owned()],
        ..Account::default()
    };
    assert!(!format!("{account:?}").contains("old"), "{account:?}");
    let accounts =
        vec![Account { client_secrets: vec!["cs2.simulated-secret".to_owned()], ..account.clone() }, account];
    let provider = SimulatedServiceTitan::start(Config { accounts, ..Config::small(1) }).await.unwrap();
    let mut client = Client::new(&provider).await;
    for (secret, key) in [("old", "key-1"), ("new", "key-2")] {
        let reply = client.token_request(&FORM.replace("cs2.simulated-secret", secret)).await;
        client.token = reply.json["access_token"].as_str().unwrap().to_owned();
        client.app_key = key.to_owned();
        // The raw token, without `Bearer`, is taken as well.
        assert_eq!(client.get(&format!("{JPM}/jobs")).await.status, 200, "{secret}");
    }
}

#[tokio::test]
async fn every_door_is_checked() {
    let other = Account {
        client_id: "cid.other".to_owned(),
        client_secrets: vec!["other".to_owned()],
        app_keys: vec!["ak1.other".to_owned()],
        tenants: vec![1_000_002],
    };
    let config = Config { accounts: vec![Account::default(), other], ..Config::small(5) };
    let provider = SimulatedServiceTitan::start(config).await.unwrap();
    let client = Client::new(&provider).await;
    let list = format!("{JPM}/jobs");
    let with = |token: &str, key: &str| Client {
        token: token.to_owned(),
        app_key: key.to_owned(),
        ..client.clone()
    };
    let cases = [
        (with("", &client.app_key), list.clone(), 401),
        (with("Bearer forged", &client.app_key), list.clone(), 401),
        (with(&client.token, ""), list.clone(), 401),
        (with(&client.token, "ak1.other"), list.clone(), 403),
        (client.clone(), list.replace("1000001", "1000002"), 403),
        (client.clone(), list.replace("1000001", "x"), 400),
        (client.clone(), list.replace("jobs", "jobz"), 404),
        (client.clone(), list.replace("/v2/", "/v3/"), 404),
    ];
    for (client, path, status) in cases {
        let reply = client.get(&path).await;
        assert_eq!(reply.status, status, "{path} {reply:?}");
        assert_eq!(reply.json["status"], status, "{reply:?}");
        for member in ["type", "title", "traceId", "errors", "data"] {
            assert!(!reply.json[member].is_null(), "{member} of {reply:?}");
        }
        assert_eq!(reply.header("x-trace-id"), reply.json["traceId"].as_str());
    }
    let reply = client.call("DELETE", &list, None).await;
    assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, POST")));
}

#[tokio::test]
async fn the_rate_limit_holds_for_each_tenant_and_says_when_to_come_again() {
    for (form, header) in [
        (RetryAfter::Seconds, Some("1")),
        (RetryAfter::Fraction, Some("0.750")),
        (RetryAfter::Date, Some("Fri, 20 Nov 2026 12:00:01 GMT")),
        (RetryAfter::Absent, None),
    ] {
        let clock = Clock::manual();
        let limit = RateLimit { requests: 3, per: Duration::from_secs(1) };
        let config =
            Config { clock: clock.clone(), rate_limit: Some(limit), retry_after: form, ..Config::small(1) };
        let provider = SimulatedServiceTitan::start(config).await.unwrap();
        let client = Client::new(&provider).await;
        let list = format!("{JPM}/jobs");
        for _ in 0..3 {
            assert_eq!(client.get(&list).await.status, 200);
        }
        clock.advance(Duration::from_millis(250));
        let reply = client.get(&list).await;
        assert_eq!((reply.status, reply.header("retry-after")), (429, header));
        assert_eq!(reply.json["title"], "Rate limit is exceeded. Try again in 1 seconds.");
        clock.advance(Duration::from_millis(750));
        assert_eq!(client.get(&list).await.status, 200);
        assert_eq!(provider.stats().rate_limited, 1);
    }
}

#[tokio::test]
async fn the_log_keeps_no_secret() {
    let provider = SimulatedServiceTitan::start(Config::small(1)).await.unwrap();
    let client = Client::new(&provider).await;
    client.get(&format!("{JPM}/jobs")).await;
    client.get(&format!("{JPM}/projects")).await;
    let seen = provider.requests();
    let text = format!("{seen:?} {}", serde_json::to_string(&seen).unwrap());
    for secret in ["cs2.simulated-secret", "ak1.simulated-key", client.token.trim_start_matches("Bearer ")] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let authorization =
        |at: usize| seen[at].headers.iter().find(|(name, _)| name == "authorization").unwrap();
    assert_eq!(authorization(1), authorization(2), "the same token has the same mark");
    assert!(format!("{provider}").contains(&provider.url()));
}
