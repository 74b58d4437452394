//! Vendor JSON to [`Value`], in one pass and led by the type. What does not fit is left to
//! [`reread`].
//!
//! serde_json reads the text; the visitor below is the only one, whatever the
//! type, so it is compiled once and not once for each record.

use super::{
    decode_error::DecodeError,
    path::{self, Segment},
    print,
    raw::trimmed,
    reread::reread,
    scalar::{self, expected},
    value::Value,
};
use crate::contract::catalogue::{RecordType, Type};
use penstock_json::{MAX_DEPTH, check_limits};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::{borrow::Cow, cell::RefCell, fmt};

/// Reads a whole JSON text as `ty`.
///
/// Lenient where nothing is lost: a list may be null or absent, an option too, and an optional
/// number or date also empty text; an integer may be `5.0` or text of digits, a decimal number
/// a string; of a name that comes twice, the last one counts. Strict elsewhere.
///
/// # Errors
/// The first thing that does not fit, with the way to it.
pub(super) fn parse<'de>(ty: &Type, json: &'de [u8]) -> Result<Value<'de>, DecodeError> {
    let text = text(json)?;
    // Of one that is part of a page nobody has looked at that.
    if let Err(too_deep) = check_limits(json, usize::MAX, MAX_DEPTH) {
        return Err(DecodeError { malformed: true, ..DecodeError::at_root(too_deep.to_string()) });
    }
    let context = Context::default();
    let read = match run(ty, text, &context) {
        Ok(value) => return Ok(value),
        // This may be only because of what serde_json makes of numbers, or of a member that
        // another one replaces. It also calls a number that fits no float a syntax error.
        Err(_) => reread(ty, trimmed(text).map_err(|error| context.malformed(&error))?),
    };
    match (read.misfit, read.value) {
        (None, Some(value)) => Ok(value),
        (misfit, _) => Err(misfit.unwrap_or_else(|| DecodeError::at_root("does not fit"))),
    }
}

/// The text of a provider's answer.
///
/// # Errors
/// It is no UTF-8.
pub(super) fn text(json: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(json).map_err(|error| DecodeError {
        malformed: true,
        ..DecodeError::at_root(format!("not UTF-8: {error}"))
    })
}

fn run<'de>(ty: &Type, text: &'de str, context: &Context) -> serde_json::Result<Value<'de>> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Seed { ty: *ty, context }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// What a failure leaves behind on its way out. The good path never touches it.
#[derive(Default)]
struct Context {
    /// From the innermost value outwards.
    segments: RefCell<Vec<Segment>>,
}

impl Context {
    fn within<T, E>(&self, segment: Segment, result: Result<T, E>) -> Result<T, E> {
        if result.is_err() {
            self.segments.borrow_mut().push(segment);
        }
        result
    }

    fn malformed(&self, error: &serde_json::Error) -> DecodeError {
        let path = format!("${}", path::render(self.segments.borrow().iter().rev()));
        DecodeError { path, message: error.to_string(), malformed: true }
    }
}

/// Something does not fit; [`reread`] finds out what.
fn unfit<E: Error>() -> E {
    E::custom("")
}

/// Reads one value.
#[derive(Clone, Copy)]
struct Seed<'c> {
    ty: Type,
    context: &'c Context,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        match self.ty.inner() {
            // A float is rounded as exactly as the standard library does it.
            Type::Decimal | Type::Json | Type::F64 => self.exactly(deserializer),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl Seed<'_> {
    fn exactly<'de, D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        let json = <&RawValue>::deserialize(deserializer)?.get();
        match json {
            "null" if self.ty != Type::Json => self.null(),
            r#""""# if self.ty.may_be_empty() => Ok(Value::Absent),
            _ => scalar::from_json(*self.ty.inner(), json).map_err(|_| unfit()),
        }
    }

    fn null<'de, E: Error>(self) -> Result<Value<'de>, E> {
        match self.ty {
            Type::Option(Type::Option(_)) => Ok(Value::Null),
            Type::Option(_) => Ok(Value::Absent),
            Type::List(_) => Ok(Value::List(Vec::new())),
            _ => Err(unfit()),
        }
    }

    fn text<'de, E: Error>(self, text: Cow<'de, str>) -> Result<Value<'de>, E> {
        let ty = *self.ty.inner();
        match ty {
            Type::Text => Ok(Value::Text(text)),
            Type::Enum(known) => Ok(scalar::open(known, text)),
            _ if text.is_empty() && self.ty.may_be_empty() => Ok(Value::Absent),
            Type::Instant | Type::Date => scalar::from_text(ty, text).map_err(|_| unfit()),
            _ => scalar::digits(ty, &text).and_then(Result::ok).ok_or_else(unfit),
        }
    }

    fn integer<'de, E: Error>(self, number: i128) -> Result<Value<'de>, E> {
        match *self.ty.inner() {
            ty @ (Type::S32 | Type::S64 | Type::U32 | Type::U64) => {
                scalar::integer(ty, Some(number), "").map_err(|_| unfit())
            }
            #[allow(clippy::cast_precision_loss, reason = "a float is what the contract asks for")]
            Type::F64 => Ok(Value::Float(number as f64)),
            Type::Enum(known) => Ok(scalar::open(known, number.to_string().into())),
            _ => Err(unfit()),
        }
    }

    /// What is left of a record when its text has ended.
    fn finish<'de, E: Error>(record: &RecordType, fields: &mut [Value<'de>]) -> Result<(), E> {
        for (field, value) in record.fields.iter().zip(fields) {
            if matches!(value, Value::Unset) {
                *value = match field.ty {
                    Type::Option(_) => Value::Absent,
                    Type::List(_) => Value::List(Vec::new()),
                    _ => return Err(unfit()),
                };
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(expected(self.ty))
    }

    fn visit_unit<E: Error>(self) -> Result<Value<'de>, E> {
        self.null()
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value<'de>, E> {
        match *self.ty.inner() {
            Type::Bool => Ok(Value::Bool(value)),
            Type::Enum(known) => Ok(scalar::open(known, value.to_string().into())),
            _ => Err(unfit()),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value<'de>, E> {
        self.integer(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value<'de>, E> {
        self.integer(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value<'de>, E> {
        match self.ty.inner() {
            Type::F64 => Ok(Value::Float(number)),
            // Its digits count, and serde_json has already made a float of them. Rare enough
            // that reading the text again is no loss.
            _ => Err(unfit()),
        }
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Value<'de>, E> {
        self.text(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value<'de>, E> {
        self.text(Cow::Owned(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value<'de>, A::Error> {
        let Type::List(element) = *self.ty.inner() else { return Err(unfit()) };
        let mut list = Vec::new();
        let seed = Seed { ty: *element, context: self.context };
        while let Some(value) =
            self.context.within(Segment::Index(list.len()), seq.next_element_seed(seed))?
        {
            list.push(value);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let Type::Record(record) = *self.ty.inner() else { return Err(unfit()) };
        let mut fields = Vec::with_capacity(record.fields.len() + usize::from(record.extra));
        fields.resize(record.fields.len(), Value::Unset);
        let (mut extra, mut next) = (String::new(), 0);
        while let Some(key) = map.next_key_seed(Key { record, next })? {
            let (index, field) = match key {
                Name::Known(index, field) => (index, field),
                Name::Unknown(name) if record.extra => {
                    let value: &RawValue = map.next_value()?;
                    print::member(&mut extra, &name, value.get());
                    continue;
                }
                Name::Unknown(_) => return Err(unfit()),
            };
            next = index + 1;
            let Some(slot) = fields.get_mut(index) else { return Err(unfit()) };
            let seed = Seed { ty: field.ty, context: self.context };
            *slot = self.context.within(Segment::Field(field.wire), map.next_value_seed(seed))?;
        }
        Self::finish(record, &mut fields)?;
        if record.extra {
            fields.push(if extra.is_empty() { Value::Absent } else { Value::Text((extra + "}").into()) });
        }
        Ok(Value::Record(fields))
    }
}

/// Reads a field's name.
struct Key {
    record: &'static RecordType,
    next: usize,
}

enum Name<'de> {
    Known(usize, &'static crate::contract::catalogue::Field),
    Unknown(Cow<'de, str>),
}

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Name<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name<'de>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Name<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a field's name")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Name<'de>, E> {
        let known = self.record.field(name, self.next);
        Ok(known.map_or(Name::Unknown(Cow::Borrowed(name)), |(index, field)| Name::Known(index, field)))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Name<'de>, E> {
        let known = self.record.field(name, self.next);
        Ok(known.map_or_else(
            || Name::Unknown(Cow::Owned(name.to_owned())),
            |(index, field)| Name::Known(index, field),
        ))
    }
}
