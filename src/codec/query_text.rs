//! A person's parameters to those of the provider.

use super::{
    digits,
    path::{Problems, Segment},
    query::{element, join, text},
    raw,
    scalar::{self, expected, quoted},
    typo::{did_you_mean, known_case},
    value::Value,
};
use crate::contract::{
    FieldError,
    catalogue::{Field, Join, RecordType, Type},
};

/// Checks a query that a person wrote, and writes it as the provider wants it: pairs
/// that are not percent-encoded yet, in the contract's order.
///
/// Names are the provider's. Instants may come in any form that
/// [`Instant::parse`](super::Instant::parse) reads and leave in UTC; enum texts must be
/// known, in any letter case, and leave in the provider's spelling. A list is given
/// by repeating the name, or with commas where the provider takes commas.
///
/// # Errors
/// Every problem: unknown names and enum texts with the one that was probably
/// meant, values that do not fit their type, a name that is repeated though it is
/// no list, a required parameter that is missing, more elements than the provider
/// takes.
pub fn query_from_text(
    record: &'static RecordType,
    given: &[(String, String)],
) -> Result<Vec<(&'static str, String)>, Vec<FieldError>> {
    let (mut pairs, mut problems) = (Vec::new(), Problems::default());
    for (name, _) in given {
        if record.field(name, 0).is_none() {
            let mean = did_you_mean(name, record.fields.iter().map(|field| field.wire));
            problems.add_at(name, format!("there is no such parameter{mean}"));
        }
    }
    for field in record.fields {
        let texts: Vec<_> =
            given.iter().filter(|(name, _)| name == field.wire).map(|(_, text)| text.as_str()).collect();
        problems.within(Segment::Field(field.wire), |problems| one(field, &texts, &mut pairs, problems));
    }
    problems.or(pairs)
}

/// Checks one value of a path or a query that a person wrote, and writes it as
/// the provider wants it, not percent-encoded yet.
///
/// # Errors
/// What is wrong, for a person.
pub fn parameter_from_text(ty: &Type, given: &str) -> Result<String, String> {
    let ty = *ty.inner();
    let unfit = || format!("expected {}, found {}", expected(ty), quoted(given));
    let value = match ty {
        Type::Bool => given.to_ascii_lowercase().parse().map(Value::Bool).map_err(|_| unfit()),
        Type::S32 | Type::S64 | Type::U32 | Type::U64 => scalar::integer(ty, digits::integer(given), given),
        Type::F64 => match given.parse::<f64>() {
            Ok(number) if number.is_finite() && !given.starts_with('+') => Ok(Value::Float(number)),
            _ => Err(unfit()),
        },
        Type::Text => Ok(Value::Text(given.into())),
        Type::Instant | Type::Date | Type::Decimal => scalar::from_text(ty, given.into()),
        Type::Json => match raw::trimmed(given) {
            Ok(json) => Ok(Value::Text(json.into())),
            Err(error) => Err(format!("not JSON: {error}")),
        },
        Type::Enum(known) => known_case(known, given).map(Value::Case),
        Type::List(_) | Type::Option(_) | Type::Record(_) => Err(unfit()),
    }?;
    Ok(text(ty, &value).into_owned())
}

fn one(
    field: &'static Field,
    texts: &[&str],
    pairs: &mut Vec<(&'static str, String)>,
    problems: &mut Problems,
) {
    let is_list = matches!(field.ty.inner(), Type::List(_));
    if texts.len() > 1 && !is_list {
        problems.add("this parameter may be given once only");
    }
    let ty = element(field);
    let split = is_list && matches!(field.join, Join::Comma(_));
    let texts: Vec<&str> = match split {
        true => texts.iter().flat_map(|text| text.split(',')).map(str::trim).collect(),
        false => texts.to_vec(),
    };
    let mut values = Vec::with_capacity(texts.len());
    let mut sound = true;
    for (index, text) in texts.iter().enumerate() {
        let read = match text {
            // An empty text is a value of its own only where it is not split.
            &"" if split => Err("there is an empty element".to_owned()),
            text => parameter_from_text(&ty, text),
        };
        match read {
            Ok(value) => values.push(value.into()),
            Err(message) => {
                sound = false;
                match is_list && texts.len() > 1 {
                    true => problems.within(Segment::Index(index), |problems| problems.add(message)),
                    false => problems.add(message),
                }
            }
        }
    }
    if sound {
        join(field, values, pairs, problems);
    }
}
