//! How one call is made, checked.

use crate::{
    contract::{CallOptions, Failure, FieldError},
    failure::{bad_field, bad_input},
    policy::{limiter::queue::Caller, time::Tick},
};
use serde_json::value::RawValue;
use std::time::Duration;

/// The account that is meant when none is named.
const DEFAULT_ACCOUNT: &str = "default";

/// The longest deadline: an hour.
const LONGEST: Duration = Duration::from_secs(3600);

/// Checked call options.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whose credentials to use.
    pub account: String,
    /// All the time that the call may take.
    pub deadline: Option<Duration>,
    /// Where to go on.
    pub resume: Option<String>,
    /// The caller's own id.
    pub correlation_id: Option<String>,
    /// Not from the cache.
    pub fresh: bool,
    /// From the cache at any age, while the vendor is down.
    pub accept_stale: bool,
    /// Neither from the cache nor into it: a part of a whole read, whose pages must be of
    /// one age.
    pub uncached: bool,
    /// Whether the request may be sent again when its outcome is unknown.
    pub allow_resend: bool,
    /// Records a page.
    pub page_size: Option<u32>,
    /// Pages fetched ahead.
    pub window: Option<u32>,
    /// What to answer with when the vendor is down, as JSON.
    pub fallback: Option<String>,
    /// Who calls, if the call is part of something larger; a call alone is a caller of its
    /// own.
    pub caller: Option<Caller>,
    /// Since when it waits, if it is a part of something that began before it: its place in
    /// line is that of the whole.
    pub since: Option<Tick>,
    /// Whether to wait for a vendor that has been failing for as long as the deadline
    /// allows: for whole reads, which are long anyway. Others wait as often as they may try.
    pub patient: bool,
    /// Whether the vendor took the same parameters before, so that they need no check.
    pub taken: bool,
    /// Whether it is the driver's own part of a call whose role was checked.
    pub own: bool,
}

impl Options {
    /// Checks what a caller gave.
    ///
    /// # Errors
    /// Everything that does not fit.
    pub fn check(given: Option<&CallOptions>) -> Result<Options, Failure> {
        let Some(given) = given else {
            return Ok(Options { account: account_name(None)?, ..Options::default() });
        };
        let mut wrong = Vec::new();
        let mut complain = |field: &str, message: &str| {
            wrong.push(FieldError { field: field.to_owned(), message: message.to_owned() });
        };
        let deadline = given.deadline_ms.map(Duration::from_millis);
        if deadline.is_some_and(|deadline| deadline.is_zero() || deadline > LONGEST) {
            complain("deadline-ms", "must be from 1 to 3600000");
        }
        let id_fits = |id: &String| {
            !id.is_empty() && id.len() <= 128 && id.bytes().all(|byte| (0x20..0x7f).contains(&byte))
        };
        if !given.correlation_id.as_ref().is_none_or(id_fits) {
            complain("correlation-id", "must be 1 to 128 printable ASCII characters");
        }
        if given.window.is_some_and(|window| !(1..=32).contains(&window)) {
            complain("window", "must be from 1 to 32");
        }
        if given.fallback.as_ref().is_some_and(|text| serde_json::from_str::<&RawValue>(text).is_err()) {
            complain("fallback", "is not JSON");
        }
        if given.page_size == Some(0) {
            complain("page-size", "must be at least 1");
        }
        let account = account_name(given.account.as_deref()).unwrap_or_else(|failure| {
            wrong.extend(failure.fields);
            String::new()
        });
        if !wrong.is_empty() {
            return Err(bad_input(wrong));
        }
        Ok(Options {
            account,
            deadline,
            resume: given.resume.clone(),
            correlation_id: given.correlation_id.clone(),
            fresh: given.fresh,
            accept_stale: given.accept_stale,
            uncached: false,
            allow_resend: given.allow_resend,
            page_size: given.page_size,
            window: given.window,
            fallback: given.fallback.clone(),
            caller: None,
            since: None,
            patient: false,
            taken: false,
            own: false,
        })
    }
}

/// The name of an account: letters, digits, `-` and `_`, in lower case, since it
/// becomes part of a setting's name.
pub(crate) fn account_name(given: Option<&str>) -> Result<String, Failure> {
    let name = given.unwrap_or(DEFAULT_ACCOUNT);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() || name.len() > 64 || !name.bytes().all(fits) {
        return Err(bad_field("account", "must be 1 to 64 letters, digits, - or _"));
    }
    Ok(name.to_ascii_lowercase())
}
