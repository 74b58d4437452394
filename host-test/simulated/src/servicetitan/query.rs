//! The query of a request, checked against what the provider declares.

use crate::servicetitan::{
    declared::{Declared, Operation, Schema, Shape, Type},
    errors::ApiError,
    time,
};

/// The parameters in the order of the request, decoded.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(Vec<(String, String)>);

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
            // The check has seen that it is not too large.
            Some(text) => text
                .parse()
                .ok()
                .filter(|size| *size >= 1)
                .ok_or_else(|| ApiError::field("pageSize", "The field pageSize must be 1 or greater."))?,
        };
        let first: usize = page;
        Ok((first - 1, size))
    }

    /// Refuses unknown, repeated, missing and misspelt parameters, all at once; unknown ones are passed over if
    /// `lenient`.
    pub(crate) fn check(
        &self,
        declared: &Declared,
        operation: &Operation,
        lenient: bool,
    ) -> Result<(), ApiError> {
        let mut problems = Vec::new();
        for (index, (name, value)) in self.0.iter().enumerate() {
            let Some(field) = operation.query.iter().find(|field| field.name == *name) else {
                if !lenient {
                    problems.push((name.clone(), vec![format!("The query parameter {name} is unknown.")]));
                }
                continue;
            };
            let list = matches!(field.shape.ty, Type::List(_));
            if !list && self.0.iter().take(index).any(|(earlier, _)| earlier == name) {
                problems.push((name.clone(), vec![format!("The query parameter {name} is given twice.")]));
            } else if let Some(problem) = misspelt(declared, value, &field.shape) {
                problems.push((name.clone(), vec![format!("The value '{value}' is not valid: {problem}.")]));
            }
        }
        for field in operation.query.iter().filter(|field| !field.optional) {
            if self.get(&field.name).is_none_or(str::is_empty) {
                problems.push((field.name.clone(), vec![format!("The {} field is required.", field.name)]));
            }
        }
        let most = operation.most;
        if self.get("pageSize").and_then(|size| size.parse().ok()).is_some_and(|size: usize| size > most) {
            let problem = format!("The field pageSize must be between 1 and {most}.");
            problems.push(("pageSize".to_owned(), vec![problem]));
        }
        if !operation.needs.is_empty() && operation.needs.iter().all(|name| self.get(name).is_none()) {
            let problem = format!("One of {} is required.", operation.needs.join(", "));
            problems.extend(operation.needs.iter().map(|name| (name.clone(), vec![problem.clone()])));
        }
        if problems.is_empty() { Ok(()) } else { Err(ApiError::fields(problems)) }
    }
}

/// What is wrong with a text for a shape, if anything is.
pub(crate) fn misspelt(declared: &Declared, value: &str, shape: &Shape) -> Option<&'static str> {
    let one_of = |cases: &[String]| cases.iter().any(|case| case == value);
    let (fine, problem) = match &shape.ty {
        Type::Int => (value.parse::<i64>().is_ok(), "it is no integer"),
        Type::Int32 => (value.parse::<i32>().is_ok(), "it is no integer of 32 bits"),
        Type::Number | Type::Decimal => (value.parse::<f64>().is_ok_and(f64::is_finite), "it is no number"),
        Type::Bool => (
            value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"),
            "it is neither true nor false",
        ),
        Type::DateTime => (time::parse(value).is_some(), "it is no date-time"),
        Type::Date => (is_day(value), "it is no date"),
        Type::Guid => (is_guid(value), "it is no GUID"),
        Type::Choice(cases) => (one_of(cases), "it is none of the choices"),
        Type::Named(name) => match declared.schema(name) {
            Some(Schema::Enum(cases)) => (one_of(cases), "it is none of the choices"),
            Some(Schema::Numbers(cases)) => {
                (value.parse().is_ok_and(|number| cases.contains(&number)), "it is none of the choices")
            }
            _ => (true, ""),
        },
        // One element: the name is repeated for the next.
        Type::List(inner) => return misspelt(declared, value, inner),
        Type::Text | Type::Amount | Type::Html | Type::Any | Type::Map(_) => (true, ""),
    };
    (!fine).then_some(problem)
}

/// `2026-11-20`.
pub(crate) fn is_day(text: &str) -> bool {
    text.parse::<jiff::civil::Date>().is_ok() && text.len() == 10
}

/// `8-4-4-4-12` hexadecimal digits.
pub(crate) fn is_guid(text: &str) -> bool {
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && text.chars().all(|letter| letter == '-' || letter.is_ascii_hexdigit())
}
