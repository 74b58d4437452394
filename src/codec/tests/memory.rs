//! Values in a caller's memory: what the typed interface gives and takes.

use crate::{
    codec::{
        decode, lift,
        lower::lower,
        print::{Form, print},
        query,
        value::Value,
    },
    contract::{
        FieldError,
        abi::{Arena, Layout, tests::Placed},
        catalogue::{RecordType, Type},
    },
};

/// Where the arena of a test begins.
const BASE: u32 = 0x7fff_0008;

/// What a caller reads from an arena.
#[track_caller]
pub(super) fn read(ty: &Type, arena: Arena) -> Value<'static> {
    let placed = Placed::at(BASE, arena);
    let value = lift::lift(ty, &placed, BASE).unwrap();
    placed.assert_released(Layout::of(ty).size);
    value
}

/// The value of a provider's JSON, as a caller reads it.
#[track_caller]
pub(super) fn decoded(ty: &Type, json: &str) -> Value<'static> {
    read(ty, decode(ty, json.as_bytes()).unwrap())
}

pub(super) fn normal_form(ty: &Type, arena: Arena) -> String {
    print(Form::Normal, ty, &lift::valid(Form::Normal, ty, read(ty, arena)).unwrap())
}

/// Puts a value into a caller's memory.
fn given(ty: &Type, value: &Value<'_>) -> Placed {
    let mut arena = Arena::with(Layout::of(ty));
    lower(ty, value, &mut arena, 0);
    Placed::at(BASE, arena)
}

#[track_caller]
pub(super) fn encode_body(ty: &Type, value: &Value<'_>) -> Result<String, Vec<FieldError>> {
    let placed = given(ty, value);
    let body = lift::lift_body(ty, &placed, BASE).unwrap();
    placed.assert_released(Layout::of(ty).size);
    body
}

#[track_caller]
pub(super) fn encode_query(
    record: &'static RecordType,
    value: &Value<'_>,
) -> Result<Vec<(&'static str, String)>, Vec<FieldError>> {
    let ty = Type::Record(record);
    let placed = given(&ty, value);
    let pairs = lift::lift_query(record, &placed, BASE).unwrap();
    placed.assert_released(Layout::of(&ty).size);
    // The same as the pairs of the value itself.
    assert_eq!(
        pairs,
        lift::valid(Form::Vendor, &ty, owned(value)).and_then(|value| query::pairs(record, &value))
    );
    pairs
}

/// Replaces a field, `appointments[0].start`, by the provider's names.
#[track_caller]
pub(super) fn set(ty: &Type, value: &mut Value<'static>, path: &str, new: Value<'static>) {
    *place(ty, value, path) = new;
}

#[track_caller]
pub(super) fn field(ty: &Type, value: &Value<'static>, path: &str) -> Value<'static> {
    place(ty, &mut value.clone(), path).clone()
}

#[track_caller]
fn place<'v>(ty: &Type, value: &'v mut Value<'static>, path: &str) -> &'v mut Value<'static> {
    let (mut ty, mut here) = (*ty, value);
    for step in path.split(['.', '[']) {
        (ty, here) = match (ty.inner(), here) {
            (Type::List(element), Value::List(list)) => {
                let index: usize = step.trim_end_matches(']').parse().unwrap();
                (**element, &mut list[index])
            }
            (Type::Record(record), Value::Record(fields)) => match record.field(step, 0) {
                Some((index, field)) => (field.ty, &mut fields[index]),
                None => {
                    assert_eq!((step, record.extra), ("extra", true));
                    (Type::Json, &mut fields[record.fields.len()])
                }
            },
            (ty, value) => panic!("{step} of {ty:?}: {value:?}"),
        };
    }
    here
}

pub(super) fn text(text: &str) -> Value<'static> {
    Value::Text(text.to_owned().into())
}

/// An instant as a caller may write it, right or wrong.
pub(super) fn instant(seconds: i64, nanoseconds: u64) -> Value<'static> {
    Value::Record(vec![Value::Signed(seconds), Value::Unsigned(nanoseconds)])
}

fn owned(value: &Value<'_>) -> Value<'static> {
    match value {
        Value::Text(text) => Value::Text(text.clone().into_owned().into()),
        Value::List(list) => Value::List(list.iter().map(owned).collect()),
        Value::Record(fields) => Value::Record(fields.iter().map(owned).collect()),
        Value::Unset => Value::Unset,
        Value::Absent => Value::Absent,
        Value::Null => Value::Null,
        Value::Bool(value) => Value::Bool(*value),
        Value::Signed(number) => Value::Signed(*number),
        Value::Unsigned(number) => Value::Unsigned(*number),
        Value::Float(number) => Value::Float(*number),
        Value::Instant(instant) => Value::Instant(*instant),
        Value::Case(case) => Value::Case(*case),
    }
}
