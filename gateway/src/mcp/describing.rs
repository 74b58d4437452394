//! `search-operations` and `describe-operation`: what there is, before anything is called.

use super::{
    arguments::{self, Describe, Kind, Search, within},
    calling,
    messages::Session,
    output::Output,
    search, tools,
};
use crate::{
    openapi::{self, Json, Part},
    paths,
};
use penstock::{
    contract::{
        FieldError,
        catalogue::{self, Effect, Operation},
    },
    host::Host,
    settings::common::Role,
};

/// How many operations are found unless their caller says something else.
const USUAL_FOUND: usize = 10;
/// The most.
const MOST_FOUND: usize = 50;

/// Searches among the operations that the key is for.
///
/// # Errors
/// What does not fit, as a result.
pub(super) fn search<H: Host + 'static>(
    session: &Session<'_, '_, H>,
    json: &str,
) -> Result<Output, Box<Output>> {
    let asked: Search = arguments::read(json)?;
    let most = within("limit", asked.limit, USUAL_FOUND, 1, MOST_FOUND)?;
    let part = session.key().map(Part::of).unwrap_or_default();
    let all =
        || catalogue::providers().filter_map(catalogue::operations).flatten().filter(|one| part.has(one));
    for (field, given, of) in [
        ("provider", &asked.provider, (|one| one.provider) as fn(&'static Operation) -> &'static str),
        ("module", &asked.module, openapi::module),
    ] {
        if let Some(given) = given
            && !all().any(|operation| of(operation) == given)
        {
            return Err(FieldError::new(field, "is none that this key is for").into());
        }
    }
    let has = |operation: &'static Operation| {
        part.has(operation)
            && asked.provider.as_deref().is_none_or(|provider| provider == operation.provider)
            && asked.module.as_deref().is_none_or(|module| module == openapi::module(operation))
            && asked.effect.is_none_or(|kind| (kind == Kind::Read) == (operation.effect == Effect::Read))
    };
    let found = search::search(&asked.query, has, most);
    let text = match found.first() {
        Some(first) => format!("{} operations, the best first: {}.", found.len(), first.name),
        None => {
            "No operation has any of these words: say it in other words, or leave filters out.".to_owned()
        }
    };
    Ok(Output::own(text, |out| {
        out.array("operations", |out| {
            found.iter().for_each(|operation| out.object(|out| summary(out, operation)));
        });
    }))
}

fn summary(out: &mut Json, operation: &'static Operation) {
    out.value("provider", operation.provider);
    out.value("operation", operation.name);
    out.value("effect", openapi::effect(operation.effect));
    out.value("tool", tools::of(operation));
    out.value("summary", openapi::summary(operation));
    let names: Vec<_> = operation.parameters().map(|parameter| parameter.wire()).collect();
    out.value("parameters", names);
    out.value("takesBody", operation.body.is_some());
}

/// Describes an operation, if the key is for its provider and module.
///
/// # Errors
/// One that is not known, or not for this key, as a result.
pub(super) fn describe<H: Host + 'static>(
    session: &Session<'_, '_, H>,
    json: &str,
) -> Result<Output, Box<Output>> {
    let asked: Describe = arguments::read(json)?;
    let part = session.key().map(Part::of).unwrap_or_default();
    let operation = calling::operation(asked.provider.as_deref(), Some(&asked.operation), &part)?;
    if let Some(key) = session.key() {
        key.may_know(operation)?;
    }
    let all = paths::of(operation.provider).unwrap_or_default();
    let path = all.iter().find(|path| std::ptr::eq(path.operation, operation)).map(paths::Path::template);
    let text = format!(
        "{} of {} ({}): {}",
        operation.name,
        operation.provider,
        openapi::effect(operation.effect),
        operation.doc
    );
    Ok(Output::own(text, |out| {
        summary(out, operation);
        out.value("description", operation.doc);
        out.value("needsRole", Role::needed(operation.effect).name());
        out.value("isList", operation.is_list());
        out.value("method", operation.method.as_str());
        if let Some(path) = &path {
            out.value("path", path);
        }
        if !operation.any_of.is_empty() {
            out.value("anyOf", operation.any_of);
        }
        out.member("parametersSchema", |out| openapi::parameters_schema(out, operation));
        if operation.body.is_some() {
            out.member("bodySchema", |out| _ = openapi::body_schema(out, operation));
        }
        if asked.answer && operation.answer.is_some() {
            out.member("answerSchema", |out| _ = openapi::answer_schema(out, operation));
        }
    }))
}
