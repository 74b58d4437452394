//! Writes: items are created, changed and deleted, and answers are built from the body.

use crate::servicetitan::generic::{items::Items, place::Place, shelf::Shelf};
use crate::{
    answer::Answer,
    servicetitan::{
        data::Tenant,
        declared::{Answers, Declared, Schema, Shape, Type},
        errors::ApiError,
        members::Members,
        operations::Call,
    },
};
use http::Method;
use serde_json::value::RawValue;

pub(super) fn answer(call: &Call<'_>, place: &Place, data: &mut Tenant) -> Result<Answer, ApiError> {
    let at = data.tick(call.now);
    let shelf = &mut data.shelf;
    let method = &call.operation.method;
    let mut number = place.number();
    if place.ends_with_item && *method == Method::DELETE {
        shelf.put(&place.collection, number, &Members::default(), at, true);
    } else if place.ends_with_item && (*method == Method::PUT || *method == Method::PATCH) {
        shelf.put(&place.collection, number, &call.body, at, false);
    } else if creates(call, place) {
        number = shelf.new_number();
        shelf.put(&place.collection, number, &call.body, at, false);
    }
    Ok(shown(call, place, shelf, number))
}

/// Whether a POST adds an item to its collection: the answer has an id, and there is a
/// way to that collection's items.
fn creates(call: &Call<'_>, place: &Place) -> bool {
    let operation = call.operation;
    let Answers::One(shape) = &operation.answer else { return false };
    let declared = &call.world.declared;
    let path = &operation.path;
    let item = |other: &str| {
        other.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with("/{") && rest.ends_with('}'))
    };
    operation.method == Method::POST
        && !place.ends_with_item
        && has_id(declared, shape)
        && declared.operations.iter().any(|other| {
            item(&other.path) || (other.path == *path && matches!(other.answer, Answers::Page(_)))
        })
}

fn has_id(declared: &Declared, shape: &Shape) -> bool {
    let Type::Named(name) = &shape.ty else { return false };
    let Some(Schema::Record(fields)) = declared.schema(name) else { return false };
    fields.iter().any(|field| field.name == "id")
}

/// The declared answer, with what the body says where it fits.
fn shown(call: &Call<'_>, place: &Place, shelf: &Shelf, number: i64) -> Answer {
    let items = Items::new(call, place, shelf);
    let list = match &call.operation.answer {
        Answers::One(Shape { ty: Type::List(inner), .. }) => Some((inner.as_ref(), "[", "]")),
        Answers::Data(inner) => Some((inner, "{\"data\":[", "]}")),
        Answers::One(shape) => {
            let mut set = shelf.change(&place.collection, number).map(|change| change.members.clone());
            let set = set.get_or_insert_default();
            call.body.iter().for_each(|(name, raw)| set.set(name, raw));
            return Answer::records(items.with(shape, number, set), 1);
        }
        _ => None,
    };
    let Some((inner, open, close)) = list else { return Answer::empty() };
    // One answer for each element of the body, if that is a list.
    let rows: Vec<String> = match serde_json::from_str::<Vec<&RawValue>>(&call.text) {
        Ok(elements) => elements
            .iter()
            .zip(number..)
            .map(|(element, number)| {
                items.with(inner, number, &Members::parse(element.get()).unwrap_or_default())
            })
            .collect(),
        Err(_) => items.some(inner),
    };
    Answer::records(format!("{open}{}{close}", rows.join(",")), rows.len())
}
