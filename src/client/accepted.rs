//! Answers that come later: the vendor answers 202 with a promise (RFC 9110 section 15.3.3),
//! and is asked until it keeps it. What is no longer wanted is given up there as well, so
//! that it does not go on working for nobody.

use super::{
    Connector, Options,
    pipeline::{Answer, Call, Errand, Payload},
};
use crate::{
    contract::{Failure, FailureKind, FieldError, Outcome, RetryAdvice},
    failure::{self, millis},
    host::Host,
    policy::time::unit,
    providers::api::{self, Deferred, PageAsked, PageError},
    settings::common::LogLevel,
};
use bytes::Bytes;
use std::time::Duration;

/// How long an answer is waited for if the caller names no deadline.
const PATIENCE: Duration = Duration::from_secs(600);

/// The pause before the first question. Each is twice as long as the one before, up to
/// [`LONGEST`], unless the vendor says how long to wait.
const FIRST: Duration = Duration::from_secs(1);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(30);

/// What is left of the deadline for giving up: nothing is waited for longer than until then.
const FAREWELL: Duration = Duration::from_secs(2);

/// A promise of an answer.
#[derive(Debug)]
pub struct Promise {
    /// What the vendor said.
    pub body: Bytes,
    /// When to ask, if it said so.
    pub after: Option<Duration>,
    /// How to ask.
    pub deferred: Deferred,
}

impl<H: Host> Connector<H> {
    /// Asks for a page until it is there.
    ///
    /// # Errors
    /// A time that is over, what the vendor answers instead, and what is no page.
    pub(crate) async fn page_later(
        &self,
        errand: Errand<'_>,
        mut promise: Promise,
    ) -> Result<Answer, Failure> {
        let Errand { call, page, options, id, began } = errand;
        let deadline = began + options.deadline.unwrap_or(PATIENCE);
        let mut pause = FIRST;
        loop {
            // The wait is up to a quarter longer, so that those who began together part.
            let spread = 1.0 + unit(self.host.random()) / 4.0;
            let wait = promise.after.unwrap_or(Duration::ZERO).max(pause.mul_f64(spread));
            let left = self.host.now().until(deadline);
            if wait + FAREWELL >= left {
                self.give_up(&promise.deferred, options, id, left).await;
                return Err(late(promise.after));
            }
            self.host.sleep(wait).await;
            pause = (pause * 2).min(LONGEST);
            let now = self.host.now();
            let left = now.until(deadline);
            let asking = Options {
                deadline: Some(left.saturating_sub(FAREWELL)),
                resume: None,
                fallback: None,
                ..options.clone()
            };
            let ask = Errand { call: &promise.deferred.ask, page: None, options: &asking, id, began: now };
            let answer = match Box::pin(self.prepare_and_run(ask)).await {
                Ok(answer) => answer,
                Err(failure) => {
                    if failure.kind != FailureKind::NotFound {
                        let left = self.host.now().until(deadline);
                        self.give_up(&promise.deferred, options, id, left).await;
                    }
                    return Err(failure);
                }
            };
            match answer.payload {
                Payload::Promise(next) => promise = next,
                Payload::Value(body) => {
                    let envelope = envelope(call, page, &body)?;
                    return Ok(Answer { payload: Payload::Page(envelope), ..answer });
                }
                _ => return Err(unfit("$", "is empty")),
            }
        }
    }

    /// Tells the vendor that nobody waits any more, in what is left of the time. Whether that
    /// succeeds changes nothing for the caller.
    async fn give_up(&self, deferred: &Deferred, options: &Options, id: &str, left: Duration) {
        let Some(call) = deferred.give_up.as_ref().filter(|_| !left.is_zero()) else { return };
        let options = Options {
            deadline: Some(left.min(FAREWELL)),
            resume: None,
            fallback: None,
            own: true,
            ..options.clone()
        };
        let errand = Errand { call, page: None, options: &options, id, began: self.host.now() };
        let done = Box::pin(self.prepare_and_run(errand)).await;
        self.log(LogLevel::Info, "given-up", |line| {
            line.with("call_id", id).with("operation", call.operation.name).with("told", done.is_ok())
        });
    }
}

/// # Errors
/// What is no page, or another one than was asked for.
fn envelope(call: &Call, page: Option<&PageAsked>, body: &Bytes) -> Result<api::Envelope, Failure> {
    let Some(vendor) = crate::providers::registry::find(call.operation.vendor) else {
        return Err(failure::bad_field("vendor", "is not known"));
    };
    let wrong = |error: PageError| unfit(&error.path, &error.message);
    let envelope = vendor.page(call.operation.paging, body).map_err(wrong)?;
    match (envelope.number, page) {
        (Some(number), Some(asked)) if asked.number > 0 && number != asked.number => {
            Err(unfit("$.page", &format!("is {number}, and page {} was asked for", asked.number)))
        }
        _ => Ok(envelope),
    }
}

fn late(after: Option<Duration>) -> Failure {
    let retry = after.map_or(RetryAdvice::Later, |after| RetryAdvice::After(millis(after)));
    let late = failure::late("the answer was not ready in time, and was given up");
    Failure { outcome: Outcome::NotApplied, retry, ..late }
}

fn unfit(path: &str, message: &str) -> Failure {
    let field = FieldError { field: path.to_owned(), message: message.to_owned() };
    let message = format!("the answer cannot be read: {path} {message}");
    Failure { outcome: Outcome::NotApplied, ..failure::refused(FailureKind::Decode, message, vec![field]) }
}
