//! What happens to one request, in order.

use super::{
    World,
    checks::refusal,
    routes::{Route, answer},
};
use crate::{
    FaultKind, Seen,
    answer::Answer,
    echo,
    faults::Asked,
    listen::{Connection, Serve},
    random::mix,
    request::Received,
    response::{Reset, Sending, Sent},
    stats::Record,
};
use http::{Request, Response};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use std::sync::PoisonError;

/// The largest body that the provider takes.
const LARGEST_BODY: usize = 16_777_216;

/// What a proxy in front of the provider says when it gives up.
const HTML: &str = "<html><body><h1>502 Bad Gateway</h1></body></html>";

impl Serve for World {
    fn record(&self) -> &Record {
        &self.record
    }

    async fn serve(
        &self,
        connection: &Connection,
        request: Request<Incoming>,
    ) -> Result<Response<Sending>, Reset> {
        let (parts, body) = request.into_parts();
        let working = self.record.working();
        let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
            connection.doom();
            return Err(Reset);
        };
        let request = Received { parts, body: body.to_bytes() };
        self.record.count(|stats| stats.requests += 1);
        let (operation, fault, sent) = self.sent(&request).await;
        self.note(&request, operation, fault, sent.as_ref().ok());
        drop(working);
        if !sent.as_ref().is_ok_and(|sent| !sent.cut) {
            connection.doom();
        }
        Ok(sent?.response("asleep"))
    }
}

type Outcome = (Option<&'static str>, Option<FaultKind>, Result<Sent, Reset>);

impl World {
    async fn sent(&self, request: &Received) -> Outcome {
        let refused = |answer| (None, None, Ok(Sent::whole(answer)));
        let Some(route) = Route::find(request.method().as_str(), request.path()) else {
            return refused(refusal(404, "Not Found"));
        };
        let name = route.name();
        self.record.count(|stats| *stats.operations.entry(name.to_owned()).or_default() += 1);
        if let Err(answer) = self.admit(request) {
            return (Some(name), None, Ok(Sent::whole(answer)));
        }
        let fault = self.plan.next(Asked {
            operation: Some(name),
            method: request.method().as_str(),
            path: request.path(),
            query: request.query(),
            body: &request.body,
        });
        if let Some(kind) = fault {
            self.record.count(|stats| *stats.faults.entry(kind).or_default() += 1);
        }
        self.config.clock.sleep(self.config.latency).await;
        if fault == Some(FaultKind::Slow) {
            self.config.clock.sleep(self.plan.faults().delay).await;
        }
        let echoed = fault.and_then(|kind| echo::instead(kind, request, self.record.faults(kind)));
        if let Some(sent) = echoed.map(|answer| Ok(Sent::whole(answer))).or_else(|| fault.and_then(instead)) {
            return (Some(name), fault, sent);
        }
        let answer = answer(self, &route, request).unwrap_or_else(|refused| refused);
        if request.method() != "GET" && answer.status < 300 {
            self.record.count(|stats| *stats.writes.entry(name.to_owned()).or_default() += 1);
        }
        (Some(name), fault, after(fault, answer))
    }

    /// Who may come in.
    fn admit(&self, request: &Received) -> Result<(), Answer> {
        let key = request.header("x-api-key").ok_or_else(|| refusal(401, "x-api-key is missing"))?;
        let known = self.keys.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|known| known == key);
        if !known {
            return Err(refusal(401, "invalid api key"));
        }
        if request.header("user-agent").is_none_or(str::is_empty) {
            return Err(refusal(401, "user agent is empty"));
        }
        if let Some(limit) = self.config.rate_limit
            && self.limiter.admit(limit, (mark(key), 0), self.config.clock.now()).is_err()
        {
            self.record.count(|stats| stats.rate_limited += 1);
            return Err(refusal(403, "Rate limit exceeded"));
        }
        Ok(())
    }

    fn note(
        &self,
        request: &Received,
        operation: Option<&str>,
        fault: Option<FaultKind>,
        sent: Option<&Sent>,
    ) {
        self.record.count(|stats| {
            let Some(sent) = sent else { return };
            *stats.statuses.entry(sent.answer.status).or_default() += 1;
            if !sent.cut {
                stats.bytes += sent.answer.body.len() as u64;
                stats.records += sent.answer.records as u64;
            }
        });
        let headers = request.parts.headers.iter().map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes());
            let hidden = name == "x-api-key";
            let text = if hidden { format!("<hidden {:016x}>", mark(&text)) } else { text.into_owned() };
            (name.as_str().to_owned(), text)
        });
        self.record.see(Seen {
            at: std::time::Instant::now(),
            method: request.method().to_string(),
            path: request.path().to_owned(),
            query: request.query().to_owned(),
            headers: headers.collect(),
            body: request.text(),
            operation: operation.map(str::to_owned),
            fault,
            status: sent.map(|sent| sent.answer.status),
        });
    }
}

/// The answer that stands in for the right one; none if the request is served first.
fn instead(kind: FaultKind) -> Option<Result<Sent, Reset>> {
    let answer = match kind {
        // A 403 without a hint: Asleep has no 429.
        FaultKind::TooManyRequests | FaultKind::TooManyRequestsDate | FaultKind::TooManyRequestsBare => {
            refusal(403, "Rate limit exceeded")
        }
        FaultKind::TokenRevoked => refusal(401, "invalid api key"),
        FaultKind::InternalServerError => refusal(500, "Internal Server Error"),
        FaultKind::Unavailable => refusal(503, "Service Unavailable"),
        FaultKind::UnavailableRetryAfter => {
            let mut answer = refusal(503, "Service Unavailable");
            answer.headers.push(("retry-after", "1".to_owned()));
            answer
        }
        FaultKind::GatewayTimeout => refusal(504, "Gateway Timeout"),
        FaultKind::BadGateway => Answer::new(502, "text/html", HTML),
        FaultKind::HtmlPage => Answer::new(200, "text/html", HTML),
        FaultKind::EmptyBody => Answer::empty(),
        FaultKind::ResetBeforeApply => return Some(Err(Reset)),
        FaultKind::GatewayTimeoutAfterApply
        | FaultKind::Slow
        | FaultKind::ResetAfterApply
        | FaultKind::ResetInBody
        | FaultKind::TruncatedJson
        // These depend on the request (`echo`).
        | FaultKind::SecretsInError
        | FaultKind::SecretsInPage => return None,
    };
    Some(Ok(Sent::whole(answer)))
}

/// What becomes of the right answer.
fn after(fault: Option<FaultKind>, answer: Answer) -> Result<Sent, Reset> {
    match fault {
        Some(FaultKind::ResetAfterApply) => Err(Reset),
        Some(FaultKind::ResetInBody) if answer.body.is_empty() => Err(Reset),
        Some(FaultKind::ResetInBody) => Ok(Sent::cut(answer)),
        Some(FaultKind::GatewayTimeoutAfterApply) => Ok(Sent::whole(refusal(504, "Gateway Timeout"))),
        Some(FaultKind::TruncatedJson) => {
            let body = answer.body.slice(..answer.body.len() / 2);
            Ok(Sent::whole(Answer { body, ..answer }))
        }
        _ => Ok(Sent::whole(answer)),
    }
}

/// The same for the same key, and of no use to find it.
fn mark(key: &str) -> u64 {
    key.bytes().fold(7, |mark, byte| mix(mark, u64::from(byte)))
}
