//! The functions of a module: their names, their effects, their parameters.

use crate::{
    document::{Document, Operation, reference},
    names::{escaped, kebab, operation as parts},
    overrides::{self, Module},
    paging::Paging,
    types::{Direction, Types, field_line},
    words,
};
use anyhow::{Result, bail};
use serde_json::Value;
use std::{collections::BTreeSet, fmt::Write};

/// An operation with everything that its functions are written from.
pub struct Planned<'a> {
    pub operation: Operation<'a>,
    pub paging: Paging<'a>,
    pub stated: Option<&'a overrides::Operation>,
    /// Without `-page` and `-list`.
    pub name: String,
    resource: String,
    rest: String,
    effect: String,
}

/// Names every operation; two may not have the same name.
pub fn plan<'a>(document: &'a Document, module: &'a Module) -> Result<Vec<Planned<'a>>> {
    let mut planned = Vec::new();
    for operation in document.operations()? {
        let stated = module.operations.get(operation.id);
        let paging = Paging::of(document, &operation, stated.and_then(|stated| stated.page.as_deref()));
        let (resource, rest) = parts(operation.id);
        let rest = if paging.is_list() { of_list(&rest) } else { rest.replace("get-by-id", "get") };
        let ruled = match export(&operation.path).filter(|_| paging.kind == "export") {
            Some(name) => name,
            None if rest.is_empty() => resource.clone(),
            None => format!("{resource}-{rest}"),
        };
        let name = stated.and_then(|stated| stated.name.clone()).unwrap_or(ruled);
        let effect =
            stated.and_then(|stated| stated.effect.clone()).unwrap_or_else(|| effect(&operation, &rest));
        planned.push(Planned { operation, paging, stated, name, resource, rest, effect });
    }
    let mut seen = BTreeSet::new();
    let mut taken = String::new();
    for one in &planned {
        for function in one.functions() {
            if !seen.insert(function.clone()) {
                let _ =
                    writeln!(taken, "{} ({}): `{function}` is taken", one.operation.id, one.operation.path);
            }
        }
    }
    if !taken.is_empty() {
        bail!("name these in the overrides:\n{taken}");
    }
    Ok(planned)
}

/// `export-jobs` from `/jpm/v2/tenant/{tenant}/export/jobs`.
fn export(path: &str) -> Option<String> {
    let (_, feed) = path.split_once("/export/")?;
    Some(format!("export-{}", feed.replace('/', "-")))
}

/// `get-contact-list` to `contacts`-like names: the words that only say "list" go.
fn of_list(rest: &str) -> String {
    let words = rest.split('-').filter(|word| !["get", "list", "paginated", "all", ""].contains(word));
    words.collect::<Vec<_>>().join("-")
}

/// By what the words and the method say; the overrides know better.
fn effect(operation: &Operation<'_>, rest: &str) -> String {
    let inside = operation.path.split("{tenant}").nth(1).is_some_and(|own| own.contains('{'));
    let verb = rest.split('-').next().unwrap_or_default();
    let effect = match operation.method.as_str() {
        "GET" => "read",
        "PATCH" => "update",
        "DELETE" => "delete",
        "PUT" if operation.path.ends_with('}') => "update",
        "PUT" if ["update", "replace", "upsert", "put", "full"].contains(&verb) => "update",
        "POST" if !inside && ["create", "post", "upload"].contains(&verb) => "create",
        _ => "action",
    };
    effect.to_owned()
}

impl Planned<'_> {
    pub fn functions(&self) -> Vec<String> {
        match self.paging.is_list() {
            true => vec![format!("{}-page", self.name), format!("{}-list", self.name)],
            false => vec![self.name.clone()],
        }
    }

    fn is_download(&self) -> bool {
        self.operation.is_download() || self.stated.is_some_and(|stated| stated.file)
    }

    /// Writes its functions, and adds the types that they need.
    pub fn write(&self, module: &Module, types: &mut Types<'_>) -> String {
        let (mut parameters, nested) = self.placeholders(types);
        let any_of = self.query(types, &mut parameters);
        if self.operation.upload().is_some() {
            parameters.push("body: upload".to_owned());
        } else if let Some(body) = self.operation.body() {
            let direction = if self.operation.method == "PATCH" { Direction::Patch } else { Direction::Body };
            parameters.push(format!("body: {}", types.ty(body, direction, &format!("{}-body", self.name))));
        }
        let tags = self.tags(module, &any_of);
        let of_list = words::list(&self.resource, &self.rest, nested);
        let stated = self.stated.and_then(|stated| stated.doc.clone());
        let mut note = String::new();
        if module.withdrawn.iter().any(|id| id == self.operation.id) {
            note += "/// The portal of July 2026 no longer lists it: it may be withdrawn or restricted.\n";
        }
        if self.operation.value["x-since"].is_string() {
            note += "/// Since July 2026.\n";
        }
        if !self.paging.is_list() {
            parameters.push("options: option<call-options>".to_owned());
            let doc =
                stated.unwrap_or_else(|| words::operation(&self.resource, &self.rest, &self.effect, nested));
            let answer = self.answer(types);
            return format!(
                "/// {doc}\n{note}///\n{tags}{}: async func({}) -> result<{answer}, failure>;",
                escaped(&self.name),
                parameters.join(", ")
            );
        }
        let (one, all) = match (stated, self.paging.kind.as_str()) {
            (Some(doc), _) => (format!("{doc} One page."), format!("{doc} Every page, in order.")),
            (None, "export") => {
                let feed = words::spaced(self.name.trim_start_matches("export-"));
                (
                    format!("One page of the export feed of {feed}: inactive and deleted ones too."),
                    format!("The export feed of {feed}, of every page, in order."),
                )
            }
            (None, _) => {
                (format!("One page of {of_list}."), format!("All {of_list}, of every page, in order."))
            }
        };
        let item = match self.paging.item {
            // Its fields differ from report to report.
            Some(_) if self.paging.kind == "report" => "json".to_owned(),
            Some(schema) => types.ty(schema, Direction::Answer, &format!("{}-item", self.name)),
            None => "json".to_owned(),
        };
        let page = self.page_record(types, &item);
        let (mut one_page, mut every) = (parameters.clone(), parameters);
        one_page.extend(["page: page-request".to_owned(), "options: option<call-options>".to_owned()]);
        every.push("options: option<call-options>".to_owned());
        let name = &self.name;
        format!(
            "/// {one}\n{note}///\n{tags}{name}-page: async func({}) -> result<{page}, failure>;\n\n\
             /// {all}\n{note}///\n/// @all {name}-page\n{name}-list: async func({}) -> tuple<stream<{item}>, future<result<list-end, failure>>>;",
            one_page.join(", "),
            every.join(", ")
        )
    }

    fn tags(&self, module: &Module, any_of: &[String]) -> String {
        let mut tags = format!("/// @http {} {}\n", self.operation.method, self.operation.path);
        if self.paging.kind != "none" {
            let _ = writeln!(tags, "/// @page {}", self.paging.kind);
        }
        let _ = writeln!(tags, "/// @effect {}", self.effect);
        let first = self.operation.path.split("{tenant}/").nth(1).and_then(|own| own.split('/').next());
        let constant = self.operation.path.ends_with("/custom-fields")
            || first.is_some_and(|first| module.cached.iter().any(|cached| cached == first));
        if self.operation.method == "GET" && constant && self.paging.kind != "export" && !self.is_download() {
            tags += "/// @cache 300\n";
        }
        if let Some(most) = self.stated.and_then(|stated| stated.max_page_size) {
            let _ = writeln!(tags, "/// @max-page-size {most}");
        }
        let counts = self.operation.parameters("query").any(|(name, _)| name == "includeTotal");
        if self.paging.is_list() && self.paging.kind != "export" && !counts {
            tags += "/// @uncounted\n";
        }
        if !any_of.is_empty() {
            let _ = writeln!(tags, "/// @any-of {}", any_of.join(", "));
        }
        if self.stated.is_some_and(|stated| stated.non_idempotent) {
            tags += "/// @non-idempotent\n";
        }
        if self.is_download() {
            tags += "/// @file\n";
        }
        if let Some(field) = self.operation.upload() {
            let _ = writeln!(tags, "/// @upload {field}");
        }
        tags
    }

    fn placeholders(&self, types: &mut Types<'_>) -> (Vec<String>, bool) {
        let mut parameters = Vec::new();
        let own = self.operation.path.split("{tenant}").nth(1).unwrap_or(&self.operation.path);
        for part in own.split('/') {
            let Some(wire) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else { continue };
            let schema = self.operation.parameters("path").find(|(name, _)| *name == wire);
            let ty = schema.map_or("string".to_owned(), |(_, parameter)| {
                types.ty(&parameter["schema"], Direction::Body, wire)
            });
            parameters.push(format!("{}: {ty}", escaped(&kebab(wire))));
        }
        let nested = !parameters.is_empty();
        (parameters, nested)
    }

    /// The record of the query's fields, and the fields of which one is needed.
    fn query(&self, types: &mut Types<'_>, parameters: &mut Vec<String>) -> Vec<String> {
        let paged = self.paging.is_list() && self.paging.kind != "export";
        let mut fields = String::new();
        let mut used = BTreeSet::new();
        for (wire, parameter) in self.operation.parameters("query") {
            // One document declares a placeholder once more as a parameter of the query.
            if self.operation.path.contains(&format!("{{{wire}}}")) {
                continue;
            }
            if paged && ["page", "pageSize", "includeTotal"].contains(&wire) {
                continue;
            }
            // An order is a text everywhere; one document declares it as objects.
            if wire == "sort" {
                fields += &field_line(wire, &words::filter(wire), &[], "option<string>", &mut used);
                continue;
            }
            let indexed = reference(&parameter["schema"]["items"]).is_some_and(|name| !types.is_enum(name));
            if indexed {
                for part in ["type", "id"] {
                    let ty = if part == "id" { "option<s64>" } else { "option<string>" };
                    let doc = format!(
                        "Only those of this {}: its {part}.",
                        words::spaced(wire.trim_end_matches('s'))
                    );
                    fields += &field_line(&format!("{wire}[0].{part}"), &doc, &[], ty, &mut used);
                }
                continue;
            }
            fields += &self.filter(types, wire, parameter, &mut used);
        }
        if !fields.is_empty() {
            parameters.push(format!("query: {}", self.query_record(types, &fields)));
        }
        self.stated.map(|stated| stated.any_of.clone()).unwrap_or_default()
    }

    /// The feeds of a module have one record together, if they ask for the same.
    fn query_record(&self, types: &mut Types<'_>, fields: &str) -> String {
        if self.paging.kind == "export"
            && let Some(known) = types.page(fields)
        {
            return known;
        }
        let own = format!("{}-query", self.name);
        let (name, of) = match self.paging.kind.as_str() {
            "export" => (types.claim(&["export-query".to_owned(), own]), "an export feed".to_owned()),
            _ => (types.claim(&[own, format!("{}-filters", self.name)]), format!("`{}`", self.name)),
        };
        types.add(format!("/// Filters of {of}.\nrecord {name} {{\n{fields}}}"));
        types.remember_page(fields, &name);
        name
    }

    fn filter(
        &self,
        types: &mut Types<'_>,
        wire: &str,
        parameter: &Value,
        used: &mut BTreeSet<String>,
    ) -> String {
        let schema = &parameter["schema"];
        let required = parameter["required"] == true;
        let text = schema["type"] == "string" && schema["enum"].is_null() && schema["format"].is_null();
        let commas = text && mentions_commas(parameter);
        let ids = text && (wire == "ids" || wire.ends_with("Ids") || wire.ends_with("IdList"));
        let mut tags = Vec::new();
        let ty = match (ids, commas) {
            (true, _) | (_, true) => {
                tags.push(if wire == "ids" { "@comma 50" } else { "@comma" }.to_owned());
                let guids = self.operation.path.contains("/journal-entries") && wire == "ids";
                if ids && !guids { "list<s64>".to_owned() } else { "list<string>".to_owned() }
            }
            _ => types.ty(schema, Direction::Body, &format!("{}-{}", self.name, kebab(wire))),
        };
        let list = ty.starts_with("list<");
        if list && required {
            tags.push("@required".to_owned());
        }
        if ty == "active-filter" && self.paging.is_list() {
            tags.push("@list-default Any".to_owned());
        }
        let ty = if list || required { ty } else { format!("option<{ty}>") };
        let mut doc = words::filter(wire);
        if ty == "option<json>" {
            doc += " A JSON object of texts; it is not known from a live system how the vendor reads it.";
        }
        field_line(wire, &doc, &tags, &ty, used)
    }

    fn answer(&self, types: &mut Types<'_>) -> String {
        if self.is_download() {
            return "download".to_owned();
        }
        let place = format!("{}-answer", self.name);
        let value = match (self.paging.item, self.stated.is_some_and(|stated| stated.json)) {
            (_, true) => Some("json".to_owned()),
            (Some(schema), _) => {
                let ty = types.ty(schema, Direction::Answer, &place);
                let maybe = schema["nullable"] == true && !ty.starts_with("list<");
                Some(if maybe { format!("option<{ty}>") } else { ty })
            }
            // A read whose answer is not declared answers with something all the same.
            (None, _) if self.effect == "read" => Some("json".to_owned()),
            (None, _) => None,
        };
        match (value, self.paging.kind.as_str(), self.effect.as_str()) {
            (None, ..) => "_".to_owned(),
            (Some(item), "envelope", _) => format!("tuple<list<{item}>, answer-info>"),
            (Some(value), _, "read") => format!("tuple<{value}, answer-info>"),
            (Some(value), ..) => value,
        }
    }

    fn page_record(&self, types: &mut Types<'_>, item: &str) -> String {
        let base = if item == "json" || item.contains('<') { self.name.clone() } else { item.to_owned() };
        let page = format!("{base}-page");
        if let Some(known) = types.page(item) {
            return known;
        }
        let name = types.claim(&[page, format!("{base}-records-page"), format!("{}-result-page", self.name)]);
        types.add(format!(
            "/// One page of them.\nrecord {name} {{\n    /// The records, in the vendor's order.\n    \
             items: list<{item}>,\n    /// Where it stands in the whole.\n    info: page-info,\n}}"
        ));
        types.remember_page(item, &name);
        name
    }
}

/// Whether the document says that a text holds several values.
fn mentions_commas(parameter: &Value) -> bool {
    parameter["description"].as_str().is_some_and(|text| text.to_lowercase().contains("comma"))
}
