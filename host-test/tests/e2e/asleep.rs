//! Asleep through the real component: every operation typed, what is put together, and
//! what goes wrong.

mod routes;

use futures_util::StreamExt;
use penstock_host::{
    Environment, Error, Plugin,
    bindings::{
        sleep::{
            AverageQuery, Gender, NewUser, OwnerQuery, Peculiarity, SessionOrder, SessionQuery, SessionState,
            SessionsForUsersBody, SessionsQuery, StagePlan, SummaryQuery, UserChange, UserMetadata,
            UserMetadataChange,
        },
        types::{AnswerSource, CallOptions, Failure, FailureKind, Outcome, PageRequest},
    },
    logs::{Captured, Logs},
    providers::asleep::Sleep,
};
use penstock_simulated::{
    FaultKind, Faults, Matcher, RateLimit,
    asleep::{Config, Oddity, Plan, SimulatedAsleep, State},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

struct Scene {
    provider: SimulatedAsleep,
    plugin: Plugin,
    captured: Captured,
    user: String,
}

async fn scene_with(config: Config, further: &[(&str, &str)]) -> Scene {
    let provider = SimulatedAsleep::start(config).await.unwrap();
    let mut settings = provider.settings();
    let own = [
        ("PENSTOCK_ROLE", "admin"),
        ("LOG_LEVEL", "debug"),
        // Real time passes here: most tests are about something else.
        ("ASLEEP_RATE_LIMIT", "10000"),
    ];
    settings.extend(own.iter().chain(further).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let (logs, captured) = Logs::captured();
    let plugin = Plugin::start(Environment::loopback(settings).logs(logs)).await.unwrap();
    let user = provider.user_ids()[0].clone();
    Scene { provider, plugin, captured, user }
}

async fn scene() -> Scene {
    scene_with(Config::default(), &[]).await
}

impl Scene {
    /// The typed calls.
    fn sleep(&self) -> Sleep {
        self.plugin.asleep().sleep()
    }
}

/// What a call failed with.
fn failure<T: std::fmt::Debug>(result: Result<T, Error>) -> Failure {
    result.unwrap_err().failure().unwrap().clone()
}

fn metadata(height: f64) -> UserMetadata {
    UserMetadata {
        birth_year: Some(1990),
        gender: Some(Gender::NonBinary),
        height: Some(height),
        ..UserMetadata::default()
    }
}

fn of(user: &str) -> SessionQuery {
    SessionQuery { user_id: user.to_owned(), timezone: None }
}

fn sessions(user: &str) -> SessionsQuery {
    SessionsQuery { user_id: user.to_owned(), timezone: None, date_gte: None, date_lte: None, order_by: None }
}

#[tokio::test]
async fn users_are_made_read_changed_and_removed() {
    let scene = scene().await;
    let body = NewUser { metadata: Some(metadata(170.5)), extra: None };
    let made = scene.sleep().users_create(body).await.unwrap();
    let (user, info) = scene.sleep().users_get(&made.user_id).await.unwrap();
    assert_eq!((user.user_id.as_str(), info.source), (made.user_id.as_str(), AnswerSource::Vendor));
    assert_eq!(user.metadata.unwrap().gender, Some(Gender::NonBinary));
    assert_eq!(user.last_session_info, None);

    let change = UserChange {
        metadata: UserMetadataChange {
            height: Some(Some(171.0)),
            gender: Some(None),
            ..UserMetadataChange::default()
        },
        extra: None,
    };
    let saved = scene.sleep().users_update(made.user_id.clone(), change).await.unwrap();
    assert_eq!(saved.metadata.unwrap().height, Some(171.0));
    let sent = scene.provider.requests().into_iter().find(|request| request.method == "PUT").unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&sent.body).unwrap(),
        json!({"metadata": {"height": 171.0, "gender": null}})
    );

    scene.sleep().users_delete(&made.user_id).await.unwrap();
    let gone = failure(scene.sleep().users_delete(&made.user_id).await);
    assert_eq!((gone.kind, gone.status), (FailureKind::NotFound, Some(404)));
    assert_eq!(scene.provider.stats().written("CreateUser"), 1);
}

#[tokio::test]
async fn a_session_has_its_stages_and_statistics() {
    for (plan, told) in [(Plan::FourStage, StagePlan::FourStage), (Plan::TwoStage, StagePlan::TwoStage)] {
        let scene = scene_with(Config { plan, ..Config::default() }, &[]).await;
        let id = scene.provider.find(&scene.user, State::Complete, None)[0].clone();
        let (report, _) = scene.sleep().sessions_get(id.clone(), of(&scene.user)).await.unwrap();
        assert_eq!(report.stage_plan, Some(told));
        let (session, stat) = (report.session.unwrap(), report.stat.unwrap());
        assert_eq!((session.id, session.state), (id, Some(SessionState::Complete)));
        let stages = session.sleep_stages.unwrap();
        let asleep = stages.iter().filter(|stage| **stage > 0).count() * 30;
        assert_eq!(stat.time_in_sleep, Some(asleep as f64));
        assert!((0.0..=1.0).contains(&stat.sleep_efficiency.unwrap()));
        assert_eq!(session.breath_stages.map(|breath| breath.len()), Some(stages.len()));
    }
}

#[tokio::test]
async fn every_odd_session_is_read() {
    let scene = scene().await;
    for (state, oddity, word) in [
        (State::Open, Oddity::InProgress, Peculiarity::InProgress),
        (State::Closed, Oddity::InProgress, Peculiarity::InProgress),
        (State::Complete, Oddity::NeverSlept, Peculiarity::NeverSlept),
        (State::Complete, Oddity::TooShort, Peculiarity::TooShortForAnalysis),
        (State::Complete, Oddity::TooLong, Peculiarity::TooLongForAnalysis),
        (State::Complete, Oddity::TooManyDefects, Peculiarity::TooManyDefectsInSleepStages),
        (State::Complete, Oddity::NoBreathing, Peculiarity::NoBreathingStability),
        (State::Complete, Oddity::NoPolling, Peculiarity::NoRealtimePolling),
    ] {
        let id = scene.provider.find(&scene.user, state, Some(oddity))[0].clone();
        let (report, _) = scene.sleep().sessions_get(id, of(&scene.user)).await.unwrap();
        assert_eq!(report.peculiarities, Some(vec![word]));
        assert_eq!(report.stat.is_some(), oddity.has_statistics(), "{oddity:?}");
    }
}

#[tokio::test]
async fn a_list_streams_every_session_once_in_either_order() {
    let scene = scene_with(
        Config { faults: Faults { retry_after: Duration::ZERO, ..Faults::mixed(0.3) }, ..Config::default() },
        &[("REQUEST_TIMEOUT", "1")],
    )
    .await;
    let truth = scene.provider.session_ids(&scene.user);
    for order in [None, Some(SessionOrder::NewestFirst)] {
        let query = SessionsQuery { order_by: order.clone(), ..sessions(&scene.user) };
        let options = CallOptions { page_size: Some(40), ..CallOptions::default() };
        let mut list = scene.sleep().sessions_list(query).with(options).await.unwrap();
        let mut ids = Vec::new();
        while let Some(row) = list.next().await {
            ids.push(row.unwrap().session_id);
        }
        if order.is_some() {
            ids.reverse();
        }
        assert_eq!(ids, truth, "{order:?}");
        assert!(!list.end().unwrap().drifted);
    }
    assert!(scene.provider.stats().all_faults() > 0);
}

#[tokio::test]
async fn a_page_is_kept_until_a_write_to_its_user() {
    let scene = scene().await;
    let page = || PageRequest { page: Some(2), page_size: Some(100), ..PageRequest::default() };
    let read = || async { scene.sleep().sessions_page(sessions(&scene.user), page()).await.unwrap() };
    let first = read().await;
    assert_eq!((first.items.len(), first.info.has_more), (100, true));
    assert_eq!(read().await.info.answer.source, AnswerSource::Cache);

    let id = scene.provider.session_ids(&scene.user)[0].clone();
    let owner = || OwnerQuery { user_id: scene.user.clone() };
    scene.sleep().sessions_delete(id.clone(), owner()).await.unwrap();
    assert_eq!(read().await.info.answer.source, AnswerSource::Vendor);
    let gone = failure(scene.sleep().sessions_delete(id, owner()).await);
    assert_eq!(gone.kind, FailureKind::NotFound);

    read().await;
    scene.plugin.forget_owner("asleep", None, &scene.user).await.unwrap();
    assert_eq!(read().await.info.answer.source, AnswerSource::Vendor);

    scene.sleep().sessions_delete_all(owner()).await.unwrap();
    assert!(read().await.items.is_empty());
}

#[tokio::test]
async fn a_session_is_kept_once_it_is_complete() {
    let scene = scene().await;
    let id = scene.provider.find(&scene.user, State::Closed, Some(Oddity::InProgress))[0].clone();
    let get = || async { scene.sleep().sessions_get(id.clone(), of(&scene.user)).await.unwrap() };
    assert_eq!(get().await.1.source, AnswerSource::Vendor);
    assert_eq!(get().await.1.source, AnswerSource::Vendor);
    scene.provider.complete(&scene.user, &id);
    assert_eq!(get().await.0.session.unwrap().state, Some(SessionState::Complete));
    assert_eq!(get().await.1.source, AnswerSource::Cache);
}

#[tokio::test]
async fn averages_over_any_number_of_days() {
    let scene = scene().await;
    let today = jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    let query = |days: i64| AverageQuery {
        timezone: Some("Asia/Seoul".to_owned()),
        start_date: today.saturating_sub(jiff::Span::new().days(days)).to_string(),
        end_date: today.to_string(),
    };
    let (short, _) = scene.sleep().users_average_stats(scene.user.clone(), query(50)).await.unwrap();
    let nights = short.slept_sessions.unwrap();
    assert!(!nights.is_empty() && short.average_stats.unwrap().time_in_sleep.is_some());
    let refused = failure(scene.sleep().users_average_stats(scene.user.clone(), query(150)).await);
    assert_eq!((refused.kind, refused.status), (FailureKind::Rejected, Some(400)));

    let (long, _) = scene.sleep().average_stats_over(scene.user.clone(), query(260)).await.unwrap();
    assert_eq!(long.parts, 3);
    // Each night once, and their mean is the mean.
    let ids: BTreeSet<_> = long.slept_sessions.iter().map(|night| &night.id).collect();
    assert_eq!(
        (ids.len(), long.slept_sessions.len() as u32),
        (long.slept_sessions.len(), long.session_count)
    );
    let sum: f64 = long.slept_sessions.iter().map(|night| night.time_in_sleep.unwrap()).sum();
    let mean = long.average_stats.unwrap().time_in_sleep.unwrap();
    assert!((mean - sum / f64::from(long.session_count)).abs() < 1e-6, "{mean}");
    assert!(long.not_combined.contains(&"sleep_time".to_owned()));
}

#[tokio::test]
async fn a_summary_and_the_sessions_of_many() {
    let scene = scene().await;
    let query = SummaryQuery { timezone: None, end_date: None, days: None };
    let (summary, _) = scene.sleep().user_summary(scene.user.clone(), query).await.unwrap();
    assert!(!summary.partial);
    let newest = scene.provider.session_ids(&scene.user).pop();
    assert_eq!(summary.last_session.unwrap().session_id, newest);
    assert!(summary.session_count.unwrap() > 10);

    let users = scene.provider.user_ids();
    let question = vec![users[2].clone(), "nobody".to_owned(), users[0].clone()];
    let body = SessionsForUsersBody {
        user_ids: question.clone(),
        timezone: None,
        date_gte: None,
        date_lte: None,
        order_by: None,
        concurrency: Some(2),
    };
    let (report, _) = scene.sleep().sessions_for_users(body).await.unwrap();
    let told: Vec<_> = report.users.iter().map(|user| user.user_id.clone()).collect();
    assert_eq!((told, report.failed), (question, 1));
    assert_eq!(report.users[1].failure.as_ref().unwrap().kind, "not-found");
    assert_eq!(report.users[0].sessions.len(), 250);
}

#[tokio::test]
async fn a_user_is_made_once_or_nobody_knows() {
    for (kind, made) in [(FaultKind::ResetAfterApply, 1), (FaultKind::ResetBeforeApply, 0)] {
        let scene = scene().await;
        scene.provider.fail_next(Matcher::operation("CreateUser"), kind, 1);
        let body = Some("{}".to_owned());
        let none: [(&str, &str); 0] = [];
        let error = scene.plugin.invoke("asleep", "sleep.users-create", none, body, None).await.unwrap_err();
        assert_eq!(error.failure().unwrap().outcome, Outcome::Unknown);
        let stats = scene.provider.stats();
        assert_eq!((stats.operation("CreateUser"), stats.written("CreateUser")), (1, made), "{kind:?}");
    }
}

#[tokio::test]
async fn a_rate_limit_is_kept_and_a_key_changes_without_a_failure() {
    let limit = RateLimit { requests: 20, per: Duration::from_secs(1) };
    let scene = scene_with(
        Config { rate_limit: Some(limit), ..Config::default() },
        &[("ASLEEP_RATE_LIMIT", "10"), ("ASLEEP_API_KEY_SECONDARY", "the-next-key-of-all")],
    )
    .await;
    let get =
        || scene.plugin.invoke("asleep", "sleep.users-get", [("user_id", scene.user.clone())], None, None);
    for answer in futures_util::future::join_all((0..25).map(|_| get())).await {
        answer.unwrap();
    }
    assert_eq!(scene.provider.stats().rate_limited, 0);
    scene.provider.set_keys(&["the-next-key-of-all"]);
    get().await.unwrap();
    let logged = scene.captured.lines().join("\n");
    assert!(logged.contains("rotation"), "{logged}");
    for secret in ["asleep-simulated-key", "the-next-key-of-all", scene.user.as_str()] {
        assert!(!logged.contains(secret), "{secret} in {logged}");
    }
}
