//! One attempt: send, and classify what came of it.

use super::{
    Account, Client,
    call_state::CallState,
    files::{FoundFile, while_moving},
    page_numbers::Shows,
    transport::{
        memory::NoRoom,
        receive::{self, Patience},
        redact::Redactor,
        request::{self, Authorization, RequestParts, query},
    },
};
use crate::{
    answer::{Accepted, Answer, Payload},
    codec::{LimitExceeded, check_limits, is_closed},
    contract::{FailureKind, FieldError, OnMisfit, catalogue::Paging},
    host::{BodyError, Host, Request, Response, SendError},
    policy::{
        classify::{Access, Attempt, BodyKind, Class, Effect, Fault, Reason, Sent, classify},
        hint::retry_hint,
    },
    providers::api::{Envelope, ErrorClass, PageSelector, Unreadable},
    settings::common::LogLevel,
};
use bytes::Bytes;
use serde_json::value::RawValue;
use std::time::Duration;

/// What a host that is about to end makes of whatever it would have to send.
const STOPPING: &str =
    "stopping: nothing more is sent to the vendor; go on elsewhere, or when this runs again";

/// How much is shown of where a redirect leads, in characters.
const LONGEST_LOCATION: usize = 300;

/// What is counted with a page's records and is none: members around them, with their commas.
const AROUND_RECORDS: usize = 64;

/// What a successful attempt brings.
pub(crate) enum Exchanged {
    /// A whole answer.
    Answer(Box<Answer>),
    /// A file whose bytes are yet to come.
    File(FoundFile),
}

/// An attempt that was no success.
pub(crate) struct Failed {
    /// For the policies.
    pub(crate) fault: Fault,
    /// For the caller, should it be the last.
    pub(crate) detail: ErrorDetail,
}

/// What is wrong, in the caller's terms.
#[derive(Default)]
pub(crate) struct ErrorDetail {
    /// To switch on.
    pub(crate) kind: Option<FailureKind>,
    /// In a sentence.
    pub(crate) message: String,
    /// The provider's id of the request.
    pub(crate) trace_id: Option<String>,
    /// Item by item.
    pub(crate) fields: Vec<FieldError>,
    /// Whether the API answered 403, and the provider says nothing of what that means.
    pub(crate) forbidden: bool,
}

impl ErrorDetail {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> ErrorDetail {
        ErrorDetail { kind: Some(kind), message: message.into(), ..ErrorDetail::default() }
    }
}

impl<H: Host> Client<H> {
    /// Sends the request once; `time` is all that its answer may take to begin.
    pub(crate) async fn attempt(
        &self,
        state: &CallState<'_>,
        authorization: &Authorization,
        time: Duration,
    ) -> Result<Exchanged, Failed> {
        if state.call.operation.file {
            // Boxed, like all that few calls do: its state would make that of all large.
            return Box::pin(self.attempt_file(state, authorization, time)).await;
        }
        let request = self.request(state, authorization, time);
        let patience = Patience {
            first_byte: time,
            between_bytes: state.settings.attempt_timeout,
            deadline: state.retry.deadline(),
        };
        let memory = (&self.transport.memory, state.context.page.as_ref());
        let sending = receive::send_flowing(&*self.host, request, patience, memory, &state.answered);
        let sent = match &state.call.upload {
            None => sending.await,
            Some(upload) => {
                let patience = state.settings.attempt_timeout;
                Box::pin(while_moving(&*self.host, upload, patience, sending)).await?
            }
        };
        self.conclude(state, authorization, sent)
    }

    /// The request of one attempt, which may take `time`.
    pub(crate) fn request(
        &self,
        state: &CallState<'_>,
        authorization: &Authorization,
        time: Duration,
    ) -> Request {
        let parts = RequestParts {
            call: &state.call,
            query: query(&state.call, state.page, state.provider),
            site: &state.account.site,
            settings: &state.settings,
        };
        request::build(parts, authorization, time, &*self.host)
    }

    /// What came of a request: its answer, an error, or nothing in time.
    pub(crate) fn conclude(
        &self,
        state: &CallState<'_>,
        authorization: &Authorization,
        sent: Option<Result<Response, SendError>>,
    ) -> Result<Exchanged, Failed> {
        let status = sent.as_ref().and_then(|sent| sent.as_ref().ok()).map(|response| response.status);
        self.telemetry.counters.borrow_mut().request(status.unwrap_or(0));

        let mut means = None;
        let (attempt, read) = match sent {
            None => {
                let patience = state.settings.attempt_timeout.as_secs();
                let message =
                    format!("no answer began within {patience} s (REQUEST_TIMEOUT) or before the deadline");
                let detail = ErrorDetail::new(FailureKind::Timeout, message);
                (Attempt::Timeout { sent: Sent::Maybe }, Err(detail))
            }
            Some(Err(error)) => {
                let known = error.reason == Reason::Connect && state.settings.host_knows_unsent;
                let sent = if known { Sent::No } else { error.sent };
                (Attempt::Transport { sent, reason: error.reason }, Err(unanswered(&error)))
            }
            Some(Ok(response)) => {
                means = error_class(&state.account, &response);
                let hint = retry_hint(|name| response.header(name), self.host.wall_now());
                let (body, read) = match accepted(state, &response, hint) {
                    Some(accepted) => (BodyKind::Usable, Ok(Payload::Accepted(accepted))),
                    None => self.read_response(state, authorization, &response, means),
                };
                (Attempt::Answer { status: response.status, hint, body }, read)
            }
        };
        let rules = state.provider.errors().status_rules();
        let decision = classify(&attempt, state.call.access(), &rules).map_err(|fault| match means {
            Some(ErrorClass { rule, .. }) => {
                Fault { class: rule.class, effect: rule.effect, reason: rule.reason, ..fault }
            }
            None => fault,
        });
        match (decision, read) {
            (Ok(()), Ok(payload)) => {
                let answer = Answer::fetched(&state.context.id, status.unwrap_or(0), payload);
                Ok(Exchanged::Answer(Box::new(answer)))
            }
            (Err(fault), Err(detail)) => Err(Failed { fault, detail }),
            // A refusal by the rules whose body reads well, or the reverse: no provider's
            // rules say so, and if they did it would be no success.
            (decision, _) => {
                let detail = ErrorDetail::new(FailureKind::Rejected, "the answer is no success");
                let (class, effect) = (Class::Final, Effect::Unknown);
                let odd = Fault { reason: Reason::UnexpectedStatus, effect, class, status, hint: None };
                Err(Failed { fault: decision.err().unwrap_or(odd), detail })
            }
        }
    }

    /// Reads an answer as far as the operation's shape asks.
    fn read_response(
        &self,
        state: &CallState<'_>,
        authorization: &Authorization,
        response: &Response,
        means: Option<ErrorClass>,
    ) -> (BodyKind, Result<Payload, ErrorDetail>) {
        let settings = &state.settings;
        if !(200..300).contains(&response.status) {
            return (BodyKind::Usable, Err(error_detail(&state.account, authorization, response, means)));
        }
        let too_large =
            |message: String| (BodyKind::TooLarge, Err(ErrorDetail::new(FailureKind::TooLarge, message)));
        let too_long = || too_large(format!("the answer has more than {} bytes", settings.max_body_bytes));
        let body = match &response.body {
            Ok(body) => body,
            Err(BodyError::TooLarge) => return too_long(),
            Err(BodyError::Broken(why)) => {
                let detail = ErrorDetail::new(FailureKind::Transport, format!("the answer broke off: {why}"));
                return (BodyKind::CutOff, Err(detail));
            }
            Err(BodyError::NoRoom { never }) => return no_room(*never),
            Err(BodyError::TimedOut(message)) => {
                return (BodyKind::CutOff, Err(ErrorDetail::new(FailureKind::Timeout, message.clone())));
            }
            Err(BodyError::Coded(name)) => {
                let detail = ErrorDetail::new(FailureKind::Decode, receive::unreadable(name));
                return (BodyKind::Unfit, Err(detail));
            }
        };
        let elements = match check_limits(body, settings.max_body_bytes, settings.max_depth) {
            // One record that is too deep is that record's own fault, and what is around it is not read
            // by recursion.
            Err(LimitExceeded::Depth { .. }) if state.call.operation.paging != Paging::None => {
                check_limits(body, settings.max_body_bytes, usize::MAX).unwrap_or_default()
            }
            Err(LimitExceeded::Depth { .. }) => {
                return too_large(format!("the answer is nested deeper than {}", settings.max_depth));
            }
            Err(_) => return too_long(),
            Ok(elements) => elements,
        };
        let mut reservation = self.transport.memory.reservation();
        let records = if state.call.operation.paging == Paging::None { 0 } else { elements.shallow };
        let most = settings.max_page_records;
        // What stands around the records counts as a few of them.
        if records > most.saturating_add(AROUND_RECORDS) {
            return too_large(format!("the page has more than {most} records (PENSTOCK_MAX_PAGE_RECORDS)"));
        }
        if let Err(NoRoom { never }) =
            reservation.elements(body.len(), elements.all, records, state.context.page.as_ref())
        {
            return no_room(never);
        }
        let body = &reservation.keep(body.clone());
        match value(state, body).and_then(|body| self.read_page_or_value(state, &body)) {
            Ok(payload) => (BodyKind::Usable, Ok(payload)),
            Err(unreadable) => {
                let body = match unreadable.malformed {
                    true if begins_as_json(body) => BodyKind::Malformed,
                    true => BodyKind::Foreign,
                    false => BodyKind::Unfit,
                };
                let message =
                    format!("the answer cannot be read: {} {}", unreadable.path, unreadable.message);
                let fields = vec![FieldError::new(unreadable.path, unreadable.message)];
                (body, Err(ErrorDetail { fields, ..ErrorDetail::new(FailureKind::Decode, message) }))
            }
        }
    }

    /// Takes a body apart, and looks whether a page is the one that was asked for.
    fn read_page_or_value(&self, state: &CallState<'_>, body: &Bytes) -> Result<Payload, Unreadable> {
        let payload = read_payload(state, body)?;
        if let Payload::Page(envelope) = &payload {
            self.check_number(state.call.operation.name, envelope, state.page)?;
        }
        Ok(payload)
    }

    /// Refuses a page that is not the one that was asked for, and tells once of a list that
    /// counts from 0.
    ///
    /// # Errors
    /// The page has another number.
    pub(crate) fn check_number(
        &self,
        operation: &'static str,
        envelope: &Envelope,
        asked: Option<&PageSelector>,
    ) -> Result<(), Unreadable> {
        if self.page_numbers.check(operation, envelope, asked)? == Shows::CountsFrom0 {
            self.telemetry
                .log(LogLevel::Warn, "pages-counted-from-0", |line| line.with("operation", operation));
        }
        Ok(())
    }
}

/// The operation in progress, if the provider accepted the call (RFC 9110 section 15.3.3) and
/// says how to ask for what comes of it.
fn accepted(state: &CallState<'_>, response: &Response, after: Option<Duration>) -> Option<Accepted> {
    let settings = &state.settings;
    let body = response.body.as_ref().ok().filter(|_| response.status == 202)?;
    check_limits(body, settings.max_body_bytes, settings.max_depth).ok()?;
    let progress = state.provider.reports()?.in_progress(&state.call, body)?;
    Some(Accepted { body: body.clone(), after, progress })
}

/// Whether a body begins as JSON does, whatever follows.
fn begins_as_json(body: &[u8]) -> bool {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    first.is_some_and(|first| matches!(first, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9'))
}

/// The answer is larger than the memory that is left for it, or than all that there is.
fn no_room(never: bool) -> (BodyKind, Result<Payload, ErrorDetail>) {
    let (body, kind, message) = match never {
        true => (
            BodyKind::TooLarge,
            FailureKind::TooLarge,
            "the answer takes more memory than an instance gives to answers (PENSTOCK_MEMORY_BYTES)",
        ),
        false => (
            BodyKind::NoRoom,
            FailureKind::Unavailable,
            "other answers take the memory that this one needs (PENSTOCK_MEMORY_BYTES)",
        ),
    };
    (body, Err(ErrorDetail::new(kind, message)))
}

fn error_detail(
    account: &Account,
    authorization: &Authorization,
    response: &Response,
    means: Option<ErrorClass>,
) -> ErrorDetail {
    let body = response.body.as_ref().map_or(&[][..], |body| body);
    let credentials = account.token.credentials.borrow();
    let redactor = Redactor::new(authorization, credentials.as_deref());
    let mut said = redactor.error(account.provider, response.status, body);
    if let Err(BodyError::Coded(name)) = &response.body {
        said.message.push_str(&format!(": {}", receive::unreadable(name)));
    }
    if let Some(location) = response.header("location").filter(|_| (300..400).contains(&response.status)) {
        // First without secrets: a cut might go through one.
        let place = shown(&redactor.clean(location));
        said.message.push_str(&format!(": a redirect to {place}, which is not followed"));
    }
    let fields = said.fields.into_iter().map(|(field, message)| FieldError::new(field, message));
    ErrorDetail {
        kind: Some(means.map_or_else(|| kind(response.status), |means| means.kind)),
        message: said.message,
        trace_id: said.trace_id,
        fields: fields.collect(),
        forbidden: response.status == 403 && means.is_none(),
    }
}

/// Where a redirect leads, without what may be a credential: user information and the query.
fn shown(location: &str) -> String {
    let place = location.split(['?', '#']).next().unwrap_or_default();
    let place = match place.split_once("//") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit('@').next().unwrap_or_default();
            let port = host.rsplit_once(':').map_or("", |(_, port)| port);
            match port.bytes().all(|byte| byte.is_ascii_digit()) {
                true => format!("{scheme}//{host}{path}"),
                // Perhaps the beginning of a password that holds what ends an authority.
                false => "an address that cannot be read".to_owned(),
            }
        }
        None => place.to_owned(),
    };
    place.chars().take(LONGEST_LOCATION).collect()
}

/// What the provider means by a refusal, where its status does not tell.
fn error_class(account: &Account, response: &Response) -> Option<ErrorClass> {
    let body = response.body.as_ref().map_or(&[][..], |body| body);
    let refused = !(200..300).contains(&response.status);
    refused.then(|| account.provider.errors().classify(response.status, body)).flatten()
}

/// The kind of failure that a status stands for.
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

/// Why there is no answer, in the caller's terms.
pub(crate) fn unanswered(error: &SendError) -> ErrorDetail {
    let (kind, message) = match error.reason {
        Reason::Stopping => return ErrorDetail::new(FailureKind::Unavailable, STOPPING),
        Reason::Denied => (FailureKind::Host, "the host does not send this request"),
        Reason::Timeout => (FailureKind::Timeout, "no answer in time"),
        _ => (FailureKind::Transport, "the connection failed"),
    };
    ErrorDetail::new(kind, format!("{message}: {}", error.detail))
}

/// The value in a body, out of the provider's envelope. Where no answer is read, nothing is
/// taken apart.
fn value(state: &CallState<'_>, body: &Bytes) -> Result<Bytes, Unreadable> {
    let operation = state.call.operation;
    let nothing = operation.answer.is_none() || body.iter().all(u8::is_ascii_whitespace);
    if nothing || operation.paging != Paging::None {
        return Ok(body.clone());
    }
    state.provider.value(operation, body)
}

/// Takes a body apart, as far as the operation's shape asks.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read_payload(state: &CallState<'_>, body: &Bytes) -> Result<Payload, Unreadable> {
    let operation = state.call.operation;
    if operation.paging != Paging::None {
        return state.provider.paging().envelope(operation.paging, body).map(Payload::Page);
    }
    let malformed = |message: String| Unreadable { malformed: true, path: "$".to_owned(), message };
    if body.iter().all(u8::is_ascii_whitespace) {
        // Asking again may bring what should be there; a write must not be repeated for it.
        return match (&operation.answer, state.call.access()) {
            (Some(_), Access::Read) => Err(malformed("is empty".to_owned())),
            _ => Ok(Payload::Nothing),
        };
    }
    match serde_json::from_slice::<&RawValue>(body) {
        Ok(_) => Ok(Payload::Value(body.clone())),
        // What an operation without an answer says does not matter.
        Err(_) if operation.answer.is_none() => Ok(Payload::Nothing),
        // It is all there, and its caller takes what does not fit as it came.
        Err(_) if state.options.on_misfit() == OnMisfit::Raw && is_closed(body) => {
            Ok(Payload::Value(body.clone()))
        }
        Err(error) => Err(malformed(format!("is not JSON: {error}"))),
    }
}
