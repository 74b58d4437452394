//! The adapter against every type of the real contract, and piece by piece.

mod body;
mod decode;
mod encode;
mod generate;
mod law;
mod pieces;
mod query;
mod robust;
mod schema;
mod typed;

use super::Problem;
use crate::catalogue::{Type, operations};

/// Every type that the vendor answers with or takes as a body.
fn all_types() -> Vec<&'static Type> {
    let all = operations("servicetitan").unwrap();
    all.iter().flat_map(|operation| operation.answer.iter().chain(&operation.body)).collect()
}

/// The types of all bodies.
fn bodies() -> Vec<&'static Type> {
    operations("servicetitan").unwrap().iter().filter_map(|operation| operation.body.as_ref()).collect()
}

/// `field: message` of each problem, so that a test shows what a caller would read.
fn lines(problems: Vec<Problem>) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}
