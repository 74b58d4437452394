//! Answers that come later: the provider accepts the call (202, RFC 9110 section 15.3.3) and
//! is polled until the operation in progress has ended. What is no longer wanted is cancelled
//! there as well, so that it does not go on working for nobody.

use super::{CallContext, Client};
use crate::{
    answer::{Accepted, Answer, Payload},
    call::CallOptions,
    contract::{Failure, FailureKind, FieldError, Outcome, RetryAdvice},
    failure,
    host::Host,
    policy::time::{millis, unit},
    providers::api::{Envelope, InProgress, PageSelector, ResolvedCall, Unreadable},
    settings::common::LogLevel,
};
use bytes::Bytes;
use std::time::Duration;

/// How long an answer is waited for if the caller names no deadline.
const PATIENCE: Duration = Duration::from_secs(600);

/// The pause before the first poll. Each is twice as long as the one before, up to
/// [`LONGEST`], unless the provider says how long to wait.
const FIRST: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(30);

/// What is left of the deadline for cancelling: nothing is waited for longer than until then.
const FAREWELL: Duration = Duration::from_secs(2);

impl<H: Host> Client<H> {
    /// Asks for a page until it is there.
    ///
    /// # Errors
    /// A time that is over, what the provider answers instead, and what is no page.
    pub(crate) async fn poll(
        &self,
        call: &ResolvedCall,
        page: Option<&PageSelector>,
        options: &CallOptions,
        context: &CallContext,
        mut accepted: Accepted,
    ) -> Result<Answer, Failure> {
        let deadline = context.began + options.deadline.unwrap_or(PATIENCE);
        let mut pause = FIRST;
        loop {
            // The wait is up to a quarter longer, so that those who began together part.
            let spread = 1.0 + unit(self.host.random()) / 4.0;
            let wait = accepted.after.unwrap_or(Duration::ZERO).max(pause.mul_f64(spread));
            let left = self.host.now().until(deadline);
            if wait + FAREWELL >= left {
                self.cancel(call, &accepted.progress, options, context, left).await;
                return Err(late(accepted.after));
            }
            self.host.sleep(wait).await;
            pause = (pause * 2).min(LONGEST);
            let now = self.host.now();
            let left = now.until(deadline);
            let asking = options.for_subrequest(Some(left.saturating_sub(FAREWELL)));
            let poll = call.with(accepted.progress.poll.clone());
            let polling = context.further(now);
            let answer = match Box::pin(self.resolve_and_fetch(&poll, None, &asking, &polling)).await {
                Ok(answer) => answer,
                Err(failure) => {
                    if failure.kind != FailureKind::NotFound {
                        let left = self.host.now().until(deadline);
                        self.cancel(call, &accepted.progress, options, context, left).await;
                    }
                    return Err(failure);
                }
            };
            match answer.payload {
                Payload::Accepted(again) => accepted = again,
                Payload::Value(body) => {
                    let envelope = self.envelope(call, page, &body)?;
                    return Ok(Answer { payload: Payload::Page(envelope), ..answer });
                }
                _ => return Err(unfit("$", "is empty")),
            }
        }
    }

    /// Tells the provider that nobody waits any more, in what is left of the time. Whether that
    /// succeeds changes nothing for the caller.
    async fn cancel(
        &self,
        call: &ResolvedCall,
        progress: &InProgress,
        options: &CallOptions,
        context: &CallContext,
        left: Duration,
    ) {
        let Some(cancel) = progress.cancel.as_ref().filter(|_| !left.is_zero()) else { return };
        let name = cancel.operation.name;
        let cancel = call.with(cancel.clone());
        let options = options.for_subrequest(Some(left.min(FAREWELL)));
        let further = CallContext { role_checked: true, ..context.further(self.host.now()) };
        let done = Box::pin(self.resolve_and_fetch(&cancel, None, &options, &further)).await;
        self.telemetry.log(LogLevel::Info, "given-up", |line| {
            line.with("call_id", context.id.as_str()).with("operation", name).with("told", done.is_ok())
        });
    }

    /// # Errors
    /// What is no page, or another one than was asked for.
    fn envelope(
        &self,
        call: &ResolvedCall,
        page: Option<&PageSelector>,
        body: &Bytes,
    ) -> Result<Envelope, Failure> {
        let wrong = |error: Unreadable| unfit(&error.path, &error.message);
        let operation = call.call.operation;
        let envelope = call.provider.paging().envelope(operation.paging, body).map_err(wrong)?;
        self.check_number(operation.name, &envelope, page).map_err(wrong)?;
        Ok(envelope)
    }
}

fn late(after: Option<Duration>) -> Failure {
    let retry = after.map_or(RetryAdvice::Later, |after| RetryAdvice::After(millis(after)));
    let late = failure::late("the answer was not ready in time, and was given up");
    Failure { outcome: Outcome::NotApplied, retry, ..late }
}

fn unfit(path: &str, message: &str) -> Failure {
    let field = FieldError::new(path, message);
    let message = format!("the answer cannot be read: {path} {message}");
    Failure { outcome: Outcome::NotApplied, ..failure::refused(FailureKind::Decode, message, vec![field]) }
}
