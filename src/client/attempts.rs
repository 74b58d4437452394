//! The loop of one call: acquire, send, classify; and again, or not.

use super::{
    Client,
    acquire::{Acquired, CallLimits},
    attempt::{Exchanged, Failed},
    call_state::CallState,
};
use crate::{
    contract::Failure,
    files::Upload,
    host::{Host, timeout::timeout_at},
    policy::{
        breaker::{Outcome as Health, Transition},
        budget::Cost,
        classify::{Class, Effect as Took, Fault},
        failpoint::{self, Failpoint},
        retry::{Decision, Why},
        time::{Tick, millis, unit},
        token::{Generation, Rejection},
    },
    settings::common::LogLevel,
};
use std::time::Duration;

/// How often a call is sent again for nothing because its token was replaced meanwhile.
const MOST_OUTDATED: u32 = 100;

/// How often because its token was revoked that had served others, or because the other
/// credentials are next.
const MOST_REVOKED: u32 = 12;

impl<H: Host> Client<H> {
    /// Sends the request of a call until it is answered or given up.
    ///
    /// # Errors
    /// Everything that can go wrong; the failure says whether the call took effect.
    pub(crate) async fn attempts(&self, state: &mut CallState<'_>) -> Result<Exchanged, Failure> {
        let mut limits = self.limits_of(state);
        loop {
            let acquired = self.acquire(state, &mut limits).await?;
            let generation = acquired.authorization.generation;
            self.writes.stands(&state.context.id, Took::Unknown);
            let result = self.attempt(state, &acquired.authorization, acquired.time).await;
            let mut now = self.host.now();
            let (mut failed, mut cost) = match self.give_back(state, &mut limits, acquired, result, now) {
                Ok(exchanged) => return Ok(exchanged),
                Err(failed) => failed,
            };
            if let Some(open) = limits.opened.take() {
                let telling = Box::pin(self.tell_of_breaker(state, &limits, open));
                timeout_at(&*self.host, Some(state.retry.deadline()), telling).await;
                now = self.host.now();
            }
            // Boxed, like all that few calls do.
            if failed.detail.forbidden && Box::pin(self.tries_others(state, generation)).await {
                failed.fault.class = Class::TokenRejected;
                cost = Cost::of(failed.fault.class);
            }
            let after = self.decide(state, &limits, failed, cost, now)?;
            self.writes.stands(&state.context.id, state.retry.effect());
            self.pause(state, after).await;
            // Only here is it known that a call waits again.
            limits.queued_since =
                if failpoint::on(Failpoint::RetriesComeLast) { Tick::MAX } else { self.host.now() };
        }
    }

    /// Tells the limits, the breaker and the token what came of an attempt, and gives back
    /// what was acquired for it.
    fn give_back(
        &self,
        state: &mut CallState<'_>,
        limits: &mut CallLimits,
        acquired: Acquired,
        mut result: Result<Exchanged, Failed>,
        now: Tick,
    ) -> Result<Exchanged, (Failed, Cost)> {
        let Acquired { authorization, mut permit, breaker, time } = acquired;
        let fault = result.as_ref().err().map(|failed| failed.fault);
        limits.tell(&permit, fault.as_ref(), now);
        // How long a body flows is a matter of its size and the line.
        let took = state.answered.take().unwrap_or(now).since(permit.sent());
        match &mut result {
            // A file is under way until its last byte is here.
            Ok(Exchanged::File(file)) => {
                permit.moves_a_file();
                file.hold(limits.file.take().into_iter().chain([permit]));
            }
            _ => drop(permit),
        }
        if let Some(breaker) = breaker {
            let health = Health::of(fault.as_ref().map_or(Ok(()), Err), time);
            let hint = fault.and_then(|fault| fault.hint);
            let transition = breaker.ended(now, health, took, hint, unit(self.host.random()));
            if let Some(Transition::Opened { until }) = transition {
                limits.opened = Some(now.until(until));
            }
            self.log_transition(state, transition);
        }
        match result {
            Ok(exchanged) => {
                state.account.token.cell.borrow_mut().accepted(authorization.generation, now);
                limits.breaker.succeeded(now, std::mem::take(&mut state.spent));
                Ok(exchanged)
            }
            Err(failed) => {
                // A new token costs nothing, as long as it was the old one's fault.
                let failed = self.tell_token(state, authorization.generation, failed);
                let cost = Cost::of(failed.fault.class);
                Err((failed, cost))
            }
        }
    }

    /// Tells the token's cell what a failed attempt says of it.
    fn tell_token(&self, state: &mut CallState<'_>, generation: Generation, mut failed: Failed) -> Failed {
        let token = &state.account.token;
        let mut cell = token.cell.borrow_mut();
        match (failed.fault.class, failed.fault.status) {
            (Class::TokenRejected, _) => {
                // The API is the first to see a key that no token endpoint has looked at.
                if state.provider.auth().is_static_key() && cell.secret(generation).is_some() {
                    token.mark_rejected(&failed.detail.message, failed.fault.status);
                }
                // No fault of the call's own, as often as it happens within reason: then it
                // costs no attempt. What refuses its own operation with 401 for ever, while the
                // tokens serve others, must not fetch tokens for ever.
                let refusals = &mut state.token_refusals;
                let (count, most) = match cell.rejected(generation, self.host.now()) {
                    Rejection::Outdated => (&mut refusals.outdated, MOST_OUTDATED),
                    Rejection::Revoked | Rejection::Rotated => (&mut refusals.revoked, MOST_REVOKED),
                    Rejection::Unserved => (&mut refusals.unserved, 0),
                };
                *count += 1;
                if *count <= most {
                    state.retry.refresh_again();
                } else if most > 0 {
                    failed.fault.class = Class::Transient;
                }
            }
            // That is yet to be found out.
            _ if failed.detail.forbidden => {}
            (_, Some(_)) => cell.accepted(generation, self.host.now()),
            _ => {}
        }
        drop(cell);
        failed
    }

    /// Whether the call is sent again with other credentials, because of a 403 that may be the fault of
    /// those that it had. Once: a 403 was not applied, and the next one stands.
    async fn tries_others(&self, state: &mut CallState<'_>, generation: Generation) -> bool {
        let deadline = state.retry.deadline();
        // Told in any case: those that were tried may be what is refused.
        let others = self.accounts.forbidden(&state.account, generation, deadline).await;
        if !others || state.token_refusals.forbidden > 0 {
            return false;
        }
        state.token_refusals.forbidden += 1;
        state.retry.refresh_again();
        true
    }

    /// Whether to send again, and after how long.
    ///
    /// # Errors
    /// The failure of the call, if not.
    fn decide(
        &self,
        state: &mut CallState<'_>,
        limits: &CallLimits,
        failed: Failed,
        cost: Cost,
        now: Tick,
    ) -> Result<Again, Failure> {
        let body_gone = state.call.upload.as_ref().is_some_and(Upload::is_taken);
        let why = match state.retry.next(now, &failed.fault, unit(self.host.random())) {
            Decision::GiveUp(give_up) => return Err(state.give_up(failed, give_up)),
            Decision::Resend { .. } if body_gone => Why::BodyGone,
            Decision::Resend { after, .. } if limits.breaker.may_retry(now, cost, &mut state.spent) => {
                return Ok(Again { after, fault: failed.fault });
            }
            Decision::Resend { .. } => Why::OverBudget,
        };
        let give_up = state.retry.given_up(why, failed.fault.hint);
        Err(state.give_up(failed, give_up))
    }

    /// Waits before the next attempt.
    async fn pause(&self, state: &CallState<'_>, Again { after, fault }: Again) {
        let reason = fault.reason.as_str();
        self.telemetry.counters.borrow_mut().retry(reason);
        self.telemetry.log(LogLevel::Debug, "retry", |line| {
            line.with("call_id", state.context.id.as_str())
                .with("operation", state.call.operation.name)
                .with("reason", reason)
                .with_some("http.response.status_code", fault.status)
                .with("retry_in_ms", millis(after))
        });
        if !after.is_zero() {
            self.host.sleep(after).await;
        }
    }

    /// Logs what became of a circuit breaker.
    fn log_transition(&self, state: &CallState<'_>, transition: Option<Transition>) {
        let Some(transition) = transition else { return };
        let (level, is) = match transition {
            Transition::Opened { .. } => (LogLevel::Warn, "open"),
            Transition::Closed => (LogLevel::Info, "closed"),
        };
        self.telemetry.log(level, "breaker", |line| {
            let line = line.with("account", state.account.name.as_str()).with("state", is);
            match transition {
                Transition::Opened { until } => line.with("open_ms", millis(self.host.now().until(until))),
                Transition::Closed => line,
            }
        });
    }
}

/// A further attempt.
struct Again {
    /// How long to wait before it.
    after: Duration,
    /// What the last one ended with.
    fault: Fault,
}
