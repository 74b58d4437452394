//! The items of a collection as JSON, in any of the shapes that the provider shows them in.

use crate::servicetitan::generic::{
    place::Place,
    shelf::{self, Change, FIRST, Shelf},
};
use crate::{
    random::random,
    servicetitan::{
        body,
        data::{Cell, FIRST_TIME, Values, named},
        declared::{Answers, Field, Schema, Shape, Type},
        members::Members,
        operations::Call,
        time::{self, SECOND, Spelling},
    },
};
use std::collections::HashMap;

/// How many items a list has that knows no pages.
const SOME: usize = 3;
/// Between the creations of two generated items.
const STEP: i64 = 3_600 * SECOND;
/// One in so many generated items is inactive.
const INACTIVE: i64 = 8;

/// The items of the collection that a request is about.
pub(super) struct Items<'a> {
    call: &'a Call<'a>,
    place: &'a Place,
    shelf: &'a Shelf,
    /// The stream of chance of the collection.
    kind: u64,
    /// Whether its records can be out of use: a feed says `active: false` of a record that its list cannot leave
    /// out, because the list knows no such word, only when it is deleted.
    rests: bool,
}

impl<'a> Items<'a> {
    pub(super) fn new(call: &'a Call<'a>, place: &'a Place, shelf: &'a Shelf) -> Self {
        Self { call, place, shelf, kind: named(&place.collection), rests: rests(call) }
    }

    /// Every item by its number, deleted ones too.
    pub(super) fn all(&self) -> Vec<i64> {
        self.shelf.all(&self.place.collection, self.call.world.config.records)
    }

    /// The first few, for lists that know no pages.
    pub(super) fn some(&self, shape: &Shape) -> Vec<String> {
        let there = self.all().into_iter().filter(|number| !self.is_deleted(*number));
        there.take(SOME).map(|number| self.one(shape, number)).collect()
    }

    pub(super) fn is_deleted(&self, number: i64) -> bool {
        self.change(number).is_some_and(|change| change.deleted)
    }

    /// Whether it counts as active: what is deleted or switched off does not.
    pub(super) fn is_active(&self, number: i64) -> bool {
        let set = self.change(number).and_then(|change| change.members.read("active"));
        !self.is_deleted(number) && set.unwrap_or(!self.rests || (number - FIRST) % INACTIVE != INACTIVE - 1)
    }

    pub(super) fn created(&self, number: i64) -> i64 {
        match self.change(number) {
            Some(change) if number - FIRST >= self.generated() => change.modified,
            _ => FIRST_TIME + (number - FIRST) * STEP,
        }
    }

    pub(super) fn modified(&self, number: i64) -> i64 {
        self.change(number).map_or_else(|| self.created(number), |change| change.modified)
    }

    fn generated(&self) -> i64 {
        i64::try_from(self.call.world.config.records).unwrap_or(i64::MAX)
    }

    fn change(&self, number: i64) -> Option<&'a Change> {
        self.shelf.change(&self.place.collection, number)
    }

    /// An item in a shape: generated, with what requests set where it fits.
    pub(super) fn one(&self, shape: &Shape, number: i64) -> String {
        let none = Members::default();
        self.with(shape, number, self.change(number).map_or(&none, |change| &change.members))
    }

    /// An item in a shape, with these members where they fit.
    pub(super) fn with(&self, shape: &Shape, number: i64, set: &Members) -> String {
        let declared = &self.call.world.declared;
        // A feed and a list show a record in two shapes.
        let values = Values::new(declared, self.call.world.config.seed).by_name();
        let mut rng = random(values.seed, self.kind, number.unsigned_abs());
        let name = match &shape.ty {
            Type::Named(name) => name,
            Type::Any => return self.undeclared(number, set),
            _ => return values.any(shape, "", &mut rng),
        };
        let Some(Schema::Record(fields)) = declared.schema(name) else {
            return values.any(shape, "", &mut rng);
        };
        let fields: HashMap<&str, &Field> = fields.iter().map(|field| (field.name.as_str(), field)).collect();
        values.record(name, &mut rng, &mut |name, _| {
            let Some(field) = fields.get(name) else { return Cell::Any };
            let fits = |raw: &&str| body::fits(declared, &field.shape, raw);
            match set.get(name).filter(fits) {
                Some(raw) => Cell::Raw(raw.to_owned()),
                None => self.cell(field, number),
            }
        })
    }

    /// What an item says of itself, and of the items that it belongs to.
    fn cell(&self, field: &Field, number: i64) -> Cell {
        match (field.name.as_str(), &field.shape.ty) {
            ("id", ty) => id(ty, number).map_or(Cell::Any, Cell::Raw),
            ("createdOn", Type::DateTime) => Cell::Time(self.created(number)),
            ("modifiedOn", Type::DateTime) => Cell::Time(self.modified(number)),
            ("active", Type::Bool) => Cell::Raw(self.is_active(number).to_string()),
            (name, ty) => {
                let parent = self.place.items.iter().find(|item| item.name == name);
                let raw = parent.and_then(|item| id(ty, item.number()?));
                raw.map_or(Cell::Any, Cell::Raw)
            }
        }
    }

    /// An item whose shape the provider does not declare.
    fn undeclared(&self, number: i64, set: &Members) -> String {
        let mut members = Members::default();
        members.put("id", number);
        members.put("name", format!("Item {number}"));
        members.put("active", self.is_active(number));
        members.set("createdOn", time::quoted(self.created(number), Spelling::Ticks));
        members.set("modifiedOn", time::quoted(self.modified(number), Spelling::Ticks));
        set.iter().for_each(|(name, raw)| members.set(name, raw));
        members.render()
    }
}

fn rests(call: &Call<'_>) -> bool {
    let list = call.operation.path.replacen("/export/", "/", 1);
    let mut lists = call.world.declared.operations.iter();
    let list = lists.find(|operation| operation.path == list && operation.method == http::Method::GET);
    !matches!(call.operation.answer, Answers::Export(_))
        || list.is_none_or(|list| list.query.iter().any(|field| field.name == "active"))
}

/// An item's id in a type, as JSON.
fn id(ty: &Type, number: i64) -> Option<String> {
    Some(match ty {
        Type::Int => number.to_string(),
        Type::Guid => format!("\"{}\"", shelf::guid(number)),
        Type::Text => format!("\"{}\"", shelf::text(number)),
        _ => return None,
    })
}
