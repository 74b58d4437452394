//! A person's JSON to the provider's.

use super::{
    check,
    path::{Problems, Segment},
    print::{Form, print},
    raw,
    scalar::{self, expected},
    typo::{did_you_mean, known_case},
    value::Value,
};
use crate::contract::{
    FieldError,
    catalogue::{RecordType, Type},
};

/// Writes a body for the provider, from JSON that a caller of the dynamic interface
/// wrote: in the normal form or in the provider's.
///
/// Decimals may be strings or numbers, instants in any form that
/// [`Instant::parse`](super::Instant::parse) reads. A person makes typos, so this is
/// stricter than [`decode`](super::decode()) with names: fields and enum texts must be
/// known (letter case does not matter for the latter). What the contract does not
/// know goes into an object `extra`, whose members are sent as they are.
///
/// # Errors
/// Every problem: text that is no JSON, wrong types, unknown names with the one
/// that was probably meant, required fields that are missing, fields that come
/// twice, and null where the provider cannot clear the field.
pub fn body_from_json(ty: &Type, json: &str) -> Result<String, Vec<FieldError>> {
    let json =
        raw::trimmed(json).map_err(|error| vec![FieldError::new("body", format!("not JSON: {error}"))])?;
    let mut problems = Problems::default();
    let value = value(*ty, json, &mut problems);
    Ok(print(Form::Vendor, ty, &problems.or(value)?))
}

/// Reads valid JSON; after a problem the result is of no use.
fn value<'a>(ty: Type, json: &'a str, problems: &mut Problems) -> Value<'a> {
    match ty {
        Type::Option(Type::Option(_)) if json == "null" => Value::Null,
        Type::Option(_) | Type::List(_) if json == "null" => {
            problems.add("this cannot be cleared with null; leave it out");
            Value::Absent
        }
        Type::Option(inner) => value(*inner, json, problems),
        Type::List(element) => match raw::elements(json) {
            Some(elements) => {
                let each = |(index, json): (usize, &&'a str)| {
                    problems.within(Segment::Index(index), |problems| value(*element, json, problems))
                };
                Value::List(elements.iter().enumerate().map(each).collect())
            }
            None => unfit(ty, json, problems),
        },
        Type::Record(record) => match raw::members(json) {
            Some(members) => self::record(record, &members, problems),
            None => unfit(ty, json, problems),
        },
        Type::Enum(known) => match raw::text(json) {
            Some(text) => or_problem(known_case(known, &text).map(Value::Case), problems),
            None => unfit(ty, json, problems),
        },
        _ => or_problem(scalar::from_json(ty, json), problems),
    }
}

fn record<'a>(
    record: &'static RecordType,
    members: &[(String, &'a str)],
    problems: &mut Problems,
) -> Value<'a> {
    let mut fields = vec![Value::Unset; record.fields.len()];
    let mut extra = Value::Unset;
    let mut next = 0;
    for (name, json) in members {
        let (slot, read) = match record.field(name, next) {
            Some((index, field)) => {
                next = index + 1;
                let Some(slot) = fields.get_mut(index) else { continue };
                let segment = Segment::Field(field.wire);
                (slot, problems.within(segment, |problems| value(field.ty, json, problems)))
            }
            None if record.extra && name == "extra" => {
                let object = problems.within(Segment::Field("extra"), |problems| {
                    check::extra(Form::Vendor, record, json, problems)
                });
                (&mut extra, object.map_or(Value::Absent, |object| Value::Text(object.into())))
            }
            None => {
                let mean = did_you_mean(name, record.fields.iter().map(|field| field.wire));
                let hint = if mean.is_empty() && record.extra {
                    "; what the contract does not know goes into `extra`"
                } else {
                    &mean
                };
                problems.add_at(name, format!("there is no such field{hint}"));
                continue;
            }
        };
        if *slot != Value::Unset {
            problems.add_at(name, "the field comes twice");
        }
        *slot = read;
    }
    for (field, value) in record.fields.iter().zip(&fields) {
        if field.required && *value == Value::Unset {
            problems.add_at(field.wire, format!("missing: expected {}", expected(field.ty)));
        }
    }
    if record.extra {
        fields.push(extra);
    }
    Value::Record(fields)
}

fn unfit<'a>(ty: Type, json: &str, problems: &mut Problems) -> Value<'a> {
    problems.add(format!("expected {}, found {}", expected(ty), raw::kind(json)));
    Value::Absent
}

fn or_problem<'a>(read: Result<Value<'a>, String>, problems: &mut Problems) -> Value<'a> {
    read.unwrap_or_else(|message| {
        problems.add(message);
        Value::Absent
    })
}
