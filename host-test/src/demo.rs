//! What the demo, the benches and the tests share: the simulated vendor as the
//! component's environment.

use crate::{
    Environment,
    bindings::jpm::JobsQuery,
    http::{Outbound, OutboundPolicy},
    sources::Map,
    vendor::{Config, SimulatedVendor},
};
use std::collections::BTreeMap;

/// Starts a simulated vendor whose list of jobs has exactly `config.jobs` of them.
///
/// Some of the generated jobs are deleted and in no list: others take their place.
///
/// # Errors
/// Those of [`SimulatedVendor::start`].
pub async fn vendor_with_listed_jobs(config: Config) -> anyhow::Result<SimulatedVendor> {
    let jobs = config.jobs;
    let vendor = SimulatedVendor::start(config).await?;
    for _ in vendor.job_ids().len()..jobs {
        vendor.add_job();
    }
    Ok(vendor)
}

/// The settings and secrets with which the component talks to this vendor.
#[must_use]
pub fn simulated_settings(vendor: &SimulatedVendor) -> BTreeMap<String, String> {
    let account = vendor.config().accounts.first().cloned().unwrap_or_default();
    let first = |all: &[String]| all.first().cloned().unwrap_or_default();
    let tenant = account.tenants.first().copied().unwrap_or_default();
    let values = [
        ("SERVICETITAN_CLIENT_ID", account.client_id.clone()),
        ("SERVICETITAN_CLIENT_SECRET", first(&account.client_secrets)),
        ("SERVICETITAN_APP_KEY", first(&account.app_keys)),
        ("SERVICETITAN_TENANT_ID", tenant.to_string()),
        ("SERVICETITAN_API_URL", vendor.url()),
        ("SERVICETITAN_AUTH_URL", vendor.url()),
        ("PENSTOCK_ALLOW_HTTP", "true".to_owned()),
        ("LOG_LEVEL", "error".to_owned()),
    ];
    values.map(|(name, value)| (name.to_owned(), value)).into()
}

/// An environment in which the component talks to this vendor, with further settings.
#[must_use]
pub fn simulated_environment<'a>(
    vendor: &SimulatedVendor,
    further: impl IntoIterator<Item = (&'a str, String)>,
) -> Environment {
    let mut settings = simulated_settings(vendor);
    settings.extend(further.into_iter().map(|(name, value)| (name.to_owned(), value)));
    let loopback = OutboundPolicy::none().allow_loopback();
    Environment::empty()
        .secrets(Map::new(settings.clone()))
        .config(Map::new(settings))
        .outbound(Outbound::with_policy(loopback))
}

/// The query that leaves no job out, in an order that new jobs do not disturb.
#[must_use]
pub fn every_job() -> JobsQuery {
    JobsQuery { sort: Some("+Id".to_owned()), ..JobsQuery::default() }
}
