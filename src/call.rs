//! What is asked: an operation with its parameters, and how its caller wants it done.

use crate::{
    codec::local_day,
    contract::{
        self, Failure, FieldError, OnMisfit,
        catalogue::{Effect, Operation},
    },
    failure::{bad_field, bad_input},
    files::{Rest, Upload},
    policy::classify::Access,
};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::value::RawValue;
use std::{borrow::Cow, time::Duration};

/// The account that is meant when none is named, and whose settings have no account's name in them.
pub const DEFAULT_ACCOUNT: &str = "default";

/// The longest deadline: an hour.
const LONGEST: Duration = Duration::from_secs(3600);

/// A call whose parameters are checked.
#[derive(Debug, Clone)]
pub struct Call {
    /// The operation.
    pub operation: &'static Operation,
    /// The values of the path's placeholders, percent-encoded.
    pub(crate) segments: Vec<String>,
    /// The query, not yet encoded.
    pub(crate) query: Vec<(&'static str, String)>,
    /// The body in the provider's form.
    pub(crate) body: Option<Bytes>,
    /// The file that is sent in the body's place.
    pub(crate) upload: Option<Upload>,
    /// The part of a file that is asked for; all of it if none.
    pub(crate) rest: Option<Rest>,
}

impl Call {
    /// A call with its parameters.
    #[must_use]
    pub(crate) fn new(
        operation: &'static Operation,
        segments: Vec<String>,
        query: Vec<(&'static str, String)>,
        body: Option<String>,
    ) -> Call {
        Call { operation, segments, query, body: body.map(Bytes::from), upload: None, rest: None }
    }

    /// The call with the file that it sends.
    #[must_use]
    pub(crate) fn sending(self, upload: Upload) -> Call {
        Call { upload: Some(upload), ..self }
    }

    /// The value of a parameter of the query.
    #[must_use]
    pub fn parameter(&self, wire: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| *name == wire).map(|(_, value)| value.as_str())
    }

    /// Whether it changes anything.
    #[must_use]
    pub fn access(&self) -> Access {
        if self.operation.effect == Effect::Read { Access::Read } else { Access::Write }
    }

    /// Whose data it is about, if the operation says which parameter tells.
    pub(crate) fn owner(&self) -> Option<String> {
        let wire = self.operation.owner?;
        let placeholders = self.operation.path_parameters.iter().zip(&self.segments);
        let segment = placeholders.into_iter().find(|(placeholder, _)| placeholder.wire == wire);
        match segment {
            Some((_, segment)) => Some(percent_decode_str(segment).decode_utf8_lossy().into_owned()),
            None => self.query.iter().find(|(name, _)| *name == wire).map(|(_, value)| value.clone()),
        }
    }

    /// The call with its local days as instants.
    ///
    /// # Errors
    /// `bad-input` for a day whose beginning cannot be told.
    pub(crate) fn in_zone(&self, zone: &str) -> Result<Cow<'_, Call>, Failure> {
        let days = self.operation.query.map_or(&[][..], |record| record.fields);
        let mut call = Cow::Borrowed(self);
        for day in days.iter().filter(|field| field.local_day) {
            let given = self.query.iter().position(|(name, _)| *name == day.wire);
            if let Some((_, text)) = given.and_then(|at| call.to_mut().query.get_mut(at)) {
                *text = local_day::begins(text, zone)
                    .ok_or_else(|| bad_field(day.wire, format!("is no day in the time zone {zone}")))?
                    .to_string();
            }
        }
        Ok(call)
    }

    /// Refuses what moves a file in a call that does not: its bytes are no JSON.
    ///
    /// # Errors
    /// `bad-input` that names the right way.
    pub(crate) fn check_file(&self) -> Result<(), Failure> {
        let name = self.operation.name;
        let wrong = match (self.operation.file, self.operation.upload.is_some(), self.upload.is_some()) {
            (true, ..) => "answers with a file: download it",
            (_, true, false) => "sends a file: upload it",
            (_, false, true) => "takes no file",
            _ => return Ok(()),
        };
        Err(bad_field("operation", format!("`{name}` {wrong}")))
    }

    /// Checks that something is given of what the provider demands at least one of.
    ///
    /// # Errors
    /// `bad-input` that names the choices.
    pub(crate) fn check_any_of(&self) -> Result<(), Failure> {
        let any_of = self.operation.any_of;
        if any_of.is_empty() || self.query.iter().any(|(name, _)| any_of.contains(name)) {
            return Ok(());
        }
        let choices = any_of.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        Err(bad_field("query", format!("needs at least one of {choices}")))
    }
}

/// What the caller may say of how a call is made, checked. What the client says to itself is
/// in [`CallContext`](crate::client::CallContext).
#[derive(Debug, Clone, Default)]
pub struct CallOptions {
    /// Whose credentials to use.
    pub account: String,
    /// All the time that the call may take.
    pub deadline: Option<Duration>,
    /// Where to go on.
    pub resume: Option<String>,
    /// The caller's own id.
    pub correlation_id: Option<String>,
    /// Not from the cache.
    pub bypass_cache: bool,
    /// From the cache at any age, while the provider is down.
    pub accept_stale: bool,
    /// Whether the request may be sent again when its outcome is unknown.
    pub allow_resend: bool,
    /// Records a page.
    pub page_size: Option<u32>,
    /// Pages fetched ahead.
    pub window: Option<u32>,
    /// What to answer with when the provider is down, as JSON.
    pub fallback: Option<String>,
    /// What becomes of a record that does not fit the contract; it fails if this is none.
    pub on_misfit: Option<OnMisfit>,
}

impl CallOptions {
    /// Checks what a caller gave.
    ///
    /// # Errors
    /// `bad-input` that names everything that does not fit.
    pub fn check(given: Option<&contract::CallOptions>) -> Result<CallOptions, Failure> {
        let Some(given) = given else {
            return Ok(CallOptions { account: account_name(None)?, ..CallOptions::default() });
        };
        let mut wrong = Vec::new();
        let mut complain = |field: &str, message: &str| wrong.push(FieldError::new(field, message));
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
        Ok(CallOptions {
            account,
            deadline,
            resume: given.resume.clone(),
            correlation_id: given.correlation_id.clone(),
            bypass_cache: given.fresh,
            accept_stale: given.accept_stale,
            allow_resend: given.allow_resend,
            page_size: given.page_size,
            window: given.window,
            fallback: given.fallback.clone(),
            on_misfit: given.on_misfit,
        })
    }

    /// What becomes of a record that does not fit the contract.
    #[must_use]
    pub fn on_misfit(&self) -> OnMisfit {
        self.on_misfit.unwrap_or(OnMisfit::Fail)
    }

    /// The options of a request that is made on the way of a call. Whose it is and what is
    /// said of the cache stay; what belongs to that call's own answer (`resume`, page size,
    /// window, fallback, records that do not fit) does not.
    pub(crate) fn for_subrequest(&self, deadline: Option<Duration>) -> CallOptions {
        CallOptions {
            account: self.account.clone(),
            deadline,
            resume: None,
            correlation_id: self.correlation_id.clone(),
            bypass_cache: self.bypass_cache,
            accept_stale: self.accept_stale,
            allow_resend: self.allow_resend,
            page_size: None,
            window: None,
            fallback: None,
            on_misfit: None,
        }
    }
}

/// The name of an account: letters, digits, `-` and `_`, in lower case, since it becomes part
/// of a setting's name. `default` if none is given.
///
/// # Errors
/// `bad-input` for anything else.
pub fn account_name(given: Option<&str>) -> Result<String, Failure> {
    let name = given.unwrap_or(DEFAULT_ACCOUNT);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() || name.len() > 64 || !name.bytes().all(fits) {
        return Err(bad_field("account", "must be 1 to 64 letters, digits, - or _"));
    }
    Ok(name.to_ascii_lowercase())
}
