//! Sessions as the API shows them.

use super::{
    Plan,
    night::{Night, Oddity, State},
};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};

/// A point in time in a time zone, with its offset.
pub(crate) fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

pub(crate) fn row(night: &Night, zone: &TimeZone) -> Value {
    json!({
        "session_id": night.id,
        "state": night.state.word(),
        "session_start_time": time(night.start, zone),
        "session_end_time": night.end.map(|end| time(end, zone)),
        "created_timezone": "UTC",
        "unexpected_end_time": null,
        "last_received_seq_num": night.stages.len().saturating_sub(1),
        "time_in_bed": night.end.map(|_| night.spans().0),
    })
}

/// A session with its statistics.
pub(crate) fn session(night: &Night, zone: &TimeZone, name: &str, plan: Plan) -> Value {
    let analysed = night.state == State::Complete;
    let stages = |stages: &[i8]| if analysed { json!(stages) } else { Value::Null };
    let breath: Vec<i8> = night.stages.iter().map(|_| 0).collect();
    let breathing = night.oddity != Some(Oddity::NoBreathing);
    json!({
        "timezone": name,
        "peculiarities": night.oddity.map(Oddity::word).into_iter().collect::<Vec<_>>(),
        "missing_data_ratio": night.missing,
        "session": {
            "id": night.id,
            "state": night.state.word(),
            "start_time": time(night.start, zone),
            "end_time": night.end.map(|end| time(end, zone)),
            "unexpected_end_time": null,
            "created_timezone": "UTC",
            "sleep_stages": stages(&night.stages),
            "breath_stages": if breathing { stages(&breath) } else { Value::Null },
            "snoring_stages": stages(&night.snoring),
        },
        "stat": has_statistics(night).then(|| {
            let mut stat = numbers(night, plan);
            stat.extend(times(night, zone));
            stat
        }),
    })
}

fn has_statistics(night: &Night) -> bool {
    night.state == State::Complete && night.oddity.is_none_or(Oddity::has_statistics)
}

/// When the user fell asleep and woke up for good.
pub(crate) fn sleep(night: &Night) -> Option<(Timestamp, Timestamp)> {
    let (bed, before, after) = night.spans();
    let second = |seconds: i64| {
        night.start.saturating_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(night.start)
    };
    (before < bed).then(|| (second(before), second(bed.saturating_sub(after))))
}

fn times(night: &Night, zone: &TimeZone) -> Map<String, Value> {
    let sleep = sleep(night);
    let cycle = sleep.map(|(_, wake)| vec![time(wake, zone)]);
    let members = [
        ("sleep_time", json!(sleep.map(|(sleep, _)| time(sleep, zone)))),
        ("wake_time", json!(sleep.map(|(_, wake)| time(wake, zone)))),
        ("sleep_cycle_time", json!(cycle)),
        ("breathing_pattern", json!("STABLE")),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Everything that can be averaged. What the contract or the night does not have is null.
#[expect(clippy::cast_precision_loss, reason = "seconds of a night")]
pub(crate) fn numbers(night: &Night, plan: Plan) -> Map<String, Value> {
    let (bed, before, after) = night.spans();
    let slept = before < bed;
    let period = if slept { bed - before - after } else { 0 };
    let asleep = night.seconds(|stage| stage > 0);
    let ratio =
        |part: i64, whole: i64| (whole > 0).then(|| (part as f64 / whole as f64 * 1000.0).round() / 1000.0);
    let four = plan == Plan::FourStage && slept;
    let of = |wanted: i8| four.then(|| night.seconds(|stage| stage == wanted));
    let share = |wanted: i8| of(wanted).and_then(|seconds| ratio(seconds, period));
    let snoring =
        i64::try_from(night.snoring.iter().filter(|snores| **snores == 1).count()).unwrap_or(0) * 30;
    let members = [
        ("sleep_index", json!(slept.then_some(70))),
        ("sleep_latency", json!(slept.then_some(before))),
        ("wakeup_latency", json!(slept.then_some(after))),
        ("light_latency", json!(four.then_some(0))),
        ("deep_latency", json!(four.then_some(60))),
        ("rem_latency", json!(four.then_some(90))),
        ("time_in_bed", json!(bed)),
        ("time_in_sleep_period", json!(period)),
        ("time_in_sleep", json!(asleep)),
        ("time_in_wake", json!(bed - asleep)),
        ("time_in_light", json!(of(1))),
        ("time_in_deep", json!(of(2))),
        ("time_in_rem", json!(of(3))),
        ("time_in_snoring", json!(snoring)),
        ("time_in_no_snoring", json!(bed - snoring)),
        ("sleep_efficiency", json!(ratio(asleep, bed))),
        ("sleep_ratio", json!(ratio(asleep, period))),
        ("wake_ratio", json!(ratio(period - asleep.min(period), period))),
        ("light_ratio", json!(share(1))),
        ("deep_ratio", json!(share(2))),
        ("rem_ratio", json!(share(3))),
        ("breathing_index", json!((night.oddity != Some(Oddity::NoBreathing)).then_some(1.5))),
        ("waso_count", json!(2)),
        ("longest_waso", json!(120)),
        ("sleep_cycle_count", json!(1)),
        ("sleep_cycle", json!(5_400)),
        ("snoring_count", json!(3)),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
