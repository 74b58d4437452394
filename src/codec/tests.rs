//! The adapter against every type of the real contract, and piece by piece.

mod body;
mod decode;
mod encode;
mod every;
mod generate;
mod law;
mod memory;
mod pieces;
mod plain;
mod query;
mod robust;
mod schema;

use crate::contract::{
    FieldError,
    catalogue::{Operation, RecordType, Type, operations, providers},
};

/// Every type that a provider answers with or takes as a body.
fn all_types() -> Vec<&'static Type> {
    all().flat_map(|operation| operation.answer.iter().chain(&operation.body)).collect()
}

/// Every record that a provider takes as a query.
fn queries() -> Vec<&'static RecordType> {
    all().filter_map(|operation| operation.query).collect()
}

fn all() -> impl Iterator<Item = &'static Operation> {
    providers().flat_map(|provider| operations(provider).unwrap())
}

fn bodies() -> Vec<&'static Type> {
    all().filter_map(|operation| operation.body.as_ref()).collect()
}

/// `field: message` of each problem, so that a test shows what a caller would read.
fn lines(problems: Vec<FieldError>) -> Vec<String> {
    problems.iter().map(|error| format!("{}: {}", error.field, error.message)).collect()
}
