//! What a path leads to, by method.

use crate::paths::Path;
use http::Method;
use penstock::contract::catalogue::Operation;

/// What a path has, by method: of all paths that fit, those that have words where others have placeholders.
#[derive(Debug)]
pub struct Ways<T>(Vec<(Method, T)>);

/// What a path leads to with one method.
#[derive(Debug, PartialEq, Eq)]
pub enum Way<T> {
    /// This.
    Found(T),
    /// The methods that the path has (RFC 9110 section 9.3.7).
    Options(String),
    /// The path is known, but not with this method; these are the ones it has.
    NoSuchMethod(String),
    /// The path is not known.
    NoSuchPath,
}

impl<T> Way<T> {
    /// What is made of that which is found.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Way<U> {
        match self {
            Way::Found(found) => Way::Found(make(found)),
            Way::Options(allow) => Way::Options(allow),
            Way::NoSuchMethod(allow) => Way::NoSuchMethod(allow),
            Way::NoSuchPath => Way::NoSuchPath,
        }
    }
}

impl<T> Ways<T> {
    /// Those of paths that fit.
    pub fn of(fit: impl Iterator<Item = (&'static Path, T)>) -> Ways<T> {
        let mut fit: Vec<_> = fit.collect();
        fit.sort_by(|(one, _), (other, _)| one.openness().cmp(other.openness()));
        let Some(best) = fit.first().map(|(path, _)| *path) else { return Ways(Vec::new()) };
        fit.retain(|(path, _)| path.openness().eq(best.openness()));
        Ways(fit.into_iter().map(|(path, found)| (method_of(path.operation), found)).collect())
    }

    /// That of a path that has one method.
    pub fn one(method: Method, found: T) -> Ways<T> {
        Ways(vec![(method, found)])
    }

    /// That of a path which leads nowhere.
    #[must_use]
    pub fn none() -> Ways<T> {
        Ways(Vec::new())
    }

    /// And with another method to this.
    #[must_use]
    pub fn or(mut self, method: Method, found: T) -> Ways<T> {
        self.0.push((method, found));
        self
    }

    /// What is made of each.
    pub fn map<U>(self, make: impl Fn(T) -> U) -> Ways<U> {
        Ways(self.0.into_iter().map(|(method, found)| (method, make(found))).collect())
    }

    /// What it leads to with this method. HEAD is answered by GET.
    #[must_use]
    pub fn choose(self, asked: &Method) -> Way<T> {
        if self.0.is_empty() {
            return Way::NoSuchPath;
        }
        let allow = allow(self.0.iter().map(|(method, _)| method));
        let answers = |has: &Method| has == asked || (has == Method::GET && asked == Method::HEAD);
        match self.0.into_iter().find(|(has, _)| answers(has)) {
            Some((_, found)) => Way::Found(found),
            None if asked == Method::OPTIONS => Way::Options(allow),
            None => Way::NoSuchMethod(allow),
        }
    }
}

fn method_of(operation: &Operation) -> Method {
    // The catalogue's methods are all HTTP's.
    Method::from_bytes(operation.method.as_str().as_bytes()).unwrap_or_default()
}

/// The Allow header field (RFC 9110 section 10.2.1).
fn allow<'m>(methods: impl Iterator<Item = &'m Method>) -> String {
    let mut names = Vec::new();
    for method in methods {
        names.push(method.as_str());
        if method == Method::GET {
            names.push("HEAD");
        }
    }
    names.push("OPTIONS");
    names.join(", ")
}
