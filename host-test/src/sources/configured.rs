//! The secret manager that the environment names.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::{
    AzureAuth, AzureVault, HostError, Layout, Managed, Manager, Source, Vault, VaultAddress, VaultAuth,
    text::read,
};
use crate::http::{OutboundOptions, certificates_of_pem};

/// What chooses a manager. Each alone.
const CHOICES: [&str; 4] =
    ["PENSTOCK_VAULT_SECRET", "PENSTOCK_AWS_SECRET", "PENSTOCK_AWS_SECRET_PREFIX", "PENSTOCK_AZURE_VAULT"];

/// Where Kubernetes puts the token of a pod's service account.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// The secret manager that `environment` names: none, unless one of `PENSTOCK_VAULT_SECRET`, `PENSTOCK_AWS_SECRET`,
/// `PENSTOCK_AWS_SECRET_PREFIX` and `PENSTOCK_AZURE_VAULT` is set. docs/secrets.md has all names. Nobody is asked yet.
///
/// The options say whose certificates are trusted, and which proxies lead there; their policy does not count. The file
/// of authorities that `VAULT_CACERT`, `AWS_CA_BUNDLE` or `SSL_CERT_FILE` names is trusted besides.
///
/// # Errors
///
/// More than one, a setting that is missing or does not fit, and a manager that this build has not.
pub async fn configured(
    environment: Arc<dyn Source>,
    options: &OutboundOptions,
) -> Result<Option<Managed>, HostError> {
    let of = Environment(environment);
    let mut chosen = Vec::new();
    for name in CHOICES {
        if let Some(value) = of.find(name).await? {
            chosen.push((name, value));
        }
    }
    let (name, value) = match (chosen.pop(), chosen.pop()) {
        (None, _) => return Ok(None),
        (Some(one), None) => one,
        (Some((one, _)), Some((other, _))) => {
            return Err(HostError::Failed(format!("{other} and {one} are both set; remove one")));
        }
    };
    let managed = match name {
        "PENSTOCK_VAULT_SECRET" => managed(of.vault(options).await?, Layout::Document(value)),
        "PENSTOCK_AZURE_VAULT" => managed(of.azure(&value, options).await?, Layout::Names(String::new())),
        "PENSTOCK_AWS_SECRET" => of.aws(Layout::Document(value), options).await?,
        _ => of.aws(Layout::Names(value), options).await?,
    };
    Ok(Some(match of.find("PENSTOCK_SECRETS_REFRESH").await? {
        None => managed,
        Some(text) => {
            let seconds = text.parse().ok().filter(|seconds| (1..=86_400).contains(seconds));
            let wrong =
                || HostError::Failed("PENSTOCK_SECRETS_REFRESH must be whole seconds, 1 to 86400".to_owned());
            managed.refresh(Duration::from_secs(seconds.ok_or_else(wrong)?))
        }
    }))
}

fn managed(manager: impl Manager + 'static, layout: Layout) -> Managed {
    Managed::new(manager, layout)
}

struct Environment(Arc<dyn Source>);

impl Environment {
    async fn find(&self, name: &str) -> Result<Option<String>, HostError> {
        let found = self.0.get(name).await?.map(|found| found.expose().trim().to_owned());
        Ok(found.filter(|found| !found.is_empty()))
    }

    async fn needed(&self, name: &str) -> Result<String, HostError> {
        self.find(name).await?.ok_or_else(|| HostError::Failed(format!("{name} is not set")))
    }

    async fn secret(&self, name: &str) -> Result<super::Secret, HostError> {
        self.needed(name).await.map(super::Secret::new)
    }

    /// The options, and the authorities of the file that one of these names, the first of which counts.
    async fn trusting(
        &self,
        names: &[&str],
        options: &OutboundOptions,
    ) -> Result<OutboundOptions, HostError> {
        let mut options = options.clone();
        for name in names {
            let Some(file) = self.find(name).await? else { continue };
            let missing = || HostError::Failed(format!("{name} names {file}, which does not exist"));
            let pem = read(file.clone().into()).await?.ok_or_else(missing)?.utf_8(&file)?;
            let found = certificates_of_pem(pem.as_bytes());
            let found = found.map_err(|error| HostError::Failed(format!("{name} names {file}: {error}")))?;
            options.certificate_authorities.extend(found);
            break;
        }
        Ok(options)
    }

    async fn vault(&self, options: &OutboundOptions) -> Result<Vault, HostError> {
        let mut at = VaultAddress::new(self.needed("VAULT_ADDR").await?);
        at.namespace = self.find("VAULT_NAMESPACE").await?;
        if let Some(mount) = self.find("PENSTOCK_VAULT_MOUNT").await? {
            at.mount = mount;
        }
        let mount = self.find("PENSTOCK_VAULT_AUTH_MOUNT").await?;
        let auth = if let Some(role) = self.find("PENSTOCK_VAULT_KUBERNETES_ROLE").await? {
            let token_file = PathBuf::from(SERVICE_ACCOUNT);
            VaultAuth::Kubernetes {
                mount: mount.unwrap_or_else(|| "kubernetes".to_owned()),
                role,
                token_file,
            }
        } else if self.find("PENSTOCK_VAULT_ROLE_ID").await?.is_some() {
            VaultAuth::AppRole {
                mount: mount.unwrap_or_else(|| "approle".to_owned()),
                role_id: self.secret("PENSTOCK_VAULT_ROLE_ID").await?,
                secret_id: self.secret("PENSTOCK_VAULT_SECRET_ID").await?,
            }
        } else {
            self.needed("VAULT_TOKEN").await?;
            VaultAuth::Token(Box::new(self.0.clone()))
        };
        Vault::new(at, auth, &self.trusting(&["VAULT_CACERT", "SSL_CERT_FILE"], options).await?)
    }

    async fn azure(&self, address: &str, options: &OutboundOptions) -> Result<AzureVault, HostError> {
        let (tenant, client_id) = (self.find("AZURE_TENANT_ID").await?, self.find("AZURE_CLIENT_ID").await?);
        let token_file = self.find("AZURE_FEDERATED_TOKEN_FILE").await?.map(PathBuf::from);
        let has_secret = self.find("AZURE_CLIENT_SECRET").await?.is_some();
        let auth = match (tenant, client_id, token_file) {
            (Some(tenant), Some(client_id), _) if has_secret => AzureAuth::ClientSecret {
                tenant,
                client_id,
                secret: self.secret("AZURE_CLIENT_SECRET").await?,
            },
            (Some(tenant), Some(client_id), Some(token_file)) => {
                AzureAuth::Federated { tenant, client_id, token_file }
            }
            (_, client_id, _) => AzureAuth::ManagedIdentity { client_id },
        };
        AzureVault::new(address, auth, &self.trusting(&["SSL_CERT_FILE"], options).await?)
    }

    #[cfg(not(feature = "aws"))]
    async fn aws(&self, _: Layout, _: &OutboundOptions) -> Result<Managed, HostError> {
        Err(HostError::Failed("this build has no AWS Secrets Manager: the feature `aws` is off".to_owned()))
    }

    #[cfg(feature = "aws")]
    async fn aws(&self, layout: Layout, options: &OutboundOptions) -> Result<Managed, HostError> {
        use super::{AwsAuth, AwsRegion, AwsSecrets};
        let region = match self.find("AWS_REGION").await? {
            Some(region) => region,
            None => self
                .find("AWS_DEFAULT_REGION")
                .await?
                .ok_or_else(|| HostError::Failed("AWS_REGION is not set".to_owned()))?,
        };
        let mut at = AwsRegion::new(region);
        let general = self.find("AWS_ENDPOINT_URL").await?;
        at.endpoint = self.find("AWS_ENDPOINT_URL_SECRETS_MANAGER").await?.or_else(|| general.clone());
        at.sts_endpoint = self.find("AWS_ENDPOINT_URL_STS").await?.or(general);
        let token_file = self.find("AWS_WEB_IDENTITY_TOKEN_FILE").await?.map(PathBuf::from);
        let auth = match (self.find("AWS_ACCESS_KEY_ID").await?, token_file) {
            (Some(_), _) => AwsAuth::Keys(Box::new(self.0.clone())),
            (None, Some(token_file)) => {
                AwsAuth::WebIdentity { role_arn: self.needed("AWS_ROLE_ARN").await?, token_file }
            }
            (None, None) => AwsAuth::Container {
                url: self.container().await?,
                token_file: self.find("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").await?.map(PathBuf::from),
            },
        };
        let options = self.trusting(&["AWS_CA_BUNDLE", "SSL_CERT_FILE"], options).await?;
        Ok(managed(AwsSecrets::new(&at, auth, &options)?, layout))
    }

    /// Where the agent beside a container is. The address is the one that ECS documents.
    #[cfg(feature = "aws")]
    async fn container(&self) -> Result<String, HostError> {
        if let Some(path) = self.find("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").await? {
            return Ok(format!("http://169.254.170.2{path}"));
        }
        let found = self.find("AWS_CONTAINER_CREDENTIALS_FULL_URI").await?;
        found.ok_or_else(|| {
            let wanted =
                "AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE or AWS_CONTAINER_CREDENTIALS_FULL_URI";
            HostError::Failed(format!("none of {wanted} is set"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Map;

    async fn of(settings: &[(&str, &str)]) -> Result<Option<String>, HostError> {
        let found =
            configured(Arc::new(Map::new(settings.iter().copied())), &OutboundOptions::default()).await?;
        Ok(found.map(|managed| managed.standing().manager))
    }

    #[tokio::test]
    async fn one_manager_is_chosen_by_what_only_it_needs() {
        let vault = ("VAULT_ADDR", "https://vault.example:8200/");
        assert_eq!(of(&[vault, ("VAULT_TOKEN", "t")]).await, Ok(None), "others use these names too");
        let chosen = ("PENSTOCK_VAULT_SECRET", "penstock");
        assert_eq!(
            of(&[vault, chosen, ("VAULT_TOKEN", "t")]).await,
            Ok(Some("Vault at https://vault.example:8200".to_owned()))
        );
        let azure = ("PENSTOCK_AZURE_VAULT", "https://north.vault.azure.net");
        assert_eq!(
            of(&[azure]).await,
            Ok(Some("Azure Key Vault at https://north.vault.azure.net".to_owned()))
        );
        for (settings, told) in [
            (&[vault, chosen][..], "VAULT_TOKEN is not set"),
            (&[chosen, ("VAULT_TOKEN", "t")], "VAULT_ADDR is not set"),
            (&[chosen, azure], "PENSTOCK_VAULT_SECRET and PENSTOCK_AZURE_VAULT are both set"),
            (&[("VAULT_ADDR", "http://vault.example"), chosen, ("VAULT_TOKEN", "t")], "plain HTTP"),
            (&[("PENSTOCK_AZURE_VAULT", "http://127.0.0.1:1")], "HTTPS alone"),
            (&[azure, ("PENSTOCK_SECRETS_REFRESH", "0")], "1 to 86400"),
            (&[azure, ("SSL_CERT_FILE", "/none")], "SSL_CERT_FILE names /none, which does not exist"),
        ] {
            let Err(HostError::Failed(found)) = of(settings).await else { panic!("{told}") };
            assert!(found.contains(told), "{found}");
        }
    }

    #[cfg(feature = "aws")]
    #[tokio::test]
    async fn aws_needs_a_region_and_a_way_to_credentials() {
        let (chosen, region) = (("PENSTOCK_AWS_SECRET", "penstock"), ("AWS_REGION", "eu-central-1"));
        let key = ("AWS_ACCESS_KEY_ID", "AKIA");
        let name = "AWS Secrets Manager at https://secretsmanager.eu-central-1.amazonaws.com";
        assert_eq!(of(&[chosen, region, key]).await, Ok(Some(name.to_owned())));
        for (settings, told) in [
            (&[chosen, key][..], "AWS_REGION is not set"),
            (&[chosen, region], "AWS_WEB_IDENTITY_TOKEN_FILE"),
            (&[chosen, region, ("AWS_WEB_IDENTITY_TOKEN_FILE", "/t")], "AWS_ROLE_ARN is not set"),
            (&[chosen, ("PENSTOCK_AWS_SECRET_PREFIX", "p/")], "both set"),
        ] {
            let Err(HostError::Failed(found)) = of(settings).await else { panic!("{told}") };
            assert!(found.contains(told), "{found}");
        }
    }
}
