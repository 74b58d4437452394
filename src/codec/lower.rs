//! [`Value`] to the memory of the canonical ABI.

use super::{
    decode_error::DecodeError,
    mend::mend,
    misfit::marked,
    parse::{parse, text},
    raw,
    reread::reread,
    value::Value,
};
use crate::contract::{
    abi::{Abi, Arena, Layout},
    catalogue::{RecordType, Type},
};
use penstock_json::Scratch;

/// Reads provider JSON into a piece of memory of its own, as `ty` describes it.
///
/// - Half a surrogate pair in a text is U+FFFD.
/// - An option may be null or absent, a list too (it is empty then). An option of
///   an option is absent, null or a value. An optional date or number may be empty text.
/// - An integer may be written `5.0` or as text of digits; a decimal may be a number or a
///   string, and keeps its digits. Instants: see [`Instant::parse`](super::Instant::parse).
/// - An unknown value of an open enum becomes its `other`.
/// - Unknown fields become the record's `extra`, as they came. Of a known one that comes
///   twice, the last counts.
///
/// # Errors
/// The first thing that does not fit, with the way to it: a wrong type, a required
/// field that is missing, a null in a list, an unknown field in a record without `extra`; or
/// text that is no JSON.
pub fn decode(ty: &Type, json: &[u8]) -> Result<Arena, DecodeError> {
    let mut arena = Arena::with(Layout::of(ty));
    decode_into(ty, json, &mut arena, 0, &mut Scratch::default())?;
    Ok(arena)
}

/// The same, into room of an arena that holds more. After an error nothing stands in it.
///
/// # Errors
/// As [`decode`].
pub fn decode_into(
    ty: &Type,
    json: &[u8],
    arena: &mut Arena,
    at: u32,
    scratch: &mut Scratch,
) -> Result<(), DecodeError> {
    if penstock_json::decode(ty, json, arena, at, scratch).is_none() {
        lower(ty, &parse(ty, &mend(json))?, arena, at);
    }
    Ok(())
}

/// Reads of a record that does not fit what does: an optional field that does not is absent, a
/// list empty. The whole record stands in `extra`, [`marked`]. False if a required field
/// cannot be read, or the type has no `extra`; then nothing stands in the arena.
pub fn decode_misfit(ty: &Type, json: &[u8], misfit: &DecodeError, arena: &mut Arena, at: u32) -> bool {
    let json = mend(json);
    let Ok(Ok(text)) = text(&json).map(raw::trimmed) else { return false };
    let (Type::Record(record), Some(Value::Record(mut fields))) = (ty, reread(ty, text).value) else {
        return false;
    };
    let Some(extra) = fields.get_mut(record.fields.len()) else { return false };
    *extra = Value::Text(marked(text.as_bytes(), misfit).into());
    lower(ty, &Value::Record(fields), arena, at);
    true
}

/// Writes a value into room that was allocated and is still all zeros.
pub(super) fn lower(ty: &Type, value: &Value<'_>, arena: &mut Arena, at: u32) {
    match (ty, value) {
        (Type::Option(_), Value::Absent | Value::Unset) => {}
        (Type::Option(inner), value) => {
            arena.put_discriminant(at, 2, 1);
            let value = if *value == Value::Null { &Value::Absent } else { value };
            lower(inner, value, arena, at + Layout::payload(2, Layout::of(inner)));
        }
        (_, Value::Bool(value)) => value.lower(arena, at),
        (_, Value::Signed(number)) => arena.put(at, number_bytes(ty, &number.to_le_bytes())),
        (_, Value::Unsigned(number)) => arena.put(at, number_bytes(ty, &number.to_le_bytes())),
        (_, Value::Float(number)) => arena.put(at, &number.to_le_bytes()),
        (_, Value::Instant(instant)) => {
            arena.put(at, &instant.seconds().to_le_bytes());
            arena.put(at + 8, &instant.nanoseconds().to_le_bytes());
        }
        #[cfg(test)]
        (Type::Instant, Value::Record(parts)) => {
            let [Value::Signed(seconds), Value::Unsigned(nanoseconds)] = parts[..] else {
                panic!("{parts:?}")
            };
            arena.put(at, &seconds.to_le_bytes());
            arena.put(at + 8, &nanoseconds.to_le_bytes()[..4]);
        }
        (Type::Enum(known), Value::Case(case)) => arena.put_discriminant(at, known.cases.len() + 1, *case),
        (Type::Enum(known), Value::Text(text)) => {
            let cases = known.cases.len() + 1;
            arena.put_discriminant(at, cases, known.cases.len());
            arena.put_text(at + Layout::payload(cases, Layout::LIST), text);
        }
        (_, Value::Text(text)) => arena.put_text(at, text),
        (Type::List(element), Value::List(values)) => {
            let layout = Layout::of(element);
            let mut at = arena.put_list(at, values.len(), layout);
            for value in values {
                lower(element, value, arena, at);
                at += layout.size;
            }
        }
        (Type::Record(record), Value::Record(fields)) => self::record(record, fields, arena, at),
        (ty, value) => debug_assert!(false, "{ty:?} beside {value:?}"),
    }
}

/// The bytes of a number that count.
fn number_bytes<'a>(ty: &Type, bytes: &'a [u8; 8]) -> &'a [u8] {
    bytes.get(..Layout::of(ty).size as usize).unwrap_or(bytes)
}

fn record(record: &RecordType, fields: &[Value<'_>], arena: &mut Arena, at: u32) {
    for (field, value) in record.fields.iter().zip(fields) {
        lower(&field.ty, value, arena, at.saturating_add(field.offset));
    }
    if let (true, Some(value)) = (record.extra, fields.get(record.fields.len())) {
        lower(&EXTRA, value, arena, at.saturating_add(record.extra_offset()));
    }
}

pub(super) const EXTRA: Type = Type::Option(&Type::Json);
