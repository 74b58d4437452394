//! Finds the declared operation of a request.

use crate::servicetitan::declared::{Declared, Operation};
use anyhow::{Context as _, Result};
use http::Method;
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;

/// Places in [`Declared::operations`], by their paths.
#[derive(Debug)]
pub(crate) struct Router(matchit::Router<Vec<usize>>);

/// What a path leads to.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// An operation and the texts at its placeholders.
    Operation(&'a Operation, Vec<(String, String)>),
    /// The path is known, with other methods.
    WrongMethod(Vec<String>),
    /// Nothing.
    Nothing,
}

impl Router {
    /// # Errors
    /// Two paths lead to the same place.
    pub(crate) fn new(declared: &Declared) -> Result<Self> {
        let mut routes: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, operation) in declared.operations.iter().enumerate() {
            routes.entry(without_names(&operation.path)).or_default().push(index);
        }
        let mut router = matchit::Router::new();
        for (path, operations) in routes {
            router.insert(&path, operations).with_context(|| path.clone())?;
        }
        Ok(Self(router))
    }

    pub(crate) fn find<'a>(&self, declared: &'a Declared, method: &Method, path: &str) -> Found<'a> {
        let Ok(matched) = self.0.at(path) else { return Found::Nothing };
        let operations = || matched.value.iter().filter_map(|index| declared.operations.get(*index));
        let Some(operation) = operations().find(|operation| operation.method == *method) else {
            return Found::WrongMethod(operations().map(|operation| operation.method.to_string()).collect());
        };
        let texts = matched.params.iter().map(|(_, text)| percent_decode_str(text).decode_utf8());
        let texts: Result<Vec<_>, _> = texts.collect();
        let Ok(texts) = texts else { return Found::Nothing };
        let names = placeholders(&operation.path).map(str::to_owned);
        Found::Operation(operation, names.zip(texts.into_iter().map(Into::into)).collect())
    }
}

/// The names of a path's placeholders, in their order.
fn placeholders(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// The path with its placeholders numbered: two operations of one path may name them
/// differently.
fn without_names(path: &str) -> String {
    let mut numbers = 0..;
    let parts = path.split('/').map(|part| match part.strip_prefix('{') {
        Some(_) => format!("{{{}}}", numbers.next().unwrap_or_default()),
        None => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}
