//! One attempt to find a file: the request, and the redirects to where it is.
//!
//! A provider keeps files elsewhere and says so by a redirect (RFC 9110 section 15.4). The
//! credentials stay behind: they belong to the provider's origin, and once a redirect has
//! left it, no further one gets them back.

use crate::{
    client::{
        Client,
        attempt::{ErrorDetail, Exchanged, Failed, kind, unanswered},
        call_state::CallState,
        transport::{
            limiter::Permit,
            receive, redact,
            request::{self, Authorization},
        },
    },
    codec::whole_number,
    contract::FailureKind,
    files::{
        location::{Place, same},
        no_file::{NoFile, no_file},
    },
    host::{Host, Opened, Request, Response, SendError, Timeouts, timeout::timeout},
    policy::{
        classify::{Access, Attempt, BodyKind, Class, Effect, Fault, Reason, StatusRules, classify},
        hint::retry_hint,
    },
};
use std::time::Duration;

/// More redirects than this lead nowhere.
const MOST_REDIRECTS: usize = 5;

/// A file whose bytes are yet to come.
pub(crate) struct FoundFile {
    pub(crate) opened: Opened,
    /// The permits that it takes: in flight, and among files.
    pub(crate) permits: Vec<Permit>,
}

impl FoundFile {
    /// Keeps its permits as long as it is under way.
    pub(crate) fn hold(&mut self, permits: impl IntoIterator<Item = Permit>) {
        self.permits.extend(permits);
    }
}

/// Why there is no file.
enum Missing {
    /// The provider did not answer.
    Unanswered(SendError),
    /// The provider refused.
    Refused(Response),
    /// What the provider's redirect led to did not give it.
    Elsewhere(Failed),
}

impl<H: Host> Client<H> {
    /// Asks for the file once; `time` is all that may pass until it begins.
    pub(crate) async fn attempt_file(
        &self,
        state: &CallState<'_>,
        authorization: &Authorization,
        time: Duration,
    ) -> Result<Exchanged, Failed> {
        let opened = match timeout(&*self.host, time, self.find(state, authorization, time)).await {
            None => return self.conclude(state, authorization, None),
            Some(Err(Missing::Unanswered(error))) => {
                return self.conclude(state, authorization, Some(Err(error)));
            }
            Some(Err(Missing::Refused(answer))) => {
                return self.conclude(state, authorization, Some(Ok(answer)));
            }
            // A provider may put anything into the place that it sends us to.
            Some(Err(Missing::Elsewhere(failed))) => {
                let message = self.accounts.redactor().clean(&failed.detail.message).into_owned();
                return Err(Failed { detail: ErrorDetail { message, ..failed.detail }, ..failed });
            }
            Some(Ok(opened)) => opened,
        };
        let status = opened.status;
        self.telemetry.counters.borrow_mut().request(status);
        let opened = receive::file(opened).map_err(|why| {
            let (effect, class) = (Effect::NotApplied, Class::Final);
            let fault = Fault { reason: Reason::Unfit, effect, class, status: Some(status), hint: None };
            Failed { fault, detail: ErrorDetail::new(FailureKind::Decode, why) }
        })?;
        if let Some(NoFile { message, may_pass }) = no_file(&opened, state.call.rest.is_some()) {
            let (reason, class) = match may_pass {
                true => (Reason::Malformed, Class::Transient),
                false => (Reason::Unfit, Class::Final),
            };
            let fault = Fault { reason, effect: Effect::NotApplied, class, status: Some(status), hint: None };
            return Err(Failed { fault, detail: ErrorDetail::new(FailureKind::Decode, message) });
        }
        let most = state.settings.max_file_bytes;
        if length(&opened).is_some_and(|length| length > most) {
            let (effect, class) = (Effect::NotApplied, Class::Final);
            let fault = Fault { reason: Reason::TooLarge, effect, class, status: Some(status), hint: None };
            let message = format!("the file has more than {most} bytes (PENSTOCK_MAX_FILE_BYTES)");
            return Err(Failed { fault, detail: ErrorDetail::new(FailureKind::TooLarge, message) });
        }
        Ok(Exchanged::File(FoundFile { opened, permits: Vec::new() }))
    }

    async fn find(
        &self,
        state: &CallState<'_>,
        authorization: &Authorization,
        time: Duration,
    ) -> Result<Opened, Missing> {
        let settings = &state.settings;
        let provider = &state.account.site.api;
        let mut request = self.request(state, authorization, time);
        let mut place = Place { origin: provider.clone(), path_and_query: request.path_and_query.clone() };
        let mut at_home = true;
        for _ in 0..=MOST_REDIRECTS {
            let opened = match self.host.open(request).await {
                Ok(opened) => opened,
                Err(error) if at_home => return Err(Missing::Unanswered(error)),
                Err(error) => return Err(Missing::Elsewhere(unreachable(&place, &error))),
            };
            let location = is_redirect(opened.status).then(|| opened.header("location")).flatten();
            let Some(location) = location else {
                return match opened.status {
                    200..300 => Ok(opened),
                    _ if at_home => {
                        // Nobody explains anything at greater length.
                        let most = settings.max_body_bytes.min(redact::LONGEST);
                        Err(Missing::Refused(receive::decoded(opened.read(most).await, most)))
                    }
                    _ => Err(Missing::Elsewhere(self.refused_elsewhere(&place, &opened))),
                };
            };
            self.telemetry.counters.borrow_mut().request(opened.status);
            let next = place.follow(location).and_then(|next| {
                next.check(provider, settings.allow_http)?;
                Ok(next)
            });
            place = next.map_err(|why| {
                let detail = ErrorDetail::new(FailureKind::Rejected, why.to_string());
                Missing::Elsewhere(astray(opened.status, detail))
            })?;
            at_home = at_home && same(&place.origin, provider);
            let mut timeouts = request::timeouts(time);
            timeouts.between_bytes = settings.attempt_timeout;
            request = follow(state, &place, at_home.then_some(authorization), timeouts);
        }
        let message = format!("more than {MOST_REDIRECTS} redirects, and no file");
        Err(Missing::Elsewhere(astray(302, ErrorDetail::new(FailureKind::Rejected, message))))
    }

    /// The server that the provider sent us to refuses. Its words may hold parts of the
    /// signed URL and are not passed on. It knows nothing of the provider's token and limit.
    fn refused_elsewhere(&self, place: &Place, opened: &Opened) -> Failed {
        let status = opened.status;
        self.telemetry.counters.borrow_mut().request(status);
        let hint = retry_hint(|name| opened.header(name), self.host.wall_now());
        let attempt = Attempt::Answer { status, hint, body: BodyKind::Usable };
        let fault = classify(&attempt, Access::Read, &StatusRules::STANDARD).err();
        let fault = fault.unwrap_or_else(|| astray_fault(status));
        let (class, reason) = match fault.class {
            Class::TokenRejected => (Class::Final, Reason::Rejected),
            Class::Throttled => (Class::Transient, fault.reason),
            class => (class, fault.reason),
        };
        let kind = if status == 401 { FailureKind::Permission } else { kind(status) };
        let message = format!("the file is at {}, which answers HTTP {status}", place.origin);
        Failed { fault: Fault { class, reason, ..fault }, detail: ErrorDetail::new(kind, message) }
    }
}

fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// The request for what a redirect leads to. All of them are GET, since only that asks for
/// files. The provider's own header fields stay behind with the credentials.
fn follow(
    state: &CallState<'_>,
    place: &Place,
    authorization: Option<&Authorization>,
    timeouts: Timeouts,
) -> Request {
    Request {
        method: "GET",
        https: place.origin.https,
        authority: place.origin.authority.clone(),
        path_and_query: place.path_and_query.clone(),
        headers: request::file_headers(&state.call),
        secret_headers: authorization.map_or_else(Vec::new, |authorization| authorization.headers.clone()),
        body: None,
        timeouts,
        max_body: state.settings.max_body_bytes,
    }
}

/// What the file's own head says of its length.
pub(crate) fn length(opened: &Opened) -> Option<u64> {
    opened.header("content-length").and_then(|length| whole_number(length.trim()))
}

/// A redirect that is not followed.
fn astray(status: u16, detail: ErrorDetail) -> Failed {
    Failed { fault: astray_fault(status), detail }
}

fn astray_fault(status: u16) -> Fault {
    let (effect, class) = (Effect::NotApplied, Class::Final);
    Fault { reason: Reason::Redirect, effect, class, status: Some(status), hint: None }
}

/// The server that the provider sent us to does not answer.
fn unreachable(place: &Place, error: &SendError) -> Failed {
    let detail = unanswered(error);
    let message = match error.reason {
        Reason::Denied => {
            let origin = &place.origin;
            format!("the file is at {origin}, where the host lets no request go: allow that origin there")
        }
        _ => format!("the file is at {}: {}", place.origin, detail.message),
    };
    let attempt = Attempt::Transport { sent: error.sent, reason: error.reason };
    let fault = classify(&attempt, Access::Read, &StatusRules::STANDARD).err();
    // The provider's own answer had come.
    let fault = fault.map(|fault| Fault { effect: Effect::NotApplied, ..fault });
    Failed { fault: fault.unwrap_or_else(|| astray_fault(0)), detail: ErrorDetail { message, ..detail } }
}
