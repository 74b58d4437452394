//! `PENSTOCK_MCP_MODULES`: modules whose operations have a tool each.

use crate::settings::MCP_MODULES;
use penstock::{
    contract::{
        FieldError,
        catalogue::{self, Operation},
    },
    host::{Host, HostError},
};
use std::collections::BTreeSet;

/// The modules that are named, or what is wrong with the setting.
pub type Modules = Result<Result<BTreeSet<String>, FieldError>, HostError>;

/// Reads the setting.
///
/// # Errors
/// The host's own trouble.
pub async fn read<H: Host>(host: &H) -> Modules {
    let text = host.setting(MCP_MODULES.name).await?.unwrap_or_default();
    Ok(parse(&text))
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
