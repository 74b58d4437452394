//! What makes two requests the same.

use crate::request::Head;
use penstock::{contract::catalogue::Operation, host::hash};

/// SHA-256 over what a request asks for, as hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(String);

/// What stands for a file, whose bytes are sent on as they come.
const OF_FILE: [&str; 3] = ["content-disposition", "content-type", "content-length"];

impl Fingerprint {
    /// That of a request: its method, its operation, the parameters of path and query in their order, and the
    /// bytes of its body. A file stands in it by its name, type and length; its bytes are
    /// compared when it has gone by. The interface that it came by, the first
    /// part of its path, counts as well: their answers differ.
    #[must_use]
    pub fn of(
        head: &Head,
        operation: &Operation,
        parameters: &[(String, String)],
        body: &[u8],
    ) -> Fingerprint {
        let of_file = OF_FILE
            .iter()
            .filter(|_| operation.upload.is_some())
            .map(|name| head.headers.get(*name).map_or(&b""[..], |value| value.as_bytes()));
        let interface = head.path().split('/').nth(1).unwrap_or_default();
        let asked = [interface, head.method.as_str(), operation.provider, operation.name].map(str::as_bytes);
        let parameters = parameters.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        Fingerprint(hash(asked.into_iter().chain([body]).chain(of_file).chain(parameters)))
    }

    /// As it is stored.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue, Method};
    use penstock::contract::catalogue;
    use std::collections::BTreeSet;

    fn of(asked: (Method, &str), parameters: &[(&str, &str)], body: &str, length: &str) -> String {
        at("/v1/a", asked, parameters, body, length)
    }

    fn at(
        target: &str,
        (method, operation): (Method, &str),
        parameters: &[(&str, &str)],
        body: &str,
        length: &str,
    ) -> String {
        let operation = catalogue::find("servicetitan", operation).unwrap();
        let headers = HeaderMap::from_iter([(
            "content-length".parse().unwrap(),
            HeaderValue::from_str(length).unwrap(),
        )]);
        let head = Head { method, target: target.to_owned(), headers };
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let parameters: Vec<_> = parameters.iter().map(own).collect();
        Fingerprint::of(&head, operation, &parameters, body.as_bytes()).as_str().to_owned()
    }

    #[test]
    fn each_part_of_a_request_counts() {
        let post = |operation: &'static str| (Method::POST, operation);
        let (create, upload) = (post("jpm.jobs-create"), post("findings.assets-upload"));
        let one = &[("id", "1")][..];
        let first = of(create.clone(), one, "{}", "2");
        assert_eq!(first, at("/v1/b?c", create.clone(), one, "{}", "2"));
        assert_eq!(first.len(), 64);
        assert_eq!(first, of(create.clone(), one, "{}", "3"), "the body itself counts");
        let all: BTreeSet<_> = [
            first,
            at("/servicetitan/a", create.clone(), one, "{}", "2"),
            of((Method::PUT, create.1), one, "{}", "2"),
            of(post("jpm.jobs-cancel"), one, "{}", "2"),
            of(create.clone(), &[("id", "2")], "{}", "2"),
            of(create.clone(), &[("i", "d1")], "{}", "2"),
            of(create.clone(), &[("id", "1"), ("id", "1")], "{}", "2"),
            of(create.clone(), &[], "{}", "2"),
            of(create, one, "{} ", "3"),
            of(upload.clone(), &[], "", "2"),
            of(upload, &[], "", "3"),
        ]
        .into();
        assert_eq!(all.len(), 11);
    }
}
