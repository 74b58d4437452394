//! A model of ServiceTitan, with two tenants and all that can befall it.
//!
//! It acts when a request is sent, and says then what comes back and when. [`auth`]:
//! access tokens. [`lists`], [`records`], [`job_types`], [`writes`]: what it holds. [`limits`]: its limit.
//! [`faults`], [`fault_profile`]: what goes wrong, request by request and for a while.

mod auth;
mod fault_profile;
mod faults;
mod job_types;
mod limits;
mod lists;
mod records;
mod writes;

pub(crate) use self::{
    auth::Rotation,
    fault_profile::{BrownOut, FaultProfile, Outage, Style, TokenEndpoint},
    job_types::{JobTypes, KINDS},
    limits::{LENGTH, LIMIT},
    lists::{Changes, Kind, List, SPAN, Sorting},
    writes::{FIRST_WRITE, Verb, Write},
};

use crate::{fault::Fault, trace::Who, world::World};
use bytes::Bytes;
use fastrand::Rng;
use penstock::{
    host::{BodyError, Request, Response, SendError},
    policy::classify::{Reason, Sent},
};
use std::{collections::BTreeMap, time::Duration};

/// The tenants: of the default account, and of the account `north`.
pub(crate) const TENANTS: [u64; 2] = [1234, 77];

/// What the paths of the account `north` begin with, after the module.
pub(crate) const NORTH_PATH: &str = "/tenant/77/";

/// The app's key, the same for both tenants.
pub(crate) const APP_KEY: &str = "canary-app-key-canary";

pub(crate) struct Vendor {
    chance: Rng,
    /// By tenant.
    doors: BTreeMap<u64, auth::Door>,
    windows: BTreeMap<u64, limits::Window>,
    /// When tokens were asked for.
    token_times: Vec<Duration>,
    /// Every list, whatever its tenant; its place is its number.
    pub lists: Vec<List>,
    /// Every write that anybody means to make, by the id that it is about.
    pub writes: BTreeMap<u64, Write>,
    /// What rarely changes.
    pub job_types: JobTypes,
    /// What befalls requests.
    pub fault_profile: FaultProfile,
    /// What befalls requests for tokens.
    pub token_endpoint: TokenEndpoint,
    /// How long an answer takes when nothing is wrong.
    pub latency: std::ops::Range<Duration>,
}

/// What comes back, and when.
pub(crate) struct Answer {
    /// How long it takes.
    pub after: Duration,
    /// What it is.
    pub result: Result<Response, SendError>,
    /// The credential, if a token was asked for.
    pub credential: Option<String>,
}

impl Vendor {
    pub(crate) fn new(seed: u64) -> Vendor {
        let life = Duration::from_secs(900);
        Vendor {
            chance: Rng::with_seed(seed),
            doors: TENANTS.iter().map(|tenant| (*tenant, auth::Door::new(*tenant, life))).collect(),
            windows: BTreeMap::new(),
            token_times: Vec::new(),
            lists: Vec::new(),
            writes: BTreeMap::new(),
            job_types: JobTypes::default(),
            fault_profile: FaultProfile::default(),
            token_endpoint: TokenEndpoint::default(),
            latency: Duration::from_millis(20)..Duration::from_millis(80),
        }
    }

    /// A tenant's client id.
    pub(crate) fn client(tenant: u64) -> String {
        auth::client(tenant)
    }

    /// A tenant's first client secret.
    pub(crate) fn first_secret(tenant: u64) -> String {
        auth::secret(tenant, 0)
    }

    /// How a tenant lets requests in.
    pub(crate) fn door(&mut self, tenant: u64) -> Option<&mut auth::Door> {
        self.doors.get_mut(&tenant)
    }

    /// A further list; returns its number.
    pub(crate) fn hold(&mut self, list: List) -> usize {
        self.lists.push(list);
        self.lists.len() - 1
    }

    /// Until then and for two windows more, the limits may be passed: the store lies.
    pub(crate) fn excuse(&mut self, until: Duration) {
        for tenant in TENANTS {
            self.windows.entry(tenant).or_default().newcomer(until);
        }
    }

    /// An instance joins those who share a tenant's limit, just as the store is back.
    pub(crate) fn newcomer(&mut self, tenant: u64, now: Duration) {
        self.windows.entry(tenant).or_default().newcomer(now);
    }

    /// Keeps from now on when each request to the API comes.
    pub(crate) fn keep_times(&mut self) {
        for tenant in TENANTS {
            self.windows.entry(tenant).or_default().times = Some(Vec::new());
        }
    }

    /// When each request of a tenant came.
    pub(crate) fn times(&self, tenant: u64) -> &[Duration] {
        self.windows.get(&tenant).and_then(|window| window.times.as_deref()).unwrap_or_default()
    }

    /// When each request came, those for tokens included.
    pub(crate) fn all_times(&self) -> impl Iterator<Item = Duration> {
        TENANTS.iter().flat_map(|tenant| self.times(*tenant)).chain(&self.token_times).copied()
    }

    /// Takes a request.
    pub(crate) fn answer(&mut self, world: &World, who: Who, request: &Request) -> Answer {
        let usual = between(&mut self.chance, &self.latency);
        let mut answer = match request.authority.starts_with("auth.") {
            true => {
                self.token_times.push(world.now());
                self.token(world, who, request)
            }
            false => self.call(world, who, request),
        };
        answer.after = answer.after.saturating_add(usual);
        if let Some(slower) = self.fault_profile.slower(world, who) {
            answer.after = answer.after.saturating_add(slower);
        }
        answer
    }

    fn call(&mut self, world: &World, who: Who, request: &Request) -> Answer {
        let tenant = tenant_of(&request.path_and_query);
        let within = self.windows.entry(tenant).or_default().sent(world, tenant);
        if let Some(answer) = self.fault_profile.outage(world, who, &mut self.chance) {
            return answer;
        }
        let fault = self.fault_profile.draw(&mut self.chance);
        match fault {
            Some(fault) => self.disturbed(world, who, request, tenant, fault),
            None if !within => {
                Answer::status(429, &problem(429, "Too many requests")).header("retry-after", "1")
            }
            None => self.natural(world, who, request, tenant),
        }
    }

    /// What the vendor answers when nothing is wrong with the way there and back.
    fn natural(&mut self, world: &World, who: Who, request: &Request, tenant: u64) -> Answer {
        let Some(door) = self.doors.get_mut(&tenant) else {
            return Answer::status(404, &problem(404, "No tenant"));
        };
        if let Err(answer) = door.admit(world, who, request) {
            return answer;
        }
        let path = request.path_and_query.split('?').next().unwrap_or_default();
        let mut parts = path.split('/').skip(5);
        let route = [parts.next(), parts.next(), parts.next(), parts.next()].map(Option::unwrap_or_default);
        match (request.method, route) {
            ("GET", ["jobs", "", "", ""]) => {
                let list = lists::parameter(request, "number").and_then(|name| name.strip_prefix('c'));
                self.page(world, request, tenant, list.and_then(|list| list.parse().ok()))
            }
            ("GET", ["work-breakdown-structure", "projects", list, "segments"]) => {
                self.page(world, request, tenant, list.parse().ok())
            }
            ("GET", ["export", "jobs", "", ""]) => self.feed(request, tenant),
            ("GET", ["jobs", id, "", ""]) => records::get(tenant, id),
            ("GET", ["job-types", "", "", ""]) => self.job_types.page(tenant),
            ("GET", ["job-types", id, "", ""]) => self.job_types.get(tenant, id),
            ("GET", _) => Answer::status(404, &problem(404, "No such resource")),
            _ => self.write(world, request, tenant),
        }
    }
}

impl Answer {
    pub(crate) fn status(status: u16, body: &str) -> Answer {
        let body = Ok(Bytes::copy_from_slice(body.as_bytes()));
        Answer {
            after: Duration::ZERO,
            result: Ok(Response { status, headers: Vec::new(), body }),
            credential: None,
        }
    }

    pub(crate) fn failed(reason: Reason, sent: Sent) -> Answer {
        let detail = "ConnectionTerminated".to_owned();
        Answer { after: Duration::ZERO, result: Err(SendError { reason, sent, detail }), credential: None }
    }

    /// The same, later.
    pub(crate) fn later(self, after: Duration) -> Answer {
        Answer { after: self.after.saturating_add(after), ..self }
    }

    /// The same with a header field.
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Answer {
        if let Ok(response) = &mut self.result {
            response.headers.push((name.to_owned(), value.into()));
        }
        self
    }

    /// The same with another body, if it is a success with one.
    pub(crate) fn with_body(mut self, body: Result<Bytes, BodyError>) -> Answer {
        if let Ok(response) = &mut self.result {
            response.body = body;
        }
        self
    }

    /// The body of a success.
    pub(crate) fn success(&self) -> Option<&Bytes> {
        let response = self.result.as_ref().ok()?;
        let body = response.body.as_ref().ok()?;
        ((200..300).contains(&response.status) && !body.is_empty()).then_some(body)
    }
}

/// The vendor's problem document.
pub(crate) fn problem(status: u16, title: &str) -> String {
    format!(
        r#"{{"type":"about:blank","title":"{title}","status":{status},"traceId":"t-{status}","errors":{{}},"data":{{}}}}"#
    )
}

/// A time in a range.
pub(crate) fn between(chance: &mut Rng, range: &std::ops::Range<Duration>) -> Duration {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let (start, end) = (micros(range.start), micros(range.end));
    Duration::from_micros(if start < end { chance.u64(start..end) } else { start })
}

/// `/jpm/v2/tenant/1234/...`
fn tenant_of(path: &str) -> u64 {
    path.split('/').nth(4).and_then(|tenant| tenant.parse().ok()).unwrap_or_default()
}

/// Whether the vendor acted before it failed.
fn acted(fault: Fault, chance: &mut Rng) -> bool {
    match fault {
        Fault::ResetAfter => true,
        Fault::LiedTimeout
        | Fault::Silence
        | Fault::Internal
        | Fault::BadGateway
        | Fault::Unavailable
        | Fault::UnavailableHinted
        | Fault::GatewayTimeout => chance.bool(),
        _ => false,
    }
}
