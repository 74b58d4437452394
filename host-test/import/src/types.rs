//! The types of a module: records, open enums, and the shapes between them.

use crate::{
    document::{Document, reference},
    names::{camel, escaped, kebab, long_schema, pascal, schema as short},
    overrides::Module,
    words,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

/// Which way a record goes: what must be there, and what can be cleared, depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// From the provider: nothing but `id` is relied on.
    Answer,
    /// To the provider.
    Body,
    /// To the provider, as changes: absent, null and value are three things.
    Patch,
}

/// The types that were needed so far.
pub struct Types<'a> {
    document: &'a Document,
    overrides: &'a Module,
    names: BTreeMap<(String, Direction), String>,
    enums: BTreeMap<Vec<String>, String>,
    taken: BTreeSet<String>,
    /// The records that are being written: a reference to one of them is a recursion.
    open: Vec<(String, Direction)>,
    variants: Vec<String>,
    records: Vec<Option<String>>,
    recursive: BTreeSet<String>,
    pages: BTreeMap<String, String>,
}

impl<'a> Types<'a> {
    /// No types yet; `taken` are the names of the functions.
    pub fn new(document: &'a Document, overrides: &'a Module, taken: BTreeSet<String>) -> Types<'a> {
        Types {
            document,
            overrides,
            names: BTreeMap::new(),
            enums: BTreeMap::new(),
            taken,
            open: Vec::new(),
            variants: Vec::new(),
            records: Vec::new(),
            recursive: BTreeSet::new(),
            pages: BTreeMap::new(),
        }
    }

    /// All definitions, open enums first.
    pub fn written(self) -> Vec<String> {
        self.variants.into_iter().chain(self.records.into_iter().flatten()).collect()
    }

    /// Adds a definition that belongs to an operation: a page or a query.
    pub fn add(&mut self, definition: String) {
        self.records.push(Some(definition));
    }

    /// The record of a page of these, if there is one already.
    pub fn page(&self, item: &str) -> Option<String> {
        self.pages.get(item).cloned()
    }

    pub fn remember_page(&mut self, item: &str, name: &str) {
        self.pages.insert(item.to_owned(), name.to_owned());
    }

    pub fn is_enum(&self, schema: &str) -> bool {
        self.document.schema(schema).is_some_and(|schema| schema["enum"].is_array())
    }

    /// The first of the names that is free, numbered if none is.
    pub fn claim(&mut self, wanted: &[String]) -> String {
        let free = wanted.iter().find(|name| !self.taken.contains(*name)).cloned();
        let name = free.unwrap_or_else(|| {
            let last = wanted.last().map_or("type", String::as_str);
            let free = (2..).map(|number| format!("{last}{number}")).find(|name| !self.taken.contains(name));
            free.unwrap_or_default()
        });
        self.taken.insert(name.clone());
        name
    }

    /// The WIT type of a schema, without `option`. `place` names what has no name of its own.
    pub fn ty(&mut self, schema: &Value, direction: Direction, place: &str) -> String {
        if let Some(name) = reference(schema) {
            return self.named(name, direction);
        }
        if schema["enum"].is_array() && schema["type"] != "integer" {
            return self.variant(schema, &[place.to_owned()]);
        }
        match (schema["type"].as_str(), schema["format"].as_str()) {
            (Some("boolean"), _) => "bool".to_owned(),
            (Some("integer"), Some("int32")) => "s32".to_owned(),
            (Some("integer"), _) => "s64".to_owned(),
            (Some("number"), _) => "decimal".to_owned(),
            (Some("string"), Some("date-time")) => "instant".to_owned(),
            (Some("string"), Some("date")) => "date".to_owned(),
            (Some("string"), _) => "string".to_owned(),
            (Some("array"), _) => format!("list<{}>", self.ty(&schema["items"], direction, place)),
            (Some("object"), _)
                if schema["properties"].as_object().is_some_and(|fields| !fields.is_empty()) =>
            {
                let name = self.claim(&[place.to_owned()]);
                let slot = self.reserve();
                self.record(&name, place, schema, direction, slot);
                name
            }
            _ => "json".to_owned(),
        }
    }

    fn named(&mut self, schema: &str, direction: Direction) -> String {
        let Some(definition) = self.document.schema(schema) else { return "json".to_owned() };
        let plain = reference(definition).is_none();
        let composed = ["allOf", "oneOf", "anyOf"].iter().any(|kind| !definition[*kind].is_null());
        if definition["enum"].is_array() && definition["type"] != "integer" {
            let key = (schema.to_owned(), Direction::Answer);
            if let Some(name) = self.names.get(&key) {
                return name.clone();
            }
            let name = self.variant(definition, &self.wanted(schema, Direction::Answer));
            self.names.insert(key, name.clone());
            return name;
        }
        let fields = definition["properties"].as_object().is_some_and(|fields| !fields.is_empty());
        if !plain || composed || !fields {
            return match plain && !composed && definition["type"] != "object" {
                true => self.ty(definition, direction, &short(schema)),
                false => match reference(definition) {
                    Some(next) if next != schema => self.named(next, direction),
                    _ => "json".to_owned(),
                },
            };
        }
        let key = (schema.to_owned(), direction);
        if self.open.contains(&key) {
            self.recursive.insert(schema.to_owned());
            return "json".to_owned();
        }
        if let Some(name) = self.names.get(&key) {
            return name.clone();
        }
        let name = self.claim(&self.wanted(schema, direction));
        self.names.insert(key.clone(), name.clone());
        let slot = self.reserve();
        self.open.push(key);
        self.record(&name, &name, definition, direction, slot);
        self.open.pop();
        name
    }

    /// The names that a schema may have, best first.
    fn wanted(&self, schema: &str, direction: Direction) -> Vec<String> {
        let base = self.overrides.types.get(schema).cloned().unwrap_or_else(|| short(schema));
        let twin = match direction {
            Direction::Answer => long_schema(schema),
            Direction::Body => format!("{base}-input"),
            Direction::Patch => format!("{base}-patch"),
        };
        let spaces: Vec<String> = schema.split('.').rev().take(2).map(kebab).collect();
        vec![base, twin, spaces.into_iter().rev().collect::<Vec<_>>().join("-")]
    }

    fn variant(&mut self, schema: &Value, wanted: &[String]) -> String {
        let cases: Vec<String> = schema["enum"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let wanted: &[String] =
            if cases == ["True", "Any", "False"] { &["active-filter".to_owned()] } else { wanted };
        if let Some(name) = self.enums.get(&cases) {
            return name.clone();
        }
        let name = self.claim(wanted);
        self.enums.insert(cases.clone(), name.clone());
        let mut out = format!(
            "/// {}: one of those that are known, or another.\n",
            words::capital(&words::spaced(&name))
        );
        if cases == ["True", "Any", "False"] {
            out = "/// Which records a list returns by their active flag.\n".to_owned();
        }
        let mut used = BTreeSet::from(["other".to_owned()]);
        let _ = writeln!(out, "variant {} {{", escaped(&name));
        for wire in &cases {
            let mut case = match (name.as_str(), wire.as_str()) {
                ("active-filter", "True") => "active-only".to_owned(),
                ("active-filter", "False") => "inactive-only".to_owned(),
                (_, "Other" | "other") => "other-value".to_owned(),
                _ => kebab(wire),
            };
            while !used.insert(case.clone()) {
                case.push('x');
            }
            let _ = writeln!(out, "    /// `{wire}`.");
            if pascal(&case) != *wire {
                let _ = writeln!(out, "    /// @wire {wire}");
            }
            let _ = writeln!(out, "    {},", escaped(&case));
        }
        out += "    /// A value that this contract does not know yet.\n    other(string),\n}";
        self.variants.push(out);
        name
    }

    fn reserve(&mut self) -> usize {
        self.records.push(None);
        self.records.len() - 1
    }

    fn record(&mut self, name: &str, place: &str, schema: &Value, direction: Direction, slot: usize) {
        let required: BTreeSet<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut used = BTreeSet::from(["extra".to_owned()]);
        let mut fields = String::new();
        for (wire, field) in schema["properties"].as_object().into_iter().flatten() {
            let before = self.recursive.len();
            // Only a patch's own fields are cleared by null; what they hold is sent whole.
            let inside = if direction == Direction::Patch { Direction::Body } else { direction };
            let inner = self.ty(field, inside, &format!("{place}-{}", kebab(wire)));
            let recursive =
                self.recursive.len() > before || (inner.contains("json") && refers_back(field, &self.open));
            let exact =
                direction == Direction::Answer && inner == "string" && self.overrides.decimals.contains(wire);
            let inner = if exact { "decimal".to_owned() } else { inner };
            let format = match (exact, field["format"].as_str()) {
                (true, _) => "decimal",
                (_, Some(format)) => format,
                _ => field["type"].as_str().unwrap_or_default(),
            };
            let mut doc = words::field(wire, format);
            if recursive {
                doc +=
                    " Of the type of the record that they are in, as JSON: a WIT type cannot contain itself.";
            }
            let nullable = field["nullable"] == true;
            let list = inner.starts_with("list<");
            let ty = match direction {
                Direction::Answer
                    if wire == "id" && !nullable && ["s64", "string"].contains(&inner.as_str()) =>
                {
                    inner
                }
                Direction::Answer if list => inner,
                Direction::Answer => format!("option<{inner}>"),
                Direction::Body | Direction::Patch if required.contains(wire.as_str()) && !nullable => inner,
                Direction::Patch if nullable => {
                    doc += " Absent leaves it, none clears it.";
                    format!("option<option<{inner}>>")
                }
                Direction::Body | Direction::Patch => format!("option<{inner}>"),
            };
            fields += &field_line(wire, &doc, &[], &ty, &mut used);
        }
        let about = match direction {
            Direction::Answer => format!("{}, as the vendor sends it.", words::capital(&words::spaced(name))),
            _ => format!("{}: what is sent.", words::capital(&words::spaced(name))),
        };
        let extra = match direction {
            Direction::Answer => "Fields that this contract does not know, as a JSON object.",
            _ => "Further fields to send, as a JSON object.",
        };
        let text = format!(
            "/// {about}\nrecord {} {{\n{fields}    /// {extra}\n    extra: option<json>,\n}}",
            escaped(name)
        );
        if let Some(place) = self.records.get_mut(slot) {
            *place = Some(text);
        }
    }
}

/// One field with its comment; `used` are the names that the record has already.
pub fn field_line(wire: &str, doc: &str, tags: &[String], ty: &str, used: &mut BTreeSet<String>) -> String {
    let mut name = kebab(wire);
    while !used.insert(name.clone()) {
        name += "-field";
    }
    let mut out = format!("    /// {doc}\n");
    if camel(&name) != wire {
        let _ = writeln!(out, "    /// @wire {wire}");
    }
    for tag in tags {
        let _ = writeln!(out, "    /// {tag}");
    }
    let _ = writeln!(out, "    {}: {ty},", escaped(&name));
    out
}

fn refers_back(field: &Value, open: &[(String, Direction)]) -> bool {
    let target = reference(field).or_else(|| reference(&field["items"]));
    target.is_some_and(|target| open.iter().any(|(name, _)| name == target))
}
