//! How this client says who it is.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Vault, errors, text};
use crate::sources::{HostError, Secret, Source, text::read};

/// How a client proves to a Vault who it is.
#[non_exhaustive]
pub enum VaultAuth {
    /// By a token, which this source has by the name `VAULT_TOKEN`: a file that an agent writes is read again each time.
    Token(Box<dyn Source>),
    /// By AppRole. <https://developer.hashicorp.com/vault/api-docs/auth/approle>
    AppRole {
        /// Where it is mounted, `approle` as a rule.
        mount: String,
        /// The role's id.
        role_id: Secret,
        /// The secret to it.
        secret_id: Secret,
    },
    /// By the token of a Kubernetes service account.
    /// <https://developer.hashicorp.com/vault/api-docs/auth/kubernetes>
    Kubernetes {
        /// Where it is mounted, `kubernetes` as a rule.
        mount: String,
        /// The name of the role.
        role: String,
        /// The file with the account's token, which is read for each login.
        token_file: PathBuf,
    },
}

/// Of the time that a token is valid, so much is used: a third is left for clocks and slow answers.
const USED: f64 = 2.0 / 3.0;

/// Logs in where it must, and keeps the token.
pub(super) struct Login {
    auth: VaultAuth,
    /// A token, and until when it is used; without a limit if it has none.
    kept: Mutex<Option<(Secret, Option<Instant>)>>,
}

impl Login {
    pub(super) fn new(auth: VaultAuth) -> Self {
        Self { auth, kept: Mutex::default() }
    }

    pub(super) async fn token(&self, vault: &Vault) -> Result<Secret, HostError> {
        let (mount, body) = match &self.auth {
            VaultAuth::Token(source) => {
                let missing = || HostError::Failed("VAULT_TOKEN is not set".to_owned());
                let token = source.get("VAULT_TOKEN").await?.ok_or_else(missing)?;
                return Ok(Secret::new(token.expose().trim().to_owned()));
            }
            VaultAuth::AppRole { mount, role_id, secret_id } => {
                (mount, json!({ "role_id": role_id.expose(), "secret_id": secret_id.expose() }))
            }
            VaultAuth::Kubernetes { mount, role, token_file } => {
                let shown = token_file.display().to_string();
                let found = read(token_file.clone()).await?;
                let missing = || HostError::Failed(format!("{shown} does not exist"));
                let token = found.ok_or_else(missing)?.utf_8(&shown)?;
                (mount, json!({ "role": role, "jwt": token.trim() }))
            }
        };
        if let Some(token) = self.kept() {
            return Ok(token);
        }
        let path = format!("/v1/auth/{}/login", mount.trim_matches('/'));
        let answer = vault.ask("POST", &path, None, Some(&body)).await?;
        let document = answer.json();
        let Some(token) = text(&document, &["auth", "client_token"]) else {
            return Err(answer.refused("it refuses the login", &errors(&document)));
        };
        let seconds =
            document.pointer("/auth/lease_duration").and_then(Value::as_u64).filter(|seconds| *seconds > 0);
        let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds).mul_f64(USED));
        let token = Secret::new(token.to_owned());
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((token.clone(), until));
        Ok(token)
    }

    fn kept(&self) -> Option<Secret> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, until) = kept.as_ref()?;
        until.is_none_or(|until| Instant::now() < until).then(|| token.clone())
    }

    /// Drops a token that was refused; whether another one may be had.
    pub(super) fn forget(&self, token: &Secret) -> bool {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_kept = kept.as_ref().is_some_and(|(kept, _)| kept.expose() == token.expose());
        if is_kept {
            *kept = None;
        }
        is_kept
    }
}
