//! Columns of members that the contract does not know.

use crate::support::{Copy, on_both, table, write};
use penstock_sync::{destination::Destination, schema::Table};
use std::sync::Arc;

on_both! {
    what_the_contract_does_not_know_becomes_columns_when_it_is_asked_for
}

const FIRST: [&str; 3] = [
    r#"{"id":1,"jobNumber":"a","grade":7,"share":1,"is new":true,"it's":"x","shape":{"a":[1]},"mixed":1,"none":null,"job_number":1}"#,
    r#"{"id":2,"grade":-8,"share":0.25,"is new":false,"it's":"y","shape":null,"mixed":"one"}"#,
    r#"{"id":3}"#,
];

async fn reopened(copy: &Copy) -> (Arc<dyn Destination>, Arc<Table>) {
    let destination = copy.open().await.unwrap();
    let added = destination.added().await.unwrap();
    let columns = added.into_iter().filter(|(table, _)| table == "jpm_jobs").map(|(_, column)| column);
    let jobs = Arc::new(table("jpm_jobs").with(columns));
    destination.prepare(&[Arc::clone(&jobs)], false).await.unwrap();
    (destination, jobs)
}

async fn what_the_contract_does_not_know_becomes_columns_when_it_is_asked_for(copy: &Copy) {
    let jobs = table("jpm_jobs");
    let destination = copy.prepared(&jobs).await;
    write(destination.as_ref(), &jobs, 1, &FIRST).await;
    let members = destination.extra(&jobs).await.unwrap();
    let shown: Vec<_> = members
        .iter()
        .map(|member| format!("{} {:?} {}", member.column.wire, member.column.kind, member.rows))
        .collect();
    let expected = [
        "grade Integer 2",
        "is new Boolean 2",
        "it's Text 2",
        "mixed Json 2",
        "shape Json 1",
        "share Real 2",
    ];
    let mut sorted = shown.clone();
    sorted.sort();
    assert_eq!(sorted, expected, "{shown:?}");
    let done = destination.add(&jobs, &members).await.unwrap();
    assert_eq!(done.len(), 12);
    assert!(
        done.contains(&format!(
            "ALTER TABLE \"jpm_jobs\" ADD COLUMN \"grade\" {}",
            match copy.is_in_postgres() {
                true => "BIGINT",
                false => "INTEGER",
            }
        )),
        "{done:?}"
    );
    drop(destination);

    // Rows that were there have them, and the next ones too.
    let (destination, jobs) = reopened(copy).await;
    let next = r#"{"id":4,"grade":9,"share":0.5,"is new":true,"it's":"z","shape":[2],"mixed":[],"newer":1}"#;
    write(destination.as_ref(), &jobs, 2, &[next]).await;
    for (column, expected) in [
        ("grade", ["7", "-8", "9"]),
        ("it_s", ["x", "y", "z"]),
        ("CAST(share * 4 AS INTEGER)", ["4", "1", "2"]),
        ("CASE WHEN is_new THEN 'yes' ELSE 'no' END", ["yes", "no", "yes"]),
        ("mixed", ["1", "\"one\"", "[]"]),
        ("coalesce(CAST(shape AS TEXT), 'none')", ["{\"a\":[1]}", "none", "[2]"]),
    ] {
        let rows = copy.column(&format!("SELECT {column} FROM jpm_jobs WHERE id <> 3 ORDER BY id")).await;
        let rows: Vec<_> = rows.iter().map(|row| row.replace(' ', "")).collect();
        assert_eq!(rows, expected, "{column}");
    }
    // What no column has stays where it was.
    let left =
        copy.column("SELECT coalesce(CAST(_penstock_extra AS TEXT), 'none') FROM jpm_jobs ORDER BY id").await;
    let left: Vec<_> = left.iter().map(|extra| extra.replace(' ', "")).collect();
    assert_eq!(left, [r#"{"none":null,"job_number":1}"#, "none", "none", r#"{"newer":1}"#]);
    let members = destination.extra(&jobs).await.unwrap();
    assert_eq!(members.iter().map(|member| member.column.name.as_str()).collect::<Vec<_>>(), ["newer"]);
    assert_eq!(copy.column("SELECT count(*) FROM _penstock_migrations").await, ["13"]);
}
