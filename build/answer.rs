//! What an operation's function returns when all goes well.

use crate::{
    contract::Contract,
    operation::{Effect, Operation},
};
use std::error::Error;
use wit_parser::{Type, TypeDefKind};

/// The `ok` side of an operation's result. In all reads of one answer, which may come
/// from the cache, `answer-info` stands beside the value. (A page has it in its
/// `page-info`.) `src/entry/typed.rs` goes by the same rule.
pub(crate) struct Answer {
    /// The value alone; none when the provider answers without one.
    pub(crate) value: Option<Type>,
}

impl Answer {
    /// Reads and checks the result type.
    pub(crate) fn of(contract: &Contract, operation: &Operation) -> Result<Answer, Box<dyn Error>> {
        let name = &operation.function.name;
        let Some(Type::Id(id)) = operation.function.result else {
            return Err(format!("{name}: no result").into());
        };
        let TypeDefKind::Result(result) = &contract.resolve.types[id].kind else {
            return Err(format!("{name}: an operation returns a result").into());
        };
        let one_read = !operation.paging.is_list() && operation.effect == Effect::Read;
        let should = one_read && result.ok.is_some() && !operation.file;
        let parts = result.ok.and_then(|ok| tuple(contract, &ok));
        match (parts, should) {
            (Some((value, info)), true) if is_info(contract, &info) => Ok(Answer { value: Some(value) }),
            (None, false) => Ok(Answer { value: result.ok }),
            (_, true) => Err(format!("{name}: a read returns tuple<..., answer-info>").into()),
            (Some(_), false) => Err(format!("{name}: only a read of one answer returns a tuple").into()),
        }
    }
}

fn tuple(contract: &Contract, ty: &Type) -> Option<(Type, Type)> {
    match contract.kind(ty)? {
        TypeDefKind::Tuple(tuple) => match tuple.types.as_slice() {
            [first, second] => Some((*first, *second)),
            _ => None,
        },
        _ => None,
    }
}

fn is_info(contract: &Contract, ty: &Type) -> bool {
    matches!(ty, Type::Id(id) if contract.shared_name(*id) == Some("answer-info"))
}
