//! Holds a call against what the vendor says of it, where the contract cannot know what it
//! may ask for. Who does so asks for the description, which is mostly in the cache.

use super::{Call, Connector, Options};
use crate::{
    contract::{AnswerSource, Failure, FieldError},
    failure::{bad_input, kind_name},
    host::Host,
    settings::common::LogLevel,
};
use std::time::Duration;

/// The longest that a description is waited for. With a deadline it has half of that at
/// most, and the call the rest.
const LONGEST: Duration = Duration::from_secs(30);

/// A description that is older than this may be out of date, and refuses nothing before it
/// was read again.
const OLD: Duration = Duration::from_secs(10);

impl<H: Host> Connector<H> {
    /// Checks a call against its description, if it has one. Without it the vendor's own
    /// answer to the call decides.
    ///
    /// # Errors
    /// `bad-input` that names everything that does not fit. Nothing was sent but the
    /// question for the description.
    pub(crate) async fn check_described(
        &self,
        call: &Call,
        options: &Options,
        id: &str,
    ) -> Result<(), Failure> {
        if options.taken {
            return Ok(());
        }
        let Some(vendor) = crate::providers::registry::find(call.operation.vendor) else { return Ok(()) };
        let Some(description) = vendor.described_by(call) else { return Ok(()) };
        let mut options = Options {
            deadline: Some(options.deadline.map_or(LONGEST, |deadline| LONGEST.min(deadline / 2))),
            correlation_id: options.correlation_id.clone().or_else(|| Some(id.to_owned())),
            resume: None,
            accept_stale: true,
            uncached: false,
            page_size: None,
            window: None,
            fallback: None,
            patient: false,
            ..options.clone()
        };
        let why = 'unchecked: {
            for _ in 0..2 {
                // A call as well, so that the size of this future must be known.
                let answer = match Box::pin(self.call(&description, None, &options)).await {
                    Ok(answer) => answer,
                    Err(failure) => break 'unchecked kind_name(failure.kind),
                };
                let wrong = answer.payload.value().and_then(|body| vendor.misfits(call, body));
                let wrong: Vec<FieldError> = match wrong {
                    None => break 'unchecked "unreadable",
                    Some(wrong) if wrong.is_empty() => return Ok(()),
                    Some(wrong) => wrong,
                };
                if answer.source == AnswerSource::Vendor || answer.age < OLD {
                    return Err(bad_input(wrong));
                }
                (options.fresh, options.accept_stale) = (true, false);
            }
            "old"
        };
        self.log(LogLevel::Warn, "unchecked", |line| {
            line.with("call_id", id).with("operation", call.operation.name).with("reason", why)
        });
        Ok(())
    }
}
