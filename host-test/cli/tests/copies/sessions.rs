//! `penstock sync asleep --users FILE`: the store of sleep sessions.

use crate::support::{Copied, Kind, run, text, well};
use penstock_simulated::{
    Faults,
    asleep::{Config, SimulatedAsleep},
};

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_users_are_stored_once_and_read_by_user_and_date() {
    sessions_are_stored_once(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: .ci/leg sync"]
async fn sessions_of_users_are_stored_once_in_postgres_and_read_by_user_and_date() {
    sessions_are_stored_once(Kind::Postgres).await;
}

async fn sessions_are_stored_once(kind: Kind) {
    let faults = Faults { max_in_a_row: 2, ..Faults::mixed(0.1) };
    let vendor = SimulatedAsleep::start(Config { users: 2, faults, ..Config::default() }).await.unwrap();
    let copied = Copied::new(kind).await;
    let (settings, folder) = (copied.settings(&vendor.settings()), copied.folder.path());
    let users = vendor.user_ids();
    std::fs::write(folder.join("users"), users.join("\n")).unwrap();
    for _ in 0..2 {
        let run = run(&settings, folder, &["sync", "asleep", "--users", "users", "--to", copied.to]).await;
        well(&run);
        assert!(text(&run.stderr).contains(&format!("sleep_sessions of {}: 250 records", users[0])));
    }
    let user = &users[0];
    for (what, expected) in [
        (format!("count(*) FROM sleep_sessions WHERE user_id = '{user}'"), 250),
        ("count(DISTINCT session_id) FROM sleep_sessions".to_owned(), 500),
        (format!("records FROM sleep_sessions_averages WHERE user_id = '{user}'"), 250),
        ("count(*) FROM sleep_sessions_averages WHERE average_time_in_bed > 0".to_owned(), 2),
        // Made once, seen again.
        ("count(*) FROM sleep_sessions WHERE _penstock_created < _penstock_seen".to_owned(), 500),
    ] {
        assert_eq!(copied.number(&format!("SELECT {what}")).await, expected, "{what}");
    }
    let plan = copied
        .plan(&format!(
            "SELECT * FROM sleep_sessions WHERE user_id = '{user}' AND session_start_time >= '2026-01-01'"
        ))
        .await;
    assert!(plan.contains("sleep_sessions_owner_start"), "{plan}");
}
