//! Simulated vendors for a gateway: one of each.

use anyhow::Result;
use penstock_simulated::{
    asleep::{self, SimulatedAsleep},
    servicetitan::{Config, SimulatedServiceTitan},
};
use std::collections::BTreeMap;

/// One of each, on loopback.
pub(crate) struct Vendors {
    servicetitan: SimulatedServiceTitan,
    asleep: SimulatedAsleep,
}

impl Vendors {
    /// Starts them; the ServiceTitan holds so many jobs.
    pub(crate) async fn start(jobs: usize) -> Result<Self> {
        Ok(Self {
            servicetitan: SimulatedServiceTitan::start(Config { jobs, ..Config::default() }).await?,
            asleep: SimulatedAsleep::start(asleep::Config::default()).await?,
        })
    }

    /// The settings and secrets that point Penstock at them.
    pub(crate) fn settings(&self) -> BTreeMap<String, String> {
        let mut settings = self.servicetitan.settings();
        settings.extend(self.asleep.settings());
        settings
    }

    /// The tenant of the ServiceTitan's credentials.
    pub(crate) fn tenant(&self) -> String {
        self.servicetitan.settings().remove("SERVICETITAN_TENANT_ID").unwrap_or_default()
    }

    /// A user of the Asleep.
    pub(crate) fn user(&self) -> String {
        self.asleep.user_ids().into_iter().next().unwrap_or_default()
    }

    /// Stops them.
    pub(crate) async fn shutdown(self) {
        self.servicetitan.shutdown().await;
        self.asleep.shutdown().await;
    }
}
