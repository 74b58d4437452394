//! Every operation by its path at the gateway, those that are composed included.

use std::collections::BTreeMap;

use http::StatusCode;
use penstock_gateway::paths;
use penstock_host::Environment;
use penstock_simulated::asleep::{Config, SimulatedAsleep, State};
use serde_json::{Value, json};

use crate::support::routes::{Routes, target};

struct Scene {
    provider: SimulatedAsleep,
    routes: Routes,
}

impl Scene {
    async fn new() -> Self {
        let provider = SimulatedAsleep::start(Config::default()).await.unwrap();
        let mut settings = provider.settings();
        let fast = [("PENSTOCK_ROLE", "admin"), ("ASLEEP_RATE_LIMIT", "10000"), ("LOG_LEVEL", "error")];
        settings.extend(fast.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let routes = Routes::serve(|key| {
            settings.extend(key.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
            Environment::loopback(settings)
        })
        .await;
        Self { provider, routes }
    }

    /// Calls an operation on its path with these parameters.
    async fn call(
        &self,
        name: &str,
        parameters: &[(&str, &str)],
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let path = paths::of("asleep").unwrap().iter().find(|path| path.operation.name == name);
        let path = path.unwrap_or_else(|| panic!("{name} has no path"));
        let parameters: Vec<_> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let body = body.map(|body| body.to_string());
        let (status, body) = self.routes.send(path.operation, &target(path, &parameters), body).await;
        (status, serde_json::from_str(&body).unwrap_or_default())
    }
}

/// By operation.
type Answers = BTreeMap<&'static str, (StatusCode, Value)>;

/// What each operation answers that takes nothing away, but for the user `new`.
async fn answers(scene: &Scene, (user, new, session): (&str, &str, &str)) -> Answers {
    let today = jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    let before = |days: i64| today.saturating_sub(jiff::Span::new().days(days)).to_string();
    let (short, long, today) = (before(50), before(260), today.to_string());
    BTreeMap::from([
        ("sleep.users-get", scene.call("sleep.users-get", &[("user_id", user)], None).await),
        (
            "sleep.users-update",
            scene
                .call("sleep.users-update", &[("user_id", user)], Some(json!({"metadata": {"height": 171}})))
                .await,
        ),
        ("sleep.users-delete", scene.call("sleep.users-delete", &[("user_id", new)], None).await),
        (
            "sleep.users-average-stats",
            scene
                .call(
                    "sleep.users-average-stats",
                    &[("user_id", user), ("start_date", &short), ("end_date", &today)],
                    None,
                )
                .await,
        ),
        (
            "sleep.average-stats-over",
            scene
                .call(
                    "sleep.average-stats-over",
                    &[("user_id", user), ("start_date", &long), ("end_date", &today)],
                    None,
                )
                .await,
        ),
        ("sleep.user-summary", scene.call("sleep.user-summary", &[("user_id", user)], None).await),
        (
            "sleep.sessions-for-users",
            scene.call("sleep.sessions-for-users", &[], Some(json!({"user_ids": [user, "nobody"]}))).await,
        ),
        (
            "sleep.sessions-get",
            scene.call("sleep.sessions-get", &[("session_id", session), ("user_id", user)], None).await,
        ),
        ("sleep.sessions-list", scene.call("sleep.sessions-list", &[("user_id", user)], None).await),
    ])
}

#[tokio::test]
async fn every_operation_answers_on_its_path() {
    let scene = Scene::new().await;
    let user = scene.provider.user_ids()[0].clone();
    let user = user.as_str();
    let session = scene.provider.find(user, State::Complete, None)[0].clone();
    let (status, made) = scene.call("sleep.users-create", &[], Some(json!({}))).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let new = made["user_id"].as_str().unwrap();
    let answers = answers(&scene, (user, new, &session)).await;
    for (name, (status, answer)) in &answers {
        let wanted = if *name == "sleep.users-delete" { StatusCode::NO_CONTENT } else { StatusCode::OK };
        assert_eq!(*status, wanted, "{name}: {answer}");
    }
    let answer = |name: &str| &answers[name].1;
    assert_eq!(answer("sleep.users-get")["user_id"], user);
    assert_eq!(answer("sleep.sessions-get")["session"]["id"], session);
    // What is composed: the parts of each, together.
    assert_eq!(answer("sleep.average-stats-over")["parts"], 3);
    let summary = answer("sleep.user-summary");
    assert_eq!(summary["partial"], false, "{summary}");
    assert_eq!(summary["last_session"]["session_id"], *scene.provider.session_ids(user).last().unwrap());
    let many = answer("sleep.sessions-for-users");
    assert_eq!((&many["failed"], &many["users"][1]["failure"]["kind"]), (&json!(1), &json!("not-found")));
    assert_eq!(many["users"][0]["sessions"].as_array().map(Vec::len), Some(250));

    let one = [("session_id", session.as_str()), ("user_id", user)];
    assert_eq!(scene.call("sleep.sessions-delete", &one, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(scene.call("sleep.sessions-get", &one, None).await.0, StatusCode::NOT_FOUND);
    let (status, _) = scene.call("sleep.sessions-delete-all", &[("user_id", user)], None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert!(scene.provider.session_ids(user).is_empty());
    // Every path was taken.
    assert_eq!(paths::of("asleep").unwrap().len(), answers.len() + 3);
}
