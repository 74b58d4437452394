//! Which operations share a path. Templates that differ only in the names of their placeholders
//! are one path in OpenAPI, with the names of the first of them.

use super::Part;
use crate::paths;
use penstock::contract::catalogue::{self, Operation};
use std::collections::BTreeMap;

/// An operation at a path.
pub(super) struct Placed {
    /// Which.
    pub(super) operation: &'static Operation,
    /// The method in OpenAPI's spelling.
    pub(super) method: String,
    /// Whether it is called by its name: all its parameters are in the query then, and its body is a
    /// member of the request's.
    pub(super) by_name: bool,
}

/// A path.
pub(super) struct Place {
    /// With its placeholders.
    pub(super) template: String,
    /// The names of those behind the account.
    pub(super) names: Vec<String>,
    /// What it has.
    pub(super) operations: Vec<Placed>,
}

/// All paths of the operations of a part, in the order of the contract.
pub(super) fn all(part: &Part) -> Vec<Place> {
    let (mut places, mut known) = (Vec::new(), BTreeMap::new());
    let mut add = |template: String, placed: Placed| {
        let place = *known.entry(nameless(&template)).or_insert(places.len());
        if place == places.len() {
            let names = if placed.by_name { Vec::new() } else { names(&template) };
            places.push(Place { template, names, operations: Vec::new() });
        }
        if let Some(place) = places.get_mut(place) {
            place.operations.push(placed);
        }
    };
    for provider in catalogue::providers() {
        for path in paths::of(provider).unwrap_or_default().iter().filter(|path| part.has(path.operation)) {
            let method = path.operation.method.as_str().to_ascii_lowercase();
            add(path.template(), Placed { operation: path.operation, method, by_name: false });
        }
        // A file cannot be sent beside parameters in JSON.
        let has_no_path =
            |one: &&Operation| one.variant_of.is_some() && one.upload.is_none() && part.has(one);
        for operation in catalogue::operations(provider).unwrap_or_default().iter().filter(has_no_path) {
            let template = format!("/v1/{provider}/{{account}}/_invoke/{}", operation.name);
            add(template, Placed { operation, method: "post".to_owned(), by_name: true });
        }
    }
    places
}

/// The placeholders behind the account.
fn names(template: &str) -> Vec<String> {
    let names = template.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.skip(1).map(str::to_owned).collect()
}

fn nameless(template: &str) -> String {
    let parts = template.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_has_a_place_and_no_two_are_alike() {
        let places = all(&Part::default());
        let keys: BTreeSet<_> = places.iter().map(|place| nameless(&place.template)).collect();
        assert_eq!(keys.len(), places.len());
        let placed: usize = places.iter().map(|place| place.operations.len()).sum();
        let operations = catalogue::providers().flat_map(|name| catalogue::operations(name).unwrap());
        assert_eq!(placed, operations.filter(|one| one.variant_of.is_none() || one.upload.is_none()).count());
        for Place { template, names, operations } in &places {
            let methods: BTreeSet<_> = operations.iter().map(|placed| &placed.method).collect();
            assert_eq!(methods.len(), operations.len(), "{template}");
            for placed in operations.iter().filter(|placed| !placed.by_name) {
                assert_eq!(names.len(), placed.operation.path_parameters.len(), "{template}");
            }
        }
    }
}
