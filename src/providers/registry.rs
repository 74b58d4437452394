//! The providers by name. Only the ways in look here: whatever goes on from there carries the
//! provider that was found.

use super::api::{Provider, ResolvedCall};
use crate::{
    call::Call,
    contract::{Failure, catalogue},
    failure::{bad_field, printable},
};

/// The providers, in the order of the catalogue.
#[must_use]
pub fn all() -> &'static [&'static dyn Provider] {
    &[
        #[cfg(feature = "servicetitan-base")]
        &super::servicetitan::ServiceTitan,
        #[cfg(feature = "asleep")]
        &super::asleep::Asleep,
    ]
}

/// A provider by name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Provider> {
    all().iter().copied().find(|provider| provider.name() == name)
}

/// A provider by a name that a caller gave.
///
/// # Errors
/// `bad-input`: it is not known.
pub fn known(name: &str) -> Result<&'static dyn Provider, Failure> {
    find(name).ok_or_else(|| unknown(name))
}

/// No provider has this name: the one that may have been meant, or all that there are.
#[must_use]
pub fn unknown(name: &str) -> Failure {
    let known = || all().iter().map(|provider| provider.name());
    let hint = match catalogue::nearest(name, known()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", known().collect::<Vec<_>>().join(", ")),
    };
    bad_field("vendor", format!("`{}` is not known; {hint}", printable(name)))
}

/// A call with its provider.
///
/// # Errors
/// `bad-input` if the operation's provider is not part of this build.
pub fn resolve(call: Call) -> Result<ResolvedCall, Failure> {
    let provider = known(call.operation.provider)?;
    Ok(ResolvedCall { provider, call })
}
