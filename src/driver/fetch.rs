//! Asks for one access token, with the credentials of either slot.

use super::{
    Connector,
    account::Account,
    redact,
    token::{Authorization, Refused, present},
};
use crate::{
    engine::{
        classify::{Access, Attempt, BodyKind, Fault, Sent, StatusRules, classify},
        hint::retry_hint,
        rotation::{Slot, SlotChange},
        secret::Secret,
        time::unit,
    },
    host::{Host, Response},
    settings::{Policy, common::LogLevel},
    vendor::Credentials,
};
use std::{rc::Rc, time::Duration};

/// How many credentials one fetch tries at most: those of two slots, and of two more
/// after a change in between.
const MOST_CREDENTIALS: usize = 4;

/// What came of asking for a token.
enum Asked {
    Token(Authorization),
    Refused { fault: Fault, message: String, credentials: Credentials },
}

impl<H: Host> Connector<H> {
    /// Asks with the credentials that worked last and, if those are refused, with the
    /// others.
    ///
    /// The secrets are read again before each request: they may have been changed while
    /// the one before was under way. None are sent twice.
    pub(super) async fn try_fetch(
        &self,
        account: &Account,
        policy: &Policy,
    ) -> Result<Authorization, Refused> {
        let mut refused: Vec<Credentials> = Vec::new();
        let mut last = None;
        while refused.len() < MOST_CREDENTIALS {
            let slots = match (self.slots(account).await, &last) {
                (Ok(slots), _) => slots,
                (Err(failure), None) => return Err(Refused { failure, fault: None }),
                (Err(_), Some(_)) => break,
            };
            let first = account.token.cell.borrow_mut().rotation().begin(slots.are_two());
            let Some((slot, credentials)) = slots.next(first, &refused) else { break };
            let (fault, message) = match self.ask(account, policy, credentials, slot).await? {
                Asked::Token(authorization) => return Ok(authorization),
                Asked::Refused { fault, message, credentials } => {
                    refused.push(credentials);
                    (fault, message)
                }
            };
            if !refuses_credentials(&fault) {
                return Err(self.refused(account, fault, &message));
            }
            account.token.cell.borrow_mut().rotation().refused(slot);
            last = Some((fault, message));
        }
        let Some((fault, message)) = last else { return Err(Refused::internal("there are no credentials")) };
        let message = match refused.len() {
            1 => message,
            _ => format!("{message}; other credentials were refused as well"),
        };
        Err(self.refused(account, fault, &message))
    }

    /// Asks for a token, once.
    async fn ask(
        &self,
        account: &Account,
        policy: &Policy,
        credentials: Credentials,
        slot: Slot,
    ) -> Result<Asked, Refused> {
        let request = account.vendor.token_request(&account.site, &credentials, policy);
        let requested = self.host.now();
        self.stats.borrow_mut().token_fetch();
        let sent = self.within(policy.attempt_timeout, self.host.send(request)).await;
        let (attempt, message, token) = match sent {
            None => (Attempt::Timeout { sent: Sent::Maybe }, "no answer in time".to_owned(), None),
            Some(Err(error)) => {
                (Attempt::Transport { sent: error.sent, reason: error.reason }, error.detail, None)
            }
            Some(Ok(answer)) => {
                let hint = retry_hint(|name| answer.header(name), self.host.wall_now());
                let (body, message, token) = read(account, &answer, &credentials);
                (Attempt::Answer { status: answer.status, hint, body }, message, token)
            }
        };
        // Asking for a token changes nothing that matters.
        let verdict = classify(&attempt, Access::Read, &StatusRules::STANDARD);
        match (verdict, token) {
            (Ok(()), Some((token, life))) => {
                account.token.failed_in_row.set(0);
                let random = unit(self.host.random());
                let (generation, change) = {
                    let mut cell = account.token.cell.borrow_mut();
                    let change = cell.rotation().worked(slot);
                    (cell.stored(token, requested, life, random), change)
                };
                *account.token.credentials.borrow_mut() = Some(Rc::new(credentials));
                if let Some(change) = change {
                    self.rotated(account, change);
                }
                present(account, generation)
                    .map(Asked::Token)
                    .ok_or_else(|| Refused::internal("the token went away"))
            }
            (Err(fault), _) => Ok(Asked::Refused { fault, message, credentials }),
            (Ok(()), None) => Err(Refused::internal("a token answer without a token was accepted")),
        }
    }

    fn rotated(&self, account: &Account, change: SlotChange) {
        self.stats.borrow_mut().credential_slot_change();
        // The secondary slot is for a while only: somebody should know that it is in use.
        let level = if change.to == Slot::Secondary { LogLevel::Warn } else { LogLevel::Info };
        self.log(level, "rotation", |line| {
            line.with("account", account.name.as_str())
                .with("from", change.from.as_str())
                .with("to", change.to.as_str())
        });
    }
}

/// Whether other credentials may get a token now: `invalid_client` and its like come as
/// 400 or 401 (RFC 6749 section 5.2), and some vendors send a 403.
fn refuses_credentials(fault: &Fault) -> bool {
    matches!(fault.status, Some(400 | 401 | 403))
}

/// A token answer: what its body is worth, why it is none, and the token.
fn read(
    account: &Account,
    answer: &Response,
    credentials: &Credentials,
) -> (BodyKind, String, Option<(Secret, Option<Duration>)>) {
    let success = (200..300).contains(&answer.status);
    match &answer.body {
        Ok(body) if success => match account.vendor.token_answer(body) {
            Ok(token) => (BodyKind::Usable, String::new(), Some(token)),
            Err(message) => (BodyKind::Malformed, message, None),
        },
        Ok(body) => {
            let secrets = redact::of_account(credentials);
            let refusal = redact::refusal(account.vendor, answer.status, body, &secrets);
            (BodyKind::Usable, refusal.message, None)
        }
        Err(_) => (BodyKind::CutOff, format!("HTTP {} with a broken body", answer.status), None),
    }
}
