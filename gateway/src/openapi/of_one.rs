//! JSON Schema (2020-12) of what one operation takes and answers, each by itself.

use super::{
    json::Json,
    parameters::{description, field_keywords, place_keywords},
    schemas::Schemas,
    types::{Form, keywords},
};
use penstock::contract::catalogue::{Operation, Type};

/// Where such a schema has the types that it refers to.
const ROOT: &str = "#/$defs/";

/// Fields that the contract does not know, as the document has them.
const EXTRA: &str = r#"{"type":"object","description":"Fields that are not in this schema."}"#;

/// Writes the keywords of an object that has the parameters of an operation, those of its path and
/// its query, by their names.
pub(crate) fn parameters_schema(out: &mut Json, operation: &'static Operation) {
    let fields = operation.query.map_or(&[][..], |query| query.fields);
    let types =
        operation.path_parameters.iter().map(|place| place.ty).chain(fields.iter().map(|field| field.ty));
    let schemas = Schemas::under(ROOT, operation, types.map(|ty| (Form::Body, ty)));
    out.value("type", "object");
    let required = fields.iter().filter(|field| field.required).map(|field| field.wire);
    let required: Vec<_> = operation.path_parameters.iter().map(|place| place.wire).chain(required).collect();
    if !required.is_empty() {
        out.value("required", required);
    }
    out.member("properties", |out| {
        for place in operation.path_parameters {
            out.member(place.wire, |out| place_keywords(out, &schemas, place));
        }
        for field in fields {
            out.member(field.wire, |out| {
                field_keywords(out, &schemas, field);
                let told = description(field, operation.is_list());
                if !told.is_empty() {
                    out.value("description", told);
                }
            });
        }
    });
    out.value("additionalProperties", false);
    definitions(out, &schemas);
}

/// Writes the keywords of the body that an operation takes; false if it takes none.
pub(crate) fn body_schema(out: &mut Json, operation: &'static Operation) -> bool {
    operation.body.is_some_and(|ty| schema(out, operation, Form::Body, &ty))
}

/// Writes the keywords of what an operation answers, of a list those of a record; false if the
/// contract does not say.
pub(crate) fn answer_schema(out: &mut Json, operation: &'static Operation) -> bool {
    operation.answer.is_some_and(|ty| schema(out, operation, Form::Answer, &ty))
}

fn schema(out: &mut Json, operation: &'static Operation, form: Form, ty: &Type) -> bool {
    let schemas = Schemas::under(ROOT, operation, std::iter::once((form, *ty)));
    keywords(out, &schemas, form, ty);
    definitions(out, &schemas);
    true
}

fn definitions(out: &mut Json, schemas: &Schemas) {
    if !schemas.is_empty() {
        out.member("$defs", |out| {
            schemas.write(out);
            out.raw("Extra", EXTRA);
        });
    }
}
