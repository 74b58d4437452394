//! The settings of the entrance.

use super::{cors::Cors, network::Network};
use crate::{
    keys::{KeyRing, Rate},
    oidc,
    settings::{ADDRESS_RATE, API_KEY_HASH, API_KEYS, CORS_ORIGINS, TRUSTED_PROXIES},
};
use futures_util::future::{try_join_all, try_join3};
use penstock::{
    contract::FieldError,
    host::{Host, HostError, timeout},
    policy::secret::Secret,
    settings::{Kind, common::LogLevel},
};
use std::{rc::Rc, time::Duration};

/// How long the host has to find the settings.
const READING: Duration = Duration::from_secs(10);

/// What lets an address ask as often as it likes.
const OFF: &str = "off";

/// The settings of the entrance, or what is wrong with them, or the host's own trouble.
pub type Keys = Result<Result<Settled, Vec<FieldError>>, HostError>;

/// The settings of the entrance.
#[derive(Debug, Clone, Default)]
pub struct Settled {
    /// The keys that are accepted.
    pub keys: KeyRing,
    /// Whose bearer tokens are, if anybody's.
    pub oidc: Option<Rc<oidc::Settings>>,
    /// How often an address may ask without one.
    pub address_rate: Option<Rate>,
    /// The proxies that say for whom they ask.
    pub proxies: Vec<Network>,
    /// Which pages of the web may call.
    pub cors: Cors,
    /// Whether rates are counted in the store that instances share.
    pub shares_limits: bool,
    /// The least important log line that is written.
    pub log_level: LogLevel,
}

/// Reads the settings of the entrance.
///
/// # Errors
/// The host's own trouble, and an answer that takes it longer than 10 s.
pub async fn keys<H: Host>(host: &H) -> Keys {
    let secrets = try_join_all([API_KEYS, API_KEY_HASH].map(|setting| host.secret(setting.name)));
    let names =
        [ADDRESS_RATE.name, TRUSTED_PROXIES.name, CORS_ORIGINS.name, "PENSTOCK_SHARE_LIMITS", "LOG_LEVEL"];
    let settings = try_join_all(names.map(|name| host.setting(name)));
    let all = timeout(host, READING, try_join3(secrets, settings, oidc::settings::read(host))).await;
    let late = || Err(HostError::Unavailable(format!("no answer within {} s", READING.as_secs())));
    let (secrets, settings, oidc) = all.unwrap_or_else(late)?;
    let secret = |index: usize| secrets.get(index).and_then(Option::as_ref).map(Secret::expose);
    let setting = |index: usize| settings.get(index).and_then(Option::as_deref);
    let mut wrong = Vec::new();
    let mut complain = |name: &str, why: &str| wrong.push(FieldError::new(name, why));
    let address_rate = match setting(0).or(ADDRESS_RATE.default).unwrap_or(OFF) {
        OFF => None,
        text => {
            let rate = Rate::parse(text);
            if rate.is_none() {
                complain(
                    ADDRESS_RATE.name,
                    "must be a rate such as 10/s, 100/min, 1000/h or 10000/d, or off",
                );
            }
            rate
        }
    };
    let proxies = setting(1).map(|text| text.split(',').map(Network::parse).collect::<Option<Vec<_>>>());
    if proxies == Some(None) {
        complain(
            TRUSTED_PROXIES.name,
            "must be addresses or networks such as 10.0.0.0/8, separated by commas",
        );
    }
    let cors = setting(2).map(Cors::parse).transpose().map_err(|why| complain(CORS_ORIGINS.name, &why));
    let oidc = oidc.unwrap_or_else(|found| {
        wrong.extend(found);
        None
    });
    let has_key = secret(0).or(secret(1)).is_some();
    let keys = match &oidc {
        // Who has tokens may do without keys.
        Some(_) if !has_key => Ok(KeyRing::default()),
        _ => KeyRing::parse(secret(0), secret(1), host.absent(API_KEY_HASH.name)),
    };
    match keys {
        Ok(keys) if wrong.is_empty() => Ok(Ok(Settled {
            keys,
            oidc: oidc.map(Rc::new),
            address_rate,
            proxies: proxies.flatten().unwrap_or_default(),
            cors: cors.ok().flatten().unwrap_or_default(),
            // What is malformed in these two, the core names to whoever calls.
            shares_limits: Kind::Bool.check(setting(3).unwrap_or_default()).as_deref() != Ok("false"),
            log_level: setting(4).and_then(LogLevel::parse).unwrap_or_default(),
        })),
        keys => {
            let mut all = keys.err().unwrap_or_default();
            all.append(&mut wrong);
            Ok(Err(all))
        }
    }
}
