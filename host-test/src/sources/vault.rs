//! HashiCorp Vault, and OpenBao: version 2 of the engine for keys and values.
//! <https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2>

mod login;

use futures_util::future::BoxFuture;
use http::{Uri, header};
use serde_json::Value;

use super::{HostError, Manager, Secret, Version, Versions, instant};
use crate::{
    http::{OutboundOptions, OutboundPolicy},
    web::{Answer, Web, request, text},
};
use login::Login;
pub use login::VaultAuth;

/// A Vault whose secrets are read by this client. The id of a secret is its path within the mount.
pub struct Vault {
    name: String,
    address: String,
    mount: String,
    namespace: Option<String>,
    login: Login,
    web: Web,
}

/// Where a Vault is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VaultAddress {
    /// `https://vault.example.com:8200`. Plain HTTP is for loopback addresses.
    pub address: String,
    /// Where the engine is mounted, `secret` unless set.
    pub mount: String,
    /// The namespace, for a Vault that has some.
    pub namespace: Option<String>,
}

impl VaultAddress {
    /// The mount `secret` of the Vault there.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into(), mount: "secret".to_owned(), namespace: None }
    }
}

impl Vault {
    /// A client. The options say whose certificates are trusted, and which proxies lead there; their policy does
    /// not count.
    ///
    /// # Errors
    ///
    /// An address that is none, plain HTTP to another machine, an authority that cannot be used.
    pub fn new(at: VaultAddress, auth: VaultAuth, options: &OutboundOptions) -> Result<Self, HostError> {
        let address = at.address.trim().trim_end_matches('/').to_owned();
        let policy = OutboundPolicy::none().allow(&address);
        let policy = policy.map_err(|error| {
            HostError::Failed(format!("VAULT_ADDR: {error} (of secrets, whatever PENSTOCK_ALLOW_HTTP says)"))
        })?;
        Ok(Self {
            name: format!("Vault at {address}"),
            web: Web::to(options, policy)?,
            address,
            mount: at.mount.trim_matches('/').to_owned(),
            namespace: at.namespace,
            login: Login::new(auth),
        })
    }

    async fn read(&self, path: &str, version: Option<u64>) -> Result<Answer, HostError> {
        let asked = version.map_or_else(String::new, |version| format!("?version={version}"));
        let path = format!("/v1/{}/data/{}{asked}", self.mount, path.trim_matches('/'));
        let token = self.login.token(self).await?;
        let answer = self.ask("GET", &path, Some(&token), None).await?;
        if answer.status != 403 || !self.login.forget(&token) {
            return Ok(answer);
        }
        // The token may have been withdrawn before its time.
        let token = self.login.token(self).await?;
        self.ask("GET", &path, Some(&token), None).await
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        token: Option<&Secret>,
        body: Option<&Value>,
    ) -> Result<Answer, HostError> {
        let mut headers = vec![("x-vault-request", "true")];
        headers.extend(token.map(|token| ("x-vault-token", token.expose())));
        headers.extend(self.namespace.as_deref().map(|namespace| ("x-vault-namespace", namespace)));
        let body = body.map(Value::to_string).unwrap_or_default();
        let answer = self
            .web
            .ask(&request(method, &format!("{}{path}", self.address), &headers, body.clone())?)
            .await?;
        if answer.status != 307 {
            return Ok(answer);
        }
        // A standby names the server that answers; the token goes there too, but never from TLS to none.
        let location = answer.headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
        let location = location.and_then(|location| location.parse::<Uri>().ok());
        let origin =
            location.as_ref().and_then(|to| Some(format!("{}://{}", to.scheme_str()?, to.authority()?)));
        let (Some(location), Some(origin)) = (location, origin) else {
            return Err(answer.refused("it is a standby", "and names no other server"));
        };
        if self.address.starts_with("https:") && !origin.starts_with("https:") {
            return Err(answer.refused("it is a standby", "and names a server without TLS"));
        }
        self.web.and_to(&origin)?.ask(&request(method, &location.to_string(), &headers, body)?).await
    }

    async fn versions(&self, path: &str) -> Result<Option<Versions>, HostError> {
        let answer = self.read(path, None).await?;
        let document = answer.json();
        let Some(current) = version(&document) else {
            return Err(match answer.status {
                // A version that was deleted has its metadata.
                404 if text(&document, &["data", "metadata", "created_time"]).is_some() => {
                    HostError::Failed(format!("the newest version of {}/{path} is deleted", self.mount))
                }
                404 => HostError::Failed(format!("there is no secret {}/{path}", self.mount)),
                _ => answer.refused("it cannot be read", &errors(&document)),
            });
        };
        let number = document.pointer("/data/metadata/version").and_then(Value::as_u64).unwrap_or_default();
        let previous = match number {
            0 | 1 => None,
            // One that is deleted, or no longer kept, is none.
            _ => version(&self.read(path, Some(number - 1)).await?.json()),
        };
        Ok(Some(Versions { current, previous }))
    }
}

impl Manager for Vault {
    fn name(&self) -> &str {
        &self.name
    }

    fn fetch<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Versions>, HostError>> {
        Box::pin(self.versions(id))
    }
}

fn version(document: &Value) -> Option<Version> {
    let data = document.pointer("/data/data").filter(|data| data.is_object())?;
    let created = text(document, &["data", "metadata", "created_time"]).and_then(instant);
    Some(Version { text: Secret::new(data.to_string()), created })
}

/// What it says is wrong.
fn errors(document: &Value) -> String {
    let errors = document.get("errors").and_then(Value::as_array).into_iter().flatten();
    errors.filter_map(Value::as_str).map(str::trim).collect::<Vec<_>>().join("; ")
}
