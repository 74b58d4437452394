//! Gets the issuer's keys.

use super::{Settings, jwks::KeySet};
use crate::target::Target;
use penstock::host::{BodyError, Host, Request, Timeouts, timeout};
use serde::Deserialize;
use std::time::Duration;

/// How long all of it may take: calls wait for it.
const PATIENCE: Duration = Duration::from_secs(5);

const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(3),
    first_byte: Duration::from_secs(4),
    between_bytes: Duration::from_secs(2),
};

/// The most that is read of an answer. Large issuers have 2 to 10 KiB.
const MOST: usize = 64 * 1024;

/// What counts of an issuer's configuration (OpenID Connect Discovery 1.0 section 3).
#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
}

/// The keys, from where the settings or the issuer's configuration say that they are.
///
/// # Errors
/// What went wrong, in words for people, with nothing of what was answered.
pub(super) async fn key_set<H: Host>(host: &H, settings: &Settings) -> Result<KeySet, String> {
    let fetching = async {
        let discovered;
        let place = match &settings.jwks {
            Some(place) => place,
            None => {
                discovered = discover(host, settings).await?;
                &discovered
            }
        };
        let document = get(host, place).await.map_err(|why| format!("its keys: {why}"))?;
        KeySet::parse(&document).map_err(|why| format!("its keys: the answer {why}"))
    };
    let late = || Err(format!("no answer within {} s", PATIENCE.as_secs()));
    timeout(host, PATIENCE, fetching).await.unwrap_or_else(late)
}

/// Where the issuer says that its keys are. Whoever answers for another issuer is not this one (section 4.3).
async fn discover<H: Host>(host: &H, settings: &Settings) -> Result<Target, String> {
    let of = |why: &str| format!("its configuration: {why}");
    let document = get(host, &settings.configuration).await.map_err(|why| of(&why))?;
    let found: Configuration = serde_json::from_slice(&document)
        .map_err(|_| of("the answer is no JSON object with issuer and jwks_uri"))?;
    if found.issuer != settings.issuer {
        return Err(of("it is that of another issuer"));
    }
    Target::parse(&found.jwks_uri, settings.allow_http).map_err(|why| of(&format!("its jwks_uri {why}")))
}

/// Asks once. Redirects are failures: the settings say whose keys count.
async fn get<H: Host>(host: &H, target: &Target) -> Result<Vec<u8>, String> {
    let request = Request {
        method: "GET",
        https: target.https,
        authority: target.authority.clone(),
        path_and_query: target.path_and_query.expose().to_owned(),
        headers: vec![
            ("accept", "application/json".to_owned()),
            ("user-agent", concat!("penstock/", env!("CARGO_PKG_VERSION")).to_owned()),
        ],
        secret_headers: Vec::new(),
        body: None,
        timeouts: TIMEOUTS,
        max_body: MOST,
    };
    let answer = host.send(request).await;
    // The host's own words may name what is in the URL.
    let answer = answer.map_err(|error| format!("no connection, or it broke: {}", error.reason.as_str()))?;
    if answer.status != 200 {
        return Err(format!("HTTP {}", answer.status));
    }
    match answer.body {
        Ok(body) if body.len() <= MOST => Ok(body.to_vec()),
        Ok(_) | Err(BodyError::TooLarge) => Err(format!("the answer has more than {} KiB", MOST / 1024)),
        Err(_) => Err("the answer broke off".to_owned()),
    }
}
