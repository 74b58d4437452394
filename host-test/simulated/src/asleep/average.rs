//! Averages over a period, of nights with sleep alone.

use super::{
    Plan,
    night::{Night, State},
    report::{numbers, sleep, time},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What `average-stats` answers.
pub(crate) fn average(
    nights: &[Night],
    zone: &TimeZone,
    name: &str,
    (first, last): (Date, Date),
    plan: Plan,
) -> Value {
    let within = |night: &&Night| {
        let day = night.start.to_zoned_datetime(zone.clone()).date();
        night.state == State::Complete && first <= day && day <= last
    };
    let nights: Vec<&Night> = nights.iter().filter(within).collect();
    let (slept, sleepless): (Vec<&Night>, Vec<&Night>) = nights.into_iter().partition(|night| night.slept());
    let ids = |night: &Night| {
        json!({
            "id": night.id,
            "created_timezone": "UTC",
            "start_time": time(night.start, zone),
            "end_time": night.end.map(|end| time(end, zone)),
            "completed_time": night.end.map(|end| time(end, zone)),
        })
    };
    let rich = |night: &&Night| {
        let mut row = ids(night);
        if let Some(row) = row.as_object_mut() {
            row.extend(numbers(night, plan));
            let sleep = sleep(night);
            row.insert("sleep_time".to_owned(), json!(sleep.map(|(sleep, _)| time(sleep, zone))));
            row.insert("wake_time".to_owned(), json!(sleep.map(|(_, wake)| time(wake, zone))));
        }
        row
    };
    json!({
        "period": {"timezone": name, "start_date": first.to_string(), "end_date": last.to_string()},
        "peculiarities": [],
        "average_stats": (!slept.is_empty()).then(|| stats(&slept, zone, plan)),
        "never_slept_sessions": sleepless.iter().filter(|night| never(night)).map(|night| ids(night)).collect::<Vec<_>>(),
        "slept_sessions": slept.iter().map(rich).collect::<Vec<_>>(),
    })
}

fn never(night: &Night) -> bool {
    night.oddity == Some(super::Oddity::NeverSlept)
}

#[expect(clippy::cast_precision_loss, reason = "nights of a period")]
fn stats(slept: &[&Night], zone: &TimeZone, plan: Plan) -> Map<String, Value> {
    let mut sums: BTreeMap<String, (f64, usize)> = BTreeMap::new();
    for (name, value) in slept.iter().flat_map(|night| numbers(night, plan)) {
        let sum = sums.entry(name).or_default();
        if let Some(value) = value.as_f64() {
            *sum = (sum.0 + value, sum.1 + 1);
        }
    }
    let mean = |(sum, count): (f64, usize)| if count > 0 { json!(sum / count as f64) } else { Value::Null };
    let mut stats: Map<String, Value> = sums.into_iter().map(|(name, sum)| (name, mean(sum))).collect();
    // The first night's, for want of a better idea: the provider does not say how it means them.
    let clock = |at: Option<Timestamp>| {
        at.map(|at| at.to_zoned_datetime(zone.clone()).strftime("%H:%M:%S").to_string())
    };
    let first = slept.first();
    stats.insert("start_time".to_owned(), json!(clock(first.map(|night| night.start))));
    stats.insert("end_time".to_owned(), json!(clock(first.and_then(|night| night.end))));
    let sleep = first.and_then(|night| sleep(night));
    stats.insert("sleep_time".to_owned(), json!(clock(sleep.map(|(sleep, _)| sleep))));
    stats.insert("wake_time".to_owned(), json!(clock(sleep.map(|(_, wake)| wake))));
    stats
}
