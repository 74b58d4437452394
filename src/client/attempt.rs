//! One attempt: send, and say what came of it.

use super::{
    Connector,
    accepted::Promise,
    accounts::{account::Account, token::Authorization},
    files::Found,
    pipeline::Payload,
    telemetry::log::Line,
    transport::{
        redact,
        request::{self, Sending},
    },
};
use crate::{
    codec::{LimitExceeded, check_limits},
    contract::{FailureKind, FieldError, catalogue::Paging},
    host::{BodyError, Host, Response, SendError},
    policy::{
        classify::{Access, Attempt, BodyKind, Class, Effect, Fault, Reason, Sent, classify},
        hint::retry_hint,
        sabotage::{self, Sabotage},
    },
    providers::api::{Meaning, PageError},
    settings::common::LogLevel,
};
use bytes::Bytes;
use serde_json::value::RawValue;
use std::time::Duration;

/// An answer that is a success.
pub(crate) struct Success {
    /// HTTP status.
    pub(crate) status: u16,
    /// The body, taken apart as far as the operation's shape asks.
    pub(crate) payload: Payload,
    /// The file, if the operation answers with one.
    pub(crate) file: Option<Found>,
}

/// An attempt that was no success.
pub(crate) struct Failed {
    /// For the policies.
    pub(crate) fault: Fault,
    /// For the caller, should it be the last.
    pub(crate) complaint: Complaint,
}

/// What is wrong, in the caller's terms.
#[derive(Default)]
pub(crate) struct Complaint {
    /// To switch on.
    pub(crate) kind: Option<FailureKind>,
    /// In a sentence.
    pub(crate) message: String,
    /// The vendor's id of the request.
    pub(crate) trace_id: Option<String>,
    /// Item by item.
    pub(crate) fields: Vec<FieldError>,
}

impl<H: Host> Connector<H> {
    /// Sends the request once; `time` is all that it may take.
    pub(crate) async fn attempt(
        &self,
        sending: &Sending<'_>,
        authorization: &Authorization,
        time: Duration,
    ) -> Result<Success, Failed> {
        if sending.call.operation.file {
            // Boxed, like all that few calls do: its state would make that of all large.
            return Box::pin(self.attempt_file(sending, authorization, time)).await;
        }
        let request = request::build(sending, authorization, time, &self.host);
        if sabotage::on(Sabotage::LogTokens) {
            let token = |line: Line| line.with("token", redact::of_request(authorization).join(" "));
            self.log(LogLevel::Info, "attempt", token);
        }
        let sending_it = self.within(time, self.host.send(request));
        let sent = match &sending.call.upload {
            None => sending_it.await,
            Some(upload) => {
                let patience = sending.policy.attempt_timeout;
                Box::pin(self.while_moving(upload, patience, sending_it)).await?
            }
        };
        self.conclude(sending, authorization, sent)
    }

    /// What came of a request: its answer, an error, or nothing in time.
    pub(crate) fn conclude(
        &self,
        sending: &Sending<'_>,
        authorization: &Authorization,
        sent: Option<Result<Response, SendError>>,
    ) -> Result<Success, Failed> {
        let Sending { call, account, .. } = *sending;
        let status = sent.as_ref().and_then(|sent| sent.as_ref().ok()).map(|response| response.status);
        self.stats.borrow_mut().request(status.unwrap_or(0));

        let mut meaning = None;
        let (attempt, read) = match sent {
            None => {
                let complaint = Complaint::new(FailureKind::Timeout, "no answer in time");
                (Attempt::Timeout { sent: Sent::Maybe }, Err(complaint))
            }
            Some(Err(error)) => {
                let attempt = Attempt::Transport { sent: error.sent, reason: error.reason };
                (attempt, Err(unanswered(&error)))
            }
            Some(Ok(response)) => {
                meaning = self::meaning(account, &response);
                let hint = retry_hint(|name| response.header(name), self.host.wall_now());
                let (body, read) = match promise(sending, &response, hint) {
                    Some(promise) => (BodyKind::Usable, Ok(Payload::Promise(promise))),
                    None => judge(sending, authorization, &response),
                };
                (Attempt::Answer { status: response.status, hint, body }, read)
            }
        };
        let verdict = classify(&attempt, call.access(), &account.vendor.status_rules());
        let verdict = verdict.map_err(|fault| match meaning {
            Some(Meaning { rule, .. }) => {
                Fault { class: rule.class, effect: rule.effect, reason: rule.reason, ..fault }
            }
            None => fault,
        });
        match (verdict, read) {
            (Ok(()), Ok(payload)) => Ok(Success { status: status.unwrap_or(0), payload, file: None }),
            (Err(fault), Err(complaint)) => Err(Failed { fault, complaint }),
            // A refusal by the rules whose body reads well, or the reverse: no vendor's
            // rules say so, and if they did it would be no success.
            (verdict, _) => {
                let complaint = Complaint::new(FailureKind::Rejected, "the answer is no success");
                let (class, effect) = (Class::Final, Effect::Unknown);
                let odd = Fault { reason: Reason::UnexpectedStatus, effect, class, status, hint: None };
                let fault = verdict.err().unwrap_or(odd);
                Err(Failed { fault, complaint })
            }
        }
    }

    /// Runs something, but not for longer than `time`. What is dropped is cancelled.
    pub(crate) async fn within<T>(&self, time: Duration, task: impl Future<Output = T>) -> Option<T> {
        use futures_util::future::{Either, select};
        let (task, timer) = (std::pin::pin!(task), std::pin::pin!(self.host.sleep(time)));
        match select(task, timer).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(_) => None,
        }
    }
}

impl Complaint {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Complaint {
        Complaint { kind: Some(kind), message: message.into(), ..Complaint::default() }
    }
}

/// The promise of an answer, if the vendor accepted the call (RFC 9110 section 15.3.3) and
/// says how to ask for what comes of it.
fn promise(sending: &Sending<'_>, response: &Response, after: Option<Duration>) -> Option<Promise> {
    let Sending { call, account, policy, .. } = *sending;
    let body = response.body.as_ref().ok().filter(|_| response.status == 202)?;
    check_limits(body, policy.max_body_bytes, policy.max_depth).ok()?;
    let deferred = account.vendor.deferred(call, body)?;
    Some(Promise { body: body.clone(), after, deferred })
}

/// Reads an answer as far as the operation's shape asks.
fn judge(
    sending: &Sending<'_>,
    authorization: &Authorization,
    response: &Response,
) -> (BodyKind, Result<Payload, Complaint>) {
    let Sending { account, policy, .. } = *sending;
    if !(200..300).contains(&response.status) {
        return (BodyKind::Usable, Err(refusal(account, authorization, response)));
    }
    let too_large =
        |message: String| (BodyKind::TooLarge, Err(Complaint::new(FailureKind::TooLarge, message)));
    let too_long = || too_large(format!("the answer has more than {} bytes", policy.max_body_bytes));
    let body = match &response.body {
        Ok(body) => body,
        Err(BodyError::TooLarge) => return too_long(),
        Err(BodyError::Broken(why)) => {
            let complaint = Complaint::new(FailureKind::Transport, format!("the answer broke off: {why}"));
            return (BodyKind::CutOff, Err(complaint));
        }
    };
    match check_limits(body, policy.max_body_bytes, policy.max_depth) {
        Err(LimitExceeded::Depth { .. }) => {
            return too_large(format!("the answer is nested deeper than {}", policy.max_depth));
        }
        Err(_) => return too_long(),
        Ok(()) => {}
    }
    match value(sending, body).and_then(|body| payload(sending, &body)) {
        Ok(payload) => (BodyKind::Usable, Ok(payload)),
        Err(unreadable) => {
            let body = if unreadable.malformed { BodyKind::Malformed } else { BodyKind::Unfit };
            let message = format!("the answer cannot be read: {} {}", unreadable.path, unreadable.message);
            let fields = vec![FieldError { field: unreadable.path, message: unreadable.message }];
            (body, Err(Complaint { fields, ..Complaint::new(FailureKind::Decode, message) }))
        }
    }
}

fn refusal(account: &Account, authorization: &Authorization, response: &Response) -> Complaint {
    let body = response.body.as_ref().map_or(&[][..], |body| body);
    let secrets = redact::of_request(authorization);
    let refusal = redact::refusal(account.vendor, response.status, body, &secrets);
    let fields = refusal.fields.into_iter().map(|(field, message)| FieldError { field, message });
    Complaint {
        kind: Some(meaning(account, response).map_or_else(|| kind(response.status), |meaning| meaning.kind)),
        message: refusal.message,
        trace_id: refusal.trace_id,
        fields: fields.collect(),
    }
}

/// What the vendor means by a refusal, where its status does not tell.
fn meaning(account: &Account, response: &Response) -> Option<Meaning> {
    let body = response.body.as_ref().map_or(&[][..], |body| body);
    let refused = !(200..300).contains(&response.status);
    refused.then(|| account.vendor.meaning(response.status, body)).flatten()
}

pub(crate) fn kind(status: u16) -> FailureKind {
    match status {
        401 => FailureKind::Authentication,
        403 => FailureKind::Permission,
        404 | 410 => FailureKind::NotFound,
        409 | 412 => FailureKind::Conflict,
        408 => FailureKind::Timeout,
        429 => FailureKind::RateLimited,
        500..=599 => FailureKind::Vendor,
        _ => FailureKind::Rejected,
    }
}

pub(crate) fn unanswered(error: &SendError) -> Complaint {
    let (kind, message) = match error.reason {
        Reason::Denied => (FailureKind::Host, "the host does not send this request"),
        Reason::Timeout => (FailureKind::Timeout, "no answer in time"),
        _ => (FailureKind::Transport, "the connection failed"),
    };
    Complaint::new(kind, format!("{message}: {}", error.detail))
}

/// Why a body cannot be read.
pub(crate) struct Unreadable {
    malformed: bool,
    path: String,
    message: String,
}

/// The value in a body, out of the vendor's envelope. Where no answer is read, nothing is
/// taken apart.
fn value(sending: &Sending<'_>, body: &Bytes) -> Result<Bytes, Unreadable> {
    let operation = sending.call.operation;
    let nothing = operation.answer.is_none() || body.iter().all(u8::is_ascii_whitespace);
    if nothing || operation.paging != Paging::None {
        return Ok(body.clone());
    }
    sending.account.vendor.value(operation, body).map_err(Unreadable::from)
}

impl From<PageError> for Unreadable {
    fn from(error: PageError) -> Unreadable {
        Unreadable { malformed: error.malformed, path: error.path, message: error.message }
    }
}

/// Takes a body apart, as far as the operation's shape asks.
pub(crate) fn payload(sending: &Sending<'_>, body: &Bytes) -> Result<Payload, Unreadable> {
    let Sending { call, account, .. } = *sending;
    let operation = call.operation;
    if operation.paging != Paging::None {
        let envelope = account.vendor.page(operation.paging, body).map_err(Unreadable::from)?;
        return match (envelope.number, sending.page) {
            // Another request's answer, mixed up on the way. Asking again may bring the right one.
            (Some(number), Some(asked)) if asked.number > 0 && number != asked.number => Err(Unreadable {
                malformed: true,
                path: "$.page".to_owned(),
                message: format!("is {number}, and page {} was asked for", asked.number),
            }),
            _ => Ok(Payload::Page(envelope)),
        };
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        // Asking again may bring what should be there; a write must not be repeated for it.
        return match (&operation.answer, call.access()) {
            (Some(_), Access::Read) => {
                let (path, message) = ("$".to_owned(), "is empty".to_owned());
                Err(Unreadable { malformed: true, path, message })
            }
            _ => Ok(Payload::Nothing),
        };
    }
    match serde_json::from_slice::<&RawValue>(body) {
        Ok(_) => Ok(Payload::Value(body.clone())),
        // What an operation without an answer says does not matter.
        Err(_) if operation.answer.is_none() => Ok(Payload::Nothing),
        Err(error) => Err(Unreadable {
            malformed: true,
            path: "$".to_owned(),
            message: format!("is not JSON: {error}"),
        }),
    }
}
