//! What columns of PostgreSQL hold, and what they do not.

use crate::support::{Copy, table, write};

/// One of each type, with more digits than a float has.
#[tokio::test]
#[ignore = "needs PostgreSQL: .ci/leg sync"]
async fn values_are_what_the_vendor_sent() {
    let copy = Copy::in_postgres().await;
    let invoices = table("accounting_invoices");
    let destination = copy.prepared(&invoices).await;
    let record = r#"{"id":9007199254740993,"total":"12345678901234567890.1200","active":true,
        "summary":"tab\t back\\slash \\N \r\n end","createdOn":"2026-11-30T07:00:00.1234567+02:00",
        "modifiedOn":"9999-12-31T23:59:59.9999999Z","items":[{"b":1,"a":"\u00e9"}]}"#;
    let written = write(destination.as_ref(), &invoices, 1, &[record]).await;
    assert_eq!((written.rows, written.misfits), (1, 0));
    for (column, expected) in [
        ("id", "9007199254740993"),
        ("total::text", "12345678901234567890.1200"),
        ("active", "t"),
        ("summary", "tab\t back\\slash \\N \r\n end"),
        ("(created_on AT TIME ZONE 'UTC')::text", "2026-11-30 05:00:00.123456"),
        ("(modified_on AT TIME ZONE 'UTC')::text", "9999-12-31 23:59:59.999999"),
        ("_penstock_version", "9223372036854775807"),
        ("items -> 0 ->> 'a'", "é"),
    ] {
        assert_eq!(copy.column(&format!("SELECT {column} FROM accounting_invoices")).await, [expected]);
    }
    // And are given back as they came, but for what is behind a microsecond.
    let (_, values) = destination.sample(&invoices, 5).await.unwrap().remove(0);
    let shown = format!("{values:?}");
    for expected in ["12345678901234567890.1200", "2026-11-30T05:00:00.123456000Z", "Boolean(true)"] {
        assert!(shown.contains(expected), "{shown}");
    }
}

/// Each is kept as it came, and none keeps the others of its batch.
#[tokio::test]
#[ignore = "needs PostgreSQL: .ci/leg sync"]
async fn what_no_column_holds_is_kept_as_it_came_and_marked() {
    let copy = Copy::in_postgres().await;
    let jobs = table("jpm_jobs");
    let destination = copy.prepared(&jobs).await;
    let deep = format!(r#"{{"id":8,"customFields":{}1{}}}"#, "[".repeat(600), "]".repeat(600));
    let misfits = [
        r#"{"id":1,"summary":"a\u0000b"}"#,
        r#"{"id":2,"customFields":[{"value":"\u0000"}]}"#,
        r#"{"id":3,"customFields":[{"value":"\ud83d"}]}"#,
        r#"{"id":4,"unknown":"\u0000"}"#,
        r#"{"id":5,"customFields":[1e99999]}"#,
        r#"{"id":6,"completedOn":"2026-02-30T00:00:00Z"}"#,
        r#"{"id":7,"customerId":9223372036854775808}"#,
        &deep,
    ];
    let mut records = vec![r#"{"id":100,"summary":"fits"}"#];
    records.extend(misfits);
    let written = write(destination.as_ref(), &jobs, 1, &records).await;
    assert_eq!((written.rows, written.misfits), (9, 8));
    let kept = copy.column("SELECT _penstock_misfit FROM jpm_jobs WHERE id < 100 ORDER BY id").await;
    assert_eq!(kept, misfits);
    assert_eq!(copy.column("SELECT id FROM jpm_jobs WHERE _penstock_misfit IS NULL").await, ["100"]);
    let status = destination.status().await.unwrap().remove(0);
    assert_eq!((status.rows, status.misfits), (9, 8));
}
