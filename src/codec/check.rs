//! What a caller's value may hold that JSON must not.

use super::{
    decimal,
    path::{Problems, Segment},
    print::{self, Form},
    raw,
    scalar::{expected, quoted},
    value::Value,
};
use crate::contract::catalogue::{RecordType, Type};
use penstock_json::{Instant, instant};
use std::borrow::Cow;

/// Checks a value straight from [`lift`](super::lift), and brings its
/// texts into the one form that [`Value`] promises.
pub(super) fn check(form: Form, ty: Type, value: &mut Value<'static>, problems: &mut Problems) {
    match (ty, &mut *value) {
        (Type::Option(_), Value::Absent | Value::Null) => {}
        (Type::Option(inner), _) => check(form, *inner, value, problems),
        (Type::Bool, Value::Bool(_)) => {}
        (Type::S32 | Type::S64, Value::Signed(_)) | (Type::U32 | Type::U64, Value::Unsigned(_)) => {}
        (Type::F64, Value::Float(number)) => {
            if !number.is_finite() {
                problems.add("neither infinity nor NaN can be sent");
            }
        }
        (Type::Instant, Value::Instant(_)) => {}
        (Type::Instant, Value::Record(parts)) => match instant(parts) {
            Ok(instant) => *value = Value::Instant(instant),
            Err(message) => problems.add(message),
        },
        (Type::Text, Value::Text(_)) => {}
        (Type::Date, Value::Text(text)) => {
            if text.len() != 10 || instant::date(text).is_none() {
                problems.add(format!("expected {}, found {}", expected(ty), quoted(text)));
            }
        }
        (Type::Decimal, Value::Text(text)) => match decimal::plain(text) {
            Some(Cow::Borrowed(_)) => {}
            Some(Cow::Owned(number)) => *value = Value::Text(number.into()),
            None => problems.add(format!("expected {}, found {}", expected(ty), quoted(text))),
        },
        (Type::Json, Value::Text(text)) => match raw::trimmed(text) {
            Ok(json) => *value = Value::Text(json.to_owned().into()),
            Err(error) => problems.add(format!("not JSON: {error}")),
        },
        (Type::Enum(known), Value::Case(index)) if *index < known.cases.len() => {}
        (Type::Enum(_), Value::Text(_)) => {}
        (Type::List(element), Value::List(list)) => {
            for (index, value) in list.iter_mut().enumerate() {
                problems.within(Segment::Index(index), |problems| check(form, *element, value, problems));
            }
        }
        (Type::Record(record), Value::Record(fields))
            if fields.len() == record.fields.len() + usize::from(record.extra) =>
        {
            self::record(form, record, fields, problems);
        }
        (ty, _) => problems.add(format!("expected {}, found something else", expected(ty))),
    }
}

fn instant(parts: &[Value<'_>]) -> Result<Instant, &'static str> {
    match *parts {
        [Value::Signed(_), Value::Unsigned(nanoseconds)] if nanoseconds >= 1_000_000_000 => {
            Err("the nanoseconds are a second or more")
        }
        [Value::Signed(seconds), Value::Unsigned(nanoseconds)] => u32::try_from(nanoseconds)
            .ok()
            .and_then(|nanoseconds| Instant::new(seconds, nanoseconds))
            .ok_or("the year is not within 0001 to 9999"),
        _ => Err("the value is no instant"),
    }
}

fn record(form: Form, record: &'static RecordType, fields: &mut [Value<'static>], problems: &mut Problems) {
    for (field, value) in record.fields.iter().zip(&mut *fields) {
        problems.within(Segment::Field(field.wire), |problems| check(form, field.ty, value, problems));
    }
    let Some(extra) = fields.get_mut(record.fields.len()) else { return };
    if let Value::Text(text) = extra {
        *extra = problems
            .within(Segment::Field("extra"), |problems| self::extra(form, record, text, problems))
            .map_or(Value::Absent, |object| Value::Text(object.into()));
    }
}

/// The members of `extra` as an object without needless blanks; None if there are
/// none. What goes to a provider may not name anything twice; what came from one may.
pub(super) fn extra(form: Form, record: &RecordType, text: &str, problems: &mut Problems) -> Option<String> {
    let Some(members) = raw::members(text) else {
        problems.add("expected a JSON object");
        return None;
    };
    let mut object = String::new();
    for (index, (name, json)) in members.iter().enumerate() {
        if record.field(name, 0).is_some() {
            problems.add_at(name, "this is a field of its own: set it there");
        }
        if form == Form::Vendor && members.iter().take(index).any(|(earlier, _)| earlier == name) {
            problems.add_at(name, "the field comes twice");
        }
        print::member(&mut object, name, json);
    }
    (!object.is_empty()).then(|| object + "}")
}
