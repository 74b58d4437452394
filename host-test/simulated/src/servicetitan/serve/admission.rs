//! Who may come in: token, app key, tenant, rate limit.

use crate::request::Received;
use crate::{
    random::mix,
    servicetitan::{
        World,
        config::RetryAfter,
        errors::ApiError,
        time::{SECOND, http_date},
    },
};
use std::sync::atomic::Ordering;

pub(super) fn admit(
    world: &World,
    request: &Received,
    placeholders: &[(String, String)],
) -> Result<i64, ApiError> {
    let config = &world.config;
    let authorization = request.header("authorization").ok_or_else(|| {
        ApiError::new(401, "The Authorization header is missing.").header("www-authenticate", "Bearer")
    })?;
    let account =
        world.tokens.account(config, authorization).and_then(|account| config.accounts.get(account));
    let account = account.ok_or_else(|| {
        ApiError::new(401, "The access token is invalid or has expired.")
            .header("www-authenticate", "Bearer error=\"invalid_token\"")
    })?;
    let key = request
        .header("st-app-key")
        .ok_or_else(|| ApiError::new(401, "The ST-App-Key header is missing."))?;
    if !account.app_keys.iter().any(|known| known == key) || world.tokens.is_withdrawn(key) {
        return Err(ApiError::new(403, "The app key is unknown or not approved for this client."));
    }
    let text = placeholders.iter().find(|(name, _)| name == "tenant").map_or("", |(_, value)| value.as_str());
    let tenant = text.parse().map_err(|_| ApiError::field("tenant", format!("'{text}' is no integer.")))?;
    if !account.tenants.contains(&tenant) {
        return Err(ApiError::new(403, format!("The client has no access to tenant {tenant}.")));
    }
    if let Some(limit) = config.rate_limit {
        let now = config.clock.now();
        if let Err(wait) = world.limiter.admit(limit, (world.mark(key), tenant), now) {
            world.record.count(|stats| stats.rate_limited += 1);
            return Err(limited(config.retry_after, now, wait));
        }
    }
    Ok(tenant)
}

/// 429, with the wait in nanoseconds.
pub(crate) fn limited(form: RetryAfter, now: i64, wait: i64) -> ApiError {
    let seconds = (wait.max(1) + SECOND - 1) / SECOND;
    let error = ApiError::new(429, format!("Rate limit is exceeded. Try again in {seconds} seconds."));
    match form {
        RetryAfter::Seconds => error.header("retry-after", seconds.to_string()),
        RetryAfter::Fraction => {
            // Rounded up to the millisecond: never too early.
            let milliseconds = (wait.max(1) + 999_999) / 1_000_000;
            error.header("retry-after", format!("{}.{:03}", milliseconds / 1_000, milliseconds % 1_000))
        }
        RetryAfter::Date => error.header("retry-after", http_date(now.saturating_add(wait))),
        RetryAfter::Absent => error,
    }
}

/// An id for the answer in the form of a W3C `traceparent`.
pub(super) fn trace(world: &World) -> String {
    let number = world.traces.fetch_add(1, Ordering::Relaxed);
    let seed = world.config.seed;
    format!("00-{:016x}{:016x}-{:016x}-00", mix(seed, number), mix(number, seed), mix(number, number))
}
