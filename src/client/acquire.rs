//! All that one attempt needs: a token, the turn of what may be asked for rarely, a permit of
//! the rate limit, the circuit breaker's leave. What was acquired is given back by one drop.
//!
//! The token comes before the limiter, so that nothing is waited for between the limiter's
//! word and the sending: permits that wait for a token would be sent in one burst.

use super::{
    Client,
    accounts::token::present,
    call_state::CallState,
    transport::{
        circuit_breaker::{BreakerPermit, CircuitBreaker},
        limiter::{GroupKey, Permit},
        request::Authorization,
    },
};
use crate::{
    contract::Failure,
    failure::outcome,
    host::{
        Host,
        timeout::{timeout, timeout_at},
    },
    policy::{
        breaker::Open,
        classify::{Class, Effect, Fault, Reason},
        limiter::{gcra::RateLimit, queue::Caller},
        retry::{Decision, Repeat},
        time::{Tick, unit},
    },
};
use std::{rc::Rc, time::Duration};

/// A breaker that is asked too early says when to come back; a patient call comes back
/// this much later at most, so that they do not all come in one instant.
const SPREAD: Duration = Duration::from_millis(100);

/// Files wait for places, not for a rate.
const UNHURRIED: RateLimit = RateLimit { count: 1_000, window: Duration::from_millis(1), burst: 1_000 };

/// All that one attempt needs. Dropped, it counts as not sent.
pub(crate) struct Acquired {
    pub(crate) authorization: Authorization,
    /// The right to send one request, now, and its place among those in flight.
    pub(crate) permit: Permit,
    /// The circuit breaker's leave, if it is switched on.
    pub(crate) breaker: Option<BreakerPermit>,
    /// All the time that the attempt may take.
    pub(crate) time: Duration,
}

/// The limits that the attempts of one call are under.
pub(crate) struct CallLimits {
    /// What is limited together. What has a limit of its own is guarded by itself: slow
    /// reports say nothing of jobs.
    pub(crate) group: GroupKey,
    /// Whether the group is one resource with a minimum interval, and not the tenant.
    own_group: bool,
    /// The least time between two requests, if there is one.
    interval: Option<Duration>,
    pub(crate) breaker: Rc<CircuitBreaker>,
    /// For how long an attempt of this call has opened it, until others are told.
    pub(crate) opened: Option<Duration>,
    caller: Caller,
    /// Since when it waits to be sent: whatever holds it up, its place is kept.
    pub(crate) queued_since: Tick,
    /// The turn of a resource with a minimum interval.
    turn: Option<Permit>,
    /// The place among the files under way.
    pub(crate) file: Option<Permit>,
    /// Whether the token was gone when the permit came.
    token_lost: bool,
}

impl CallLimits {
    /// Tells the limiters what came of an attempt. The turn of a minimum interval stays with a
    /// call whose token was refused: such a request is not counted.
    pub(crate) fn tell(&mut self, permit: &Permit, fault: Option<&Fault>, now: Tick) {
        match fault {
            // The provider did let it through.
            Some(Fault { reason: Reason::NoMemory, .. }) => {}
            // A report's own limit does not hold up everything else.
            Some(Fault { class: Class::Throttled, hint, .. }) => match &self.turn {
                Some(turn) => turn.throttled(now, *hint),
                None if !self.own_group => permit.throttled(now, *hint),
                None => {}
            },
            Some(Fault { status: None, .. }) => {}
            _ => self.turn.iter().chain([permit]).for_each(|permit| permit.succeeded(now)),
        }
        if fault.is_none_or(|fault| fault.class != Class::TokenRejected) {
            self.turn = None;
        }
    }
}

impl<H: Host> Client<H> {
    /// The limits of a call, which begins to wait now.
    pub(crate) fn limits_of(&self, state: &CallState<'_>) -> CallLimits {
        let account = &state.account;
        let rare = state.minimum_interval.as_ref();
        let own = rare.map(|rare| GroupKey::new(&format!("{}/{}", account.group, rare.resource)));
        let own_group = own.is_some();
        let group = own.unwrap_or_else(|| account.group.clone());
        let breaker =
            self.transport.breakers.of(group.as_str(), state.settings.breaker_policy, self.host.now());
        breaker.called(self.host.now());
        CallLimits {
            group,
            own_group,
            interval: rare.map(|rare| rare.interval).filter(|interval| !interval.is_zero()),
            breaker,
            opened: None,
            caller: state.context.caller.unwrap_or_else(|| self.caller()),
            queued_since: state.context.queued_since.unwrap_or(state.context.began),
            turn: None,
            file: None,
            token_lost: false,
        }
    }

    /// Waits until one attempt has all that it needs.
    ///
    /// # Errors
    /// What cannot be had before the deadline, and why.
    pub(crate) async fn acquire(
        &self,
        state: &mut CallState<'_>,
        limits: &mut CallLimits,
    ) -> Result<Acquired, Failure> {
        let harmless = state.retry.repeat() == Repeat::Harmless;
        let shares = state.settings.breaker && state.settings.share_limits;
        if shares && limits.breaker.asks(self.host.now()) {
            // Boxed: it is so once in an instance's life.
            let hearing = Box::pin(self.hear_of_breaker(state, limits));
            timeout_at(&*self.host, Some(state.retry.deadline()), hearing).await;
        }
        loop {
            if state.settings.breaker
                && let Err(open) = limits.breaker.check(self.host.now(), harmless)
            {
                self.wait_for_breaker(state, open).await?;
                continue;
            }
            // Before the wait for its turn, so that a call without a token takes none.
            let fetched = self.authorized(state).await?.generation;
            if self.acquire_turn(state, limits).await? {
                // The token may be old by now.
                continue;
            }
            let account = &state.account;
            let deadline = state.retry.deadline();
            let admitted = self.transport.limiter.acquire(
                &*self.host,
                &account.group,
                &account.site.rate,
                limits.caller,
                limits.queued_since,
                deadline,
            );
            let permit = admitted.await.map_err(|late| state.not_admitted(late))?;
            // The token may have been replaced meanwhile, or there may be none left.
            // One that lives for a few seconds only is sent all the same, in the end.
            let last = || present(account, fetched).filter(|_| limits.token_lost);
            let Some(authorization) = self.accounts.at_hand(account).or_else(last) else {
                limits.token_lost = true;
                continue;
            };
            let now = self.host.now();
            let leave = state.settings.breaker.then(|| limits.breaker.permit(now, harmless));
            let breaker = match leave.transpose() {
                Ok(breaker) => breaker,
                Err(open) => {
                    drop(permit);
                    self.wait_for_breaker(state, open).await?;
                    continue;
                }
            };
            let Some(time) = state.retry.begin(now) else { return Err(state.late()) };
            return Ok(Acquired { authorization, permit, breaker, time });
        }
    }

    /// Waits for the turn of a resource with a minimum interval, or for the place of a file,
    /// if the call needs it and has none yet. Whether it waited for one.
    async fn acquire_turn(&self, state: &CallState<'_>, limits: &mut CallLimits) -> Result<bool, Failure> {
        let deadline = state.retry.deadline();
        if let Some(interval) = limits.interval.filter(|_| limits.turn.is_none()) {
            let limit = RateLimit::new(1, interval);
            let (caller, since) = (limits.caller, limits.queued_since);
            let intervals = &self.transport.intervals;
            let admitted =
                intervals.acquire(&*self.host, &limits.group, &limit, caller, since, deadline).await;
            limits.turn = Some(admitted.map_err(|late| state.not_admitted(late))?);
            return Ok(true);
        }
        if cfg!(feature = "files") && state.call.operation.file && limits.file.is_none() {
            // Boxed: few calls are for files, and its state would make that of all large.
            limits.file = Some(Box::pin(self.file_place(state, limits)).await?);
            return Ok(true);
        }
        Ok(false)
    }

    /// A place among the files that are under way.
    async fn file_place(&self, state: &CallState<'_>, limits: &CallLimits) -> Result<Permit, Failure> {
        let admitted = self.transport.files.acquire(
            &*self.host,
            &state.account.group,
            &UNHURRIED,
            limits.caller,
            limits.queued_since,
            state.retry.deadline(),
        );
        admitted.await.map_err(|late| state.not_admitted(late))
    }

    /// Waits for the time that the breaker says, if the deadline allows: a whole read as
    /// often as it takes, any other call as often as it may try.
    async fn wait_for_breaker(&self, state: &mut CallState<'_>, open: Open) -> Result<(), Failure> {
        let now = self.host.now();
        let left = now.until(open.until);
        if state.context.patient {
            let wait = left + SPREAD.mul_f64(unit(self.host.random()));
            if wait >= state.retry.time_left(now) {
                return Err(state.unavailable(left));
            }
            self.host.sleep(wait).await;
            return Ok(());
        }
        let fault = Fault {
            reason: Reason::BreakerOpen,
            effect: Effect::NotSent,
            class: Class::Transient,
            status: None,
            hint: Some(left),
        };
        _ = state.retry.begin(now);
        match state.retry.next(now, &fault, unit(self.host.random())) {
            Decision::Resend { after, .. } => self.host.sleep(after).await,
            Decision::GiveUp(_) => return Err(state.unavailable(left)),
        }
        Ok(())
    }

    /// A token within what is left of the deadline; a token endpoint that is down is
    /// asked again by the same rules as any other request.
    async fn authorized(&self, state: &mut CallState<'_>) -> Result<Authorization, Failure> {
        loop {
            let now = self.host.now();
            if state.retry.begin(now).is_none() {
                return Err(state.late());
            }
            let left = state.retry.time_left(now);
            let fetching = self.accounts.authorization(&state.account, &state.settings, now + left);
            let Some(result) = timeout(&*self.host, left, fetching).await else {
                return Err(state.late());
            };
            let refused = match result {
                Ok(authorization) => return Ok(authorization),
                Err(refused) => refused,
            };
            let failure = Failure { outcome: outcome(state.retry.effect()), ..refused.failure };
            let Some(fault) = refused.fault else { return Err(failure) };
            match state.retry.next(self.host.now(), &fault, unit(self.host.random())) {
                Decision::Resend { after, .. } => {
                    self.telemetry.counters.borrow_mut().retry(fault.reason.as_str());
                    self.host.sleep(after).await;
                }
                Decision::GiveUp(give_up) => {
                    state.gave_up = Some(give_up.why);
                    return Err(failure);
                }
            }
        }
    }
}
