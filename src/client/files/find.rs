//! One attempt to find a file: the request, and the redirects to where it is.
//!
//! A vendor keeps files elsewhere and says so by a redirect (RFC 9110 section 15.4). The
//! credentials stay behind: they belong to the vendor's origin, and once a redirect has
//! left it, no further one gets them back.

use crate::{
    client::{
        Connector,
        accounts::token::Authorization,
        attempt::{Complaint, Failed, Success, kind, unanswered},
        pipeline::Payload,
        transport::{
            limiter::Permit,
            request::{self, Sending},
        },
    },
    contract::FailureKind,
    files::location::{Place, same},
    host::{Host, Opened, Request, Response, SendError, Timeouts},
    policy::{
        classify::{Access, Attempt, BodyKind, Class, Effect, Fault, Reason, StatusRules, classify},
        hint::retry_hint,
    },
};
use std::time::Duration;

/// More redirects than this lead nowhere.
const MOST_REDIRECTS: usize = 5;

/// A file whose bytes are yet to come.
pub(crate) struct Found {
    pub(crate) opened: Opened,
    /// The places that it takes: in flight, and among files.
    pub(crate) places: Vec<Permit>,
}

impl Found {
    /// Keeps its places as long as it is under way.
    pub(crate) fn hold(&mut self, places: impl IntoIterator<Item = Permit>) {
        self.places.extend(places);
    }
}

/// Why there is no file.
enum Missing {
    /// The vendor did not answer.
    Unanswered(SendError),
    /// The vendor refused.
    Refused(Response),
    /// What the vendor's redirect led to did not give it.
    Elsewhere(Failed),
}

impl<H: Host> Connector<H> {
    /// Asks for the file once; `time` is all that may pass until it begins.
    pub(crate) async fn attempt_file(
        &self,
        sending: &Sending<'_>,
        authorization: &Authorization,
        time: Duration,
    ) -> Result<Success, Failed> {
        let opened = match self.within(time, self.find(sending, authorization, time)).await {
            None => return self.conclude(sending, authorization, None),
            Some(Err(Missing::Unanswered(error))) => {
                return self.conclude(sending, authorization, Some(Err(error)));
            }
            Some(Err(Missing::Refused(answer))) => {
                return self.conclude(sending, authorization, Some(Ok(answer)));
            }
            Some(Err(Missing::Elsewhere(failed))) => return Err(failed),
            Some(Ok(opened)) => opened,
        };
        let status = opened.status;
        self.stats.borrow_mut().request(status);
        let most = sending.policy.max_file_bytes;
        if length(&opened).is_some_and(|length| length > most) {
            let (effect, class) = (Effect::NotApplied, Class::Final);
            let fault = Fault { reason: Reason::TooLarge, effect, class, status: Some(status), hint: None };
            let message = format!("the file has more than {most} bytes (PENSTOCK_MAX_FILE_BYTES)");
            return Err(Failed { fault, complaint: Complaint::new(FailureKind::TooLarge, message) });
        }
        Ok(Success { status, payload: Payload::Nothing, file: Some(Found { opened, places: Vec::new() }) })
    }

    async fn find(
        &self,
        sending: &Sending<'_>,
        authorization: &Authorization,
        time: Duration,
    ) -> Result<Opened, Missing> {
        let Sending { account, policy, .. } = *sending;
        let vendor = &account.site.api;
        let mut request = request::build(sending, authorization, time, &self.host);
        let mut place = Place { origin: vendor.clone(), path_and_query: request.path_and_query.clone() };
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
                    _ if at_home => Err(Missing::Refused(opened.read(policy.max_body_bytes).await)),
                    _ => Err(Missing::Elsewhere(self.refused_elsewhere(&place, &opened))),
                };
            };
            self.stats.borrow_mut().request(opened.status);
            let next = place.follow(location).and_then(|next| {
                next.check(vendor, policy.allow_http)?;
                Ok(next)
            });
            place = next.map_err(|why| {
                let complaint = Complaint::new(FailureKind::Rejected, why.to_string());
                Missing::Elsewhere(astray(opened.status, complaint))
            })?;
            at_home = at_home && same(&place.origin, vendor);
            let mut timeouts = request::timeouts(time);
            timeouts.between_bytes = policy.attempt_timeout;
            request = follow(sending, &place, at_home.then_some(authorization), timeouts);
        }
        let message = format!("more than {MOST_REDIRECTS} redirects, and no file");
        Err(Missing::Elsewhere(astray(302, Complaint::new(FailureKind::Rejected, message))))
    }

    /// The server that the vendor sent us to refuses. Its words may hold parts of the
    /// signed URL and are not passed on. It knows nothing of the vendor's token and limit.
    fn refused_elsewhere(&self, place: &Place, opened: &Opened) -> Failed {
        let status = opened.status;
        self.stats.borrow_mut().request(status);
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
        Failed { fault: Fault { class, reason, ..fault }, complaint: Complaint::new(kind, message) }
    }
}

fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// The request for what a redirect leads to. All of them are GET, since only that asks for
/// files. The vendor's own header fields stay behind with the credentials.
fn follow(
    sending: &Sending<'_>,
    place: &Place,
    authorization: Option<&Authorization>,
    timeouts: Timeouts,
) -> Request {
    Request {
        method: "GET",
        https: place.origin.https,
        authority: place.origin.authority.clone(),
        path_and_query: place.path_and_query.clone(),
        headers: request::file_headers(sending.call),
        secret_headers: authorization.map_or_else(Vec::new, |authorization| authorization.headers.clone()),
        body: None,
        timeouts,
        max_body: sending.policy.max_body_bytes,
    }
}

/// What the file's own head says of its length.
pub(crate) fn length(opened: &Opened) -> Option<u64> {
    opened.header("content-length").and_then(|length| length.trim().parse().ok())
}

/// A redirect that is not followed.
fn astray(status: u16, complaint: Complaint) -> Failed {
    Failed { fault: astray_fault(status), complaint }
}

fn astray_fault(status: u16) -> Fault {
    let (effect, class) = (Effect::NotApplied, Class::Final);
    Fault { reason: Reason::Redirect, effect, class, status: Some(status), hint: None }
}

/// The server that the vendor sent us to does not answer.
fn unreachable(place: &Place, error: &SendError) -> Failed {
    let complaint = unanswered(error);
    let message = match error.reason {
        Reason::Denied => {
            let origin = &place.origin;
            format!("the file is at {origin}, where the host lets no request go: allow that origin there")
        }
        _ => format!("the file is at {}: {}", place.origin, complaint.message),
    };
    let attempt = Attempt::Transport { sent: error.sent, reason: error.reason };
    let fault = classify(&attempt, Access::Read, &StatusRules::STANDARD).err();
    // The vendor's own answer had come.
    let fault = fault.map(|fault| Fault { effect: Effect::NotApplied, ..fault });
    Failed { fault: fault.unwrap_or_else(|| astray_fault(0)), complaint: Complaint { message, ..complaint } }
}
