//! Where a path leads: collections, and the items in them.

use crate::servicetitan::generic::shelf::{self, Shelf};
use crate::servicetitan::{
    declared::{Answers, Declared, Schema, Type},
    errors::ApiError,
    operations::Call,
};

/// The path of a request, taken apart.
#[derive(Debug)]
pub(super) struct Place {
    /// The collection: the path without the item at its end, if there is one.
    pub(super) collection: String,
    /// The items that the path names, the outermost first.
    pub(super) items: Vec<Item>,
    /// Whether the path ends with an item.
    pub(super) ends_with_item: bool,
}

/// An item that a path names.
#[derive(Debug)]
pub(super) struct Item {
    /// The placeholder.
    pub(super) name: String,
    /// The path before it.
    collection: String,
    /// The same in the provider's declaration.
    template: String,
    /// The text at the placeholder.
    text: String,
    /// Its number; none for a name.
    number: Option<i64>,
}

impl Item {
    pub(super) fn number(&self) -> Option<i64> {
        self.number
    }
}

impl Place {
    pub(super) fn of(call: &Call<'_>) -> Self {
        let mut place = Self { collection: String::new(), items: Vec::new(), ends_with_item: false };
        let (mut path, mut template) = (String::new(), String::new());
        for segment in call.operation.path.split('/').filter(|segment| !segment.is_empty()) {
            let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            place.ends_with_item = name.is_some_and(|name| name != "tenant");
            let text = name.map_or(segment, |name| call.text_of(name));
            if let Some(name) = name.filter(|name| *name != "tenant") {
                place.collection.clone_from(&path);
                place.items.push(Item {
                    name: name.to_owned(),
                    collection: path.clone(),
                    template: template.clone(),
                    text: text.to_owned(),
                    number: shelf::number(text),
                });
            }
            // A feed shows the collection of the same name.
            if segment != "export" {
                path = format!("{path}/{text}");
            }
            template = format!("{template}/{segment}");
        }
        if !place.ends_with_item {
            place.collection = path;
        }
        place
    }

    /// The number of the innermost item; that of the first one without any.
    pub(super) fn number(&self) -> i64 {
        self.items.last().and_then(|item| item.number).unwrap_or(shelf::FIRST)
    }

    /// 404 for an item that is not there.
    pub(super) fn check(&self, call: &Call<'_>, shelf: &Shelf) -> Result<(), ApiError> {
        for item in &self.items {
            let known = match item.number {
                Some(number) => shelf.has(&item.collection, number, call.world.config.records),
                // Names (of a provider, a category) are not listed anywhere.
                None => !named_by_id(&call.world.declared, &item.template),
            };
            let typed = call.operation.placeholders.iter().find(|field| field.name == item.name);
            let names = typed.is_some_and(|field| field.shape.ty == Type::Text);
            if !known || (item.number.is_none() && !names) {
                return Err(ApiError::new(404, format!("There is no {} {}.", item.name, item.text)));
            }
        }
        Ok(())
    }
}

/// Whether a list at this path gives the ids of its items as text.
fn named_by_id(declared: &Declared, template: &str) -> bool {
    declared.operations.iter().filter(|operation| operation.path == template).any(|operation| {
        let Answers::Page(shape) = &operation.answer else { return false };
        let Type::Named(name) = &shape.ty else { return false };
        let Some(Schema::Record(fields)) = declared.schema(name) else { return false };
        fields.iter().any(|field| field.name == "id" && field.shape.ty == Type::Text)
    })
}
