//! Values to the name/value pairs of a query string.

use super::{
    path::{Problems, Segment},
    scalar::expected,
    value::Value,
};
use crate::contract::{
    FieldError,
    catalogue::{Field, Join, RecordType, Type},
};
use penstock_json::Instant;
use std::borrow::Cow;

/// The pairs of a query that was checked, in the contract's order.
pub(super) fn pairs(
    record: &'static RecordType,
    value: &Value<'_>,
) -> Result<Vec<(&'static str, String)>, Vec<FieldError>> {
    let (mut pairs, mut problems) = (Vec::new(), Problems::default());
    let fields = if let Value::Record(fields) = value { fields.as_slice() } else { &[] };
    for (field, value) in record.fields.iter().zip(fields) {
        problems.within(Segment::Field(field.wire), |problems| {
            let values = match value {
                Value::List(list) => list.iter().map(|value| text(element(field), value)).collect(),
                Value::Unset | Value::Absent | Value::Null => Vec::new(),
                value => vec![text(field.ty, value)],
            };
            join(field, values, &mut pairs, problems);
        });
    }
    problems.or(pairs)
}

/// Adds what one parameter comes to.
pub(super) fn join(
    field: &'static Field,
    values: Vec<Cow<'_, str>>,
    pairs: &mut Vec<(&'static str, String)>,
    problems: &mut Problems,
) {
    if field.required && values.iter().all(|value| value.is_empty()) {
        problems.add("this parameter must be given");
    }
    if values.is_empty() {
        return;
    }
    if matches!(field.join, Join::Header(_)) {
        // RFC 9110, section 5.5, without its obsolete bytes and without blanks.
        let fits =
            |value: &Cow<'_, str>| value.len() <= 256 && value.bytes().all(|byte| byte.is_ascii_graphic());
        if !values.iter().all(fits) {
            problems.add("must be at most 256 visible ASCII characters: it is sent in a header");
        }
    }
    match field.join {
        Join::Comma(max) if matches!(field.ty.inner(), Type::List(_)) => {
            if max > 0 && values.len() > max as usize {
                problems
                    .add(format!("{} elements are more than the {max} that the vendor takes", values.len()));
            }
            if let Some(index) = values.iter().position(|value| value.contains(',')) {
                let message = "a comma separates elements here, so none may contain one";
                problems.within(Segment::Index(index), |problems| problems.add(message));
            }
            pairs.push((field.wire, values.join(",")));
        }
        _ => pairs.extend(values.into_iter().map(|value| (field.wire, value.into_owned()))),
    }
}

/// The type of a list's elements; of anything else, its own.
pub(super) fn element(field: &Field) -> Type {
    match *field.ty.inner() {
        Type::List(element) => *element.inner(),
        other => other,
    }
}

/// A scalar as a query or a path carries it.
pub(super) fn text<'a>(ty: Type, value: &'a Value<'_>) -> Cow<'a, str> {
    match (ty.inner(), value) {
        (_, Value::Bool(value)) => value.to_string().into(),
        (_, Value::Signed(number)) => number.to_string().into(),
        (_, Value::Unsigned(number)) => number.to_string().into(),
        (_, Value::Float(number)) => number.to_string().into(),
        (_, Value::Instant(instant)) => Instant::to_string(instant).into(),
        (_, Value::Text(text)) => text.as_ref().into(),
        (Type::Enum(known), Value::Case(index)) => {
            known.cases.get(*index).map_or("", |case| case.wire).into()
        }
        (ty, _) => {
            debug_assert!(false, "{} has no place in a query", expected(*ty));
            "".into()
        }
    }
}
