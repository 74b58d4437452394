//! Tokens of Microsoft Entra.
//! <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow>

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::challenge::{Challenge, host};
use crate::{
    http::{OutboundOptions, OutboundPolicy, Proxies},
    sources::{HostError, Secret, text::read},
    web::{Answer, Web, request, text},
};

/// How a client proves to Microsoft Entra who it is.
#[non_exhaustive]
pub enum AzureAuth {
    /// A client with a secret.
    ClientSecret {
        /// The tenant's id.
        tenant: String,
        /// The client's id.
        client_id: String,
        /// Its secret.
        secret: Secret,
    },
    /// A client that a Kubernetes service account stands for (workload identity).
    Federated {
        /// The tenant's id.
        tenant: String,
        /// The client's id.
        client_id: String,
        /// The file with the account's token, which is read each time.
        token_file: PathBuf,
    },
    /// The identity of the machine, from the service that Azure has on each.
    ManagedIdentity {
        /// Which one, where a machine has several.
        client_id: Option<String>,
    },
}

/// Where an authority may be, unless `AZURE_AUTHORITY_HOST` is set: those of Azure's clouds. The client's secret goes
/// there, so that the vault's word alone does not do.
/// <https://learn.microsoft.com/en-us/entra/identity-platform/authentication-national-cloud>
const AUTHORITIES: [&str; 3] =
    ["login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"];

/// <https://learn.microsoft.com/en-us/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>
const MACHINE: &str = "http://169.254.169.254";

/// New ones are fetched so long before the old ones expire.
const MARGIN: Duration = Duration::from_secs(300);

/// Gets tokens, and keeps one.
pub(super) struct Tokens {
    auth: AzureAuth,
    authority_host: Option<String>,
    options: OutboundOptions,
    kept: Mutex<Option<(Secret, Instant)>>,
}

impl AzureAuth {
    /// The tenant that a client is of.
    fn tenant(&self) -> Option<&str> {
        match self {
            Self::ClientSecret { tenant, .. } | Self::Federated { tenant, .. } => Some(tenant),
            Self::ManagedIdentity { .. } => None,
        }
    }
}

impl Tokens {
    pub(super) fn new(auth: AzureAuth, options: &OutboundOptions) -> Result<Self, HostError> {
        let authority_host =
            std::env::var("AZURE_AUTHORITY_HOST").ok().filter(|host| !host.trim().is_empty());
        Ok(Self { auth, authority_host, options: options.clone(), kept: Mutex::default() })
    }

    pub(super) fn forget(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) async fn get(&self, challenge: &Challenge) -> Result<Secret, HostError> {
        if let Some(token) = self.kept() {
            return Ok(token);
        }
        let answer = match &self.auth {
            AzureAuth::ManagedIdentity { client_id } => {
                self.of_machine(challenge, client_id.as_deref()).await?
            }
            AzureAuth::ClientSecret { client_id, secret, .. } => {
                let proof = [("client_secret", secret.expose())];
                self.of_authority(challenge, client_id, &proof).await?
            }
            AzureAuth::Federated { client_id, token_file, .. } => {
                let shown = token_file.display().to_string();
                let missing = || HostError::Failed(format!("{shown} does not exist"));
                let token = read(token_file.clone()).await?.ok_or_else(missing)?.utf_8(&shown)?;
                let proof = [
                    ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                    ("client_assertion", token.trim()),
                ];
                self.of_authority(challenge, client_id, &proof).await?
            }
        };
        let document = answer.json();
        let Some(token) = text(&document, &["access_token"]).map(|token| Secret::new(token.to_owned()))
        else {
            let why = text(&document, &["error"]).unwrap_or_default();
            return Err(answer.refused("no token is given for it", why));
        };
        // The machine's service writes it as a text.
        let seconds = document.get("expires_in");
        let seconds = seconds.and_then(|seconds| seconds.as_u64().or_else(|| seconds.as_str()?.parse().ok()));
        let until = Instant::now() + Duration::from_secs(seconds.unwrap_or_default()).saturating_sub(MARGIN);
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((token.clone(), until));
        Ok(token)
    }

    fn kept(&self) -> Option<Secret> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(_, until)| Instant::now() < *until).map(|(token, _)| token.clone())
    }

    async fn of_authority(
        &self,
        challenge: &Challenge,
        client_id: &str,
        proof: &[(&str, &str)],
    ) -> Result<Answer, HostError> {
        let origin = self.authority(challenge)?;
        let tenant = self.auth.tenant().unwrap_or_default();
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("grant_type", "client_credentials"), ("client_id", client_id)])
            .append_pair("scope", &format!("{}/.default", challenge.resource))
            .extend_pairs(proof)
            .finish();
        let policy = OutboundPolicy::none().allow(&origin);
        let web = Web::to(&self.options, policy.map_err(|error| HostError::Failed(error.to_string()))?)?;
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        web.ask(&request("POST", &format!("{origin}/{tenant}/oauth2/v2.0/token"), &headers, form)?).await
    }

    /// The origin of the authority that the vault names, if the client's secret may go there.
    fn authority(&self, challenge: &Challenge) -> Result<String, HostError> {
        let told = challenge.authority.parse::<http::Uri>().ok();
        let port = told.and_then(|uri| uri.port_u16()).map_or_else(String::new, |port| format!(":{port}"));
        let named = host(&challenge.authority);
        let allowed = match &self.authority_host {
            Some(given) => named == host(given),
            None => named.as_deref().is_some_and(|named| AUTHORITIES.contains(&named)),
        };
        match named {
            Some(named) if allowed => Ok(format!("https://{named}{port}")),
            _ => Err(HostError::Denied(
                "it names an authority that is none of Azure's; set AZURE_AUTHORITY_HOST if it is yours"
                    .to_owned(),
            )),
        }
    }

    async fn of_machine(&self, challenge: &Challenge, client_id: Option<&str>) -> Result<Answer, HostError> {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("api-version", "2018-02-01"), ("resource", challenge.resource.as_str())])
            .extend_pairs(client_id.map(|client_id| ("client_id", client_id)))
            .finish();
        let policy = OutboundPolicy::none().allow_plain(MACHINE);
        let policy = policy.map_err(|error| HostError::Failed(error.to_string()))?;
        // No proxy leads there: the address is this machine's own.
        let options = OutboundOptions { proxies: Proxies::none(), ..self.options.clone() };
        let url = format!("{MACHINE}/metadata/identity/oauth2/token?{query}");
        Web::to(&options, policy)?.ask(&request("GET", &url, &[("metadata", "true")], "")?).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_goes_to_authorities_of_azure_alone() {
        let auth = || AzureAuth::ManagedIdentity { client_id: None };
        let tokens = |given: Option<&str>| Tokens {
            auth: auth(),
            authority_host: given.map(str::to_owned),
            options: OutboundOptions::default(),
            kept: Mutex::default(),
        };
        let challenge = |authority: &str| Challenge {
            authority: authority.to_owned(),
            resource: "https://vault.azure.net".to_owned(),
        };
        let of_azure = "https://login.microsoftonline.com/t";
        assert_eq!(
            tokens(None).authority(&challenge(of_azure)).unwrap(),
            "https://login.microsoftonline.com"
        );
        for other in [
            "https://evil.example/t",
            "http://login.microsoftonline.com/t",
            "https://login.microsoftonline.com.evil.example",
            "",
        ] {
            assert!(
                matches!(tokens(None).authority(&challenge(other)), Err(HostError::Denied(_))),
                "{other}"
            );
        }
        let own = tokens(Some("https://localhost"));
        assert_eq!(own.authority(&challenge("https://localhost:4443/t")).unwrap(), "https://localhost:4443");
        assert!(own.authority(&challenge(of_azure)).is_err());
    }
}
