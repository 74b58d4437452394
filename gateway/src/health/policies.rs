//! What the client's snapshot says of its policies.

use super::check::{Check, Checks, PASS, WARN};
use serde::Deserialize;
use std::time::Duration;

/// As long the vendors' guides let credentials live.
const LIFE: Duration = Duration::from_secs(90 * 86_400);

/// What is taken of the snapshot.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Policies {
    breakers: Vec<Breaker>,
    limits: Vec<Limit>,
    credentials: Vec<Credential>,
    pub(super) tokens: Vec<Token>,
    pub(super) store: Store,
}

#[derive(Deserialize)]
struct Breaker {
    group: String,
    state: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Limit {
    group: String,
    mode: String,
    waiting: u64,
    closed_ms: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    account: String,
    age_seconds: u64,
}

/// How an account stands with its access token.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Token {
    pub(super) account: String,
    age_seconds: Option<u64>,
    expires_in_seconds: Option<u64>,
    retry_after_ms: Option<u64>,
}

/// How the client stands with the shared state.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Store {
    pub(super) retry_after_ms: Option<u64>,
}

impl Policies {
    pub(super) fn checks(&self) -> Checks<'_> {
        let breakers = self.breakers.iter().map(|breaker| Check {
            observed_unit: None,
            ..Check::measured(
                breaker.group.as_str(),
                if breaker.state == "closed" { PASS } else { WARN },
                breaker.state.as_str(),
                "",
            )
        });
        let waiting = self.limits.iter().map(|limit| {
            let status = if limit.closed_ms.is_some() || limit.mode == "share" { WARN } else { PASS };
            let output =
                limit.closed_ms.map(|ms| format!("the vendor asked to wait; {ms} ms of it are left"));
            Check { output, ..Check::measured(limit.group.as_str(), status, limit.waiting, "calls") }
        });
        let ages = self.credentials.iter().map(Credential::check);
        let token_ages = self
            .tokens
            .iter()
            .filter_map(|token| Some(Check::measured(token.account.as_str(), PASS, token.age_seconds?, "s")));
        let all = [
            ("circuit-breaker", breakers.collect::<Vec<_>>()),
            ("rate-limit:waiting", waiting.collect()),
            ("credentials:age", ages.collect()),
            ("token:age", token_ages.collect()),
            ("token:expiry", self.tokens.iter().map(Token::check).collect()),
        ];
        all.into_iter().filter(|(_, checks)| !checks.is_empty()).collect()
    }
}

impl Credential {
    /// How old they are. The vendors' guides allow 90 days.
    fn check(&self) -> Check<'_> {
        let is_old = self.age_seconds >= LIFE.as_secs();
        let output = is_old.then(|| "older than 90 days: issue new ones".to_owned());
        let status = if is_old { WARN } else { PASS };
        Check { output, ..Check::measured(self.account.as_str(), status, self.age_seconds, "s") }
    }
}

impl Token {
    /// In how long it expires. That there is none is in order, unless none may be asked for.
    fn check(&self) -> Check<'_> {
        let id = self.account.as_str();
        match (self.expires_in_seconds, self.retry_after_ms) {
            (Some(seconds), _) => Check::measured(id, PASS, seconds, "s"),
            (None, Some(ms)) => {
                let why = format!("there is none: the vendor refused it, or asked to wait; {ms} ms are left");
                Check { component_id: Some(id.into()), status: WARN, output: Some(why), ..Check::default() }
            }
            (None, None) => Check::no_token(id),
        }
    }
}

impl<'a> Check<'a> {
    /// An account whose next call asks for a token.
    pub(super) fn no_token(account: &'a str) -> Self {
        let why = "there is none: the next call asks for one".to_owned();
        Self { component_id: Some(account.into()), status: PASS, output: Some(why), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_older_than_90_days_are_warned_of() {
        let of =
            |days: u64| Credential { account: "servicetitan/default".to_owned(), age_seconds: days * 86_400 };
        let (young, old) = (of(89), of(90));
        assert_eq!((young.check().status, young.check().output), (PASS, None));
        assert_eq!(old.check().status, WARN);
        assert_eq!(old.check().output.as_deref(), Some("older than 90 days: issue new ones"));
    }
}
