//! What the gateways are told.

use crate::{receiver::Receiver, vendor};
use penstock::api_key;
use std::collections::BTreeMap;

pub const KEY: &str = "pk_of_the_administrator_0123456789";

/// The Redis of the queues: another database of the one that gateways share.
pub fn queue(redis: &str, database: usize) -> String {
    format!("{redis}/{database}")
}

pub const CELERY: usize = 1;
pub const ARQ: usize = 2;

/// Of each of several gateways on one Redis, with three destinations.
pub fn settings(redis: &str, receiver: &Receiver, gateways: usize) -> BTreeMap<String, String> {
    let destinations = serde_json::json!([
        {"name": "receiver", "url": format!("{}/hook", receiver.origin()), "secret": Receiver::secret()},
        {"name": "celery", "celery": {"url": queue(redis, CELERY), "task": "hooks.event"}},
        {"name": "arq", "arq": {"url": queue(redis, ARQ), "function": "on_event"}},
    ]);
    let settings = [
        ("SERVICETITAN_CLIENT_ID", "cid"),
        ("SERVICETITAN_CLIENT_SECRET", "a-secret-of-the-client"),
        ("SERVICETITAN_APP_KEY", "ak1"),
        ("SERVICETITAN_TENANT_ID", vendor::TENANT),
        ("SERVICETITAN_WEBHOOK_SECRET", vendor::SECRET),
        ("PENSTOCK_API_KEY_HASH", &api_key::hash(KEY)),
        ("PENSTOCK_ROLE", "admin"),
        ("PENSTOCK_STATE_URL", redis),
        ("PENSTOCK_STATE_HOST", redis),
        ("PENSTOCK_STATE_SECRET", "a-secret-of-the-deployment-of-32-characters"),
        ("PENSTOCK_INSTANCES", &gateways.to_string()),
        ("PENSTOCK_WEBHOOK_DESTINATIONS", &destinations.to_string()),
        // So that what a gateway had in hand when it was killed is taken by another one soon.
        ("PENSTOCK_WEBHOOK_LEASE", "5"),
        ("PENSTOCK_ALLOW_HTTP", "true"),
        ("LOG_LEVEL", "error"),
    ];
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}
