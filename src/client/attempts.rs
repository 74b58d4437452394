//! The attempts of one call: breaker, token, limiter, send, classify, retry.
//!
//! The token comes before the limiter, so that nothing is waited for between the
//! limiter's word and the sending: slots that wait for a token would be sent in one
//! burst.

use super::{
    Connector,
    accounts::{
        account::Account,
        token::{Authorization, present},
    },
    attempt::{Failed, Success},
    call_state::Course,
    transport::{
        limiter::{GroupKey, Permit, Refusal},
        request::Sending,
    },
};
use crate::{
    contract::Failure,
    failure::{millis, outcome},
    files::Upload,
    host::Host,
    policy::{
        breaker::{Open, Outcome as Health, Transition},
        budget::Cost,
        classify::{Class, Effect, Fault, Reason},
        limiter::{gcra::RateLimit, queue::Caller},
        retry::{Decision, Repeat, Why},
        sabotage::{self, Sabotage},
        time::{Tick, unit},
        token::Generation,
    },
    settings::{Policy, common::LogLevel},
};
use std::time::Duration;

/// A breaker that is asked too early says when to come back; a patient call comes back
/// this much later at most, so that they do not all come in one instant.
const SPREAD: Duration = Duration::from_millis(100);

/// Files wait for places, not for a rate.
const UNHURRIED: RateLimit = RateLimit { count: 1_000, window: Duration::from_millis(1), burst: 1_000 };

impl<H: Host> Connector<H> {
    /// Sends the request of a call until it is answered or given up.
    ///
    /// # Errors
    /// Everything that can go wrong; the failure says whether the call took effect.
    pub(crate) async fn run(&self, sending: &Sending<'_>, course: &mut Course) -> Result<Success, Failure> {
        let Sending { account, policy, options, .. } = *sending;
        let rare = account.vendor.spacing(sending.call, &account.site);
        // What has a limit of its own is guarded by itself: slow reports say nothing of jobs.
        let own = rare.as_ref().map(|rare| GroupKey::new(&format!("{}/{}", account.group, rare.resource)));
        let group = own.as_ref().unwrap_or(&account.group);
        let guard = self.guards.of(group.as_str(), self.host.now());
        guard.called(self.host.now());
        let caller = options.caller.unwrap_or_else(|| self.caller());
        let harmless = course.retry.repeat() == Repeat::Harmless;
        // Since when it waits to be sent: whatever holds it up, its place is kept.
        let mut since = options.since.unwrap_or(course.began);
        let rare = rare.filter(|rare| !rare.interval.is_zero());
        let mut turn: Option<Permit> = None;
        let mut token_lost = false;
        let mut file_place = None;
        loop {
            if policy.breaker
                && let Err(open) = guard.check(self.host.now(), harmless)
            {
                self.wait_for_breaker(sending, course, open).await?;
                continue;
            }
            // Before the wait for its turn, so that a call without a token takes none.
            let fetched = self.authorized(account, policy, course).await?.generation;
            let deadline = course.retry.deadline();
            if let Some(rare) = rare.as_ref().filter(|_| turn.is_none()) {
                let limit = RateLimit::new(1, rare.interval);
                let admitted = self.turns.admit(&self.host, group, &limit, caller, since, deadline).await;
                turn = Some(admitted.map_err(|Refusal::Late { hint }| course.not_admitted(hint))?);
                // The token may be old by now.
                continue;
            }
            if cfg!(feature = "files") && sending.call.operation.file && file_place.is_none() {
                // Boxed: few calls are for files, and its state would make that of all large.
                file_place = Some(Box::pin(self.file_place(account, caller, since, course)).await?);
                continue;
            }
            let limit = &account.site.rate;
            let admitted =
                self.admission.admit(&self.host, &account.group, limit, caller, since, deadline).await;
            let permit = match admitted {
                Ok(permit) => permit,
                Err(Refusal::Late { hint }) => return Err(course.not_admitted(hint)),
            };
            // The token may have been replaced meanwhile, or there may be none left.
            // One that lives for a few seconds only is sent all the same, in the end.
            let last = || present(account, fetched).filter(|_| token_lost);
            let Some(authorization) = self.at_hand(account).or_else(last) else {
                token_lost = true;
                continue;
            };
            let now = self.host.now();
            let pass = match policy.breaker.then(|| guard.pass(now, harmless)).transpose() {
                Ok(pass) => pass,
                Err(open) => {
                    drop(permit);
                    self.wait_for_breaker(sending, course, open).await?;
                    continue;
                }
            };
            let Some(time) = course.retry.begin(now) else { return Err(course.late()) };
            let mut result = self.attempt(sending, &authorization, time).await;

            let now = self.host.now();
            let fault = result.as_ref().err().map(|failed| failed.fault);
            match fault {
                // A report's own limit does not hold up everything else.
                Some(Fault { class: Class::Throttled, hint, .. }) => match &turn {
                    Some(turn) => turn.throttled(now, hint),
                    None if own.is_none() => permit.throttled(now, hint),
                    None => {}
                },
                Some(Fault { status: None, .. }) => {}
                _ => turn.iter().chain([&permit]).for_each(|permit| permit.succeeded(now)),
            }
            // A request whose token is refused is not counted.
            if fault.is_none_or(|fault| fault.class != Class::TokenRejected) {
                turn = None;
            }
            let took = now.since(permit.sent());
            match &mut result {
                // A file is under way until its last byte is here.
                Ok(Success { file: Some(file), .. }) => {
                    file.hold(file_place.take().into_iter().chain([permit]));
                }
                _ => drop(permit),
            }
            if let Some(pass) = pass {
                let health = Health::of(fault.as_ref().map_or(Ok(()), Err), time);
                let hint = fault.and_then(|fault| fault.hint);
                let transition = pass.ended(now, health, took, hint, unit(self.host.random()));
                self.tell(account, transition);
            }
            // A new token costs nothing: it was the old one's fault.
            let cost = fault.map_or(Cost::Free, |fault| Cost::of(fault.class));
            let failed = match result {
                Ok(success) => {
                    account.token.cell.borrow_mut().accepted(authorization.generation);
                    guard.succeeded(now, std::mem::take(&mut course.spent));
                    return Ok(success);
                }
                Err(failed) => self.judged(account, course, authorization.generation, failed),
            };
            let body_gone = sending.call.upload.as_ref().is_some_and(Upload::is_taken);
            match course.retry.next(now, &failed.fault, unit(self.chance())) {
                Decision::Resend { .. } if body_gone => {
                    let give_up = course.retry.given_up(Why::BodyGone, failed.fault.hint);
                    return Err(course.give_up(failed, give_up));
                }
                Decision::Resend { after, .. } => {
                    if !guard.may_retry(now, cost, &mut course.spent) {
                        let give_up = course.retry.given_up(Why::OverBudget, failed.fault.hint);
                        return Err(course.give_up(failed, give_up));
                    }
                    self.pause(sending, course, &failed.fault, after).await;
                    since = if sabotage::on(Sabotage::RetriesComeLast) { Tick::MAX } else { self.host.now() };
                }
                Decision::GiveUp(give_up) => return Err(course.give_up(failed, give_up)),
            }
        }
    }

    /// A place among the files that are under way.
    async fn file_place(
        &self,
        account: &Account,
        caller: Caller,
        since: Tick,
        course: &Course,
    ) -> Result<Permit, Failure> {
        let admitted =
            self.files.admit(&self.host, &account.group, &UNHURRIED, caller, since, course.retry.deadline());
        admitted.await.map_err(|Refusal::Late { hint }| course.not_admitted(hint))
    }

    /// Tells the token's cell what an attempt says of it.
    fn judged(
        &self,
        account: &Account,
        course: &mut Course,
        generation: Generation,
        mut failed: Failed,
    ) -> Failed {
        let mut cell = account.token.cell.borrow_mut();
        match (failed.fault.class, failed.fault.status) {
            (Class::TokenRejected, _) => {
                // The API is the first to see a key that no token endpoint has looked at.
                if account.vendor.static_key().is_some() && cell.secret(generation).is_some() {
                    account.token.spurn(&failed);
                }
                // A second refusal is none of the call's own if the token served others and
                // was revoked like the first, or if the other credentials are next: it costs
                // nothing, once. A third counts as an ordinary attempt.
                match (cell.rejected(generation, self.host.now()), course.refusals) {
                    (true, 1) => course.retry.refresh_again(),
                    (true, 2..) => failed.fault.class = Class::Transient,
                    _ => {}
                }
                course.refusals += 1;
            }
            (_, Some(_)) => cell.accepted(generation),
            _ => {}
        }
        failed
    }

    /// Waits for the time that the breaker says, if the deadline allows: a whole read as
    /// often as it takes, any other call as often as it may try.
    async fn wait_for_breaker(
        &self,
        sending: &Sending<'_>,
        course: &mut Course,
        open: Open,
    ) -> Result<(), Failure> {
        let now = self.host.now();
        let left = now.until(open.until);
        if sending.options.patient {
            let wait = left + SPREAD.mul_f64(unit(self.host.random()));
            if wait >= course.retry.time_left(now) {
                return Err(course.unavailable(left));
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
        _ = course.retry.begin(now);
        match course.retry.next(now, &fault, unit(self.chance())) {
            Decision::Resend { after, .. } => self.host.sleep(after).await,
            Decision::GiveUp(_) => return Err(course.unavailable(left)),
        }
        Ok(())
    }

    /// Logs what became of a breaker.
    fn tell(&self, account: &Account, transition: Option<Transition>) {
        let Some(transition) = transition else { return };
        let (level, state) = match transition {
            Transition::Opened { .. } => (LogLevel::Warn, "open"),
            Transition::Closed => (LogLevel::Info, "closed"),
        };
        self.log(level, "breaker", |line| {
            let line = line.with("account", account.name.as_str()).with("state", state);
            match transition {
                Transition::Opened { until } => line.with("open_ms", millis(self.host.now().until(until))),
                Transition::Closed => line,
            }
        });
    }

    async fn pause(&self, sending: &Sending<'_>, course: &Course, fault: &Fault, after: Duration) {
        let reason = fault.reason.as_str();
        self.stats.borrow_mut().retry(reason);
        self.log(LogLevel::Debug, "retry", |line| {
            line.with("call_id", course.id.as_str())
                .with("operation", sending.call.operation.name)
                .with("reason", reason)
                .with_some("http.response.status_code", fault.status)
                .with("retry_in_ms", millis(after))
        });
        let panics = sabotage::on(Sabotage::Panic) && fault.class == Class::Throttled;
        assert!(!panics, "a deliberate panic");
        if sabotage::on(Sabotage::WaitForever) && fault.class == Class::Throttled {
            std::future::pending::<()>().await;
        }
        if !after.is_zero() {
            self.host.sleep(after).await;
        }
    }

    /// 64 unpredictable bits for the waits between attempts.
    fn chance(&self) -> u64 {
        if sabotage::on(Sabotage::ForeignChance) {
            use std::hash::BuildHasher;
            return std::hash::RandomState::new().hash_one(0);
        }
        self.host.random()
    }

    /// A token within what is left of the deadline; a token endpoint that is down is
    /// asked again by the same rules as any other request.
    async fn authorized(
        &self,
        account: &Account,
        policy: &Policy,
        course: &mut Course,
    ) -> Result<Authorization, Failure> {
        loop {
            let now = self.host.now();
            if course.retry.begin(now).is_none() {
                return Err(course.late());
            }
            let left = course.retry.time_left(now);
            let Some(result) = self.within(left, self.authorization(account, policy, now + left)).await
            else {
                return Err(course.late());
            };
            let refused = match result {
                Ok(authorization) => return Ok(authorization),
                Err(refused) => refused,
            };
            let failure = Failure { outcome: outcome(course.retry.effect()), ..refused.failure };
            let Some(fault) = refused.fault else { return Err(failure) };
            match course.retry.next(self.host.now(), &fault, unit(self.chance())) {
                Decision::Resend { after, .. } => {
                    self.stats.borrow_mut().retry(fault.reason.as_str());
                    self.host.sleep(after).await;
                }
                Decision::GiveUp(give_up) => {
                    course.ended = Some(give_up.why);
                    return Err(failure);
                }
            }
        }
    }
}
