//! The paths of the providers' operations, from the table.
//!
//! A path is the provider's own without its version and tenant, below `/v1/{provider}/{account}`:
//! the account stands for the tenant. Where two versions of an operation would have the same path
//! and method, the newest has it, and the last word of the others' ends in `-v` and their version.
//! Other forms of an operation ([`Operation::variant_of`]) have no path of their own: they are
//! called by name.

use penstock::contract::catalogue::{self, Operation};
use std::{borrow::Cow, collections::BTreeMap, sync::OnceLock};

/// An operation and its path.
#[derive(Debug)]
pub struct Path {
    /// The operation.
    pub operation: &'static Operation,
    /// What stands between the slashes behind the account: words, and `{…}` for the operation's
    /// parameter of that name.
    segments: Vec<Cow<'static, str>>,
}

/// The paths of a provider.
struct Paths {
    all: Vec<Path>,
    /// Where those are that begin with a word.
    by_word: BTreeMap<&'static str, Vec<usize>>,
}

impl Paths {
    fn of(operations: &'static [Operation]) -> Paths {
        let all = paths(operations);
        let mut by_word: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (index, path) in all.iter().enumerate() {
            by_word.entry(words(path.operation).next().unwrap_or_default()).or_default().push(index);
        }
        Paths { all, by_word }
    }
}

fn known(provider: &str) -> Option<&'static Paths> {
    static PATHS: OnceLock<BTreeMap<&'static str, Paths>> = OnceLock::new();
    let all = PATHS.get_or_init(|| {
        let providers = catalogue::providers();
        providers.filter_map(|name| Some((name, Paths::of(catalogue::operations(name)?)))).collect()
    });
    all.get(provider)
}

/// The paths of a provider, in the order of its operations; none if there is no such provider.
#[must_use]
pub fn of(provider: &str) -> Option<&'static [Path]> {
    known(provider).map(|paths| paths.all.as_slice())
}

/// Those of its paths that begin with this word, here as well as at the provider: all others fit nothing that does.
pub fn beginning(provider: &str, word: &str) -> impl Iterator<Item = &'static Path> {
    let paths = known(provider);
    let indices = paths.and_then(|paths| paths.by_word.get(word)).map(Vec::as_slice).unwrap_or_default();
    indices.iter().filter_map(move |index| paths?.all.get(*index))
}

fn paths(operations: &'static [Operation]) -> Vec<Path> {
    let own = operations.iter().filter(|operation| operation.variant_of.is_none());
    let mut paths: Vec<_> = own.map(|operation| Path { operation, segments: segments(operation) }).collect();
    let mut newest = BTreeMap::new();
    for path in &paths {
        let version = newest.entry(path.key()).or_insert(0);
        *version = version_of(path.operation).max(*version);
    }
    for path in &mut paths {
        let version = version_of(path.operation);
        if newest.get(&path.key()).is_some_and(|newest| version < *newest)
            && let Some(last) = path.segments.iter_mut().rfind(|segment| placeholder(segment).is_none())
        {
            *last = Cow::Owned(format!("{last}-v{version}"));
        }
    }
    paths
}

impl Path {
    /// Method and path, whatever the placeholders are called.
    fn key(&self) -> (&'static str, Vec<Cow<'static, str>>) {
        let nameless =
            self.segments.iter().map(|segment| placeholder(segment).map_or(segment.clone(), |_| "{}".into()));
        (self.operation.method.as_str(), nameless.collect())
    }

    /// The whole path with its placeholders, `/v1/servicetitan/{account}/jpm/jobs/{id}`.
    #[must_use]
    pub fn template(&self) -> String {
        format!("/v1/{}/{{account}}/{}", self.operation.provider, self.segments.join("/"))
    }

    /// The values of the placeholders, as they came, if these segments fit.
    #[must_use]
    pub fn fit<'p>(&self, segments: &[&'p str]) -> Option<Vec<(&str, &'p str)>> {
        if segments.len() != self.segments.len() {
            return None;
        }
        let mut values = Vec::new();
        for (part, segment) in self.segments.iter().zip(segments) {
            match placeholder(part) {
                Some(name) if !segment.is_empty() => values.push((name, *segment)),
                None if part == segment => {}
                _ => return None,
            }
        }
        Some(values)
    }

    /// The values of the placeholders in the provider's own path, `{tenant}` among them, as they came, if
    /// these segments fit.
    #[must_use]
    pub fn fit_own<'p>(&self, segments: &[&'p str]) -> Option<Vec<(&'static str, &'p str)>> {
        let mut given = segments.iter();
        let mut values = Vec::new();
        for part in words(self.operation) {
            let segment = given.next()?;
            match placeholder(part) {
                Some(name) if !segment.is_empty() => values.push((name, *segment)),
                None if part == *segment => {}
                _ => return None,
            }
        }
        given.next().is_none().then_some(values)
    }

    /// For each segment whether it is a placeholder: of two paths that fit, the lesser one says more.
    pub(crate) fn openness(&self) -> impl Iterator<Item = bool> + '_ {
        self.segments.iter().map(|segment| placeholder(segment).is_some())
    }
}

/// The provider's path without version and tenant.
fn segments(operation: &'static Operation) -> Vec<Cow<'static, str>> {
    let mut version = false;
    let kept = words(operation).filter(|word| {
        let is_version = !version && version_number(word).is_some();
        version |= is_version;
        !is_version && !matches!(*word, "tenant" | "{tenant}")
    });
    kept.map(Cow::Borrowed).collect()
}

fn version_of(operation: &'static Operation) -> u32 {
    words(operation).find_map(version_number).unwrap_or(0)
}

fn words(operation: &'static Operation) -> impl Iterator<Item = &'static str> {
    operation.path.split('/').filter(|word| !word.is_empty())
}

fn version_number(word: &str) -> Option<u32> {
    word.strip_prefix('v').filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()))?.parse().ok()
}

/// The name of a placeholder.
fn placeholder(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn all() -> impl Iterator<Item = &'static Path> {
        catalogue::providers().flat_map(|provider| of(provider).unwrap())
    }

    #[test]
    fn every_operation_has_one_path_and_no_other_has_it() {
        let operations = catalogue::providers().flat_map(|name| catalogue::operations(name).unwrap());
        let own = operations.filter(|operation| operation.variant_of.is_none()).count();
        let keys: BTreeSet<_> = all().map(|path| (path.operation.provider, path.key())).collect();
        assert_eq!((all().count(), keys.len()), (own, own));
        assert!(own >= 597, "{own}");
    }

    #[test]
    fn every_placeholder_is_a_parameter_of_the_operation() {
        for path in all() {
            let names: Vec<_> = path.segments.iter().filter_map(|segment| placeholder(segment)).collect();
            let parameters: Vec<_> =
                path.operation.path_parameters.iter().map(|parameter| parameter.wire).collect();
            assert_eq!(names, parameters, "{}", path.template());
            assert!(!path.segments.iter().any(|segment| segment.is_empty() || segment.starts_with('_')));
            // What it is looked for by.
            let first = words(path.operation).next().unwrap();
            assert_eq!((first, placeholder(first)), (path.segments[0].as_ref(), None), "{}", path.template());
        }
    }

    #[test]
    fn paths_are_the_vendors_without_version_and_tenant() {
        let template = |provider, name| {
            let path = of(provider).unwrap().iter().find(|path| path.operation.name == name);
            path.map(Path::template)
        };
        for (provider, name, expected) in [
            ("servicetitan", "jpm.jobs-get", "/v1/servicetitan/{account}/jpm/jobs/{id}"),
            ("servicetitan", "telecom.calls-list", "/v1/servicetitan/{account}/telecom/calls"),
            ("servicetitan", "telecom.calls-v2-list", "/v1/servicetitan/{account}/telecom/calls-v2"),
            ("asleep", "sleep.users-get", "/v1/asleep/{account}/ai/users/{user_id}"),
            ("asleep", "sleep.user-summary", "/v1/asleep/{account}/users/{user_id}/summary"),
        ] {
            assert_eq!(template(provider, name).as_deref(), Some(expected));
        }
        assert_eq!(template("servicetitan", "jpm.appointments-between-list"), None);
        assert!(of("nobody").is_none());
    }

    /// What the gateway takes out of a query must not be the provider's.
    #[test]
    fn no_parameter_has_a_name_that_the_gateway_takes() {
        for path in all().filter(|path| path.operation.is_list()) {
            for parameter in path.operation.parameters() {
                assert!(!["all", "resume", "onMisfit"].contains(&parameter.wire()), "{}", path.template());
            }
        }
    }
}
