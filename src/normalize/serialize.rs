//! The Rust types that wit-bindgen makes to [`Value`].
//!
//! The derived `Serialize` of a record hands over its fields in the contract's
//! order, so they are counted and their Rust names ignored. Nothing is judged
//! here: [`check`](super::check) does that.

use super::{decode::Disagreement, value::Value};
use crate::catalogue::{RecordType, Type};
use serde::ser::{self, Impossible, Serialize, SerializeSeq, SerializeStruct, Serializer};
use std::fmt;

/// Takes a Rust value apart as `ty` says.
///
/// # Errors
/// The Rust type is another one than `ty` describes.
pub(super) fn serialize<T: Serialize>(ty: Type, value: &T) -> Result<Value<'static>, Disagreement> {
    value.serialize(Writer(ty))
}

impl ser::Error for Disagreement {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Disagreement(message.to_string())
    }
}

struct Writer(Type);

impl Writer {
    fn unfit<R>(&self, found: &str) -> Result<R, Disagreement> {
        Err(Disagreement(format!("{found} where {:?} is", self.0)))
    }
}

type Refused = Impossible<Value<'static>, Disagreement>;

impl Serializer for Writer {
    type Ok = Value<'static>;
    type Error = Disagreement;
    type SerializeSeq = List;
    type SerializeTuple = Refused;
    type SerializeTupleStruct = Refused;
    type SerializeTupleVariant = Refused;
    type SerializeMap = Refused;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Refused;

    fn serialize_bool(self, value: bool) -> Result<Self::Ok, Disagreement> {
        Ok(Value::Bool(value))
    }
    fn serialize_i32(self, number: i32) -> Result<Self::Ok, Disagreement> {
        Ok(Value::Signed(number.into()))
    }
    fn serialize_i64(self, number: i64) -> Result<Self::Ok, Disagreement> {
        Ok(Value::Signed(number))
    }
    fn serialize_u32(self, number: u32) -> Result<Self::Ok, Disagreement> {
        Ok(Value::Unsigned(number.into()))
    }
    fn serialize_u64(self, number: u64) -> Result<Self::Ok, Disagreement> {
        Ok(Value::Unsigned(number))
    }
    fn serialize_f64(self, number: f64) -> Result<Self::Ok, Disagreement> {
        Ok(Value::Float(number))
    }
    fn serialize_str(self, text: &str) -> Result<Self::Ok, Disagreement> {
        Ok(Value::Text(text.to_owned().into()))
    }
    fn serialize_none(self) -> Result<Self::Ok, Disagreement> {
        Ok(Value::Absent)
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<Self::Ok, Disagreement> {
        let Type::Option(inner) = self.0 else { return self.unfit("an option") };
        match value.serialize(Writer(*inner))? {
            Value::Absent => Ok(Value::Null),
            value => Ok(value),
        }
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        index: u32,
        _case: &'static str,
    ) -> Result<Self::Ok, Disagreement> {
        Ok(Value::Case(index as usize))
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _name: &'static str,
        _index: u32,
        _case: &'static str,
        text: &T,
    ) -> Result<Self::Ok, Disagreement> {
        text.serialize(self)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<Self::Ok, Disagreement> {
        value.serialize(self)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<List, Disagreement> {
        let Type::List(element) = self.0 else { return self.unfit("a list") };
        Ok(List { element: *element, values: Vec::with_capacity(length.unwrap_or_default()) })
    }

    fn serialize_struct(self, _name: &'static str, length: usize) -> Result<Fields, Disagreement> {
        let values = Vec::with_capacity(length);
        match self.0 {
            Type::Record(record) => Ok(Fields { record: Some(record), values }),
            Type::Instant => Ok(Fields { record: None, values }),
            _ => self.unfit("a record"),
        }
    }

    // The contract has none of these.
    fn serialize_i8(self, _: i8) -> Result<Self::Ok, Disagreement> {
        self.unfit("s8")
    }
    fn serialize_i16(self, _: i16) -> Result<Self::Ok, Disagreement> {
        self.unfit("s16")
    }
    fn serialize_u8(self, _: u8) -> Result<Self::Ok, Disagreement> {
        self.unfit("u8")
    }
    fn serialize_u16(self, _: u16) -> Result<Self::Ok, Disagreement> {
        self.unfit("u16")
    }
    fn serialize_f32(self, _: f32) -> Result<Self::Ok, Disagreement> {
        self.unfit("f32")
    }
    fn serialize_char(self, _: char) -> Result<Self::Ok, Disagreement> {
        self.unfit("a char")
    }
    fn serialize_bytes(self, _: &[u8]) -> Result<Self::Ok, Disagreement> {
        self.unfit("bytes")
    }
    fn serialize_unit(self) -> Result<Self::Ok, Disagreement> {
        self.unfit("nothing")
    }
    fn serialize_unit_struct(self, name: &'static str) -> Result<Self::Ok, Disagreement> {
        self.unfit(name)
    }
    fn serialize_tuple(self, _: usize) -> Result<Refused, Disagreement> {
        self.unfit("a tuple")
    }
    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Refused, Disagreement> {
        self.unfit(name)
    }
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Refused, Disagreement> {
        self.unfit(name)
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Refused, Disagreement> {
        self.unfit("a map")
    }
    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Refused, Disagreement> {
        self.unfit(name)
    }
}

struct List {
    element: Type,
    values: Vec<Value<'static>>,
}

impl SerializeSeq for List {
    type Ok = Value<'static>;
    type Error = Disagreement;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Disagreement> {
        self.values.push(value.serialize(Writer(self.element))?);
        Ok(())
    }

    fn end(self) -> Result<Value<'static>, Disagreement> {
        Ok(Value::List(self.values))
    }
}

/// The fields of a record, or without one those of an instant.
struct Fields {
    record: Option<&'static RecordType>,
    values: Vec<Value<'static>>,
}

/// `extra: option<json>`
const EXTRA: Type = Type::Option(&Type::Json);

impl SerializeStruct for Fields {
    type Ok = Value<'static>;
    type Error = Disagreement;

    fn serialize_field<T: ?Sized + Serialize>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Disagreement> {
        let index = self.values.len();
        let ty = match self.record {
            None => Some(if index == 0 { Type::S64 } else { Type::U32 }),
            Some(record) => match record.fields.get(index) {
                Some(field) => Some(field.ty),
                None => (record.extra && index == record.fields.len()).then_some(EXTRA),
            },
        };
        let ty = ty.ok_or_else(|| Disagreement(format!("the contract has no field for `{name}`")))?;
        self.values.push(value.serialize(Writer(ty))?);
        Ok(())
    }

    fn end(self) -> Result<Value<'static>, Disagreement> {
        Ok(Value::Record(self.values))
    }
}
