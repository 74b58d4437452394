//! The settings of bearer tokens, checked.

use crate::{keys::Rate, settings::oidc as table, target::Target};
use futures_util::future::try_join_all;
use penstock::{
    contract::FieldError,
    host::{Host, HostError},
    settings::{Kind, Setting, common::LogLevel},
};
use std::{collections::BTreeMap, time::Duration};

/// What leaves a restriction out.
const OFF: &str = "off";

/// The longest name of a claim.
const LONGEST_CLAIM: usize = 256;

/// Whose tokens are accepted, and what they mean.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "oidc"), expect(dead_code, reason = "without the feature there are none"))]
pub struct Settings {
    /// The issuer, as it stands in `iss`.
    pub issuer: String,
    /// For whom tokens must be.
    pub audience: String,
    /// Where its configuration is, unless the keys' place is known.
    pub(crate) configuration: Target,
    /// Where its keys are; its configuration says it if this is none.
    pub(crate) jwks: Option<Target>,
    /// Whether its configuration may name a place without TLS.
    pub(crate) allow_http: bool,
    /// Which claims say what a token may.
    pub claims: Claims,
    /// How often each subject may call.
    pub rates: Vec<Rate>,
    /// How long keys are taken for current.
    pub age: Duration,
    /// How much longer they serve while there are no newer ones.
    pub stale: Duration,
    /// The least important log line that is written.
    pub log_level: LogLevel,
}

impl Settings {
    /// Whether the keys of both are at the same place.
    #[cfg(feature = "oidc")]
    pub(super) fn has_same_keys(&self, other: &Settings) -> bool {
        let place = |of: &Settings| {
            of.jwks
                .as_ref()
                .map(|jwks| (jwks.https, jwks.authority.clone(), jwks.path_and_query.expose().to_owned()))
        };
        self.issuer == other.issuer && place(self) == place(other)
    }
}

/// The names of claims. What they list, a token is for; one that is not there lists nothing. A
/// name that is none here restricts nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The role.
    pub role: String,
    /// The accounts.
    pub accounts: Option<String>,
    /// The providers.
    pub providers: Option<String>,
    /// The modules.
    pub modules: Option<String>,
}

/// Reads them; none if there is no issuer.
///
/// # Errors
/// All that is wrong with them, without any value, or the host's own trouble.
pub async fn read<H: Host>(host: &H) -> Result<Result<Option<Settings>, Vec<FieldError>>, HostError> {
    let names = table::ALL.map(|setting| setting.name);
    let others = ["PENSTOCK_ALLOW_HTTP", "LOG_LEVEL"];
    let names: Vec<_> = names.into_iter().chain(others).collect();
    let values = try_join_all(names.iter().map(|name| host.setting(name))).await?;
    let given = names.into_iter().zip(values);
    let given = given.filter_map(|(name, value)| Some((name, value?.trim().to_owned())));
    Ok(parse(&given.filter(|(_, value)| !value.is_empty()).collect()))
}

/// The settings that are there, by name.
type Given = BTreeMap<&'static str, String>;

fn parse(given: &Given) -> Result<Option<Settings>, Vec<FieldError>> {
    // Hosts may give a default as if it were set.
    let is_set = |setting: &&Setting| {
        given.get(setting.name).is_some_and(|value| Some(value.as_str()) != setting.default)
    };
    let set: Vec<_> = table::ALL.iter().filter(is_set).map(|setting| setting.name).collect();
    if !cfg!(feature = "oidc") {
        let why = "is set, and this program is built without the cargo feature `oidc`";
        let wrong: Vec<_> = set.into_iter().map(|name| FieldError::new(name, why)).collect();
        return if wrong.is_empty() { Ok(None) } else { Err(wrong) };
    }
    if !given.contains_key(table::ISSUER.name) {
        let why = format!("is set, and {} is not", table::ISSUER.name);
        let wrong: Vec<_> = set.into_iter().map(|name| FieldError::new(name, why.clone())).collect();
        return if wrong.is_empty() { Ok(None) } else { Err(wrong) };
    }
    let mut reader = Reader { given, wrong: Vec::new() };
    let settings = reader.settings();
    match settings {
        Some(settings) if reader.wrong.is_empty() => Ok(Some(settings)),
        _ => Err(reader.wrong),
    }
}

struct Reader<'g> {
    given: &'g Given,
    wrong: Vec<FieldError>,
}

impl Reader<'_> {
    fn settings(&mut self) -> Option<Settings> {
        let allow = self.given.get("PENSTOCK_ALLOW_HTTP").map(String::as_str).unwrap_or_default();
        let allow_http = Kind::Bool.check(allow).as_deref() == Ok("true");
        let issuer = self.text(&table::ISSUER)?;
        let configuration = self.configuration(&issuer, allow_http);
        let audience = self.text(&table::AUDIENCE);
        if audience.is_none() {
            let why = format!("is not set, and {} is", table::ISSUER.name);
            self.complain(&table::AUDIENCE, why);
        }
        let jwks = self.text(&table::JWKS_URL).map(|url| self.target(&table::JWKS_URL, &url, allow_http));
        let role = self.claim(&table::ROLE_CLAIM);
        if role.is_none() {
            self.complain(&table::ROLE_CLAIM, "must name a claim: without a role nobody may do anything");
        }
        let claims = Claims {
            role: role.unwrap_or_default(),
            accounts: self.claim(&table::ACCOUNTS_CLAIM),
            providers: self.claim(&table::PROVIDERS_CLAIM),
            modules: self.claim(&table::MODULES_CLAIM),
        };
        let rates = self.rates();
        let (age, stale) = (self.seconds(&table::KEYS_AGE), self.seconds(&table::KEYS_STALE));
        let level = self.given.get("LOG_LEVEL").and_then(|level| LogLevel::parse(level));
        Some(Settings {
            issuer,
            audience: audience?,
            configuration: configuration?,
            // One that is malformed was complained of.
            jwks: jwks.flatten(),
            allow_http,
            claims,
            rates,
            age,
            stale,
            log_level: level.unwrap_or_default(),
        })
    }

    fn complain(&mut self, setting: &Setting, why: impl Into<String>) {
        self.wrong.push(FieldError::new(setting.name, why.into()));
    }

    fn text(&mut self, setting: &Setting) -> Option<String> {
        let text = self.given.get(setting.name).map(String::as_str).or(setting.default)?;
        match setting.kind.check(text) {
            Ok(text) => Some(text),
            Err(why) => {
                self.complain(setting, why);
                None
            }
        }
    }

    /// Where the issuer's configuration is (OpenID Connect Discovery 1.0 section 4).
    fn configuration(&mut self, issuer: &str, allow_http: bool) -> Option<Target> {
        if issuer.contains('?') {
            self.complain(&table::ISSUER, "must have no query");
            return None;
        }
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        self.target(&table::ISSUER, &url, allow_http)
    }

    fn target(&mut self, setting: &Setting, url: &str, allow_http: bool) -> Option<Target> {
        Target::parse(url, allow_http).map_err(|why| self.complain(setting, why)).ok()
    }

    /// The name of a claim; none if the restriction is left out.
    fn claim(&mut self, setting: &Setting) -> Option<String> {
        let name = self.text(setting).filter(|name| name != OFF)?;
        if name.len() > LONGEST_CLAIM {
            self.complain(setting, format!("must have at most {LONGEST_CLAIM} bytes"));
        }
        Some(name)
    }

    fn rates(&mut self) -> Vec<Rate> {
        let Some(text) = self.text(&table::RATE) else { return Vec::new() };
        let values: Vec<_> = text.split('|').map(str::to_owned).collect();
        Rate::several(&values).unwrap_or_else(|why| {
            self.complain(&table::RATE, why);
            Vec::new()
        })
    }

    fn seconds(&mut self, setting: &Setting) -> Duration {
        let seconds = self.text(setting).and_then(|text| text.parse().ok());
        Duration::from_secs(seconds.unwrap_or_default())
    }
}

#[cfg(test)]
pub(super) mod tests;
