//! Numbers that grow with each event of an entity, whichever instance takes it in and whatever its clock shows.

use super::key;
use penstock::host::{Host, HostError};
use std::time::Duration;

/// How long the last number is remembered. After that the clocks of all instances are past it.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// How often it is tried when other instances are faster.
const TRIES: u32 = 16;

/// The next number of an entity: the time in milliseconds or, where that would be no more than the last one, one more than
/// that. So one that was asked for after another had been given is larger.
pub(super) async fn next<H: Host>(host: &H, tenant: &str, entity: &str) -> Result<u64, HostError> {
    let key = key::order(tenant, entity);
    let now = u64::try_from(host.wall_now().as_millis()).unwrap_or(0);
    // What makes the value of two instances different, which a claim could not tell apart.
    let nonce = host.random();
    let written = |number: u64| format!("{number} {nonce:016x}").into_bytes();
    let mut number = now;
    let mut present = host.state_claim(&key, written(number), KEPT).await?;
    for _ in 0..TRIES {
        let Some(last) = present else { return Ok(number) };
        number = read(&last, now).map_or(now, |last| now.max(last.saturating_add(1)));
        if host.state_swap(&key, last, written(number), KEPT).await? {
            return Ok(number);
        }
        present = host.state_claim(&key, written(number), KEPT).await?;
    }
    Err(HostError::Failed("others are always faster".to_owned()))
}

/// The last number. One that is more than its time ahead was not written by an instance.
fn read(value: &[u8], now: u64) -> Option<u64> {
    let (number, _) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    let number = number.parse().ok()?;
    let ahead = u64::try_from(KEPT.as_millis()).unwrap_or(u64::MAX);
    (number <= now.saturating_add(ahead)).then_some(number)
}
