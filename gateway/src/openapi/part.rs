//! Which operations a document tells of.

use super::schemas::module;
use crate::keys::Key;
use penstock::contract::catalogue::Operation;
use std::collections::BTreeSet;

/// The operations of some providers and modules. By itself it is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    providers: Option<BTreeSet<String>>,
    modules: Option<BTreeSet<String>>,
}

impl Part {
    /// Those that a key is for. What its role forbids is among them: a role may be widened, and a client is
    /// made for all that there is.
    #[must_use]
    pub fn of(key: &Key) -> Part {
        Part { providers: key.providers.clone(), modules: key.modules.clone() }
    }

    /// Whether it is all of them.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        *self == Part::default()
    }

    /// Whether an operation is among them.
    pub(crate) fn has(&self, operation: &Operation) -> bool {
        let is_among = |all: &Option<BTreeSet<String>>, one| all.as_ref().is_none_or(|all| all.contains(one));
        is_among(&self.providers, operation.provider) && is_among(&self.modules, module(operation))
    }
}
