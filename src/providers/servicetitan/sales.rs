//! What was sold between two days, summed to the last digit.

use crate::{
    call::Call,
    codec::Sum,
    contract::{
        Failure, FailureKind, FieldError, Outcome,
        catalogue::{self, Operation},
    },
    failure::refused,
    policy::time::WallTime,
    providers::api::{Composition, Plan, Subrequest},
};
use bytes::Bytes;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub(super) struct Totals;

impl Composition for Totals {
    fn subrequests(&self, call: &Call, _now: WallTime) -> Result<Plan, Vec<FieldError>> {
        subrequests(call)
    }

    fn aggregate(&self, _call: &Call, answers: Vec<Result<Bytes, Failure>>) -> Result<String, Failure> {
        aggregate(answers)
    }
}

/// The read of all estimates that were sold.
///
/// # Errors
/// Days that are none, and a span that holds none.
fn subrequests(call: &Call) -> Result<Plan, Vec<FieldError>> {
    let day = |name: &str| {
        let day = call.parameter(name).and_then(|day| day.parse::<Date>().ok());
        day.ok_or_else(|| field(name, "must be a day such as 2026-11-20"))
    };
    if day("soldBefore")? <= day("soldAfter")? {
        return Err(field(
            "soldBefore",
            "must be later than soldAfter: it is the first day that no longer counts",
        ));
    }
    let mut query = call.query.clone();
    // What was deleted was not sold.
    query.push(("active", "True".to_owned()));
    let call = Call::new(list()?, Vec::new(), query, None);
    Ok(Plan {
        subrequests: vec![Subrequest { call, whole_list: true, project: Some(amounts) }],
        concurrency: None,
    })
}

fn list() -> Result<&'static Operation, Vec<FieldError>> {
    catalogue::find("servicetitan", "sales.estimates-sold-between-list")
        .map_err(|_| field("operation", "is not in this build"))
}

/// An estimate, as far as it is summed. The amounts keep their digits.
#[derive(Deserialize)]
struct Estimate<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    subtotal: Option<&'a RawValue>,
    #[serde(borrow)]
    tax: Option<&'a RawValue>,
    #[serde(borrow)]
    items: Option<Vec<Item<'a>>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    total: Option<&'a RawValue>,
}

#[derive(Default)]
struct Amounts {
    total: Sum,
    subtotal: Sum,
    tax: Sum,
}

/// What an estimate comes to: the total of its items, its subtotal, its tax.
fn amounts(estimate: &[u8]) -> Result<String, Failure> {
    let estimate: Estimate<'_> =
        serde_json::from_slice(estimate).map_err(|_| unreadable("an estimate cannot be read"))?;
    let missing = |what: &str| unreadable(&format!("estimate {}: {what} is no number", estimate.id.get()));
    let mut total = Sum::default();
    for (index, item) in estimate.items.iter().flatten().enumerate() {
        total = add(total, item.total).ok_or_else(|| missing(&format!("items[{index}].total")))?;
    }
    let subtotal = add(Sum::default(), estimate.subtotal).ok_or_else(|| missing("subtotal"))?;
    let tax = add(Sum::default(), estimate.tax).ok_or_else(|| missing("tax"))?;
    json(&[total, subtotal, tax].map(|sum| sum.to_string()))
}

fn add(sum: Sum, amount: Option<&RawValue>) -> Option<Sum> {
    sum.plus(amount?.get().trim_matches('"'))
}

#[derive(Serialize)]
struct Report {
    estimates: u32,
    total: String,
    subtotal: String,
    tax: String,
}

/// # Errors
/// The failure of the read, or a sum that is too long.
fn aggregate(answers: Vec<Result<Bytes, Failure>>) -> Result<String, Failure> {
    let Ok([answer]) = <[_; 1]>::try_from(answers) else { return Err(unreadable("parts are missing")) };
    let answer = answer?;
    let all: Vec<[String; 3]> =
        serde_json::from_slice(&answer).map_err(|_| unreadable("the estimates cannot be read"))?;
    let sums = all.iter().try_fold(Amounts::default(), |sums, [total, subtotal, tax]| {
        Some(Amounts {
            total: sums.total.plus(total)?,
            subtotal: sums.subtotal.plus(subtotal)?,
            tax: sums.tax.plus(tax)?,
        })
    });
    let sums = sums.ok_or_else(|| unreadable("the sum has more than 38 digits"))?;
    json(&Report {
        estimates: u32::try_from(all.len()).unwrap_or(u32::MAX),
        total: sums.total.to_string(),
        subtotal: sums.subtotal.to_string(),
        tax: sums.tax.to_string(),
    })
}

fn unreadable(message: &str) -> Failure {
    Failure { outcome: Outcome::NotApplied, ..refused(FailureKind::Decode, message, Vec::new()) }
}

fn json<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value)
        .map_err(|_| refused(FailureKind::Internal, "an answer cannot be written", Vec::new()))
}

fn field(name: &str, message: &str) -> Vec<FieldError> {
    vec![FieldError::new(name, message)]
}
