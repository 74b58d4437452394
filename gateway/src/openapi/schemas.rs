//! Which types of the contract are in the document, and what they are called there.
//!
//! A record is there once for what answers hold of it, and once for what bodies may: an answer has
//! every list and may have fields that the contract does not know, a body may leave lists out and
//! has no such fields (see [`types`](super::types)).

use super::{
    json::Json,
    types::{Form, enum_keywords, keywords, record_keywords},
};
use penstock::contract::catalogue::{EnumType, Operation, RecordType, Type};
use std::collections::{BTreeMap, BTreeSet};

/// A type that has a name of its own.
#[derive(Clone, Copy)]
enum Named {
    Record(&'static RecordType, Form),
    Enum(&'static EnumType),
}

struct Entry {
    named: Named,
    provider: &'static str,
    /// The modules that use it. One that several use is not named after any.
    modules: BTreeSet<&'static str>,
    name: String,
    /// Whether there are pages of it.
    paged: bool,
}

/// All of them, in the order in which operations use them.
#[derive(Default)]
pub(super) struct Schemas {
    entries: Vec<Entry>,
    places: BTreeMap<(usize, Form), usize>,
    /// What references to them begin with; those of an OpenAPI document if none.
    root: Option<&'static str>,
}

/// Where an OpenAPI document has them.
const COMPONENTS: &str = "#/components/schemas/";

impl Schemas {
    /// Those that these operations use.
    pub(super) fn of(operations: &[&'static Operation]) -> Schemas {
        let mut schemas = Schemas::default();
        for operation in operations {
            let parameters = operation.query.map_or(&[][..], |query| query.fields);
            let parameters = parameters.iter().map(|field| (Form::Body, field.ty));
            let places = operation.path_parameters.iter().map(|placeholder| (Form::Body, placeholder.ty));
            let body = operation.body.map(|ty| (Form::Body, ty));
            let answer = operation.answer.map(|ty| (Form::Answer, ty));
            for (form, ty) in parameters.chain(places).chain(body).chain(answer) {
                schemas.add(operation, form, ty);
            }
            if let (true, Some(Type::Record(record))) = (operation.is_list(), operation.answer)
                && let Some(entry) = schemas.entry_mut(address(record), Form::Answer)
            {
                entry.paged = true;
            }
        }
        schemas.call_by_name();
        schemas
    }

    /// Those that types of an operation use, referred to by names behind `root`.
    pub(super) fn under(
        root: &'static str,
        operation: &'static Operation,
        types: impl Iterator<Item = (Form, Type)>,
    ) -> Schemas {
        let mut schemas = Schemas { root: Some(root), ..Schemas::default() };
        for (form, ty) in types {
            schemas.add(operation, form, ty);
        }
        schemas.call_by_name();
        schemas
    }

    /// A reference to one that is not made from the contract.
    pub(super) fn shared(&self, out: &mut Json, name: &str) {
        out.value("$ref", format!("{}{name}", self.root.unwrap_or(COMPONENTS)));
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn add(&mut self, operation: &'static Operation, form: Form, ty: Type) {
        let module = module(operation);
        let (named, key) = match *ty.inner() {
            Type::List(element) => return self.add(operation, form, *element),
            Type::Record(record) => (Named::Record(record, form), (address(record), form)),
            Type::Enum(known) => (Named::Enum(known), (address(known), Form::Body)),
            _ => return,
        };
        match self.entry_mut(key.0, key.1) {
            Some(entry) if entry.modules.contains(module) => return,
            Some(entry) => _ = entry.modules.insert(module),
            None => {
                self.places.insert(key, self.entries.len());
                let (provider, modules) = (operation.provider, BTreeSet::from([module]));
                self.entries.push(Entry { named, provider, modules, name: String::new(), paged: false });
            }
        }
        if let Named::Record(record, form) = named {
            for field in record.fields {
                self.add(operation, form, field.ty);
            }
        }
    }

    fn entry_mut(&mut self, address: usize, form: Form) -> Option<&mut Entry> {
        let place = *self.places.get(&(address, form))?;
        self.entries.get_mut(place)
    }

    fn call_by_name(&mut self) {
        let mut taken = BTreeSet::new();
        for entry in &mut self.entries {
            let module = match entry.modules.len() {
                1 => entry.modules.first().copied().unwrap_or_default(),
                _ => "",
            };
            let (own, also) = match entry.named {
                Named::Record(record, form) => {
                    let answered = self.places.contains_key(&(address(record), Form::Answer));
                    (record.name, if form == Form::Body && answered { "Body" } else { "" })
                }
                Named::Enum(known) => (known.name, ""),
            };
            let plain = format!("{}{}{}{also}", pascal(entry.provider), pascal(module), pascal(own));
            let numbered = (2_u32..).map(|number| format!("{plain}{number}"));
            let name = std::iter::once(plain.clone()).chain(numbered).find(|name| !taken.contains(name));
            entry.name = name.unwrap_or(plain);
            taken.insert(entry.name.clone());
        }
    }

    /// The keyword that stands for a record.
    pub(super) fn record(&self, out: &mut Json, record: &'static RecordType, form: Form) {
        self.reference(out, "", address(record), form);
    }

    /// The keyword that stands for the known texts of an enum.
    pub(super) fn known(&self, out: &mut Json, known: &'static EnumType) {
        self.reference(out, "", address(known), Form::Body);
    }

    /// The keywords of a page of a list of this.
    pub(super) fn page(&self, out: &mut Json, ty: &Type) {
        match ty {
            Type::Record(record) => self.reference(out, "PageOf", address(*record), Form::Answer),
            other => self.page_keywords(out, other),
        }
    }

    fn reference(&self, out: &mut Json, prefix: &str, address: usize, form: Form) {
        let entry = self.places.get(&(address, form)).and_then(|place| self.entries.get(*place));
        let name = entry.map_or("", |entry| entry.name.as_str());
        self.shared(out, &format!("{prefix}{name}"));
    }

    /// As `answer::page` writes it.
    fn page_keywords(&self, out: &mut Json, ty: &Type) {
        out.value("type", "object");
        out.value("required", ["data", "page", "resume"]);
        out.member("properties", |out| {
            out.member("data", |out| {
                out.value("type", "array");
                out.member("items", |out| keywords(out, self, Form::Answer, ty));
            });
            out.member("page", |out| self.shared(out, "Page"));
            out.member("resume", |out| self.shared(out, "Resume"));
        });
    }

    /// Writes all of them as members of `components/schemas`.
    pub(super) fn write(&self, out: &mut Json) {
        for entry in &self.entries {
            out.member(&entry.name, |out| match entry.named {
                Named::Record(record, form) => record_keywords(out, self, record, form),
                Named::Enum(known) => enum_keywords(out, known),
            });
            if let (true, Named::Record(record, _)) = (entry.paged, entry.named) {
                let name = format!("PageOf{}", entry.name);
                out.member(&name, |out| self.page_keywords(out, &Type::Record(record)));
            }
        }
    }
}

/// The module of an operation: what stands before the point in its name.
pub(crate) fn module(operation: &Operation) -> &'static str {
    operation.name.split('.').next().unwrap_or_default()
}

/// Two types of one name are two, and two that look alike as well. Every type of the contract is a
/// `static`, which has a place of its own.
fn address<T>(ty: &'static T) -> usize {
    std::ptr::from_ref(ty).addr()
}

/// `ap-bill` as `ApBill`.
fn pascal(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    name.split('-').map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_one_case() {
        assert_eq!(
            (pascal("ap-bill"), pascal("jpm"), pascal("")),
            ("ApBill".into(), "Jpm".into(), "".into())
        );
    }
}
