//! Holds a call against the schema that the provider has for it, where the contract cannot
//! know what it may ask for. Who does so asks for the schema, which is mostly in the cache.

use super::{CallContext, Client};
use crate::{
    call::CallOptions,
    contract::{AnswerSource, Failure, FieldError},
    failure::bad_input,
    host::Host,
    providers::api::ResolvedCall,
    settings::common::LogLevel,
};
use std::time::Duration;

/// The longest that a schema is waited for. With a deadline it has half of that at most, and
/// the call the rest.
const LONGEST: Duration = Duration::from_secs(30);

/// A schema that is older than this may be out of date, and refuses nothing before it was
/// read again.
const OLD: Duration = Duration::from_secs(10);

impl<H: Host> Client<H> {
    /// Checks a call against its schema, if it has one. Without it the provider's own answer
    /// to the call decides.
    ///
    /// # Errors
    /// `bad-input` that names everything that does not fit. Nothing was sent but the
    /// question for the schema.
    pub(crate) async fn check_schema(
        &self,
        call: &ResolvedCall,
        options: &CallOptions,
        context: &CallContext,
    ) -> Result<(), Failure> {
        if context.schema_checked {
            return Ok(());
        }
        let Some(reports) = call.provider.reports() else { return Ok(()) };
        let Some(description) = reports.description(&call.call) else { return Ok(()) };
        let description = call.with(description);
        let time = options.deadline.map_or(LONGEST, |deadline| LONGEST.min(deadline / 2));
        let mut options = CallOptions {
            correlation_id: options.correlation_id.clone().or_else(|| Some(context.id.clone())),
            accept_stale: true,
            ..options.for_subrequest(Some(time))
        };
        let why = 'unchecked: {
            for _ in 0..2 {
                let asking = CallContext {
                    caller: context.caller,
                    queued_since: context.queued_since,
                    role_checked: context.role_checked,
                    ..CallContext::begin(self)
                };
                // A call as well, so that the size of this future must be known.
                let answer = match Box::pin(self.call_in(&description, None, &options, &asking)).await {
                    Ok(answer) => answer,
                    Err(failure) => break 'unchecked failure.kind.name(),
                };
                let violations = answer.payload.value().and_then(|body| reports.violations(&call.call, body));
                let violations: Vec<FieldError> = match violations {
                    None => break 'unchecked "unreadable",
                    Some(none) if none.is_empty() => return Ok(()),
                    Some(violations) => violations,
                };
                if answer.source == AnswerSource::Vendor || answer.age < OLD {
                    return Err(bad_input(violations));
                }
                (options.bypass_cache, options.accept_stale) = (true, false);
            }
            "old"
        };
        self.telemetry.log(LogLevel::Warn, "unchecked", |line| {
            line.with("call_id", context.id.as_str())
                .with("operation", call.call.operation.name)
                .with("reason", why)
        });
        Ok(())
    }
}
