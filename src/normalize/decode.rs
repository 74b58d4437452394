//! Vendor JSON to the Rust types that wit-bindgen makes.
//!
//! The derived `Deserialize` of a record is handed its fields as a sequence, in
//! the contract's order, and that of an open enum the place of its case. So no
//! Rust name ever matters, and the derive's much larger map visitor is never
//! compiled.

use super::{parse::parse, problem::DecodeError, value::Value};
use crate::catalogue::Type;
use serde::{
    de::{
        self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, SeqAccess,
        VariantAccess, Visitor, value::U64Deserializer,
    },
    forward_to_deserialize_any,
};
use std::{borrow::Cow, fmt, vec};

/// Reads vendor JSON (or the normal form) as a Rust type, which `ty` describes.
///
/// - An option may be null or absent, a list too (it is empty then). An option of
///   an option is absent, null or a value.
/// - An integer may be written `5.0`; a decimal may be a number or a string, and
///   keeps its digits. Instants: see [`Instant::parse`](super::Instant::parse).
/// - An unknown value of an open enum becomes its `other`.
/// - Unknown fields become the record's `extra`, as they came.
///
/// # Errors
/// The first thing that does not fit, with the way to it: a wrong type, a required
/// field that is missing, a known field that comes twice, a null in a list, an
/// unknown field in a record without `extra`; or text that is no JSON.
pub fn decode<T: DeserializeOwned>(ty: &Type, json: &[u8]) -> Result<T, DecodeError> {
    T::deserialize(Reader(parse(ty, json)?)).map_err(|Disagreement(what)| DecodeError {
        path: "$".to_owned(),
        message: format!("the Rust type is not the one that the contract describes: {what}"),
        malformed: false,
    })
}

/// A Rust type and a table that do not belong together: a defect of the program,
/// not of the input.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Disagreement(pub(super) String);

impl de::Error for Disagreement {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Disagreement(message.to_string())
    }
}

struct Reader<'de>(Value<'de>);

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Disagreement;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Disagreement> {
        let mut elements = match self.0 {
            Value::Unset | Value::Absent | Value::Null => return visitor.visit_unit(),
            Value::Bool(value) => return visitor.visit_bool(value),
            Value::Signed(number) => return visitor.visit_i64(number),
            Value::Unsigned(number) => return visitor.visit_u64(number),
            Value::Float(number) => return visitor.visit_f64(number),
            Value::Text(Cow::Borrowed(text)) => return visitor.visit_borrowed_str(text),
            Value::Text(Cow::Owned(text)) => return visitor.visit_string(text),
            Value::Case(index) => return visitor.visit_u64(index as u64),
            Value::Instant(instant) => Elements::Instant([
                Value::Unsigned(instant.nanoseconds().into()),
                Value::Signed(instant.seconds()),
            ]),
            Value::List(values) | Value::Record(values) => Elements::Values(values.into_iter()),
        };
        let value = visitor.visit_seq(&mut elements)?;
        match elements.next() {
            None => Ok(value),
            Some(_) => Err(Disagreement("it has fewer fields".to_owned())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Disagreement> {
        match self.0 {
            Value::Unset | Value::Absent => visitor.visit_none(),
            Value::Null => visitor.visit_some(Reader(Value::Absent)),
            value => visitor.visit_some(Reader(value)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        cases: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Disagreement> {
        match self.0 {
            Value::Case(index) => visitor.visit_enum(Choice { index, text: None }),
            // `other` is the last case of every open enum.
            Value::Text(text) => {
                visitor.visit_enum(Choice { index: cases.len().saturating_sub(1), text: Some(text) })
            }
            other => Err(Disagreement(format!("an enum where {other:?} is"))),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Disagreement> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// One type for records and instants alike, so that a visitor is compiled once.
enum Elements<'de> {
    Values(vec::IntoIter<Value<'de>>),
    /// What is left of an instant, last first; [`Value::Unset`] where nothing is.
    Instant([Value<'de>; 2]),
}

impl<'de> Elements<'de> {
    fn next(&mut self) -> Option<Value<'de>> {
        match self {
            Elements::Values(values) => values.next(),
            Elements::Instant([nanoseconds, seconds]) => {
                let next = if *seconds == Value::Unset { nanoseconds } else { seconds };
                Some(std::mem::replace(next, Value::Unset)).filter(|value| *value != Value::Unset)
            }
        }
    }
}

impl<'de> SeqAccess<'de> for &mut Elements<'de> {
    type Error = Disagreement;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Disagreement> {
        self.next().map(|value| seed.deserialize(Reader(value))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        match self {
            Elements::Values(values) => Some(values.len()),
            Elements::Instant(_) => None,
        }
    }
}

struct Choice<'de> {
    index: usize,
    text: Option<Cow<'de, str>>,
}

impl<'de> EnumAccess<'de> for Choice<'de> {
    type Error = Disagreement;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Disagreement> {
        let index: U64Deserializer<Disagreement> = (self.index as u64).into_deserializer();
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de> VariantAccess<'de> for Choice<'de> {
    type Error = Disagreement;

    fn unit_variant(self) -> Result<(), Disagreement> {
        match self.text {
            None => Ok(()),
            Some(_) => Err(Disagreement("its last case has no text".to_owned())),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Disagreement> {
        let text = self.text.ok_or_else(|| Disagreement("a known case holds a value".to_owned()))?;
        seed.deserialize(Reader(Value::Text(text)))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value, Disagreement> {
        Err(Disagreement("a case holds a tuple".to_owned()))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Disagreement> {
        Err(Disagreement("a case holds a record".to_owned()))
    }
}
