//! Takes in what providers send by themselves: verify, read again what is only a hint, claim.

use super::dynamic;
use crate::{
    call::account_name,
    client::{Account, Client, cache},
    contract::{CallOptions, Failure, FailureKind, FieldError},
    failure,
    host::{Host, HostError},
    policy::{cache::Key, secret::Secret, time::WallTime},
    providers::registry,
    seal::{SealKey, SealKeys},
    settings::{self, CommonSettings, SECONDARY, STATE_SECRET, STATE_SECRET_SECONDARY, common::LogLevel},
    webhooks::{
        Delivery, Event, Outdated, Trust, Webhooks,
        claims::{Claim, Claims, Ticket},
        scheme::{Check, Proof, Refused, Scheme},
        settings as webhook_settings,
    },
};
use std::{rc::Rc, time::Duration};

/// A signature is only as good as its key: what is shorter can be guessed.
const SHORTEST_SECRET: usize = 16;

/// How long the store may take to learn what is outdated; cut off, it learns it later.
const OUTDATING: Duration = Duration::from_secs(5);

/// A delivery whose origin is proved.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// What happened.
    pub event: Event,
    /// How far it can be believed.
    pub trust: Trust,
    /// The account that it is for.
    pub account: String,
}

/// What came of a delivery.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// Handle it, then settle the ticket.
    Fresh {
        /// What happened.
        event: Verified,
        /// To be given to [`done`] or [`release`];
        /// none when the host has no store and nobody keeps count.
        ticket: Option<Ticket>,
    },
    /// It was handled before: tell the sender that all is well.
    Duplicate(Verified),
    /// It is being handled just now, and that may yet fail: let the sender come again.
    InHand(Verified),
}

/// Verifies a delivery, and hands its event out unless somebody has had it. What is only a
/// hint is read again from the provider before that, and then tells what the provider answered.
/// What is kept of the things of an event is forgotten once: deliveries that are repeated,
/// perhaps by somebody who recorded them, do not empty the cache.
///
/// # Errors
/// Those of [`verify`]; those of the call that reads again; `host` when
/// the store cannot be reached. Nothing was handed out then: let the sender come again.
pub async fn receive<H: Host + 'static>(
    client: &Rc<Client<H>>,
    provider: &str,
    account: Option<&str>,
    delivery: &Delivery<'_>,
) -> Result<Received, Failure> {
    let verified = verify(client, provider, account, delivery).await?;
    accept(client, provider, verified, Duration::MAX).await
}

/// The second half of [`receive`], for whoever has something to do between: hands out the event of a
/// delivery that [`verify`] proved, unless somebody has had it.
///
/// `soon` is how long the caller takes at most to settle it: its claim lasts no longer, nor than the settings say, so that the
/// next delivery gets the event soon if the caller dies. What is only a hint is read again meanwhile, for which the
/// provider may take its time: its claim lasts as the settings say.
///
/// # Errors
/// Those of the call that reads again; `host` when the store cannot be reached. Nothing was handed
/// out then.
pub async fn accept<H: Host + 'static>(
    client: &Rc<Client<H>>,
    provider: &str,
    verified: Verified,
    soon: Duration,
) -> Result<Received, Failure> {
    let soon = if verified.trust == Trust::Hint { Duration::MAX } else { soon };
    let mut received = claim(client, provider, verified, soon).await?;
    if let Received::Fresh { event, ticket } = &mut received
        && let Err(failure) = prepare(client, provider, event).await
    {
        if let Some(ticket) = ticket {
            // If not even that succeeds, its lease runs out.
            _ = release(client, &ticket.to_string()).await;
        }
        return Err(failure);
    }
    Ok(received)
}

/// What is done for an event before it is handed out.
async fn prepare<H: Host + 'static>(
    client: &Rc<Client<H>>,
    provider: &str,
    verified: &mut Verified,
) -> Result<(), Failure> {
    // Before it is read again: what was kept of it may be what has changed.
    outdate(client, provider, verified).await?;
    match verified.trust {
        Trust::Hint => reread(client, provider, verified).await,
        Trust::Key | Trust::Signed => Ok(()),
    }
}

async fn reread<H: Host + 'static>(
    client: &Rc<Client<H>>,
    provider: &str,
    verified: &mut Verified,
) -> Result<(), Failure> {
    let webhooks = registry::find(provider).and_then(|provider| provider.webhooks());
    let Some((name, parameters)) = webhooks.and_then(|webhooks| webhooks.reread(&verified.event)) else {
        return Ok(());
    };
    let options =
        CallOptions { account: Some(verified.account.clone()), fresh: true, ..CallOptions::default() };
    let operation = dynamic::operation(provider, name)?;
    let answer = dynamic::invoke(client, operation, &parameters, None, Some(&options)).await?;
    if let Some(body) = answer.body {
        verified.event.data = body;
        verified.event.reread = true;
    }
    Ok(())
}

/// Verifies a delivery and reads it. Nothing is remembered: a second delivery of the
/// same event is read again.
///
/// # Errors
/// `too-large`, `authentication`, `decode`, `permission` for an event of another
/// tenant, `configuration` when there is nothing to verify it with.
pub async fn verify<H: Host>(
    client: &Client<H>,
    provider: &str,
    account: Option<&str>,
    delivery: &Delivery<'_>,
) -> Result<Verified, Failure> {
    let result = read_and_prove(client, provider, account, delivery).await;
    let counted = result.as_ref().map_or_else(|failure| failure.kind.name(), |_| "ok");
    let level = if result.is_ok() { LogLevel::Info } else { LogLevel::Warn };
    client.telemetry().log(level, "webhook", |line| {
        let line = line.with("vendor", provider).with("result", counted);
        match &result {
            Ok(verified) => {
                line.with("event", verified.event.name.as_str()).with("event_id", verified.event.id.as_str())
            }
            Err(failure) => line.failure(failure),
        }
    });
    result
}

/// Hands an event out unless somebody has had it, for the time that the settings say and no longer than `at_most`.
///
/// # Errors
/// `host` when the store cannot be reached.
async fn claim<H: Host>(
    client: &Client<H>,
    provider: &str,
    verified: Verified,
    at_most: Duration,
) -> Result<Received, Failure> {
    let (account, settings) = account_of(client, provider, &verified.account).await?;
    let identity = [account.provider.name(), &account.site_name, &account.site.tenant, &verified.event.id];
    let keys = claim_keys(client).await?;
    let claims = claims(client, &settings, keys.as_ref());
    let claims = Claims { lease: claims.lease.min(at_most), ..claims };
    match claims.claim(account.group.as_str(), &identity).await {
        Ok(Claim::Ours(ticket)) => Ok(Received::Fresh { event: verified, ticket: Some(ticket) }),
        Ok(Claim::Done) => Ok(Received::Duplicate(verified)),
        Ok(Claim::Taken) => Ok(Received::InHand(verified)),
        Err(HostError::Unavailable(_) | HostError::Denied(_)) if !settings.webhook_needs_state => {
            Ok(Received::Fresh { event: verified, ticket: None })
        }
        Err(error) => Err(failure::host("claiming a webhook's event", &error)),
    }
}

/// Forgets what is kept of the things that an event is about.
///
/// # Errors
/// Settings that became incomplete meanwhile.
pub async fn outdate<H: Host>(
    client: &Client<H>,
    provider: &str,
    verified: &Verified,
) -> Result<(), Failure> {
    let (account, _) = account_of(client, provider, &verified.account).await?;
    let Some(webhooks) = account.provider.webhooks() else { return Ok(()) };
    for outdated in webhooks.outdates(&verified.event) {
        let (provider, tenant) = (account.provider.name(), &account.site.tenant);
        let key = match &outdated {
            Outdated::Resource(module, name) => {
                Key::of_resource(provider, &account.site_name, tenant, (module, name))
            }
            Outdated::Owner(owner) => cache::owned(provider, &account.site_name, tenant, owner),
        };
        client.outdate(&key, client.host().now() + OUTDATING).await;
    }
    Ok(())
}

async fn account_of<H: Host>(
    client: &Client<H>,
    provider: &str,
    name: &str,
) -> Result<(Rc<Account>, Rc<CommonSettings>), Failure> {
    let provider = registry::known(provider)?;
    let (settings, account) = client.in_time(None, client.account(provider, name)).await?;
    Ok((account, settings))
}

/// The event of a ticket is handled.
///
/// # Errors
/// `bad-input` for what is no ticket; `conflict` if handling took so long that somebody
/// else has got the event as well; `host` when the store cannot be reached.
pub async fn done<H: Host>(client: &Client<H>, ticket: &str) -> Result<(), Failure> {
    let (ticket, settings) = parse_ticket(client, ticket).await?;
    let keys = claim_keys(client).await?;
    match claims(client, &settings, keys.as_ref()).done(&ticket).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(failure::refused(
            FailureKind::Conflict,
            "handling took longer than PENSTOCK_WEBHOOK_LEASE, and the event was handed out again",
            Vec::new(),
        )),
        Err(error) => Err(failure::host("settling a webhook's event", &error)),
    }
}

/// The event of a ticket could not be handled: its next delivery is handed out.
///
/// # Errors
/// `bad-input` for what is no ticket; `host` when the store cannot be reached. The event
/// then comes free when its lease is over.
pub async fn release<H: Host>(client: &Client<H>, ticket: &str) -> Result<(), Failure> {
    let (ticket, settings) = parse_ticket(client, ticket).await?;
    let keys = claim_keys(client).await?;
    let released = claims(client, &settings, keys.as_ref()).release(&ticket).await;
    released.map_err(|error| failure::host("giving a webhook's event back", &error))
}

async fn parse_ticket<H: Host>(
    client: &Client<H>,
    text: &str,
) -> Result<(Ticket, Rc<CommonSettings>), Failure> {
    let ticket = Ticket::parse(text);
    let ticket = ticket.ok_or_else(|| failure::bad_field("ticket", "is not one that was handed out"))?;
    // Any provider's: only the common settings are read.
    let Some(provider) = registry::all().first() else { return Err(registry_is_empty()) };
    let read = client.settings(*provider, "default");
    Ok((ticket, client.in_time(None, read).await?))
}

fn registry_is_empty() -> Failure {
    failure::internal("there is no provider")
}

fn claims<'a, H: Host>(
    client: &'a Client<H>,
    settings: &CommonSettings,
    seal: Option<&'a SealKeys>,
) -> Claims<'a, H> {
    Claims { host: client.host(), lease: settings.webhook_lease, keep: settings.webhook_keep, seal }
}

/// What claims are sealed with: the deployment's own secret, if it has one. Those that were written
/// under an account's credentials could not be read any more once these have changed, and
/// events that were handled would be handed out again.
async fn claim_keys<H: Host>(client: &Client<H>) -> Result<Option<SealKeys>, Failure> {
    deployment_keys(client, "webhook").await
}

/// What the deployment's own secret seals, and what the one before still opens; none without a secret.
/// `purpose` tells the keys for one end from those for another.
///
/// # Errors
/// `host` when the secrets cannot be read.
pub async fn deployment_keys<H: Host>(
    client: &Client<H>,
    purpose: &str,
) -> Result<Option<SealKeys>, Failure> {
    let mut keys = Vec::new();
    for name in [STATE_SECRET, STATE_SECRET_SECONDARY] {
        match client.host().secret(name).await {
            Ok(secret) => {
                keys.extend(secret.map(|secret| SealKey::derive(purpose, [secret.expose().trim()])));
            }
            // A host that denies all names but those that it expects.
            Err(HostError::Denied(_)) => {}
            Err(error) => return Err(failure::host("reading secrets", &error)),
        }
    }
    Ok((!keys.is_empty()).then(|| SealKeys::new(keys)))
}

async fn read_and_prove<H: Host>(
    client: &Client<H>,
    provider: &str,
    account: Option<&str>,
    delivery: &Delivery<'_>,
) -> Result<Verified, Failure> {
    let provider = registry::known(provider)?;
    let name = account_name(account)?;
    let webhooks = provider.webhooks().ok_or_else(|| failure::bad_field("vendor", "sends no webhooks"))?;
    let settings = client.in_time(None, client.settings(provider, &name)).await?;
    if !settings.webhooks {
        return Err(failure::configuration(vec![FieldError::new("ENABLE_WEBHOOKS", "is false")]));
    }
    if delivery.body.len() > settings.webhook_max_bytes {
        let message = format!("the body is larger than {} bytes", settings.webhook_max_bytes);
        let field = FieldError::new("body", message.clone());
        return Err(failure::refused(FailureKind::TooLarge, message, vec![field]));
    }
    let account = client.in_time(None, client.account_of(provider, &name, &settings)).await?;
    let proof = prove(client, webhooks, &account, &settings, delivery).await?;
    // A signature is one of the body: whoever recorded it may send it with other fields.
    let signed = Delivery { headers: &[], body: delivery.body };
    let believed = if proof.trust == Trust::Signed { &signed } else { delivery };
    let mut event = webhooks.read(believed).map_err(|unreadable| {
        let message = format!("the body is no event: {} {}", unreadable.path, unreadable.message);
        let field = FieldError::new(unreadable.path, unreadable.message);
        failure::refused(FailureKind::Decode, message, vec![field])
    })?;
    if event.tenant.as_ref().is_some_and(|tenant| *tenant != account.site.tenant) {
        let message = format!("the event belongs to another tenant than the account `{name}`");
        return Err(failure::refused(FailureKind::Permission, message, Vec::new()));
    }
    if proof.trust == Trust::Signed {
        remembered(&event, client.host().wall_now(), settings.webhook_keep)?;
    }
    event.delivery = proof.delivery.or(event.delivery);
    Ok(Verified { event, trust: proof.trust, account: name })
}

/// Refuses a signed event that is older than events are remembered: that it was handled before
/// could not be told.
fn remembered(event: &Event, now: WallTime, keep: Duration) -> Result<(), Failure> {
    let Some(time) = &event.time else { return Ok(()) };
    let age = now.as_millis().div_euclid(1000).saturating_sub(time.seconds());
    if u64::try_from(age).is_ok_and(|age| age > keep.as_secs()) {
        let why = "is longer ago than events are remembered (PENSTOCK_WEBHOOK_KEEP_DAYS)";
        let field = FieldError::new("time", why);
        let message = format!("the event may have been handled before: its time {why}");
        return Err(failure::refused(FailureKind::Authentication, message, vec![field]));
    }
    Ok(())
}

async fn prove<H: Host>(
    client: &Client<H>,
    webhooks: &dyn Webhooks,
    account: &Account,
    settings: &CommonSettings,
    delivery: &Delivery<'_>,
) -> Result<Proof, Failure> {
    let (provider, environment) = (account.provider, account.site.environment.as_str());
    let names = |setting: &str| provider.setting_names(setting, &account.name, environment);
    let table: Vec<_> = webhooks.settings().iter().collect();
    let all = |setting: &settings::Setting| names(setting.name);
    let trouble = |error| failure::host("reading settings", &error);
    let (values, mut wrong) = settings::read(client.host(), &table, &all).await.map_err(trouble)?;
    let ambiguous = settings::ambiguous(client.host(), provider.name(), &account.name, &values);
    wrong.extend(ambiguous.await.map_err(trouble)?);
    if !wrong.is_empty() {
        return Err(failure::configuration(wrong));
    }
    let choice = values.text(webhook_settings::SCHEME).unwrap_or_default();
    let header = values.text(webhook_settings::HEADER).unwrap_or_default();
    let encoding = webhook_settings::encoding(&values);
    let Some(scheme) = webhooks.scheme(choice, header, encoding) else {
        return Err(failure::bad_field(webhook_settings::SCHEME, "is not known to this vendor"));
    };
    let keyed = matches!(scheme, Scheme::Key { .. } | Scheme::Hint { .. });
    let setting = webhooks.key_setting().filter(|_| keyed).unwrap_or(webhook_settings::SECRET);
    let at = names(setting).into_iter().next().unwrap_or_default();
    let unset = |message: &str| failure::configuration(vec![FieldError::new(at.clone(), message)]);
    let secrets = live_secrets(client, &names(setting)).await?;
    if !keyed && secrets.iter().any(|secret| secret.expose().len() < SHORTEST_SECRET) {
        return Err(unset("is too short for a signature: 16 characters at least"));
    }
    let check =
        Check { secrets: &secrets, now: client.host().wall_now(), tolerance: settings.webhook_tolerance };
    scheme.verify(delivery, &check).map_err(|refused| match refused {
        Refused::NoSecret => unset("is not set, so that no webhook can be verified"),
        Refused::MalformedSecret(message) => unset(message),
        Refused::Header { name, why } => {
            let message = format!("the delivery is not the vendor's: {name} {why}");
            let field = FieldError::new(name, why);
            failure::refused(FailureKind::Authentication, message, vec![field])
        }
    })
}

/// All secrets that are live under the first name that has any: one, or two while they
/// change.
async fn live_secrets<H: Host>(client: &Client<H>, names: &[String]) -> Result<Vec<Secret>, Failure> {
    for name in names {
        let mut live = Vec::new();
        for slot in [name.clone(), format!("{name}{SECONDARY}")] {
            match client.host().secret(&slot).await {
                Ok(secret) => live.extend(
                    secret
                        .map(|secret| Secret::new(secret.expose().trim().to_owned()))
                        .filter(|secret| !secret.is_empty()),
                ),
                // A host that denies all names but those that it expects.
                Err(HostError::Denied(_)) => {}
                Err(error) => return Err(failure::host("reading secrets", &error)),
            }
        }
        if !live.is_empty() {
            return Ok(live);
        }
    }
    Ok(Vec::new())
}
