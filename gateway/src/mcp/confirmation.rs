//! Writes are made only by who says that they mean it.

use super::output::Output;
use crate::{openapi, problem::Problem};
use penstock::contract::{
    FieldError,
    catalogue::{Effect, Operation},
};

/// Whether a write may go: its caller repeats the operation's name in `confirm`.
///
/// # Errors
/// What is to be given, and that the request can be looked at before.
pub(super) fn check(operation: &Operation, confirm: Option<&str>) -> Result<(), Box<Output>> {
    if operation.effect == Effect::Read || confirm == Some(operation.name) {
        return Ok(());
    }
    let (name, effect) = (operation.name, openapi::effect(operation.effect));
    let message = format!(
        "must be \"{name}\": this operation is a write ({effect}). Show the user what it would send, with dryRun, and give confirm once they agree"
    );
    Err(Box::new(Output::from(Problem::from(FieldError::new("confirm", message)))))
}
