//! `PENSTOCK_MCP_MODULES`: modules whose operations have a tool each; and which of them may be offered.

use crate::settings::MCP_MODULES;
use futures_util::future::try_join;
use penstock::{
    contract::{
        FieldError,
        catalogue::{self, Operation},
    },
    host::{Host, HostError},
    settings::common::Role,
};
use std::collections::BTreeSet;

/// What the settings say of tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// The modules that are named.
    pub modules: BTreeSet<String>,
    /// What calls may do at most, whatever a key's role is.
    pub role: Role,
}

/// What is offered, or what is wrong with the setting.
pub type Modules = Result<Result<Offered, FieldError>, HostError>;

/// Reads the settings.
///
/// # Errors
/// The host's own trouble.
pub async fn read<H: Host>(host: &H) -> Modules {
    let (text, role) = try_join(host.setting(MCP_MODULES.name), host.setting("PENSTOCK_ROLE")).await?;
    // A role that is none, the core names to whoever calls.
    let role = Role::ALL.into_iter().find(|known| role.as_deref() == Some(known.name()));
    let role = role.unwrap_or(Role::ReadOnly);
    Ok(parse(&text.unwrap_or_default()).map(|modules| Offered { modules, role }))
}

/// Reads names that commas separate.
///
/// # Errors
/// One that no module has.
pub fn parse(text: &str) -> Result<BTreeSet<String>, FieldError> {
    let known: BTreeSet<_> = operations().map(crate::openapi::module).collect();
    let named = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    named
        .enumerate()
        .map(|(index, name)| match known.contains(name) {
            true => Ok(name.to_owned()),
            false => {
                let near = catalogue::nearest(name, known.iter().copied());
                let hint = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
                let message = format!(
                    "must be names of modules such as jpm,crm, and number {} is none{hint}",
                    index + 1
                );
                Err(FieldError::new(MCP_MODULES.name, message))
            }
        })
        .collect()
}

/// All operations of all providers.
pub(super) fn operations() -> impl Iterator<Item = &'static Operation> {
    catalogue::providers().filter_map(catalogue::operations).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_that_is_none_is_told_by_number() {
        assert_eq!(parse(" jpm, crm,").unwrap().into_iter().collect::<Vec<_>>(), ["crm", "jpm"]);
        assert!(parse("").unwrap().is_empty());
        let wrong = parse("jpm,canary").unwrap_err();
        assert!(wrong.message.contains("number 2") && !wrong.message.contains("canary"), "{}", wrong.message);
        assert!(parse("dispach").unwrap_err().message.contains("did you mean dispatch?"));
    }
}
