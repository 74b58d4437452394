//! `penstock sync asleep --users FILE`: the store of sleep sessions.

use crate::support::{run, text, well};
use penstock_simulated::{
    Faults,
    asleep::{Config, SimulatedAsleep},
};
use rusqlite::Connection;

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_users_are_stored_once_and_read_by_user_and_date() {
    let faults = Faults { max_in_a_row: 2, ..Faults::mixed(0.1) };
    let vendor = SimulatedAsleep::start(Config { users: 2, faults, ..Config::default() }).await.unwrap();
    let (settings, folder) = (vendor.settings(), tempfile::tempdir().unwrap());
    let users = vendor.user_ids();
    std::fs::write(folder.path().join("users"), users.join("\n")).unwrap();
    let arguments = ["sync", "asleep", "--users", "users", "--to", "sqlite:sleep.db"];
    for _ in 0..2 {
        let run = run(&settings, folder.path(), &arguments).await;
        well(&run);
        assert!(text(&run.stderr).contains(&format!("sleep_sessions of {}: 250 records", users[0])));
    }
    let connection = Connection::open(folder.path().join("sleep.db")).unwrap();
    let one = |sql: &str| connection.query_row(sql, [&users[0]], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(one("SELECT count(*) FROM sleep_sessions WHERE user_id = ?"), 250);
    assert_eq!(one("SELECT count(DISTINCT session_id) FROM sleep_sessions WHERE ? <> ''"), 500);
    assert_eq!(one("SELECT records FROM sleep_sessions_averages WHERE user_id = ?"), 250);
    assert_eq!(
        one("SELECT count(*) FROM sleep_sessions_averages WHERE average_time_in_bed > 0 AND ? <> ''"),
        2
    );
    let later =
        "SELECT count(*) FROM sleep_sessions WHERE user_id = ? AND _penstock_created < _penstock_seen";
    assert_eq!(one(later), 250, "made once, seen again");
    let plan: String = connection
        .query_row(
            "EXPLAIN QUERY PLAN SELECT * FROM sleep_sessions WHERE user_id = ? AND session_start_time >= '2026'",
            [&users[0]],
            |row| row.get(3),
        )
        .unwrap();
    assert!(plan.contains("sleep_sessions_owner_start"), "{plan}");
}
