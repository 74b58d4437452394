//! What the gateways are told.

use penstock::api_key;
use penstock_simulated::servicetitan::SimulatedServiceTitan;
use std::collections::BTreeMap;

pub const KEY: &str = "pk_of_the_caller_0123456789";

/// The accounts that are called: each is another tenant's.
pub const ACCOUNTS: [&str; 2] = ["default", "south"];
/// Their tenants.
pub const TENANTS: [i64; 2] = [1_000_001, 1_000_002];

/// The second one has all that the first has but the tenant.
fn south(first: &BTreeMap<String, String>) -> String {
    let own = first.iter().filter(|(name, _)| name.starts_with("SERVICETITAN_"));
    let mut own: BTreeMap<_, _> = own.map(|(name, value)| (name.as_str(), value.clone())).collect();
    own.insert("SERVICETITAN_TENANT_ID", TENANTS[1].to_string());
    serde_json::to_string(&own).unwrap()
}

/// Of each of several gateways on one Redis.
pub fn settings(
    provider: &SimulatedServiceTitan,
    redis: &str,
    rate: usize,
    gateways: usize,
) -> BTreeMap<String, String> {
    let mut settings = provider.settings();
    for (name, value) in [
        ("PENSTOCK_API_KEY_HASH", api_key::hash(KEY)),
        ("PENSTOCK_STATE_URL", redis.to_owned()),
        ("PENSTOCK_STATE_HOST", redis.to_owned()),
        ("PENSTOCK_INSTANCES", gateways.to_string()),
        ("SERVICETITAN_RATE_LIMIT", rate.to_string()),
        ("LOG_LEVEL", "error".to_owned()),
        ("PENSTOCK_ACCOUNTS", format!(r#"{{"{}": {}}}"#, ACCOUNTS[1], south(&settings))),
    ] {
        settings.insert(name.to_owned(), value);
    }
    settings
}
