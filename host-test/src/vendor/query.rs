//! The query of a request, checked against what the vendor declares.

use super::{
    declared::{Operation, Shape, Type},
    errors::ApiError,
    time,
};

/// The parameters in the order of the request, decoded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

/// The largest `pageSize`, from the vendor's page on timeouts and pagination.
const MOST: usize = 5_000;
/// The `pageSize` when none is given.
const USUAL: usize = 50;

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// `page` (from 0 here) and `pageSize`.
    pub(crate) fn page(&self) -> Result<(usize, usize), ApiError> {
        let page = match self.get("page") {
            None => 1,
            Some(text) => text
                .parse()
                .ok()
                .filter(|page| *page >= 1)
                .ok_or_else(|| ApiError::field("page", "The field page must be 1 or greater."))?,
        };
        let size = match self.get("pageSize") {
            None => USUAL,
            Some(text) => text.parse().ok().filter(|size| (1..=MOST).contains(size)).ok_or_else(|| {
                ApiError::field("pageSize", format!("The field pageSize must be between 1 and {MOST}."))
            })?,
        };
        let first: usize = page;
        Ok((first - 1, size))
    }

    /// Refuses unknown, repeated, missing and misspelt parameters, all at once.
    pub(crate) fn check(&self, operation: &Operation) -> Result<(), ApiError> {
        let mut problems = Vec::new();
        for (index, (name, value)) in self.0.iter().enumerate() {
            let Some(field) = operation.query.iter().find(|field| field.name == *name) else {
                problems.push((name.clone(), vec![format!("The query parameter {name} is unknown.")]));
                continue;
            };
            let list = matches!(field.shape.ty, Type::List(_));
            if !list && self.0.iter().take(index).any(|(earlier, _)| earlier == name) {
                problems.push((name.clone(), vec![format!("The query parameter {name} is given twice.")]));
            } else if let Some(problem) = misspelt(value, &field.shape) {
                problems.push((name.clone(), vec![format!("The value '{value}' is not valid: {problem}.")]));
            }
        }
        for field in operation.query.iter().filter(|field| !field.optional) {
            if self.get(&field.name).is_none_or(str::is_empty) {
                problems.push((field.name.clone(), vec![format!("The {} field is required.", field.name)]));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(ApiError::fields(problems)) }
    }
}

fn misspelt(value: &str, shape: &Shape) -> Option<&'static str> {
    let fine = match &shape.ty {
        Type::Int => value.parse::<i64>().is_ok(),
        Type::Bool => value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"),
        Type::DateTime => time::parse(value).is_some(),
        Type::Choice(cases) => cases.iter().any(|case| case == value),
        Type::Guid => is_guid(value),
        _ => true,
    };
    let problem = match shape.ty {
        Type::Int => "it is no integer",
        Type::Bool => "it is neither true nor false",
        Type::DateTime => "it is no date-time",
        Type::Guid => "it is no GUID",
        _ => "it is none of the choices",
    };
    (!fine).then_some(problem)
}

/// `8-4-4-4-12` hexadecimal digits.
pub(crate) fn is_guid(text: &str) -> bool {
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && text.chars().all(|letter| letter == '-' || letter.is_ascii_hexdigit())
}
