//! What befalls one request.

use super::{Answer, SPAN, Vendor, acted, between, problem};
use crate::{fault::Fault, trace::Who, world::World};
use bytes::Bytes;
use fastrand::Rng;
use penstock::{
    host::{Body, BodyError, Request},
    policy::classify::{Reason, Sent},
};
use penstock_spellings::spellings;
use std::time::{Duration, UNIX_EPOCH};

/// JSON that is none of the things that are asked for.
const WRONG: [&str; 4] = [r#"{"surprise":true}"#, "[1,2]", "null", r#"{"data":5,"hasMore":"x","id":"y"}"#];

const PAGE: &str = "<!doctype html><html><h1>Please wait</h1></html>";

impl Vendor {
    /// A request that this befalls.
    pub(super) fn disturbed(
        &mut self,
        world: &World,
        who: Who,
        request: &Request,
        tenant: u64,
        fault: Fault,
    ) -> Answer {
        if let Some(answer) = without_acting(world, request, fault, &mut self.chance) {
            world.fault(who, fault);
            return answer;
        }
        if refuses(fault) {
            if acted(fault, &mut self.chance) {
                self.natural(world, who, request, tenant);
            }
            world.fault(who, fault);
            return refusal(fault, &mut self.chance);
        }
        let duplicate = (fault == Fault::DuplicatePage).then(|| self.duplicate(world, request)).flatten();
        let natural = self.natural(world, who, request, tenant);
        let answer = match fault {
            Fault::OddRecord => self.with_odd_record(natural),
            _ => spoilt(natural, fault, duplicate, &mut self.chance),
        };
        match answer {
            Ok(answer) => {
                world.fault(who, fault);
                answer
            }
            Err(natural) => natural,
        }
    }

    /// A page with a record that does not fit the contract; itself where there is none.
    fn with_odd_record(&mut self, natural: Answer) -> Result<Answer, Answer> {
        let body = natural.success().and_then(|body| std::str::from_utf8(body).ok());
        let Some((head, data)) = body.and_then(|body| body.split_once("\"data\":[")) else {
            return Err(natural);
        };
        let starts: Vec<usize> = data.match_indices("{\"id\":").map(|(at, _)| at).collect();
        let Some(start) = starts.get(self.chance.usize(..starts.len().max(1))) else { return Err(natural) };
        let Some((before, record)) = data.split_at_checked(*start) else { return Err(natural) };
        let id = crate::workload::id(record);
        let list = usize::try_from(id / SPAN).ok().and_then(|list| self.lists.get_mut(list));
        let (Some(list), Some((name, rest))) = (list, record.split_once(":\"J")) else { return Err(natural) };
        let Some((_, rest)) = rest.split_once('"') else { return Err(natural) };
        list.served_odd(id % SPAN);
        let page = format!("{head}\"data\":[{before}{name}:7{rest}");
        Ok(natural.with_body(Ok(Bytes::from(page))))
    }

    /// A request for a token that this befalls.
    pub(super) fn token_disturbed(
        &mut self,
        world: &World,
        who: Who,
        request: &Request,
        fault: Fault,
        client: &str,
        secret: &str,
    ) -> Answer {
        if let Some(answer) = without_acting(world, request, fault, &mut self.chance) {
            world.fault(who, fault);
            return answer;
        }
        if refuses(fault) {
            world.fault(who, fault);
            return refusal(fault, &mut self.chance);
        }
        let natural = self.issue(world, who, client, secret);
        match spoilt(natural, fault, None, &mut self.chance) {
            Ok(answer) => {
                world.fault(who, fault);
                answer
            }
            Err(natural) => natural,
        }
    }
}

/// What happens before the vendor acts.
fn without_acting(world: &World, request: &Request, fault: Fault, chance: &mut Rng) -> Option<Answer> {
    let throttled = || Answer::status(429, &problem(429, "Rate limit exceeded. Try again in 2 seconds."));
    let seconds = chance.u64(0..4);
    Some(match fault {
        Fault::ConnectRefused => Answer::failed(Reason::Connect, Sent::No),
        Fault::ConnectTimeout => Answer::failed(Reason::Connect, Sent::Maybe).later(request.timeouts.connect),
        Fault::Dns => Answer::failed(Reason::Dns, Sent::No),
        Fault::Tls => Answer::failed(Reason::Tls, Sent::No),
        Fault::ResetBefore => Answer::failed(Reason::Connection, Sent::Maybe),
        // Now and then the vendor asks for more patience than anybody has.
        Fault::ThrottledSeconds if chance.u8(..) < 8 => throttled().header("retry-after", "3600"),
        Fault::ThrottledSeconds => throttled().header("retry-after", seconds.to_string()),
        Fault::ThrottledFraction => {
            throttled().header("retry-after", format!("{seconds}.{}", chance.u8(1..99)))
        }
        Fault::ThrottledDate => {
            let answer =
                throttled().header("retry-after", http_date(world.now() + Duration::from_secs(seconds)));
            match chance.bool() {
                true => answer.header("date", http_date(world.now())),
                false => answer,
            }
        }
        Fault::ThrottledMillis => throttled().header("retry-after-ms", (seconds * 333).to_string()),
        Fault::ThrottledRateLimit => throttled().header("ratelimit", format!("\"default\";r=0;t={seconds}")),
        Fault::ThrottledSilently => throttled(),
        Fault::Echo => echo(request, chance),
        _ => return None,
    })
}

/// An error that repeats a secret of the request, in any of its spellings.
fn echo(request: &Request, chance: &mut Rng) -> Answer {
    let header = request.secret_headers.get(chance.usize(..request.secret_headers.len().max(1)));
    let (status, secret) = match (header, &request.body) {
        (Some((_, secret)), _) => (422, secret.expose().trim_start_matches("Bearer ")),
        (None, Some(Body::Secret(form))) => (503, form.expose()),
        _ => (422, ""),
    };
    let spellings = spellings(secret);
    let said = spellings.get(chance.usize(..spellings.len().max(1))).map_or("", String::as_str);
    let field = serde_json::Value::from(said);
    let problem = serde_json::json!({
        "title": format!("refused: {said}"),
        "status": status,
        "traceId": field,
        "errors": { said: [field] },
    });
    Answer::status(status, &problem.to_string())
}

/// Whether it comes in the place of an answer.
fn refuses(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::ResetAfter
            | Fault::LiedTimeout
            | Fault::Silence
            | Fault::Internal
            | Fault::BadGateway
            | Fault::Unavailable
            | Fault::UnavailableHinted
            | Fault::GatewayTimeout
    )
}

/// What comes in the place of an answer.
pub(super) fn refusal(fault: Fault, chance: &mut Rng) -> Answer {
    match fault {
        Fault::Silence => Answer::failed(Reason::Connection, Sent::Maybe).later(Duration::MAX),
        Fault::Internal => Answer::status(500, &problem(500, "Something went wrong")),
        Fault::BadGateway => Answer::status(502, PAGE),
        Fault::Unavailable => Answer::status(503, &problem(503, "Unavailable")),
        Fault::UnavailableHinted => Answer::status(503, &problem(503, "Unavailable"))
            .header("retry-after", chance.u8(0..4).to_string()),
        Fault::GatewayTimeout => Answer::status(504, PAGE),
        Fault::LiedTimeout => Answer::failed(Reason::Connect, Sent::Maybe),
        _ => Answer::failed(Reason::Connection, Sent::Maybe),
    }
}

/// An answer that this befalls; itself where it does not apply.
fn spoilt(
    natural: Answer,
    fault: Fault,
    duplicate: Option<Bytes>,
    chance: &mut Rng,
) -> Result<Answer, Answer> {
    let body = natural.success().cloned();
    match (fault, body, duplicate) {
        (Fault::CutOff, _, _) if natural.result.is_ok() => {
            Ok(natural.with_body(Err(BodyError::Broken("ConnectionTerminated".to_owned()))))
        }
        (Fault::Delayed, _, _) => {
            let later = between(chance, &(Duration::from_millis(500)..Duration::from_secs(20)));
            Ok(natural.later(later))
        }
        (Fault::TruncatedJson, Some(body), _) => {
            let cut = chance.usize(1..body.len());
            Ok(natural.with_body(Ok(body.slice(..cut))))
        }
        (Fault::Html200, Some(_), _) => Ok(natural.with_body(Ok(Bytes::from_static(PAGE.as_bytes())))),
        (Fault::WrongContent, Some(_), _) => {
            let wrong = WRONG.get(chance.usize(..WRONG.len())).copied().unwrap_or_default();
            Ok(natural.with_body(Ok(Bytes::from_static(wrong.as_bytes()))))
        }
        (Fault::DuplicatePage, Some(_), Some(duplicate)) => Ok(natural.with_body(Ok(duplicate))),
        _ => Err(natural),
    }
}

/// The vendor's clock is the true one.
fn http_date(at: Duration) -> String {
    let start = u64::try_from(penstock::host::simulated::START.as_millis()).unwrap_or_default();
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(start) + at)
}
