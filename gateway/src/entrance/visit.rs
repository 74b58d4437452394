//! One request on its way in and out.

use super::{
    Counts, address, asked,
    audit::{Actor, Conclusion},
    cors::{RATE_LIMIT, RATE_LIMIT_POLICY},
    family::Family,
    protection,
    refusals::Refusal,
    settled::{Keys, Settled},
};
#[cfg(feature = "oidc")]
use crate::oidc;
use crate::{
    admission,
    answer::{self, CALL_ID},
    gateway::Gateway,
    keys::{self, Counted, Key, Overrun, Standing},
    problem::Problem,
    request::Head,
    route::{self, Entry, Found},
    trace::Trace,
};
use http::{Response, StatusCode};
use penstock::{
    client::{Client, LogLine},
    contract::{FieldError, catalogue::Operation},
    entry::dynamic,
    host::Host,
    policy::time::{Tick, millis},
    settings::common::LogLevel,
};
use std::{net::IpAddr, rc::Rc};

/// What is known of one request so far.
pub struct Visit<'g, H: Host> {
    client: &'g Client<H>,
    counts: &'g Counts,
    head: &'g Head,
    trace: &'g Trace,
    began: Tick,
    family: Family,
    keys: Option<Rc<Keys>>,
    key: Option<Rc<Key>>,
    /// The key, also where none is needed.
    reader: Option<Rc<Key>>,
    operation: Option<&'static Operation>,
    place: Option<&'static str>,
    is_drop_in: bool,
    counted: Vec<Counted>,
    standings: Vec<Standing>,
    refusal: Option<Refusal>,
    /// Why it was not let in, for the log.
    why: Option<String>,
    /// Who does what, until it is told what came of it.
    act: Option<(Actor, &'static str)>,
    /// What came of the call that a message asked for: the response's own status says of the message alone.
    call: Option<Conclusion>,
}

impl<'g, H: Host> Visit<'g, H> {
    /// One of which nothing was looked at yet.
    #[must_use]
    pub fn new(gateway: &'g Gateway<H>, head: &'g Head, trace: &'g Trace) -> Self {
        let client = gateway.client();
        Visit {
            client,
            counts: gateway.counts(),
            head,
            trace,
            began: client.host().now(),
            family: Family::Other,
            keys: None,
            key: None,
            reader: None,
            operation: None,
            place: None,
            is_drop_in: false,
            counted: Vec::new(),
            standings: Vec::new(),
            refusal: None,
            why: None,
            act: None,
            call: None,
        }
    }

    /// The span of the request.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        self.trace
    }

    /// Who it is that came in, for the audit; none before.
    #[must_use]
    pub fn actor(&self) -> Option<Actor> {
        self.key.as_ref().map(|key| Actor::new(&key.name, self.head, self.trace))
    }

    /// The name of the key that it came with; empty before it came in.
    #[must_use]
    pub fn api_key(&self) -> String {
        self.key.as_ref().map(|key| key.name.clone()).unwrap_or_default()
    }

    /// The key that it came with, needed or not.
    #[must_use]
    pub fn reader(&self) -> Option<&Key> {
        self.reader.as_deref()
    }

    /// Whether it came with a key, and one that is for all accounts: what they lack is not for those who may
    /// not know of them.
    #[must_use]
    pub fn sees_all(&self) -> bool {
        self.reader.as_ref().is_some_and(|key| key.may_see_all().is_ok())
    }

    /// Lets the request in or not, once it is known what it asks for. Answers what it is to be
    /// answered with, if that is known already: a preflight.
    ///
    /// # Errors
    /// 401, 403 and 429 for who may not come in, or not now; 503 and 500 when nobody can.
    pub async fn enter(
        &mut self,
        gateway: &Gateway<H>,
        found: &Found,
    ) -> Result<Option<Response<String>>, Problem> {
        self.family = Family::of(found);
        if matches!(found, Found::Live) {
            // Whoever asks whether the instance lives waits for nothing.
            return Ok(None);
        }
        self.place = asked::place(found);
        self.is_drop_in = matches!(found, Found::DropIn { .. });
        let keys = gateway.keys().await;
        self.keys = Some(Rc::clone(&keys));
        if let Some(preflight) = self.settled().and_then(|settled| settled.cors.preflight(self.head)) {
            return Ok(Some(preflight));
        }
        let entry = match route::entry(self.head.path()) {
            Entry::Docs if gateway.has_public_docs().await => Entry::Open,
            entry => entry,
        };
        if entry == Entry::Open {
            if !asked::is_proved_later(found) {
                match self.admit(gateway, &keys, Entry::Key).await {
                    Ok(key) => self.reader = Some(key),
                    Err(_) if self.family == Family::Health => {}
                    Err(_) => self.count_address()?,
                }
            }
            return Ok(None);
        }
        let admitted = self.admit(gateway, &keys, entry).await;
        let key = match admitted {
            Ok(key) => key,
            Err(problem) => {
                self.why = Some(problem.detail().to_owned());
                self.refusal = Some(match problem.status() {
                    StatusCode::UNAUTHORIZED => Refusal::Unauthorized,
                    StatusCode::FORBIDDEN => Refusal::Forbidden,
                    _ => Refusal::Shut,
                });
                if self.refusal != Some(Refusal::Shut) {
                    self.count_address()?;
                }
                return Err(self.with_issuer(problem, found));
            }
        };
        self.key = Some(Rc::clone(&key));
        self.reader = Some(Rc::clone(&key));
        let asked = asked::operation(found);
        self.operation = asked.map(|(operation, _)| operation);
        // A batch counts once it is known how many calls it has.
        if !matches!(found, Found::Batch { .. }) {
            self.count_request().await?;
        }
        asked::may(&key, found, asked).inspect_err(|_| self.refusal = Some(Refusal::Forbidden))?;
        self.act = self.actor().and_then(|actor| asked::act(actor, self.head, found, asked));
        Ok(None)
    }

    /// Tells what came of what is to be told.
    pub fn conclude(&mut self, response: &Response<String>) {
        if let Some((actor, operation)) = self.act.take() {
            actor.write(self.client.host(), operation, &Conclusion::of(response));
        }
    }

    /// The key that the request came with.
    async fn admit(&self, gateway: &Gateway<H>, keys: &Keys, entry: Entry) -> Result<Rc<Key>, Problem> {
        let headers = &self.head.headers;
        if entry == Entry::Token
            && let Some((provider, account)) = route::drop_in_account(self.head.path())
        {
            return admission::admit_drop_in(gateway, (provider, &account), keys, headers).await;
        }
        admission::admit(gateway, keys, headers).await
    }

    /// Whose bearer tokens are accepted, if anybody's.
    #[cfg(feature = "oidc")]
    #[must_use]
    pub fn issuer(&self) -> Option<&oidc::Settings> {
        self.settled()?.oidc.as_deref()
    }

    /// A refusal of an agent, with where it can learn of the issuer.
    #[cfg(feature = "oidc")]
    fn with_issuer(&self, problem: Problem, found: &Found) -> Problem {
        let is_asked = matches!(found, Found::Mcp) && problem.status() == StatusCode::UNAUTHORIZED;
        match self.issuer().filter(|_| is_asked).and_then(oidc::metadata::place) {
            Some(place) => problem.with_resource_metadata(&place),
            None => problem,
        }
    }

    #[cfg(not(feature = "oidc"))]
    fn with_issuer(&self, problem: Problem, _: &Found) -> Problem {
        problem
    }

    /// Whether the request comes from no page of the web, or from one that may call.
    #[must_use]
    pub fn admits_origin(&self) -> bool {
        self.settled().is_some_and(|settled| settled.cors.admits(self.head))
    }

    /// Whether the key is for a call that a message asks for.
    ///
    /// # Errors
    /// 403.
    pub fn may(&mut self, operation: &'static Operation, account: &str) -> Result<(), Problem> {
        let Some(key) = self.key.clone() else { return Ok(()) };
        self.operation = Some(operation);
        key.may(operation, account).inspect_err(|_| self.refusal = Some(Refusal::Forbidden))
    }

    /// Lets a call in that a message asks for. The message itself was counted; this counts in the rates
    /// of the operation. Each is in the audit, a read too: [`conclude_call`](Self::conclude_call) or whoever
    /// [takes](Self::take_act) it tells what came of it.
    ///
    /// # Errors
    /// 403 and 429.
    pub async fn enter_call(&mut self, operation: &'static Operation, account: &str) -> Result<(), Problem> {
        self.may(operation, account)?;
        let Some(key) = self.key.clone() else { return Ok(()) };
        let counted = key.counted(&[operation], 0);
        self.count_calls(&key, counted).await?;
        let actor = self.actor().map(|actor| actor.on(operation.provider, account));
        self.act = actor.map(|actor| (actor, operation.name));
        Ok(())
    }

    /// Tells what came of what a message asked for, in the audit if it was let in, and in the line and the
    /// counters of the request in any case.
    pub fn conclude_call(&mut self, conclusion: Conclusion) {
        if let Some((actor, operation)) = self.act.take() {
            actor.write(self.client.host(), operation, &conclusion);
        }
        self.call = Some(conclusion);
    }

    /// Who does what, for an answer that is yet to come, whose maker tells what comes of it.
    #[must_use]
    pub fn take_act(&mut self) -> Option<(Actor, &'static str)> {
        self.act.take()
    }

    /// Counts the request in the rates of its key.
    ///
    /// # Errors
    /// 429.
    pub async fn count_request(&mut self) -> Result<(), Problem> {
        let Some(key) = self.key.clone() else { return Ok(()) };
        let counted = key.counted(self.operation.as_slice(), 1);
        self.count_calls(&key, counted).await
    }

    /// Looks whether the key is for these calls of a batch, by the names of their operations, and
    /// counts them, all or none.
    ///
    /// # Errors
    /// 400 if they are more than the key may make at once, 403 and 429.
    pub async fn enter_batch(
        &mut self,
        provider: &str,
        account: &str,
        operations: &[&str],
    ) -> Result<(), Problem> {
        let Some(key) = self.key.clone() else { return Ok(()) };
        // What is not known is named by whoever makes the calls.
        let known = operations.iter().filter_map(|name| dynamic::operation(provider, name).ok());
        let known: Vec<_> = known.collect();
        for operation in &known {
            key.may(operation, account).inspect_err(|_| self.refusal = Some(Refusal::Forbidden))?;
        }
        let calls = u32::try_from(operations.len()).unwrap_or(u32::MAX);
        let too_many =
            key.counted(&known, calls).into_iter().find(|counted| counted.calls > counted.rate.count);
        if let Some(Counted { operation, rate, calls }) = too_many {
            let of = of(operation);
            let message = format!("are {calls}{of}, and the key may make {rate}");
            return Err(Problem::from(FieldError::new("calls", message)));
        }
        let counted = key.counted(&known, calls.max(1));
        self.count_calls(&key, counted).await
    }

    /// Whether a delivery of a webhook was the provider's, or who asks for a token had a key. Who had none counts
    /// like everybody without.
    ///
    /// # Errors
    /// 429 when its address sends too many of those.
    pub fn proved(&mut self, is_proved: bool) -> Result<(), Problem> {
        if is_proved { Ok(()) } else { self.count_address() }
    }

    /// Counts calls in rates of the key.
    async fn count_calls(&mut self, key: &Key, counted: Vec<Counted>) -> Result<(), Problem> {
        let is_shared = self.settled().is_some_and(|settled| settled.shares_limits);
        let host = self.client.host();
        let taken = self.counts.quotas.take(host, key, &counted, is_shared).await;
        for one in counted {
            let known = |other: &Counted| (other.operation, other.rate) == (one.operation, one.rate);
            if !self.counted.iter().any(known) {
                self.counted.push(one);
            }
        }
        let (standings, refused) = match taken {
            Ok(standings) => (standings, Ok(())),
            Err(Overrun { standing, wait }) => {
                let (rate, of) = (standing.rate, of(standing.operation));
                let detail = format!("{} may make {rate} calls{of}", key.called());
                self.refusal = Some(Refusal::RateLimited);
                let name = keys::rate_name(standing.operation, standing.rate);
                self.counts.metrics.borrow_mut().limited(key.label(), &name);
                (vec![standing], Err(Problem::rate_limited(&detail, wait)))
            }
        };
        for new in standings {
            self.standings.retain(|old| (old.operation, old.rate) != (new.operation, new.rate));
            self.standings.push(new);
        }
        refused
    }

    /// Counts a request that has no key that is accepted.
    fn count_address(&mut self) -> Result<(), Problem> {
        let Some(rate) = self.settled().and_then(|settled| settled.address_rate) else { return Ok(()) };
        let Some(address) = self.address() else { return Ok(()) };
        let now = self.client.host().now();
        let taken = self.counts.addresses.borrow_mut().take(rate, address, now);
        taken.map_err(|wait| {
            self.refusal = Some(Refusal::AddressLimited);
            let detail = format!("an address may send {rate} requests without a key that is valid");
            Problem::rate_limited(&detail, wait)
        })
    }

    fn settled(&self) -> Option<&Settled> {
        match self.keys.as_deref() {
            Some(Ok(Ok(settled))) => Some(settled),
            _ => None,
        }
    }

    fn address(&self) -> Option<IpAddr> {
        address::of(&self.head.headers, &self.settled()?.proxies)
    }

    /// Puts on an answer what it says of the key's rates, and what browsers may do with it; and
    /// writes the log line.
    pub fn leave<B>(&self, response: &mut Response<B>) {
        let headers = response.headers_mut();
        answer::set(headers, RATE_LIMIT_POLICY, &keys::policy(&self.counted));
        answer::set(headers, RATE_LIMIT, &keys::standing(&self.standings));
        let is_shared = self.settled().is_some_and(|settled| settled.cors.mark(self.head, headers));
        protection::protect(headers, is_shared);
        self.log(response);
    }

    fn count(&self, status: StatusCode, refusal: Option<Refusal>) {
        let mut metrics = self.counts.metrics.borrow_mut();
        let key = self.key.as_ref().map_or("", |key| key.label());
        metrics.request(key, self.family, status);
        if let Some(why) = refusal {
            metrics.refusal(key, why);
        }
    }

    fn log<B>(&self, response: &Response<B>) {
        let host = self.client.host();
        let now = host.now();
        let told = self.call.as_ref();
        // What failed within a message has failed.
        let called = told.and_then(|call| StatusCode::from_u16(call.status?).ok());
        let status = called.unwrap_or(response.status());
        // The endpoint of tokens refuses in its own words.
        let is_refused = status == StatusCode::UNAUTHORIZED && self.key.is_none();
        let refusal = self.refusal.or(is_refused.then_some(Refusal::Unauthorized));
        self.count(status, refusal);
        let suppressed = match refusal {
            Some(kind) => match self.counts.refusals.borrow_mut().due(kind, now) {
                Some(suppressed) => Some(suppressed),
                None => return,
            },
            None => None,
        };
        let level = match refusal {
            Some(_) => LogLevel::Warn,
            None if status.is_server_error() && self.key.is_some() => LogLevel::Warn,
            None if self.key.is_some() => LogLevel::Info,
            None => LogLevel::Debug,
        };
        if level > self.settled().map_or(LogLevel::Info, |settled| settled.log_level) {
            return;
        }
        let route = match self.place {
            Some(place) => Some(place.to_owned()),
            None => self.operation.and_then(|operation| asked::template(operation, self.is_drop_in)),
        };
        let call_id = response.headers().get(CALL_ID).and_then(|id| id.to_str().ok());
        let call_id = call_id.or_else(|| told.and_then(|call| call.call_id.as_deref()));
        let is_unknown = self.key.is_none() && refusal.is_some();
        let event = if refusal.is_some() { "refused" } else { "request" };
        LogLine::new(host.wall_now(), level, event)
            .with_some("refusal", refusal.map(Refusal::name))
            .with_some("error.message", self.why.as_deref())
            .with("http.request.method", self.head.method.as_str())
            .with_some("http.route", route)
            .with_some("operation", self.operation.map(|operation| operation.name))
            .with_some("key", self.key.as_ref().map(|key| key.name.as_str()))
            // The client's address: of those without a key only.
            .with_some(
                "client.address",
                self.address().filter(|_| is_unknown).map(|address| address.to_string()),
            )
            .with("http.response.status_code", response.status().as_u16())
            .with_some("call_status", called.map(|called| called.as_u16()))
            // Until the answer began.
            .with("duration_ms", millis(now.since(self.began)))
            .with_some("call_id", call_id)
            .with_some("correlation_id", self.head.correlation_id())
            .with("trace_id", self.trace.trace_id.as_str())
            .with("span_id", self.trace.span_id.as_str())
            .with_some("suppressed", suppressed.filter(|count| *count > 0))
            .write(host);
    }
}

/// A request that ends without an answer, because its client is gone, may have done what it asked for.
impl<H: Host> Drop for Visit<'_, H> {
    fn drop(&mut self) {
        if let Some((actor, operation)) = self.act.take() {
            actor.write(self.client.host(), operation, &Conclusion::default());
        }
    }
}

/// Of which operation a rate is.
fn of(operation: Option<&str>) -> String {
    operation.map_or_else(String::new, |name| format!(" of `{name}`"))
}
