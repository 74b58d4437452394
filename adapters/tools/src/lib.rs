//! The plugin for WASI 0.2 as tools of an agent (`wit/tools`).
#![cfg(target_family = "wasm")]

use bindings::{
    exports::penstock::tools::tools::{Answer, Argument, Failure, Guest, Operation, Parameter, Summary},
    penstock::connector::{
        operations::{self as connector},
        types::{self, Effect, RetryAdvice},
    },
};

#[allow(unsafe_code, missing_docs, clippy::all, clippy::pedantic, reason = "generated code")]
mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
    use super::Tools;
    export!(Tools);
}

struct Tools;

impl Guest for Tools {
    fn list_vendors() -> Vec<String> {
        connector::vendors()
    }

    fn find_operations(vendor: String, text: Option<String>) -> Result<Vec<Summary>, Failure> {
        let found = connector::describe(&vendor, text.as_deref()).map_err(failure)?;
        let summary = |of: connector::Operation| Summary {
            name: of.name,
            effect: name(&of.effect),
            description: of.description,
        };
        Ok(found.into_iter().map(summary).collect())
    }

    fn describe_operation(vendor: String, operation: String) -> Result<Operation, Failure> {
        let of = known(&vendor, &operation)?;
        let parameter = |of: connector::Parameter| Parameter {
            name: of.name,
            kind: of.kind,
            required: of.required,
            values: of.values,
            description: of.description,
        };
        Ok(Operation {
            name: of.name,
            effect: name(&of.effect),
            description: of.description,
            parameters: of.parameters.into_iter().map(parameter).collect(),
            body_schema: of.body,
        })
    }

    fn read(vendor: String, operation: String, arguments: Vec<Argument>) -> Result<Answer, Failure> {
        if known(&vendor, &operation)?.effect != Effect::Read {
            return Err(refused(format!("{operation} changes the vendor's data: that is for `write`")));
        }
        call(&vendor, &operation, arguments, None)
    }

    fn write(
        vendor: String,
        operation: String,
        arguments: Vec<Argument>,
        body: Option<String>,
    ) -> Result<Answer, Failure> {
        if known(&vendor, &operation)?.effect == Effect::Read {
            return Err(refused(format!("{operation} changes nothing: that is for `read`")));
        }
        call(&vendor, &operation, arguments, body.as_deref())
    }
}

/// The operation of this name, or with this alias.
fn known(vendor: &str, operation: &str) -> Result<connector::Operation, Failure> {
    let named =
        |of: &connector::Operation| of.name == operation || of.aliases.iter().any(|alias| alias == operation);
    // Few have it in their names; another name of one may stand nowhere but in its aliases.
    for filter in [Some(operation), None] {
        let found = connector::describe(vendor, filter).map_err(failure)?;
        if let Some(found) = found.into_iter().find(named) {
            return Ok(found);
        }
    }
    Err(refused(format!("{vendor} has no operation {operation}: look with `find-operations`")))
}

fn call(
    vendor: &str,
    operation: &str,
    arguments: Vec<Argument>,
    body: Option<&str>,
) -> Result<Answer, Failure> {
    let parameters: Vec<_> = arguments.into_iter().map(|of| (of.name, of.value)).collect();
    let answer = connector::invoke(vendor, operation, &parameters, body, None).map_err(failure)?;
    Ok(Answer { body: answer.body, has_more: answer.page.is_some_and(|page| page.has_more) })
}

fn failure(of: types::Failure) -> Failure {
    Failure {
        kind: name(&of.kind),
        message: of.message,
        outcome: name(&of.outcome),
        retry_after_ms: match of.retry {
            RetryAdvice::Never => None,
            RetryAdvice::Now => Some(0),
            RetryAdvice::After(time) => Some(time),
            RetryAdvice::Later => Some(LATER),
        },
        fields: of.fields.into_iter().map(|of| format!("{}: {}", of.field, of.message)).collect(),
    }
}

/// What is said where the vendor did not say when, in milliseconds.
const LATER: u64 = 10_000;

/// An input that is not passed on.
fn refused(message: String) -> Failure {
    let (kind, outcome) = ("bad-input".to_owned(), "not-sent".to_owned());
    Failure { kind, message, outcome, retry_after_ms: None, fields: Vec::new() }
}

/// A case as WIT spells it: `not-sent` for `NotSent`, behind the name of its type.
fn name(case: &impl std::fmt::Debug) -> String {
    let debug = format!("{case:?}");
    let case = debug.rsplit("::").next().unwrap_or_default();
    let mut name = String::new();
    for (index, letter) in case.chars().enumerate() {
        if letter.is_uppercase() && index > 0 {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    name
}
