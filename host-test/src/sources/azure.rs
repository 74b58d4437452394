//! Azure Key Vault.
//! <https://learn.microsoft.com/en-us/rest/api/keyvault/secrets/get-secret/get-secret>

mod challenge;
mod token;

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use futures_util::future::BoxFuture;
use http::header;
use serde_json::Value;

use super::{HostError, Manager, Secret, Version, Versions};
use crate::{
    http::{OutboundOptions, OutboundPolicy},
    web::{Answer, Web, request, text},
};
use challenge::Challenge;
pub use token::AzureAuth;
use token::Tokens;

/// The version of the interface that the vendor's own clients ask for.
const API_VERSION: &str = "2026-04-01";

/// The most pages of versions that are read; a page has 25.
const PAGES: usize = 20;

/// A key vault. The id of a secret is its name; `_`, which no name there can have, is `-`.
pub struct AzureVault {
    name: String,
    address: String,
    challenge: Mutex<Option<Challenge>>,
    tokens: Tokens,
    web: Web,
}

impl AzureVault {
    /// A client of the vault at `https://NAME.vault.azure.net`. The options say whose certificates are trusted, and
    /// which proxies lead there; their policy does not count.
    ///
    /// # Errors
    ///
    /// An address that is none, one of plain HTTP, an authority that cannot be used.
    pub fn new(address: &str, auth: AzureAuth, options: &OutboundOptions) -> Result<Self, HostError> {
        let address = address.trim().trim_end_matches('/').to_owned();
        if !address.starts_with("https://") {
            return Err(HostError::Failed(format!(
                "{address} cannot be used: a key vault is asked by HTTPS alone"
            )));
        }
        let policy = OutboundPolicy::none().allow(&address);
        let policy = policy.map_err(|error| HostError::Failed(error.to_string()))?;
        Ok(Self {
            name: format!("Azure Key Vault at {address}"),
            address,
            challenge: Mutex::default(),
            tokens: Tokens::new(auth, options)?,
            web: Web::to(options, policy)?,
        })
    }

    /// The first request has no token: the answer says who gives one.
    async fn ask(&self, url: &str) -> Result<Answer, HostError> {
        let known = self.challenge.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(challenge) = known {
            let answer = self.with_token(url, &challenge).await?;
            if answer.status != 401 {
                return Ok(answer);
            }
        }
        let answer = self.web.ask(&request("GET", url, &[], "")?).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        let told = answer.headers.get(header::WWW_AUTHENTICATE).and_then(|told| told.to_str().ok());
        let challenge = Challenge::parse(told.unwrap_or_default(), &self.address)?;
        self.tokens.forget();
        *self.challenge.lock().unwrap_or_else(PoisonError::into_inner) = Some(challenge.clone());
        self.with_token(url, &challenge).await
    }

    async fn with_token(&self, url: &str, challenge: &Challenge) -> Result<Answer, HostError> {
        let token = self.tokens.get(challenge).await?;
        let bearer = Secret::new(format!("Bearer {}", token.expose()));
        self.web.ask(&request("GET", url, &[("authorization", bearer.expose())], "")?).await
    }

    async fn read(&self, path: &str) -> Result<Option<(Version, String)>, HostError> {
        let answer = self.ask(&format!("{}{path}?api-version={API_VERSION}", self.address)).await?;
        let document = answer.json();
        let Some(value) = text(&document, &["value"]) else {
            return match (answer.status, text(&document, &["error", "code"]).unwrap_or_default()) {
                (404, _) => Ok(None),
                (_, code) => Err(answer.refused("it cannot be read", code)),
            };
        };
        let version = Version { text: Secret::new(value.to_owned()), created: created(&document) };
        Ok(Some((version, text(&document, &["id"]).unwrap_or_default().to_owned())))
    }

    async fn versions(&self, name: &str) -> Result<Option<Versions>, HostError> {
        let path = format!("/secrets/{}", name.replace('_', "-"));
        let Some((current, id)) = self.read(&path).await? else { return Ok(None) };
        let previous = match self.before(&path, &id).await? {
            Some(version) => self.read(&format!("{path}/{version}")).await?.map(|(version, _)| version),
            None => None,
        };
        Ok(Some(Versions { current, previous }))
    }

    /// The newest version that is enabled and is not this one.
    async fn before(&self, path: &str, current: &str) -> Result<Option<String>, HostError> {
        let mut url = format!("{}{path}/versions?api-version={API_VERSION}", self.address);
        let mut newest: Option<(SystemTime, String)> = None;
        for _ in 0..PAGES {
            let answer = self.ask(&url).await?;
            let document = answer.json();
            let Some(page) = document.get("value").and_then(Value::as_array) else {
                let code = text(&document, &["error", "code"]).unwrap_or_default();
                return Err(answer.refused("its versions cannot be read", code));
            };
            for version in
                page.iter().filter(|version| version.pointer("/attributes/enabled") != Some(&false.into()))
            {
                let id = text(version, &["id"]).filter(|id| *id != current);
                let (Some(id), Some(created)) = (id.and_then(|id| id.rsplit('/').next()), created(version))
                else {
                    continue;
                };
                if newest.as_ref().is_none_or(|(newest, _)| *newest < created) {
                    newest = Some((created, id.to_owned()));
                }
            }
            match text(&document, &["nextLink"])
                .filter(|next| next.starts_with(&format!("{}/", self.address)))
            {
                Some(next) => next.clone_into(&mut url),
                None => break,
            }
        }
        Ok(newest.map(|(_, id)| id))
    }
}

impl Manager for AzureVault {
    fn name(&self) -> &str {
        &self.name
    }

    fn fetch<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Versions>, HostError>> {
        Box::pin(self.versions(id))
    }
}

fn created(document: &Value) -> Option<SystemTime> {
    let seconds = document.pointer("/attributes/created")?.as_u64()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
