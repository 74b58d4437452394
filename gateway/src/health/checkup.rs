//! What `/health` looks at and `/ready` does not: all accounts that the settings name, and the outbox.

use super::{
    check::{Check, Checks, FAIL, PASS, WARN},
    policies::Policies,
};
#[cfg(feature = "webhooks")]
use crate::outbox::Figures;
use crate::{
    accounts,
    gateway::Gateway,
    readiness::{Account, Readiness},
};
#[cfg(feature = "webhooks")]
use futures_util::future::join;
use futures_util::future::join_all;
use penstock::{
    client::{Client, Exposition},
    host::{Host, timeout},
};
use std::time::Duration;

/// How long the host may take to read the settings of all accounts.
const PATIENCE: Duration = Duration::from_secs(2);

/// The most accounts that are looked at: as many as a client keeps.
const MOST: usize = 64;

/// An event that waits for so long is one whose destination has failed three times and more.
const OLD: Duration = Duration::from_secs(60 * 60);

/// What was found.
#[derive(Debug, Default)]
pub struct Checkup {
    /// The accounts that `PENSTOCK_ACCOUNTS` names; none if they could not be read in time.
    accounts: Option<Vec<Account>>,
    /// The outbox, where there is one; the error is in words for people.
    #[cfg(feature = "webhooks")]
    outbox: Option<Result<Figures, String>>,
}

impl Checkup {
    /// Looks, within bounds. The provider is asked nothing.
    pub async fn read<H: Host>(gateway: &Gateway<H>) -> Checkup {
        let client = gateway.client();
        let accounts = timeout(client.host(), PATIENCE, further(client));
        #[cfg(feature = "webhooks")]
        let (accounts, outbox) = join(accounts, Figures::read(client, gateway.outbox())).await;
        #[cfg(not(feature = "webhooks"))]
        let accounts = accounts.await;
        Checkup {
            accounts,
            #[cfg(feature = "webhooks")]
            outbox,
        }
    }

    /// Adds how much is in the outbox, where there is one that tells.
    pub(super) fn outbox_gauges(&self, text: &mut Exposition) {
        #[cfg(not(feature = "webhooks"))]
        let _ = text;
        #[cfg(feature = "webhooks")]
        if let Some(Ok(figures)) = &self.outbox {
            text.single("outbox_events", "gauge", "Events in the outbox.", figures.events);
            let name = "outbox_deliveries";
            text.metric(
                name,
                "gauge",
                "Deliveries that are yet to be made, and those that are not tried again.",
            );
            text.sample(name, &[("state", "waiting")], figures.waiting);
            text.sample(name, &[("state", "dead")], figures.dead);
            let age = figures.oldest.unwrap_or_default().as_secs();
            text.single(
                "outbox_oldest_seconds",
                "gauge",
                "How long ago the oldest event came that waits.",
                age,
            );
            text.single(
                "outbox_full",
                "gauge",
                "Whether no further event is taken in.",
                u8::from(figures.is_full),
            );
        }
    }

    /// Adds checks. Of accounts that have no token yet there are some as well.
    pub(super) fn add_to<'a>(
        &'a self,
        checks: &mut Checks<'a>,
        readiness: &'a Readiness,
        policies: &'a Policies,
    ) {
        let is_new = |further: &&Account| readiness.accounts.iter().all(|known| known.name != further.name);
        let further = self.accounts.iter().flatten().filter(is_new);
        let accounts: Vec<_> = readiness.accounts.iter().chain(further).collect();
        let mut configuration: Vec<_> = accounts.iter().map(|account| configured(account)).collect();
        if self.accounts.is_none() {
            let why =
                format!("the settings of further accounts were not found within {} s", PATIENCE.as_secs());
            configuration.push(Check { status: WARN, output: Some(why), ..Check::default() });
        }
        if !configuration.is_empty() {
            checks.insert("configuration", configuration);
        }
        let is_known = |account: &Account| policies.tokens.iter().any(|token| token.account == account.name);
        let without = accounts
            .into_iter()
            .filter(|account| account.has_token && account.missing.is_empty() && !is_known(account));
        let mut without = without.map(|account| Check::no_token(&account.name)).peekable();
        if without.peek().is_some() {
            checks.entry("token:expiry").or_default().extend(without);
        }
        #[cfg(feature = "webhooks")]
        match &self.outbox {
            Some(Ok(figures)) => checks.extend(waiting(figures)),
            Some(Err(why)) => {
                let check = Check { status: WARN, output: Some(why.clone()), ..Check::default() };
                checks.insert("outbox:waiting", vec![check]);
            }
            None => {}
        }
    }
}

/// The accounts that `PENSTOCK_ACCOUNTS` names.
async fn further<H: Host>(client: &Client<H>) -> Vec<Account> {
    // What is wrong with the setting, `/ready` says.
    let Ok(Ok(named)) = accounts::read(client.host()).await else { return Vec::new() };
    let names: Vec<_> = named.names().take(MOST).collect();
    join_all(names.iter().map(|(provider, account)| Account::read(client, *provider, account))).await
}

/// Whether an account's settings are complete; if not, what is missing.
fn configured(account: &Account) -> Check<'_> {
    let named: Vec<_> =
        account.missing.iter().map(|wrong| format!("{} {}", wrong.field, wrong.message)).collect();
    let output = match (named.is_empty(), account.trouble) {
        (false, _) => Some(named.join("; ")),
        (true, true) => Some("the host cannot read its settings; its log says why".to_owned()),
        (true, false) => None,
    };
    let status = if output.is_none() { PASS } else { FAIL };
    Check { component_id: Some(account.name.as_str().into()), status, output, ..Check::default() }
}

/// How much is in the outbox.
#[cfg(feature = "webhooks")]
fn waiting(figures: &Figures) -> Checks<'static> {
    let full = figures.is_full.then(|| "it is full: vendors are asked to send again later".to_owned());
    let status = if figures.is_full { FAIL } else { PASS };
    let events = Check { output: full, ..Check::measured("events", status, figures.events, "events") };
    let deliveries = Check::measured("deliveries", PASS, figures.waiting, "deliveries");
    let at_least = figures.is_partial.then(|| "at least: not all were looked at".to_owned());
    let status = if figures.dead > 0 { WARN } else { PASS };
    let dead =
        Check { output: at_least, ..Check::measured("deliveries", status, figures.dead, "deliveries") };
    let oldest = figures.oldest.map(|age| {
        let status = if age >= OLD { WARN } else { PASS };
        Check::measured("events", status, age.as_secs(), "s")
    });
    let all = [
        ("outbox:waiting", vec![events, deliveries]),
        ("outbox:dead", vec![dead]),
        ("outbox:oldest", oldest.into_iter().collect()),
    ];
    all.into_iter().filter(|(_, checks)| !checks.is_empty()).collect()
}
