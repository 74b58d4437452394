//! Finds the declared operation of a request.

use crate::servicetitan::declared::{Declared, Operation};
use http::Method;
use percent_encoding::percent_decode_str;
use std::collections::HashMap;

/// The operations by the number of their path's segments.
#[derive(Debug)]
pub(crate) struct Router(HashMap<usize, Vec<Route>>);

#[derive(Debug)]
struct Route {
    segments: Vec<Segment>,
    /// Place in [`Declared::operations`].
    operation: usize,
    method: Method,
}

#[derive(Debug)]
enum Segment {
    Literal(String),
    Placeholder(String),
}

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
    pub(crate) fn new(declared: &Declared) -> Self {
        let mut routes: HashMap<usize, Vec<Route>> = HashMap::new();
        for (index, operation) in declared.operations.iter().enumerate() {
            let segments: Vec<Segment> = split(&operation.path)
                .map(|part| match part.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                    Some(name) => Segment::Placeholder(name.to_owned()),
                    None => Segment::Literal(part.to_owned()),
                })
                .collect();
            let route = Route { operation: index, method: operation.method.clone(), segments };
            routes.entry(route.segments.len()).or_default().push(route);
        }
        // A literal is a better match than a placeholder: `jobs/custom-fields` before `jobs/{id}`.
        for group in routes.values_mut() {
            group.sort_by_key(|route| {
                route.segments.iter().filter(|s| matches!(s, Segment::Placeholder(_))).count()
            });
        }
        Self(routes)
    }

    pub(crate) fn find<'a>(&self, declared: &'a Declared, method: &Method, path: &str) -> Found<'a> {
        let parts: Vec<&str> = split(path).collect();
        let mut allowed = Vec::new();
        for route in self.0.get(&parts.len()).into_iter().flatten() {
            let Some(values) = route.matches(&parts) else { continue };
            if route.method != *method {
                allowed.push(route.method.to_string());
            } else if let Some(operation) = declared.operations.get(route.operation) {
                return Found::Operation(operation, values);
            }
        }
        if allowed.is_empty() { Found::Nothing } else { Found::WrongMethod(allowed) }
    }
}

impl Route {
    fn matches(&self, parts: &[&str]) -> Option<Vec<(String, String)>> {
        let mut values = Vec::new();
        for (segment, part) in self.segments.iter().zip(parts) {
            match segment {
                Segment::Literal(text) if text == part => {}
                Segment::Literal(_) => return None,
                Segment::Placeholder(name) => {
                    values.push((name.clone(), percent_decode_str(part).decode_utf8().ok()?.into_owned()));
                }
            }
        }
        Some(values)
    }
}

fn split(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}
