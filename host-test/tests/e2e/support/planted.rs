//! Secrets that every spelling gives away, and a provider that repeats them.

use penstock_simulated::{
    FaultKind, Faults,
    servicetitan::{Account, Config, SimulatedServiceTitan},
};

pub const CLIENT_ID: &str = "canary-client&id=5b1f/canary";
pub const CLIENT_SECRET: &str = "canary +%é\"<secret>'/9e2d\\canary";
/// This and the token travel in header fields.
pub const APP_KEY: &str = "canary-app&key=<77aa>\"'/+%canary";
/// What every token begins with.
pub const TOKEN: &str = "canary+/~token.canary";

/// A ServiceTitan that always fails in this way: in requests for tokens as well, or in all others.
pub async fn echoing(kind: FaultKind, tokens: bool) -> SimulatedServiceTitan {
    let account = Account {
        client_id: CLIENT_ID.to_owned(),
        client_secrets: vec![CLIENT_SECRET.to_owned()],
        app_keys: vec![APP_KEY.to_owned()],
        ..Account::default()
    };
    let faults = Faults { tokens, max_in_a_row: u32::MAX, ..Faults::only(kind) };
    let token_prefix = TOKEN.to_owned();
    let config = Config { accounts: vec![account], faults, token_prefix, ..Config::small(60) };
    SimulatedServiceTitan::start(config).await.unwrap()
}
