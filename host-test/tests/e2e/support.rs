//! What several tests need.

pub mod files;
pub mod planted;
pub mod routes;
pub mod server;

use penstock_host::{
    Environment, Plugin,
    http::{Outbound, OutboundPolicy},
    logs::{Captured, Logs},
    sources::Map,
};
use penstock_simulated::servicetitan::SimulatedServiceTitan;
use server::Server;

/// A secret that may appear nowhere but at the provider.
pub const CLIENT_SECRET: &str = "s3cr3t-of-the-client";

/// Credentials and settings of an account at a simulated provider.
pub fn values(provider: &Server) -> Map {
    let origin = provider.origin();
    Map::new([
        ("SERVICETITAN_CLIENT_ID", "cid"),
        ("SERVICETITAN_CLIENT_SECRET", CLIENT_SECRET),
        ("SERVICETITAN_APP_KEY", "ak1"),
        ("SERVICETITAN_TENANT_ID", "1"),
        ("SERVICETITAN_API_URL", &origin),
        ("SERVICETITAN_AUTH_URL", &origin),
        ("PENSTOCK_ALLOW_HTTP", "true"),
        ("LOG_LEVEL", "debug"),
    ])
}

/// Gives [`values`] and the network, and keeps the log lines.
pub fn environment(provider: &Server) -> (Environment, Captured) {
    let (logs, captured) = Logs::captured();
    let environment = Environment::empty()
        .secrets(values(provider))
        .config(values(provider))
        .outbound(Outbound::with_policy(OutboundPolicy::none().allow_loopback()))
        .logs(logs);
    (environment, captured)
}

/// Starts the plugin with [`environment`].
pub async fn plugin(provider: &Server) -> Plugin {
    Plugin::start(environment(provider).0).await.unwrap()
}

/// Points the component at a simulated ServiceTitan, with further settings.
pub fn simulated(provider: &SimulatedServiceTitan, further: &[(&str, &str)]) -> Environment {
    let mut settings = provider.settings();
    let further = [&[("LOG_LEVEL", "error")], further].concat();
    settings.extend(further.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())));
    Environment::loopback(settings)
}

/// No parameters.
pub const NONE: [(&str, &str); 0] = [];
