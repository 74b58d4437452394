//! What things are stored under: `penstock/<kind>/{<tenant>}/<rest>`.
//!
//! Whoever runs a deployment can see by a key whose it is and what for, and no more: what is asked
//! for is hashed. The braces are the hash tag of Redis Cluster: what is a tenant's is on one node.

/// What all of them begin with.
pub const PREFIX: &str = "penstock/";

/// What is stored, by the word in the key.
pub const KINDS: [&str; 7] = [BREAKER, CACHE, IDEMPOTENCY, LIMIT, TOKEN, WEBHOOK, OUTBOX];

/// That a circuit breaker is open.
pub const BREAKER: &str = "breaker";
/// Answers that rarely change, and their epochs.
pub const CACHE: &str = "cache";
/// What requests that carried an idempotency key came to.
pub const IDEMPOTENCY: &str = "idempotency";
/// The plans of rate limits.
pub const LIMIT: &str = "limit";
/// Access tokens, and who is fetching one.
pub const TOKEN: &str = "token";
/// Who has an event of a webhook in hand, or has done with it.
pub const WEBHOOK: &str = "webhook";
/// Events of webhooks that are yet to be handed on, and how far each destination is with them.
pub const OUTBOX: &str = "outbox";
/// Who hands events on just now, and which is the next. Not among [`KINDS`]: it comes and goes.
pub const OUTBOX_TURN: &str = "outbox-turn";

/// What a key says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name<'k> {
    /// One of [`KINDS`], or of another version's.
    pub kind: &'k str,
    /// Whose it is: provider, environment and tenant, `servicetitan/production/77`.
    pub tenant: &'k str,
}

/// The key of something of a tenant's. `rest` tells it from others of the kind; it may be empty.
#[must_use]
pub fn key(kind: &str, tenant: &str, rest: &str) -> String {
    let tenant = tag(tenant);
    match rest {
        "" => format!("{PREFIX}{kind}/{{{tenant}}}"),
        rest => format!("{PREFIX}{kind}/{{{tenant}}}/{rest}"),
    }
}

/// The tenant as it stands in a key.
#[must_use]
pub fn tag(tenant: &str) -> String {
    tenant.replace(['{', '}'], "_")
}

/// Reads a key; none if it is not one of these.
#[must_use]
pub fn parse(key: &str) -> Option<Name<'_>> {
    let (kind, rest) = key.strip_prefix(PREFIX)?.split_once("/{")?;
    let (tenant, rest) = rest.split_once('}')?;
    (rest.is_empty() || rest.starts_with('/')).then_some(Name { kind, tenant })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_whose_it_is() {
        let tenant = "servicetitan/production/77";
        for (rest, expected) in [
            ("", "penstock/limit/{servicetitan/production/77}"),
            ("reports/5", "penstock/limit/{servicetitan/production/77}/reports/5"),
        ] {
            let key = key(LIMIT, tenant, rest);
            assert_eq!(key, expected);
            assert_eq!(parse(&key), Some(Name { kind: LIMIT, tenant }));
        }
        let odd = key(CACHE, "a}b{c", "x}y");
        assert_eq!(parse(&odd), Some(Name { kind: CACHE, tenant: &tag("a}b{c") }));
        for other in
            ["penstock/ready", "limit/{a}", "penstock/limit/a", "penstock/limit/{a", "penstock/limit/{a}b"]
        {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
