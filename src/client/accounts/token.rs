//! Fetches access tokens: one at a time for an account, however many calls wait.
//!
//! Whoever waited for a fetch gets its result, good or bad, and goes on by its own
//! retry policy. After a fetch that failed, the next one waits a little, and longer
//! each time: a token endpoint that is down is asked at a pace that does not depend on
//! how many calls there are.

use super::{Accounts, account::Account};
use crate::{
    client::transport::request::Authorization,
    contract::{Failure, FailureKind, RetryAdvice},
    failure,
    host::{Host, timeout::timeout},
    policy::{
        classify::{Class, Effect, Fault, Reason},
        failpoint::{self, Failpoint},
        time::Tick,
        token::{FetchFailure, Generation, Need},
    },
    settings::{CommonSettings, common::LogLevel},
};
use std::time::Duration;

/// The least time between a failed fetch and the next; doubles up to [`MAX_PACE`].
const PACE: Duration = Duration::from_millis(100);

/// Short against a deadline, so that calls notice soon that the endpoint is back.
const MAX_PACE: Duration = Duration::from_secs(2);

/// How long a call waits for a new token while the old one would do.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why there is no token.
#[derive(Clone)]
pub(crate) struct Refused {
    /// The failure, should the call give up.
    pub(crate) failure: Failure,
    /// For the policies, if another try may go better.
    pub(crate) fault: Option<Fault>,
}

impl<H: Host> Accounts<H> {
    /// A token that serves now; fetched if there is none, but not at the deadline or
    /// after it.
    pub(crate) async fn authorization(
        &self,
        account: &Account,
        settings: &CommonSettings,
        deadline: Tick,
    ) -> Result<Authorization, Refused> {
        let token = &account.token;
        let need = || token.cell.borrow().need(self.host.now());
        match need() {
            Need::Use(generation) => {
                if let Some(authorization) = present(account, generation) {
                    return Ok(authorization);
                }
            }
            Need::CoolingDown { until } => return Err(self.cooling_down(account, until)),
            Need::Refresh(generation) => {
                // Whoever comes first refreshes; the old token serves everybody else, and
                // also the first should that fail.
                if let Some(old) = present(account, generation) {
                    let Some(_alone) = token.fetching.try_lock() else { return Ok(old) };
                    let refreshed = Box::pin(self.refresh(account, settings, deadline)).await;
                    return Ok(refreshed.unwrap_or(old));
                }
            }
            Need::Fetch => {}
        }
        // No host can take this lock away.
        if failpoint::on(Failpoint::FetchTokensAtOnce) {
            return Box::pin(self.fetch(account, settings)).await;
        }
        let ended = token.ended.get();
        let _alone = token.fetching.lock().await;
        // Somebody may have fetched one, or failed to, while this call waited.
        match need() {
            Need::CoolingDown { until } => return Err(self.cooling_down(account, until)),
            Need::Use(generation) | Need::Refresh(generation) => {
                if let Some(authorization) = present(account, generation) {
                    return Ok(authorization);
                }
            }
            Need::Fetch => {}
        }
        if token.ended.get() != ended
            && let Some(refused) = token.refused.borrow().clone()
        {
            return Err(refused);
        }
        if self.host.now() >= deadline {
            // All who wait with the same deadline come past here in one instant.
            return Err(Refused { failure: failure::late("the deadline passed"), fault: None });
        }
        // Boxed: rare, and its state would make that of every call large.
        Box::pin(self.fetch(account, settings)).await
    }

    /// A token that serves now, if one is at hand.
    pub(crate) fn at_hand(&self, account: &Account) -> Option<Authorization> {
        let need = account.token.cell.borrow().need(self.host.now());
        match need {
            Need::Use(generation) | Need::Refresh(generation) => present(account, generation),
            Need::Fetch | Need::CoolingDown { .. } => None,
        }
    }

    /// Asks for a new token while the old one would do, and so not for long.
    async fn refresh(
        &self,
        account: &Account,
        settings: &CommonSettings,
        deadline: Tick,
    ) -> Option<Authorization> {
        let time = PATIENCE.min(self.host.now().until(deadline) / 2);
        let fetched = timeout(&*self.host, time, self.fetch(account, settings)).await;
        if fetched.is_none() {
            account
                .token
                .cell
                .borrow_mut()
                .fetch_failed(self.host.now(), FetchFailure::Transient { hint: None });
        }
        fetched?.ok()
    }

    /// Asks for a token with secrets read afresh.
    async fn fetch(&self, account: &Account, settings: &CommonSettings) -> Result<Authorization, Refused> {
        let token = &account.token;
        token.from_store.set(false);
        let result = self.try_fetch(account, settings).await;
        token.ended.set(token.ended.get().wrapping_add(1));
        *token.refused.borrow_mut() = result.as_ref().err().cloned();
        match &result {
            // To read a key again is nothing to tell of.
            Ok(_) if account.provider.auth().is_static_key() => {}
            Ok(_) => self.telemetry.log(LogLevel::Info, "token", |line| {
                line.with("account", account.name.as_str())
                    .with("source", if token.from_store.get() { "state" } else { "vendor" })
                    .with_some("credentials_age_seconds", account.credentials_age(self.host.wall_now()))
            }),
            Err(refused) => self.telemetry.log(LogLevel::Warn, "token", |line| {
                line.with("account", account.name.as_str()).failure(&refused.failure)
            }),
        }
        result
    }

    /// Notes that no token could be had, and says why.
    pub(crate) fn refused(&self, account: &Account, fault: Fault, message: &str) -> Refused {
        // RFC 6749 section 5.2: invalid_client and its like come as 400 or 401.
        let transient = passes(&fault);
        let now = self.host.now();
        let token = &account.token;
        let mut cell = token.cell.borrow_mut();
        let failed = match cell.need(now) {
            _ if !transient => FetchFailure::InvalidClient,
            // The old one serves, and the cell knows when to try again.
            Need::Use(_) | Need::Refresh(_) => FetchFailure::Transient { hint: fault.hint },
            Need::Fetch | Need::CoolingDown { .. } => {
                let before = token.failed_in_row.get();
                token.failed_in_row.set(before.saturating_add(1));
                let pace = PACE.saturating_mul(1 << before.min(8)).min(MAX_PACE);
                FetchFailure::Transient { hint: Some(fault.hint.unwrap_or_default().max(pace)) }
            }
        };
        cell.fetch_failed(now, failed);
        let wait = match cell.need(now) {
            Need::CoolingDown { until } if transient => Some(now.until(until)),
            _ => fault.hint,
        };
        let kind = match (fault.class, fault.reason) {
            (Class::Throttled, _) => FailureKind::RateLimited,
            (Class::Transient, Reason::Timeout) => FailureKind::Timeout,
            (Class::Transient, _) if fault.status.is_some() => FailureKind::Vendor,
            (Class::Transient, _) => FailureKind::Transport,
            (_, Reason::Denied) => FailureKind::Host,
            (_, Reason::Stopping) => FailureKind::Unavailable,
            (_, Reason::Certificate | Reason::Proxy) => FailureKind::Transport,
            _ => FailureKind::Authentication,
        };
        let failure = failure::refused(kind, format!("no access token: {message}"), Vec::new());
        let retry = match (transient, fault.hint) {
            (false, _) if fault.reason == Reason::Stopping => RetryAdvice::Later,
            (false, _) => RetryAdvice::Never,
            (true, Some(hint)) => RetryAdvice::After(u64::try_from(hint.as_millis()).unwrap_or(u64::MAX)),
            (true, None) => RetryAdvice::Later,
        };
        // Nothing of the call itself was sent; and it is to come back when the next
        // fetch may be made, not before.
        let fault = Fault { effect: Effect::NotSent, hint: wait, ..fault };
        Refused {
            failure: Failure { status: fault.status, retry, ..failure },
            fault: transient.then_some(fault),
        }
    }

    /// No token may be asked for now, for the reason that the last fetch gave, or
    /// because the last tokens were refused.
    fn cooling_down(&self, account: &Account, until: Tick) -> Refused {
        let left = until.since(self.host.now());
        let last = account.token.refused.borrow().clone().unwrap_or_else(|| {
            let message = format!("the vendor refused the last tokens of account `{}`", account.name);
            Refused {
                failure: failure::refused(FailureKind::Authentication, message, Vec::new()),
                fault: None,
            }
        });
        let retry = match last.failure.retry {
            // Our own pace is no promise of the provider's.
            RetryAdvice::Later => RetryAdvice::Later,
            _ => RetryAdvice::After(u64::try_from(left.as_millis()).unwrap_or(u64::MAX)),
        };
        let fault = last.fault.map(|fault| Fault { hint: Some(left), ..fault });
        Refused { failure: Failure { retry, ..last.failure }, fault }
    }
}

impl Refused {
    pub(crate) fn internal(message: &str) -> Refused {
        Refused { failure: failure::refused(FailureKind::Internal, message, Vec::new()), fault: None }
    }
}

/// Whether the same credentials may get a token later.
fn passes(fault: &Fault) -> bool {
    matches!(fault.class, Class::Transient | Class::Throttled)
}

/// The header fields of the present token, if it is still that generation.
pub(crate) fn present(account: &Account, generation: Generation) -> Option<Authorization> {
    let cell = account.token.cell.borrow();
    let credentials = account.token.credentials.borrow();
    let token = cell.secret(generation)?;
    let headers = account.provider.auth().headers(token, credentials.as_ref()?);
    Some(Authorization { generation, headers })
}
