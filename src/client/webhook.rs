//! Takes in what vendors send by themselves.

use super::{Connector, accounts::account::Account, cache};
use crate::{
    contract::{Failure, FailureKind, FieldError},
    failure,
    host::{Host, HostError},
    policy::{cache::Key, secret::Secret},
    settings::{self, Policy, SECONDARY, common::LogLevel},
    webhooks::{
        Delivery, Event, Outdated, Source, Trust,
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
        /// To be given to [`Connector::webhook_done`] or [`Connector::webhook_released`];
        /// none when the host has no store and nobody keeps count.
        ticket: Option<Ticket>,
    },
    /// It was handled before: tell the sender that all is well.
    Duplicate(Verified),
    /// It is being handled just now, and that may yet fail: let the sender come again.
    InHand(Verified),
}

impl<H: Host> Connector<H> {
    /// Verifies a delivery and reads it. Nothing is remembered: a second delivery of the
    /// same event is read again.
    ///
    /// # Errors
    /// `too-large`, `authentication`, `decode`, `permission` for an event of another
    /// tenant, `configuration` when there is nothing to verify it with.
    pub async fn verify_webhook(
        &self,
        vendor: &str,
        account: Option<&str>,
        delivery: &Delivery<'_>,
    ) -> Result<Verified, Failure> {
        let result = self.verify(vendor, account, delivery).await;
        let counted = result.as_ref().map_or_else(|failure| failure::kind_name(failure.kind), |_| "ok");
        let level = if result.is_ok() { LogLevel::Info } else { LogLevel::Warn };
        self.log(level, "webhook", |line| {
            let line = line.with("vendor", vendor).with("result", counted);
            match &result {
                Ok(verified) => line
                    .with("event", verified.event.name.as_str())
                    .with("event_id", verified.event.id.as_str()),
                Err(failure) => line.failure(failure),
            }
        });
        result
    }

    /// Hands an event out unless somebody has had it.
    ///
    /// # Errors
    /// `host` when the store cannot be reached.
    pub async fn claim_webhook(&self, vendor: &str, verified: Verified) -> Result<Received, Failure> {
        let (account, policy) = self.webhook_account(vendor, &verified.account).await?;
        let identity =
            [account.vendor.name(), &account.site.environment, &account.site.tenant, &verified.event.id];
        match self.claims(&policy).claim(&identity).await {
            Ok(Claim::Ours(ticket)) => Ok(Received::Fresh { event: verified, ticket: Some(ticket) }),
            Ok(Claim::Done) => Ok(Received::Duplicate(verified)),
            Ok(Claim::Taken) => Ok(Received::InHand(verified)),
            Err(HostError::Unavailable(_) | HostError::Denied(_)) if !policy.webhook_needs_state => {
                Ok(Received::Fresh { event: verified, ticket: None })
            }
            Err(error) => Err(failure::host("claiming a webhook's event", &error)),
        }
    }

    /// Forgets what is kept of the things that an event is about.
    ///
    /// # Errors
    /// Settings that became incomplete meanwhile.
    pub async fn outdate_by_webhook(&self, vendor: &str, verified: &Verified) -> Result<(), Failure> {
        let (account, _) = self.webhook_account(vendor, &verified.account).await?;
        let Some(source) = account.vendor.webhooks() else { return Ok(()) };
        for outdated in source.outdates(&verified.event) {
            let (vendor, site) = (account.vendor.name(), &account.site);
            let key = match &outdated {
                Outdated::Resource(module, name) => {
                    Key::of_resource(vendor, &site.environment, &site.tenant, (module, name))
                }
                Outdated::Owner(owner) => cache::owned(vendor, &site.environment, &site.tenant, owner),
            };
            self.cache.forget(&self.host, &key, Some(self.host.now() + OUTDATING)).await;
        }
        Ok(())
    }

    async fn webhook_account(&self, vendor: &str, name: &str) -> Result<(Rc<Account>, Rc<Policy>), Failure> {
        let vendor = super::known_vendor(vendor)?.name();
        let open = async {
            let policy = self.policy(vendor, name).await?;
            Ok((self.account(vendor, name, &policy).await?, policy))
        };
        self.opened(None, open).await
    }

    /// The event of a ticket is handled.
    ///
    /// # Errors
    /// `bad-input` for what is no ticket; `conflict` if handling took so long that somebody
    /// else has got the event as well; `host` when the store cannot be reached.
    pub async fn webhook_done(&self, ticket: &str) -> Result<(), Failure> {
        let (ticket, policy) = self.ticket(ticket).await?;
        match self.claims(&policy).done(&ticket).await {
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
    pub async fn webhook_released(&self, ticket: &str) -> Result<(), Failure> {
        let (ticket, policy) = self.ticket(ticket).await?;
        let released = self.claims(&policy).release(&ticket).await;
        released.map_err(|error| failure::host("giving a webhook's event back", &error))
    }

    async fn ticket(&self, text: &str) -> Result<(Ticket, Rc<Policy>), Failure> {
        let ticket = Ticket::parse(text);
        let ticket = ticket.ok_or_else(|| failure::bad_field("ticket", "is not one that was handed out"))?;
        // Any vendor's: only the common settings are read.
        let vendor = crate::providers::registry::all().first().map_or("", |vendor| vendor.name());
        Ok((ticket, self.opened(None, self.policy(vendor, "default")).await?))
    }

    fn claims(&self, policy: &Policy) -> Claims<'_, H> {
        Claims { host: &self.host, lease: policy.webhook_lease, keep: policy.webhook_keep }
    }

    async fn verify(
        &self,
        vendor: &str,
        account: Option<&str>,
        delivery: &Delivery<'_>,
    ) -> Result<Verified, Failure> {
        let known = super::known_vendor(vendor)?;
        let name = super::options::account_name(account)?;
        let source = known.webhooks().ok_or_else(|| failure::bad_field("vendor", "sends no webhooks"))?;
        let policy = self.opened(None, self.policy(known.name(), &name)).await?;
        if !policy.webhooks {
            let off = FieldError { field: "ENABLE_WEBHOOKS".to_owned(), message: "is false".to_owned() };
            return Err(failure::configuration(vec![off]));
        }
        if delivery.body.len() > policy.webhook_max_bytes {
            let message = format!("the body is larger than {} bytes", policy.webhook_max_bytes);
            return Err(failure::refused(FailureKind::TooLarge, message, Vec::new()));
        }
        let account = self.opened(None, self.account(known.name(), &name, &policy)).await?;
        let proof = self.prove(source, &account, &policy, delivery).await?;
        let mut event = source.read(delivery).map_err(|unreadable| {
            let message = format!("the body is no event: {} {}", unreadable.path, unreadable.message);
            let field = FieldError { field: unreadable.path, message: unreadable.message };
            failure::refused(FailureKind::Decode, message, vec![field])
        })?;
        if event.tenant.as_ref().is_some_and(|tenant| *tenant != account.site.tenant) {
            let message = format!("the event belongs to another tenant than the account `{name}`");
            return Err(failure::refused(FailureKind::Permission, message, Vec::new()));
        }
        event.delivery = proof.delivery.or(event.delivery);
        Ok(Verified { event, trust: proof.trust, account: name })
    }

    async fn prove(
        &self,
        source: &dyn Source,
        account: &Account,
        policy: &Policy,
        delivery: &Delivery<'_>,
    ) -> Result<Proof, Failure> {
        let (vendor, environment) = (account.vendor, account.site.environment.as_str());
        let names = |setting: &str| vendor.setting_names(setting, &account.name, environment);
        let table: Vec<_> = source.settings().iter().collect();
        let all = |setting: &settings::Setting| names(setting.name);
        let reading = settings::read(&self.host, &table, &all);
        let (values, wrong) = reading.await.map_err(|error| failure::host("reading settings", &error))?;
        if !wrong.is_empty() {
            return Err(failure::configuration(wrong));
        }
        let choice = values.text(webhook_settings::SCHEME).unwrap_or_default();
        let header = values.text(webhook_settings::HEADER).unwrap_or_default();
        let encoding = webhook_settings::encoding(&values);
        let Some(scheme) = source.scheme(choice, header, encoding) else {
            return Err(failure::bad_field(webhook_settings::SCHEME, "is not known to this vendor"));
        };
        let keyed = matches!(scheme, Scheme::Key { .. } | Scheme::Hint { .. });
        let setting = source.key_setting().filter(|_| keyed).unwrap_or(webhook_settings::SECRET);
        let at = names(setting).into_iter().next().unwrap_or_default();
        let unset = |message: &str| {
            failure::configuration(vec![FieldError { field: at.clone(), message: message.to_owned() }])
        };
        let secrets = self.live_secrets(&names(setting)).await?;
        if !keyed && secrets.iter().any(|secret| secret.expose().len() < SHORTEST_SECRET) {
            return Err(unset("is too short for a signature: 16 characters at least"));
        }
        let check =
            Check { secrets: &secrets, now: self.host.wall_now(), tolerance: policy.webhook_tolerance };
        scheme.verify(delivery, &check).map_err(|refused| match refused {
            Refused::NoSecret => unset("is not set, so that no webhook can be verified"),
            Refused::MalformedSecret(message) => unset(message),
            Refused::Header { name, why } => {
                let message = format!("the delivery is not the vendor's: {name} {why}");
                let field = FieldError { field: name, message: why };
                failure::refused(FailureKind::Authentication, message, vec![field])
            }
        })
    }

    /// All secrets that are live under the first name that has any: one, or two while they
    /// change.
    async fn live_secrets(&self, names: &[String]) -> Result<Vec<Secret>, Failure> {
        for name in names {
            let mut live = Vec::new();
            for slot in [name.clone(), format!("{name}{SECONDARY}")] {
                match self.host.secret(&slot).await {
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
}
