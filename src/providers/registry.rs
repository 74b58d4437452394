//! The providers by name. Only the ways in look here: whatever goes on from there carries the
//! provider that was found.

use super::api::{Provider, ResolvedCall};
use crate::{
    call::Call,
    codec::url,
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

/// The longest path and query. A host that is built on Rust's `http` crate takes 65,534 bytes for all of a URL
/// (`http::uri::MAX_LEN` of version 1); the rest is for its origin, the tenant, and what selects a page.
const LONGEST: usize = 60_000;

/// A call with its provider.
///
/// # Errors
/// `bad-input` if the operation's provider is not part of this build, or no URL holds the parameters.
pub fn resolve(call: Call) -> Result<ResolvedCall, Failure> {
    let provider = known(call.operation.provider)?;
    match too_long(&call) {
        Some(failure) => Err(failure.of(call.operation.name, "", Vec::new())),
        None => Ok(ResolvedCall { provider, call }),
    }
}

/// Names the longest parameter of a call that no URL holds.
fn too_long(call: &Call) -> Option<Failure> {
    let given: usize = call.query.iter().map(|(name, value)| name.len() + value.len()).sum();
    // What is encoded takes three times as much at most, and segments have 256 characters.
    if given < LONGEST / 4 {
        return None;
    }
    let length = url::path_and_query(call.operation, "", &call.segments, &call.query).len();
    let (longest, _) = call.query.iter().max_by_key(|(_, value)| value.len())?;
    let message =
        format!("is too long: path and query would take {length} bytes, of which {LONGEST} are possible");
    (length > LONGEST).then(|| bad_field(longest, message))
}

#[cfg(feature = "servicetitan-jpm")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{FailureKind, Outcome};

    fn resolved(number: &str) -> Result<ResolvedCall, Failure> {
        let operation = catalogue::find("servicetitan", "jpm.jobs-page").unwrap();
        let query = vec![("page", "2".to_owned()), ("number", number.to_owned())];
        resolve(Call::new(operation, Vec::new(), query, None))
    }

    #[test]
    fn what_no_url_holds_is_named_before_anything_is_sent() {
        assert!(resolved(&"7".repeat(59_000)).is_ok());
        // Encoded, each takes three bytes.
        for number in ["7".repeat(100_000), ",".repeat(20_000)] {
            let failure = resolved(&number).err().unwrap();
            assert_eq!((failure.kind, failure.outcome), (FailureKind::BadInput, Outcome::NotSent));
            let fields: Vec<_> = failure.fields.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(fields, ["number"], "{}", failure.message);
        }
    }
}
