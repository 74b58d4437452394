//! Which accounts `/ready` checks, and what they lack.

#[cfg(feature = "webhooks")]
use crate::settings::WEBHOOK_DESTINATIONS;
use crate::{
    accounts,
    gateway::Gateway,
    mcp::modules,
    oidc::IssuerState,
    openapi,
    secret_source::{self, SecretSource},
    settings::READY_ACCOUNTS,
    state_settings,
};
use futures_util::future::{join, join_all};
#[cfg(feature = "webhooks")]
use penstock::settings::STATE_SECRET;
use penstock::{
    call::account_name,
    client::Client,
    contract::FieldError,
    host::{Host, HostError},
    providers::{api::Provider, registry},
};

/// What is missing before calls can be made for the accounts that are checked.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Readiness {
    /// Every setting that is missing or malformed, once.
    pub missing: Vec<FieldError>,
    /// The accounts that were looked at, each with what it lacks.
    pub accounts: Vec<Account>,
    /// Whether the host could not read its settings. Its words are in the log.
    pub trouble: bool,
    /// Whether the shared state answers; none where that could not be asked.
    pub shared_state: Option<bool>,
    /// Whether that is in Redis, and not in the host's own store.
    pub is_redis: bool,
    /// Origins to which the host lately let no request go.
    pub refused: Vec<String>,
    /// How it stands with the issuer of bearer tokens, if there is one.
    pub issuer: Option<IssuerState>,
    /// How it stands with the secret manager, where the host has one and says so.
    pub secrets: Option<SecretSource>,
}

/// An account, and what it lacks.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// `servicetitan/default`.
    pub name: String,
    /// Whether its provider gives access tokens.
    pub has_token: bool,
    /// Every setting that is missing or malformed.
    pub missing: Vec<FieldError>,
    /// Whether the host could not read its settings.
    pub trouble: bool,
}

impl Account {
    /// How an account of a provider is called.
    #[must_use]
    pub fn name_of(provider: &dyn Provider, account: &str) -> String {
        format!("{}/{account}", provider.name())
    }

    /// Looks at its settings.
    pub async fn read<H: Host>(
        client: &Client<H>,
        provider: &'static dyn Provider,
        account: &str,
    ) -> Account {
        let missing = client.missing(provider, Some(account)).await;
        Account {
            name: Account::name_of(provider, account),
            has_token: !provider.auth().is_static_key(),
            trouble: missing.is_err(),
            missing: missing.unwrap_or_default(),
        }
    }
}

/// An account to check.
type Checked = (&'static dyn Provider, String);

/// Reads the settings of all accounts that [`READY_ACCOUNTS`] names, without asking a provider.
pub async fn read<H: Host>(gateway: &Gateway<H>) -> Readiness {
    let client = gateway.client();
    let mut readiness = Readiness { refused: client.host().refused_origins(), ..Readiness::default() };
    #[cfg(feature = "oidc")]
    {
        readiness.issuer = issuer(gateway).await;
    }
    readiness.secrets = secret_source::read(client.host()).await;
    match state_settings::read(client.host()).await {
        Ok(Ok(redis)) => readiness.is_redis = redis.is_some(),
        Ok(Err(wrong)) => {
            readiness.is_redis = true;
            readiness.missing.push(wrong);
        }
        Err(_) => readiness.trouble = true,
    }
    match accounts::read(client.host()).await {
        Ok(further) => readiness.missing.extend(further.err()),
        Err(_) => readiness.trouble = true,
    }
    match openapi::is_public(client.host()).await {
        Ok(public) => readiness.missing.extend(public.err()),
        Err(_) => readiness.trouble = true,
    }
    match modules::read(client.host()).await {
        Ok(named) => readiness.missing.extend(named.err()),
        Err(_) => readiness.trouble = true,
    }
    #[cfg(feature = "webhooks")]
    destinations(client.host(), &mut readiness).await;
    let accounts = match checked_accounts(client.host()).await {
        Ok(Ok(accounts)) => accounts,
        Ok(Err(wrong)) => {
            readiness.missing.push(wrong);
            return readiness;
        }
        Err(_) => {
            readiness.trouble = true;
            return readiness;
        }
    };
    let reading =
        join_all(accounts.iter().map(|(provider, account)| Account::read(client, *provider, account)));
    let (accounts, shared_state) = join(reading, client.shares_state()).await;
    readiness.shared_state = Some(shared_state);
    readiness.trouble |= accounts.iter().any(|account| account.trouble);
    for wrong in accounts.iter().flat_map(|account| &account.missing) {
        // Settings that are no account's own are missing for each of them.
        if !readiness.missing.contains(wrong) {
            readiness.missing.push(wrong.clone());
        }
    }
    readiness.accounts = accounts;
    readiness
}

/// How it stands with the issuer's keys. It is not asked.
#[cfg(feature = "oidc")]
async fn issuer<H: Host>(gateway: &Gateway<H>) -> Option<IssuerState> {
    let keys = gateway.keys().await;
    let settings = keys.as_ref().as_ref().ok()?.as_ref().ok()?.oidc.as_ref()?;
    Some(gateway.issuer().state(gateway.client().host().now(), settings))
}

/// What is wrong with the destinations of webhooks, where there are any.
#[cfg(feature = "webhooks")]
async fn destinations<H: Host>(host: &H, readiness: &mut Readiness) {
    use crate::outbox::{self, Unready};
    match host.secret(WEBHOOK_DESTINATIONS.name).await {
        Ok(None) => {}
        Ok(Some(_)) => match outbox::read(host).await {
            Ok(_) => match host.secret(STATE_SECRET).await {
                Ok(None) => {
                    let why = "is not set, so that no webhook can be kept";
                    readiness.missing.push(FieldError::new(STATE_SECRET, why));
                }
                Ok(Some(_)) => {}
                Err(_) => readiness.trouble = true,
            },
            Err(Unready::Settings(wrong)) => readiness.missing.extend(wrong),
            Err(Unready::Host(_)) => readiness.trouble = true,
        },
        Err(_) => readiness.trouble = true,
    }
}

async fn checked_accounts<H: Host>(host: &H) -> Result<Result<Vec<Checked>, FieldError>, HostError> {
    let setting = host.setting(READY_ACCOUNTS.name).await?;
    let setting = setting.or_else(|| READY_ACCOUNTS.default.map(str::to_owned)).unwrap_or_default();
    Ok(setting.split(',').map(|account| checked(account.trim())).collect())
}

fn checked(named: &str) -> Result<Checked, FieldError> {
    let wrong = |why: String| FieldError::new(READY_ACCOUNTS.name, why);
    let (provider, account) = named.split_once('/').map_or((named, None), |(one, other)| (one, Some(other)));
    let provider = registry::find(provider).ok_or_else(|| {
        let known: Vec<_> = registry::all().iter().map(|provider| provider.name()).collect();
        wrong(format!("names the provider `{provider}`, and there are: {}", known.join(", ")))
    })?;
    let account = account_name(account).map_err(|_| {
        wrong(format!("names the account `{named}`, which must be 1 to 64 letters, digits, - or _"))
    })?;
    Ok((provider, account))
}
