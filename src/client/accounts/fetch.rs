//! Asks for one access token, with the credentials of either slot.

use super::{
    Accounts,
    account::{Account, RejectedKey},
    shared_token::{Shared, Turn},
    token::{Refused, present},
};
use crate::{
    client::transport::{receive, request::Authorization},
    contract::{Failure, FailureKind},
    failure::refused as refused_key,
    host::{BodyError, Host, Response, timeout::timeout},
    policy::{
        classify::{Access, Attempt, BodyKind, Fault, Sent, StatusRules, classify},
        hint::retry_hint,
        rotation::{Slot, SlotChange},
        secret::Secret,
        time::{Tick, unit},
        token::FetchFailure,
    },
    providers::api::{Auth, ClientCredentials, Credentials},
    settings::{CommonSettings, common::LogLevel},
};
use std::{rc::Rc, time::Duration};

/// How many credentials one fetch tries at most: those of two slots, and of two more
/// after a change in between.
const MOST_CREDENTIALS: usize = 4;

/// How long a key that stands for a token is used before it is read again.
const KEY_LIFE: Duration = Duration::from_secs(60);

/// The codes of an error response of a token endpoint (RFC 6749 section 5.2).
const ERROR_CODES: [&str; 6] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

/// A token, and when it was asked for and how long it lives.
struct Issued {
    token: Secret,
    requested: Tick,
    life: Option<Duration>,
    /// Whether another instance asked for it.
    to_another: bool,
}

/// What came of asking for a token.
enum Asked {
    Token(Authorization),
    Refused { fault: Fault, message: String, credentials: Credentials },
}

impl<H: Host> Accounts<H> {
    /// Asks with the credentials that worked last and, if those are refused, with the
    /// others.
    ///
    /// The secrets are read again before each request: they may have been changed while
    /// the one before was under way. None are sent twice.
    pub(crate) async fn try_fetch(
        &self,
        account: &Account,
        settings: &CommonSettings,
    ) -> Result<Authorization, Refused> {
        let grant = match account.provider.auth() {
            Auth::StaticKey { setting, .. } => return self.adopt(account, setting).await,
            Auth::ClientCredentials(grant) => grant,
        };
        let mut refused: Vec<Credentials> = Vec::new();
        let mut last = None;
        while refused.len() < MOST_CREDENTIALS {
            let slots = match (self.slots(account).await, &last) {
                (Ok(slots), _) => slots,
                (Err(failure), None) => return Err(Refused { failure, fault: None }),
                (Err(_), Some(_)) => break,
            };
            let first = account.token.cell.borrow_mut().rotation().begin(slots.are_two());
            let Some((slot, credentials)) = slots.next(first, &refused.iter().collect::<Vec<_>>()) else {
                break;
            };
            let turn = match self.turn_to_fetch(account, &credentials).await {
                Turn::Ours(turn) => Some(turn),
                Turn::Unknown => None,
                Turn::Fetched(shared) => {
                    account.token.from_store.set(true);
                    return self.adopt_shared(account, shared, credentials, slot);
                }
            };
            let (fault, message) = match self.ask(account, grant, settings, (credentials, slot), turn).await?
            {
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

    /// Takes the token that another instance has fetched.
    fn adopt_shared(
        &self,
        account: &Account,
        shared: Shared,
        credentials: Credentials,
        slot: Slot,
    ) -> Result<Authorization, Refused> {
        account.token.shared.set(Some(shared.id));
        let Shared { token, requested, life, .. } = shared;
        let issued = Issued { token, requested, life, to_another: true };
        self.keep(account, issued, credentials, slot)
    }

    /// Takes the key itself for the token. It is read again every minute, and when it was
    /// refused: then another one is needed, or some time.
    async fn adopt(&self, account: &Account, name: &str) -> Result<Authorization, Refused> {
        let slots = self.slots(account).await.map_err(|failure| Refused { failure, fault: None })?;
        let rejected = account.token.rejected_key.take();
        let mut cell = account.token.cell.borrow_mut();
        let first = cell.rotation().begin(slots.are_two());
        let refused: Vec<&Credentials> = rejected.iter().map(|rejected| &*rejected.credentials).collect();
        let Some((slot, credentials)) = slots.next(first, &refused) else {
            cell.fetch_failed(self.host.now(), FetchFailure::InvalidClient);
            let Some(RejectedKey { message, status, .. }) = rejected else {
                return Err(Refused::internal("there are no credentials"));
            };
            let failure = refused_key(FailureKind::Authentication, message, Vec::new());
            return Err(Refused { failure: Failure { status, ..failure }, fault: None });
        };
        drop(cell);
        let key = Secret::new(credentials.get(name).to_owned());
        let requested = self.host.now();
        let issued = Issued { token: key, requested, life: Some(KEY_LIFE), to_another: false };
        self.keep(account, issued, credentials, slot)
    }

    /// Keeps a token with the credentials that it belongs to.
    fn keep(
        &self,
        account: &Account,
        issued: Issued,
        credentials: Credentials,
        slot: Slot,
    ) -> Result<Authorization, Refused> {
        let Issued { token, requested, life, to_another } = issued;
        account.token.failed_in_row.set(0);
        account.token.remember(&token);
        let random = unit(self.host.random());
        let (generation, change) = {
            let mut cell = account.token.cell.borrow_mut();
            let change = cell.rotation().worked(slot);
            let generation = if to_another {
                cell.adopted(token, requested, life, random)
            } else {
                cell.stored(token, requested, life, random)
            };
            (generation, change)
        };
        *account.token.credentials.borrow_mut() = Some(Rc::new(credentials));
        if let Some(change) = change {
            self.rotated(account, change);
        }
        present(account, generation).ok_or_else(|| Refused::internal("the token went away"))
    }

    /// Asks for a token, once, and shares what comes of it.
    async fn ask(
        &self,
        account: &Account,
        grant: &dyn ClientCredentials,
        settings: &CommonSettings,
        (credentials, slot): (Credentials, Slot),
        turn: Option<Vec<u8>>,
    ) -> Result<Asked, Refused> {
        let request = grant.token_request(&account.site, &credentials, settings);
        let requested = self.host.now();
        self.telemetry.counters.borrow_mut().token_fetch();
        let sent = timeout(&*self.host, settings.attempt_timeout, receive::send(&*self.host, request)).await;
        let (attempt, message, token) = match sent {
            None => (Attempt::Timeout { sent: Sent::Maybe }, "no answer in time".to_owned(), None),
            Some(Err(error)) => {
                (Attempt::Transport { sent: error.sent, reason: error.reason }, error.detail, None)
            }
            Some(Ok(answer)) => {
                let hint = retry_hint(|name| answer.header(name), self.host.wall_now());
                let (body, message, token) = read(grant, &answer);
                let status = answer.status;
                answer.body.map(receive::wipe).ok();
                (Attempt::Answer { status, hint, body }, message, token)
            }
        };
        // Asking for a token changes nothing that matters.
        let classified = classify(&attempt, Access::Read, &StatusRules::STANDARD);
        let issued = token.as_ref().filter(|_| classified.is_ok());
        let issued = issued.map(|(token, life)| (token, requested, *life));
        self.fetched(account, &credentials, turn, issued).await;
        match (classified, token) {
            (Ok(()), Some((token, life))) => {
                let issued = Issued { token, requested, life, to_another: false };
                self.keep(account, issued, credentials, slot).map(Asked::Token)
            }
            (Err(fault), _) => Ok(Asked::Refused { fault, message, credentials }),
            (Ok(()), None) => Err(Refused::internal("a token answer without a token was accepted")),
        }
    }

    fn rotated(&self, account: &Account, change: SlotChange) {
        self.telemetry.counters.borrow_mut().credential_slot_change();
        // The secondary slot is for a while only: somebody should know that it is in use.
        let level = if change.to == Slot::Secondary { LogLevel::Warn } else { LogLevel::Info };
        self.telemetry.log(level, "rotation", |line| {
            line.with("account", account.name.as_str())
                .with("from", change.from.as_str())
                .with("to", change.to.as_str())
        });
    }
}

/// Whether other credentials may get a token now: `invalid_client` and its like come as
/// 400 or 401 (RFC 6749 section 5.2), and some providers send a 403.
fn refuses_credentials(fault: &Fault) -> bool {
    matches!(fault.status, Some(400 | 401 | 403))
}

/// A token answer: what its body is worth, why it is none, and the token.
///
/// Of an error nothing passes on but the status and a registered code: it may hold the form
/// that was sent, secrets and all.
fn read(
    grant: &dyn ClientCredentials,
    answer: &Response,
) -> (BodyKind, String, Option<(Secret, Option<Duration>)>) {
    let success = (200..300).contains(&answer.status);
    match &answer.body {
        Ok(body) if success => match grant.token_answer(body) {
            Ok(token) => (BodyKind::Usable, String::new(), Some(token)),
            Err(message) => (BodyKind::Malformed, message, None),
        },
        Ok(body) => {
            let code = error_code(body).map_or_else(String::new, |code| format!(", {code}"));
            (BodyKind::Usable, format!("HTTP {}{code}", answer.status), None)
        }
        Err(BodyError::Coded(name)) => (BodyKind::Unfit, receive::unreadable(name), None),
        Err(_) => (BodyKind::CutOff, format!("HTTP {} with a broken body", answer.status), None),
    }
}

/// The `error` of an error response, if it is one that RFC 6749 section 5.2 has.
fn error_code(body: &[u8]) -> Option<&'static str> {
    #[derive(serde::Deserialize)]
    struct ErrorResponse<'b> {
        #[serde(borrow)]
        error: std::borrow::Cow<'b, str>,
    }
    let said: ErrorResponse<'_> = serde_json::from_slice(body).ok()?;
    ERROR_CODES.into_iter().find(|code| *code == said.error)
}
