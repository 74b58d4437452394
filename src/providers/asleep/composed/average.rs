//! Averages over more days than the provider takes, from averages over fewer.
//!
//! The provider averages over nights with sleep, so that the mean of all of them is the mean
//! of the parts' means, each weighed by its nights. That is exact for everything that
//! every night has. What some nights lack (a contract without breathing analysis) is
//! weighed by all nights of its part, which is near but not exact. Clock times are not
//! combined: 23:30 and 00:30 are an hour apart, and how the provider means them is unknown.

use super::{MOST_DAYS, average_of, field, json, unreadable};
use crate::{
    call::Call,
    contract::{Failure, FieldError},
    providers::api::Plan,
};
use bytes::Bytes;
use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};
use std::collections::{BTreeMap, BTreeSet};

/// Ten years, so that a typing error does not ask a thousand questions.
const MOST_DAYS_IN_ALL: i64 = 3_660;

pub(super) fn subrequests(call: &Call) -> Result<Plan, Vec<FieldError>> {
    let date = |name: &str| {
        let date = call.parameter(name).and_then(|text| text.parse::<Date>().ok());
        date.ok_or_else(|| field(name, "must be a date such as 2026-11-20"))
    };
    let (first, last) = (date("start_date")?, date("end_date")?);
    if last < first {
        return Err(field("end_date", "must not be before `start_date`"));
    }
    let days = first.until(last).map_or(i64::MAX, |span| i64::from(span.get_days()).saturating_add(1));
    if days > MOST_DAYS_IN_ALL {
        return Err(field("end_date", "must be within 3660 days of `start_date`"));
    }
    let mut parts = Vec::new();
    let mut from = first;
    while from <= last {
        let to = from.saturating_add((MOST_DAYS - 1).days()).min(last);
        parts.push(average_of(call, from, to)?);
        let Ok(next) = to.checked_add(1.day()) else { break };
        from = next;
    }
    Ok(Plan { subrequests: parts, concurrency: None })
}

/// One part, read as far as it is combined.
#[derive(Deserialize)]
struct Average<'a> {
    period: Option<Map<String, Value>>,
    peculiarities: Option<Vec<String>>,
    average_stats: Option<Map<String, Value>>,
    #[serde(borrow)]
    never_slept_sessions: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    slept_sessions: Option<Vec<&'a RawValue>>,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<Map<String, Value>>,
    peculiarities: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    average_stats: Option<Map<String, Value>>,
    not_combined: BTreeSet<String>,
    incomplete: BTreeSet<String>,
    session_count: usize,
    never_slept_sessions: Vec<&'a RawValue>,
    slept_sessions: Vec<&'a RawValue>,
    parts: usize,
}

/// # Errors
/// The failure of the first part that failed, or a part that cannot be read.
pub(super) fn aggregate(answers: Vec<Result<Bytes, Failure>>) -> Result<String, Failure> {
    let answers: Vec<Bytes> = answers.into_iter().collect::<Result<_, _>>()?;
    let parts = answers.iter().map(|answer| serde_json::from_slice::<Average<'_>>(answer));
    let parts: Vec<Average<'_>> =
        parts.collect::<Result<_, _>>().map_err(|_| unreadable("an average of some days cannot be read"))?;
    let mut peculiarities: Vec<String> = Vec::new();
    for word in parts.iter().flat_map(|part| part.peculiarities.iter().flatten()) {
        if !peculiarities.contains(word) {
            peculiarities.push(word.clone());
        }
    }
    let slept = distinct(parts.iter().map(|part| part.slept_sessions.as_deref().unwrap_or_default()));
    let never = distinct(parts.iter().map(|part| part.never_slept_sessions.as_deref().unwrap_or_default()));
    let weighed: Vec<(f64, &Map<String, Value>)> = parts
        .iter()
        .filter_map(|part| {
            let nights = part.slept_sessions.as_ref().map_or(0, Vec::len);
            // More nights than 2^53 there are not.
            part.average_stats.as_ref().filter(|_| nights > 0).map(|stats| (nights as f64, stats))
        })
        .collect();
    let Means { means, not_combined, incomplete } = Means::of(&weighed);
    json(&Report {
        period: period(&parts),
        peculiarities,
        average_stats: (!weighed.is_empty()).then_some(means),
        not_combined,
        incomplete,
        session_count: slept.len(),
        never_slept_sessions: never,
        slept_sessions: slept,
        parts: parts.len(),
    })
}

/// From the first part's first day to the last part's last one.
fn period(parts: &[Average<'_>]) -> Option<Map<String, Value>> {
    let mut period = parts.first()?.period.clone()?;
    let end = parts.last()?.period.as_ref()?.get("end_date")?.clone();
    period.insert("end_date".to_owned(), end);
    Some(period)
}

/// Each session once, in order: one at midnight might be told by both parts.
fn distinct<'a>(lists: impl Iterator<Item = &'a [&'a RawValue]>) -> Vec<&'a RawValue> {
    #[derive(Deserialize)]
    struct Id {
        id: Option<String>,
    }
    let mut known = BTreeSet::new();
    let mut first = |row: &&RawValue| match serde_json::from_str::<Id>(row.get()).ok().and_then(|row| row.id)
    {
        Some(id) => known.insert(id),
        None => true,
    };
    let mut all = Vec::new();
    for list in lists {
        all.extend(list.iter().copied().filter(|row| first(row)));
    }
    all
}

/// Means of what is a number in each part.
struct Means {
    means: Map<String, Value>,
    not_combined: BTreeSet<String>,
    incomplete: BTreeSet<String>,
}

impl Means {
    fn of(weighed: &[(f64, &Map<String, Value>)]) -> Means {
        let (mut sums, mut not_combined) = (BTreeMap::<&str, (f64, f64, usize)>::new(), BTreeSet::new());
        for (weight, stats) in weighed {
            for (name, value) in *stats {
                match value {
                    Value::Null => {}
                    Value::Number(number) if number.as_f64().is_some() => {
                        let (sum, weights, parts) = sums.entry(name).or_default();
                        *sum += number.as_f64().unwrap_or_default() * weight;
                        *weights += weight;
                        *parts += 1;
                    }
                    _ => _ = not_combined.insert(name.clone()),
                }
            }
        }
        let incomplete = sums.iter().filter(|(_, (_, _, parts))| *parts < weighed.len());
        let incomplete = incomplete.map(|(name, _)| (*name).to_owned()).collect();
        let means = sums.into_iter().filter(|(name, _)| !not_combined.contains(*name));
        let means = means.map(|(name, (sum, weights, _))| (name.to_owned(), Value::from(sum / weights)));
        Means { means: means.collect(), not_combined, incomplete }
    }
}
