//! An account: where its data is, and its access token.

use super::token::Refused;
use crate::{
    client::transport::limiter::GroupKey,
    contract::{Failure, FieldError},
    failure,
    host::Host,
    policy::{
        secret::Secret,
        time::{Tick, WallTime},
        token::TokenCell,
    },
    providers::api::{Credentials, Provider, Site},
    seal::SealKeys,
    settings::{self, CREDENTIALS_ISSUED_AT, CommonSettings},
};
use futures_util::{future::LocalBoxFuture, lock::Mutex};
use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

/// How many of the tokens that were issued are looked for in what a provider says.
const MOST_ISSUED: usize = 8;

/// One tenant's place at a provider.
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) provider: &'static dyn Provider,
    /// Where its data is.
    pub(crate) site: Site,
    /// Environment and API host: what is kept of one is not what is asked of another.
    pub(crate) site_name: String,
    /// What counts together against the provider's rate limit. Accounts of one tenant share
    /// it, also if their apps differ: rather slower than allowed.
    pub(crate) group: GroupKey,
    /// When its settings were read.
    pub(crate) opened: Tick,
    /// When its credentials were issued, if its settings say so.
    pub(crate) issued_at: Option<WallTime>,
    /// What its answers are sealed with in the host's store, once that was asked for.
    pub(crate) keys: OnceCell<Option<Rc<SealKeys>>>,
    /// Its token. Outlives the settings that it was made with.
    pub(crate) token: Rc<Token>,
}

/// An access token and what belongs to it.
#[derive(Default)]
pub(crate) struct Token {
    /// The policy of the token.
    pub(crate) cell: RefCell<TokenCell>,
    /// The tokens that were issued last: an answer to one that was replaced may name it yet.
    pub(crate) issued: RefCell<VecDeque<Secret>>,
    /// What the store calls the token that this instance had last.
    pub(crate) shared: Cell<Option<u64>>,
    /// Whether the present token is one that another instance has fetched.
    pub(crate) from_store: Cell<bool>,
    /// The secrets that the present token was made with.
    pub(crate) credentials: RefCell<Option<Rc<Credentials>>>,
    /// The key that the API refused last, where no token endpoint has looked at it.
    pub(crate) rejected_key: RefCell<Option<RejectedKey>>,
    /// What this instance claims the right to fetch with, among those that share tokens.
    pub(crate) turn: OnceCell<[u8; 8]>,
    /// Held while a token is fetched: one fetch for any number of callers.
    pub(crate) fetching: Mutex<()>,
    /// Counts the fetches that ended, so that those who waited for one know.
    pub(crate) ended: Cell<u64>,
    /// Why the last fetch failed, until one does not.
    pub(crate) refused: RefCell<Option<Refused>>,
    /// How many fetches have failed in a row for reasons that may pass.
    pub(crate) failed_in_row: Cell<u32>,
}

/// A key that the API refused.
pub(crate) struct RejectedKey {
    /// The key, among the secrets of its slot.
    pub(crate) credentials: Rc<Credentials>,
    /// What the API said.
    pub(crate) message: String,
    /// HTTP status.
    pub(crate) status: Option<u16>,
}

impl Token {
    /// Notes a token that was issued.
    pub(crate) fn remember(&self, token: &Secret) {
        let mut issued = self.issued.borrow_mut();
        issued.truncate(MOST_ISSUED - 1);
        issued.push_front(token.clone());
    }

    /// Notes that the API refuses the present key.
    pub(crate) fn mark_rejected(&self, message: &str, status: Option<u16>) {
        let credentials = self.credentials.borrow().clone();
        *self.rejected_key.borrow_mut() =
            credentials.map(|credentials| RejectedKey { credentials, message: message.to_owned(), status });
    }
}

/// Reads an account's settings; the inner error has everything that is missing, on
/// top of what is wrong with the common settings.
///
/// Boxed, so that its three callers share its code.
pub(crate) fn open<'a, H: Host>(
    host: &'a H,
    provider: &'static dyn Provider,
    name: &'a str,
    settings: Result<&'a CommonSettings, Vec<FieldError>>,
) -> LocalBoxFuture<'a, Result<Result<Account, Vec<FieldError>>, Failure>> {
    Box::pin(read_and_check(host, provider, name, settings))
}

async fn read_and_check<H: Host>(
    host: &H,
    provider: &'static dyn Provider,
    name: &str,
    common: Result<&CommonSettings, Vec<FieldError>>,
) -> Result<Result<Account, Vec<FieldError>>, Failure> {
    let trouble = |error| failure::host("reading settings", &error);
    let (common, mut wrong) = match common {
        Ok(common) => (Some(common), Vec::new()),
        Err(wrong) => (None, wrong),
    };
    let environment = provider.environment_setting();
    let table = provider.settings();
    let (first, rest): (Vec<_>, Vec<_>) = table.iter().partition(|setting| setting.name == environment);
    let (mut values, malformed) =
        settings::read(host, &first, &|setting| provider.setting_names(setting.name, name, ""))
            .await
            .map_err(trouble)?;
    let chosen = values.text(environment).unwrap_or_default().to_owned();
    let names = |setting: &settings::Setting| provider.setting_names(setting.name, name, &chosen);
    let (others, missing) = settings::read(host, &rest, &names).await.map_err(trouble)?;
    values.extend(others);
    let ambiguous = settings::ambiguous(host, provider.name(), name, &values).await.map_err(trouble)?;
    wrong.extend(malformed.into_iter().chain(missing).chain(ambiguous));
    let Some(common) = common.filter(|_| wrong.is_empty()) else { return Ok(Err(wrong)) };
    Ok(provider.site(name, &values, common).map(|site| Account {
        group: GroupKey::new(&format!("{}/{}/{}", provider.name(), site.environment, site.tenant)),
        site_name: format!("{}@{}", site.environment, site.api.authority),
        name: name.to_owned(),
        provider,
        site,
        opened: host.now(),
        issued_at: values.time(CREDENTIALS_ISSUED_AT),
        keys: OnceCell::new(),
        token: Rc::default(),
    }))
}

impl Account {
    /// Whose data it is and where, for positions of reads and whoever reads of one that does
    /// not fit.
    pub(crate) fn site(&self) -> String {
        format!("{} tenant {} in {}", self.provider.name(), self.site.tenant, self.site_name)
    }

    /// Drops the token.
    pub(crate) fn forget_token(&self) {
        self.token.cell.borrow_mut().clear();
        *self.token.credentials.borrow_mut() = None;
        *self.token.refused.borrow_mut() = None;
        self.token.failed_in_row.set(0);
    }

    /// How many seconds ago its credentials were issued, if its settings say so; 0 if
    /// that is yet to come.
    pub(crate) fn credentials_age(&self, now: WallTime) -> Option<u64> {
        self.issued_at.map(|issued| issued.until(now).as_secs())
    }

    /// Whether a token for the other one would do for this one.
    pub(crate) fn same_place(&self, other: &Account) -> bool {
        self.site.auth == other.site.auth
            && self.site.api == other.site.api
            && self.site.tenant == other.site.tenant
    }

    /// Takes over the token of the account as it was.
    pub(crate) fn with_token_of(mut self, before: &Account) -> Account {
        self.token = before.token.clone();
        self
    }
}
