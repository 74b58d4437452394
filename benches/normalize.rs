//! How fast provider JSON becomes a value in memory or the normal form, next to what a
//! plain serde derive does with the same text: `cargo bench --bench normalize`.
//!
//! The plain struct has it easier: instants stay text, money becomes a float,
//! unknown fields are dropped.
#![allow(clippy::expect_used, reason = "a bench whose sample does not fit has failed")]
#![allow(missing_docs, reason = "a program, not a library")]

#[path = "common/job.rs"]
mod job;

use job::JSON;
use penstock::{
    codec::{MAX_DEPTH, check_limits, decode, lift_body, plain_page, transcode},
    contract::catalogue::{Type, tables::servicetitan::jpm as tables},
    entry::form::{Form, Lowered, NormalForm},
};
use serde::Deserialize;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

static JOB: Type = Type::Record(&tables::JOB);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "decoded, not read")]
struct PlainJob {
    id: i64,
    job_number: Option<String>,
    project_id: Option<i64>,
    customer_id: Option<i64>,
    location_id: Option<i64>,
    job_status: Option<PlainStatus>,
    completed_on: Option<String>,
    business_unit_id: Option<i64>,
    job_type_id: Option<i64>,
    priority: Option<String>,
    campaign_id: Option<i64>,
    appointment_count: Option<i64>,
    first_appointment_id: Option<i64>,
    last_appointment_id: Option<i64>,
    recall_for_id: Option<i64>,
    warranty_id: Option<i64>,
    no_charge: Option<bool>,
    notifications_enabled: Option<bool>,
    created_on: Option<String>,
    created_by_id: Option<i64>,
    modified_on: Option<String>,
    tag_type_ids: Vec<i64>,
    lead_call_id: Option<i64>,
    booking_id: Option<i64>,
    sold_by_id: Option<i64>,
    customer_po: Option<String>,
    invoice_id: Option<i64>,
    membership_id: Option<i64>,
    total: Option<f64>,
    summary: Option<String>,
    custom_fields: Vec<PlainCustomField>,
    estimate_ids: Vec<i64>,
    equipment_ids: Vec<i64>,
    is_auto_dispatched: Option<bool>,
}

#[derive(Deserialize)]
enum PlainStatus {
    Scheduled,
    Dispatched,
    InProgress,
    Hold,
    Completed,
    Canceled,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "decoded, not read")]
struct PlainCustomField {
    type_id: Option<i64>,
    name: Option<String>,
    value: Option<String>,
}

/// Megabytes of JSON a second, the best of many rounds.
fn speed(what: &str, once: impl FnMut()) -> f64 {
    speed_of(what, JSON.len(), 2000, once)
}

/// The same of a text of this length, so many times a round.
fn speed_of(what: &str, length: usize, times: usize, mut once: impl FnMut()) -> f64 {
    let mut best = Duration::MAX;
    for _ in 0..40 {
        let start = Instant::now();
        for _ in 0..times {
            once();
        }
        best = best.min(start.elapsed());
    }
    let speed = (length * times) as f64 / best.as_secs_f64() / 1e6;
    println!("{what:<28}{speed:>8.0} MB/s");
    speed
}

fn main() {
    let json = JSON.as_bytes();
    let job = decode(&JOB, json).expect("the sample fits");
    let plain = speed("plain serde derive", || {
        black_box(serde_json::from_slice::<PlainJob>(black_box(json)).expect("the sample fits"));
    });
    speed("serde_json::Value", || {
        black_box(serde_json::from_slice::<serde_json::Value>(black_box(json)).expect("the sample fits"));
    });
    let ours = speed("decode", || {
        black_box(decode(&JOB, black_box(json)).expect("the sample fits"));
    });
    speed("transcode", || {
        black_box(transcode(&JOB, black_box(json)).expect("the sample fits"));
    });
    speed("lift_body", || {
        let body = lift_body(&JOB, black_box(&job), 0).expect("it was written just now");
        black_box(body.expect("what was decoded is valid"));
    });
    speed("check_limits", || {
        black_box(check_limits(black_box(json), usize::MAX, MAX_DEPTH)).expect("the sample fits");
    });
    let page = format!(r#"{{"page":1,"pageSize":50,"hasMore":true,"data":[{}]}}"#, [JSON; 50].join(","));
    speed_of("plain_page", page.len(), 40, || {
        black_box(plain_page(black_box(page.as_bytes()), "data", "id")).expect("a page");
    });
    speed_of("check_limits of a page", page.len(), 40, || {
        black_box(check_limits(black_box(page.as_bytes()), usize::MAX, MAX_DEPTH)).expect("a page");
    });
    speed_of("a batch of a page's records", JSON.len() * 50, 40, || {
        let form = Lowered(&JOB);
        let mut batch = form.batch(50);
        (0..50).for_each(|_| form.add(&mut batch, black_box(json)).expect("the sample fits"));
        black_box(form.finish(batch));
    });
    speed_of("the same by name", JSON.len() * 50, 40, || {
        let form = NormalForm(&JOB);
        let mut batch = form.batch(50);
        (0..50).for_each(|_| form.add(&mut batch, black_box(json)).expect("the sample fits"));
        black_box(form.finish(batch));
    });
    println!("decode is at {:.0} % of the plain derive", ours / plain * 100.0);
}
