//! One call, in order: role, account, token, send, classify, retry.

use super::{
    Connector, Options,
    account::Account,
    attempt::{Failed, Success},
    failure,
    token::Authorization,
};
use crate::{
    catalogue::{Effect, Operation},
    contract::{self, Failure, FailureKind, Instant, Outcome, RetryAdvice},
    engine::{
        classify::{Access, Class, Effect as Took, Fault},
        retry::{Decision, GiveUp, Repeat, Retry, RetryPolicy, Why},
        sabotage::{self, Sabotage},
        time::{Tick, WallTime, unit},
    },
    host::Host,
    settings::{
        Policy,
        common::{LogLevel, Role},
    },
    vendor::{Envelope, PageAsked},
};
use bytes::Bytes;
use std::time::Duration;

/// A call whose parameters are checked.
#[derive(Debug, Clone)]
pub struct Call {
    /// The operation.
    pub operation: &'static Operation,
    /// The values of the path's placeholders, percent-encoded.
    pub(crate) segments: Vec<String>,
    /// The query, not yet encoded.
    pub(crate) query: Vec<(&'static str, String)>,
    /// The body in the vendor's form.
    pub(crate) body: Option<Bytes>,
}

/// The answer to a call.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// What the body holds.
    pub payload: Payload,
    /// Our id of the call.
    pub call_id: String,
}

/// The body of an answer, taken apart as far as the operation's shape asks.
#[derive(Debug)]
pub enum Payload {
    /// There is none.
    Nothing,
    /// One JSON value.
    Value(Bytes),
    /// A page of records.
    Page(Envelope),
}

/// What one call has gone through so far.
struct Course {
    id: String,
    began: Tick,
    began_wall: WallTime,
    retry: Retry,
    /// Whether a token of this call was refused before.
    refreshed: bool,
}

impl Call {
    /// A call with its parameters.
    #[must_use]
    pub(crate) fn new(
        operation: &'static Operation,
        segments: Vec<String>,
        query: Vec<(&'static str, String)>,
        body: Option<String>,
    ) -> Call {
        Call { operation, segments, query, body: body.map(Bytes::from) }
    }

    /// Whether it changes anything.
    pub(super) fn access(&self) -> Access {
        if self.operation.effect == Effect::Read { Access::Read } else { Access::Write }
    }
}

impl<H: Host> Connector<H> {
    /// Calls an operation, with as many attempts as the policies allow.
    ///
    /// # Errors
    /// Everything that can go wrong; the failure says whether the call took effect.
    pub async fn call(
        &self,
        call: &Call,
        page: Option<&PageAsked>,
        options: &Options,
    ) -> Result<Answer, Failure> {
        let began = self.host.now();
        let id = format!("{:016x}", self.host.random());
        let result = self.prepare_and_run(call, page, options, &id, began).await;
        let took = self.host.now().since(began);
        let name = call.operation.name;
        let label = result.as_ref().map_or_else(|failure| failure::kind_name(failure.kind), |_| "ok");
        self.stats.borrow_mut().call(name, label, took);
        let level = if result.is_ok() { LogLevel::Info } else { LogLevel::Warn };
        self.log(level, "call", |line| {
            let line = line
                .with("call_id", id.as_str())
                .with("operation", name)
                .with("account", options.account.as_str())
                .with_some("correlation_id", options.correlation_id.as_deref())
                .with("duration_ms", millis(took));
            match &result {
                Ok(answer) => line.with("http.response.status_code", answer.status),
                Err(failure) => line
                    .with_some("http.response.status_code", failure.status)
                    .with("attempts", failure.attempts.len())
                    .failure(failure),
            }
        });
        result.map_err(|failure| failure.of(name, &id, Vec::new()))
    }

    async fn prepare_and_run(
        &self,
        call: &Call,
        page: Option<&PageAsked>,
        options: &Options,
        id: &str,
        began: Tick,
    ) -> Result<Answer, Failure> {
        let vendor = call.operation.vendor;
        let open = async {
            let policy = self.policy(vendor, &options.account).await?;
            check_role(call.operation, policy.role)?;
            let account = self.account(vendor, &options.account, &policy).await?;
            Ok((policy, account))
        };
        let (policy, account) = self.opened(options.deadline, open).await?;
        let late = if sabotage::on(Sabotage::SendLate) { 2 } else { 1 };
        let retry_policy = RetryPolicy {
            max_attempts: policy.attempts,
            attempt_timeout: policy.attempt_timeout,
            deadline: options.deadline.unwrap_or(policy.deadline) * late,
            ..RetryPolicy::DEFAULT
        };
        let allow_resend = options.allow_resend || sabotage::on(Sabotage::ResendWrites);
        let repeat = Repeat::of(call.operation.method.as_str(), call.access(), allow_resend);
        let mut course = Course {
            id: id.to_owned(),
            began,
            began_wall: self.host.wall_now(),
            retry: Retry::new(retry_policy, began, repeat),
            refreshed: false,
        };
        self.run(call, page, &account, &policy, &mut course)
            .await
            .map(|success| Answer {
                status: success.status,
                payload: success.payload,
                call_id: course.id.clone(),
            })
            .map_err(|failure| failure.of(call.operation.name, &course.id, course.attempts()))
    }

    async fn run(
        &self,
        call: &Call,
        page: Option<&PageAsked>,
        account: &Account,
        policy: &Policy,
        course: &mut Course,
    ) -> Result<Success, Failure> {
        loop {
            let authorization = self.authorized(account, policy, course).await?;
            let Some(time) = course.retry.begin(self.host.now()) else { return Err(course.late()) };
            let generation = authorization.generation;
            let mut failed = match self.attempt(call, page, account, &authorization, policy, time).await {
                Ok(success) => {
                    account.token.cell.borrow_mut().accepted(generation);
                    return Ok(success);
                }
                Err(failed) => failed,
            };
            let now = self.host.now();
            match (failed.fault.class, failed.fault.status) {
                (Class::TokenRejected, _) => {
                    let served = account.token.cell.borrow_mut().rejected(generation, now);
                    // A second token that served others was revoked like the first: that says
                    // nothing against the credentials, and counts as an ordinary attempt.
                    if served && course.refreshed {
                        failed.fault.class = Class::Transient;
                    }
                    course.refreshed = true;
                }
                (_, Some(_)) => account.token.cell.borrow_mut().accepted(generation),
                _ => {}
            }
            match course.retry.next(now, &failed.fault, unit(self.chance())) {
                Decision::Resend { after, .. } => self.pause(call, course, &failed.fault, after).await,
                Decision::GiveUp(give_up) => return Err(course.give_up(failed, give_up)),
            }
        }
    }

    async fn pause(&self, call: &Call, course: &Course, fault: &Fault, after: Duration) {
        let reason = fault.reason.as_str();
        self.stats.borrow_mut().retry(reason);
        self.log(LogLevel::Debug, "retry", |line| {
            line.with("call_id", course.id.as_str())
                .with("operation", call.operation.name)
                .with("reason", reason)
                .with_some("http.response.status_code", fault.status)
                .with("retry_in_ms", millis(after))
        });
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
            let Some(time) = course.retry.begin(now) else { return Err(course.late()) };
            let left = course.retry.time_left(now).max(time);
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
                Decision::GiveUp(_) => return Err(failure),
            }
        }
    }
}

impl Course {
    fn late(&self) -> Failure {
        Failure { outcome: outcome(self.retry.effect()), ..failure::late("the deadline passed") }
    }

    fn give_up(&self, failed: Failed, GiveUp { why, hint, effect }: GiveUp) -> Failure {
        let Failed { fault, complaint } = failed;
        let unsure = effect > Took::NotApplied;
        let retry = match (why, hint) {
            (Why::Final | Why::AuthRejected, _) => RetryAdvice::Never,
            (Why::NotRepeatable, _) if unsure => RetryAdvice::Never,
            (_, Some(hint)) => RetryAdvice::After(millis(hint)),
            _ => RetryAdvice::Later,
        };
        let message = match why {
            Why::NotRepeatable => {
                format!("{}; it may have taken effect and is not sent again", complaint.message)
            }
            Why::NoTime => format!("{}; the deadline leaves no time to try again", complaint.message),
            Why::Exhausted => format!("{}; no attempts are left", complaint.message),
            Why::AuthRejected => format!("{}; a new access token was refused as well", complaint.message),
            Why::Final => complaint.message,
        };
        Failure {
            outcome: outcome(effect),
            retry,
            status: fault.status,
            vendor_trace_id: complaint.trace_id,
            ..failure::refused(complaint.kind.unwrap_or(FailureKind::Internal), message, complaint.fields)
        }
    }

    fn attempts(&self) -> Vec<contract::Attempt> {
        let attempts = self.retry.attempts().iter().map(|attempt| {
            let since = attempt.started.since(self.began).as_millis();
            let started =
                self.began_wall.as_millis().saturating_add(i64::try_from(since).unwrap_or(i64::MAX));
            contract::Attempt {
                number: attempt.number,
                started: instant(WallTime::from_millis(started)),
                elapsed_ms: millis(attempt.elapsed),
                status: attempt.status,
                reason: attempt.reason.as_str().to_owned(),
            }
        });
        attempts.collect()
    }
}

fn check_role(operation: &Operation, role: Role) -> Result<(), Failure> {
    let needed = match operation.effect {
        Effect::Read => Role::ReadOnly,
        Effect::Create | Effect::Update | Effect::Action => Role::Operator,
        Effect::Delete => Role::Admin,
    };
    if role >= needed {
        return Ok(());
    }
    let name = if needed == Role::Admin { "admin" } else { "operator" };
    let message = format!("`{}` needs the role {name} (PENSTOCK_ROLE={name})", operation.name);
    Err(failure::refused(FailureKind::Role, message, Vec::new()))
}

fn outcome(effect: Took) -> Outcome {
    match effect {
        Took::NotSent => Outcome::NotSent,
        Took::NotApplied => Outcome::NotApplied,
        Took::Unknown => Outcome::Unknown,
        Took::Applied => Outcome::Applied,
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn instant(time: WallTime) -> Instant {
    let millis = time.as_millis();
    let nanoseconds = u32::try_from(millis.rem_euclid(1000)).unwrap_or_default() * 1_000_000;
    Instant { seconds: millis.div_euclid(1000), nanoseconds }
}
