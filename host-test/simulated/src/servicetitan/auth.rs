//! The token endpoint: OAuth 2.0 client credentials (RFC 6749 section 4.4), and the
//! tokens that it gave out.

use crate::{answer::Answer, clock::nanoseconds, faults::Matcher, servicetitan::config::Config};
use fastrand::Rng;
use serde_json::json;
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

pub(crate) const TOKEN_PATH: &str = "/connect/token";

impl Matcher {
    /// ServiceTitan's requests for tokens.
    #[must_use]
    pub fn token() -> Self {
        Self::path(TOKEN_PATH)
    }
}

/// Every token of this run.
#[derive(Debug)]
pub(crate) struct Tokens(Mutex<State>);

struct State {
    /// Seeded from the machine's entropy: tokens of another run never fit.
    random: Rng,
    live: HashMap<String, Token>,
    /// Client secrets and app keys that are good no more.
    withdrawn: HashSet<String>,
}

/// Leaves the tokens out.
impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("live", &self.live.len()).finish()
    }
}

#[derive(Debug, Clone, Copy)]
struct Token {
    /// Place in [`Config::accounts`].
    account: usize,
    expires: i64,
}

impl Tokens {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State { random: Rng::new(), live: HashMap::new(), withdrawn: HashSet::new() }))
    }

    pub(crate) fn grant(&self, config: &Config, content_type: Option<&str>, body: &str) -> Answer {
        let form = content_type.is_some_and(|ty| ty.starts_with("application/x-www-form-urlencoded"));
        if !form {
            return refusal(400, "invalid_request", "The body must be application/x-www-form-urlencoded.");
        }
        let mut fields: HashMap<String, String> = HashMap::new();
        for (name, value) in form_urlencoded::parse(body.as_bytes()).into_owned() {
            if fields.insert(name, value).is_some() {
                return refusal(400, "invalid_request", "A parameter is given twice.");
            }
        }
        let field = |name| fields.get(name).map(String::as_str);
        match field("grant_type") {
            Some("client_credentials") => {}
            Some(_) => {
                return refusal(400, "unsupported_grant_type", "Only client_credentials is supported.");
            }
            None => return refusal(400, "invalid_request", "grant_type is missing."),
        }
        let (Some(client), Some(secret)) = (field("client_id"), field("client_secret")) else {
            return refusal(400, "invalid_request", "client_id or client_secret is missing.");
        };
        let account = config.accounts.iter().position(|account| {
            account.client_id == client
                && account.client_secrets.iter().any(|known| known == secret)
                && !self.is_withdrawn(secret)
        });
        match account {
            Some(account) => self.issue(config, account),
            // RFC 6749 section 5.2 asks for 401 only when the client used an
            // Authorization header; here it used the body, and so it is 400.
            None => refusal(400, "invalid_client", "The client is unknown or its secret is wrong."),
        }
    }

    fn issue(&self, config: &Config, account: usize) -> Answer {
        let expires = config.clock.now().saturating_add(nanoseconds(config.token_lifetime));
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let prefix = &config.token_prefix;
        let token = format!("{prefix}.{:032x}.{:x}", state.random.u128(..), state.live.len());
        state.live.insert(token.clone(), Token { account, expires });
        let body = json!({
            "access_token": token,
            "expires_in": config.token_lifetime.as_secs(),
            "token_type": "Bearer",
        });
        let mut answer = Answer::json(body.to_string());
        // RFC 6749 section 5.1.
        answer.headers.push(("cache-control", "no-store".to_owned()));
        answer
    }

    /// The account that a token was given to, if it is still good. The token may
    /// stand alone or after `Bearer`: the provider takes both.
    pub(crate) fn account(&self, config: &Config, authorization: &str) -> Option<usize> {
        let token = bare(authorization);
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.live.get(token).filter(|token| token.expires > config.clock.now()).map(|token| token.account)
    }

    /// A client secret or app key is good no more. Tokens that were given for it stay.
    pub(crate) fn withdraw(&self, credential: &str) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.withdrawn.insert(credential.to_owned());
    }

    pub(crate) fn is_withdrawn(&self, credential: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).withdrawn.contains(credential)
    }

    /// Takes one token back.
    pub(crate) fn revoke(&self, authorization: &str) {
        if let Some(token) =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).live.get_mut(bare(authorization))
        {
            token.expires = i64::MIN;
        }
    }

    /// Takes every token back.
    pub(crate) fn revoke_all(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.live.values_mut().for_each(|token| token.expires = i64::MIN);
    }
}

fn bare(authorization: &str) -> &str {
    match authorization.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => authorization,
    }
}

fn refusal(status: u16, error: &'static str, description: &str) -> Answer {
    let mut answer = Answer::json(json!({ "error": error, "error_description": description }).to_string());
    answer.status = status;
    answer
}
