//! Parameters as the provider takes them.

use crate::request::Parameters;
use penstock::contract::catalogue::{Operation, Parameter, Type};

/// What clients send with every request, and the provider heeds only where there are pages.
const OF_PAGES: [&str; 3] = ["page", "pageSize", "includeTotal"];

/// The parameters that have a value and a meaning, and dates as instants where an instant is wanted.
pub(super) fn lenient(operation: &Operation, given: Parameters) -> Vec<(String, String)> {
    let is_known = |name: &str| operation.parameters().any(|parameter| parameter.wire() == name);
    let counts = |name: &str| operation.is_list() || is_known(name) || !OF_PAGES.contains(&name);
    let given = given.0.into_iter().filter(|(name, value)| !value.is_empty() && counts(name));
    let widened = given.map(|(name, value)| {
        let wanted = operation.parameters().find(|parameter| parameter.wire() == name);
        let value = if wanted.is_some_and(is_instant) { instant(value) } else { value };
        (name, value)
    });
    widened.collect()
}

fn is_instant(parameter: Parameter) -> bool {
    let ty = match parameter {
        Parameter::Path(placeholder) => &placeholder.ty,
        Parameter::Query(field) => &field.ty,
    };
    matches!(ty.inner(), Type::Instant)
}

/// `2026-01-31` and `2026-01-31T10:00:00` as instants in UTC; anything else as it is.
fn instant(text: String) -> String {
    let shape: String =
        text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    let (whole, fraction) = shape.split_once('.').unwrap_or((&shape, "0"));
    match whole {
        "0000-00-00" if !text.contains('.') => format!("{text}T00:00:00Z"),
        "0000-00-00T00:00:00" if fraction.bytes().all(|digit| digit == b'0') => format!("{text}Z"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use penstock::entry::dynamic;

    #[test]
    fn dates_are_instants_and_nothing_is_absent() {
        let jobs = dynamic::operation("servicetitan", "jpm.jobs-list").unwrap();
        let query = "createdOnOrAfter=2026-01-31&createdBefore=2026-01-31T10:00:00.5&number=2026-01-31&ids=";
        let lenient = lenient(jobs, Parameters::parse(query).unwrap());
        let lenient: Vec<_> = lenient.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            lenient,
            [
                "createdOnOrAfter=2026-01-31T00:00:00Z",
                "createdBefore=2026-01-31T10:00:00.5Z",
                "number=2026-01-31"
            ]
        );
        let job = dynamic::operation("servicetitan", "jpm.jobs-get").unwrap();
        let query = Parameters::parse("pageSize=100&page=1&other=x").unwrap();
        assert_eq!(super::lenient(job, query), [("other".to_owned(), "x".to_owned())]);
        for text in ["2026-01-31T10:00:00Z", "2026-01-31T10:00:00+02:00", "yesterday", "2026-01-31.5", ""] {
            assert_eq!(instant(text.to_owned()), text);
        }
    }
}
