//! AWS Secrets Manager.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>

mod credentials;
mod sign;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::Request;
use serde_json::{Value, json};

use super::{HostError, Manager, Secret, Version, Versions};
use crate::{
    http::{OutboundOptions, OutboundPolicy},
    web::{Web, request, text},
};
pub use credentials::AwsAuth;
use credentials::Chain;
use sign::signed;

/// The two slots of a rotation.
const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// The Secrets Manager of an account in a region. The id of a secret is its name or its ARN.
pub struct AwsSecrets {
    name: String,
    region: String,
    endpoint: String,
    credentials: Chain,
    web: Web,
}

/// Where a Secrets Manager is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AwsRegion {
    /// `eu-central-1`.
    pub region: String,
    /// Another endpoint than the region's, such as one within a VPC.
    pub endpoint: Option<String>,
    /// Another endpoint of the Security Token Service than the region's, for [`AwsAuth::WebIdentity`].
    pub sts_endpoint: Option<String>,
}

impl AwsRegion {
    /// That region of AWS.
    #[must_use]
    pub fn new(region: impl Into<String>) -> Self {
        Self { region: region.into(), endpoint: None, sts_endpoint: None }
    }

    fn endpoint(&self, given: Option<&String>, service: &str) -> String {
        // China has a domain of its own.
        let domain = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let given = given.map(|endpoint| endpoint.trim().trim_end_matches('/').to_owned());
        given.unwrap_or_else(|| format!("https://{service}.{}.{domain}", self.region))
    }
}

impl AwsSecrets {
    /// A client. The options say whose certificates are trusted, and which proxies lead there; their policy does
    /// not count.
    ///
    /// # Errors
    ///
    /// An endpoint that is none, plain HTTP to another machine, an authority that cannot be used.
    pub fn new(at: &AwsRegion, auth: AwsAuth, options: &OutboundOptions) -> Result<Self, HostError> {
        let endpoint = at.endpoint(at.endpoint.as_ref(), "secretsmanager");
        let sts = at.endpoint(at.sts_endpoint.as_ref(), "sts");
        let wrong = |error: crate::http::InvalidOrigin| HostError::Failed(error.to_string());
        let policy =
            OutboundPolicy::none().allow(&endpoint).and_then(|policy| policy.allow(&sts)).map_err(wrong)?;
        Ok(Self {
            name: format!("AWS Secrets Manager at {endpoint}"),
            region: at.region.clone(),
            endpoint,
            credentials: Chain::new(auth, sts, options)?,
            web: Web::to(options, policy)?,
        })
    }

    async fn stage(&self, id: &str, stage: &str) -> Result<Option<Version>, HostError> {
        let body = json!({ "SecretId": id, "VersionStage": stage }).to_string();
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", "secretsmanager.GetSecretValue"),
        ];
        let mut request: Request<Bytes> = request("POST", &format!("{}/", self.endpoint), &headers, body)?;
        let credentials = self.credentials.get(&self.web).await?;
        signed(&mut request, &credentials, &self.region, SystemTime::now())?;
        let answer = self.web.ask(&request).await?;
        let document = answer.json();
        if let Some(value) = text(&document, &["SecretString"]) {
            return Ok(Some(Version { text: Secret::new(value.to_owned()), created: created(&document) }));
        }
        // The type says what it is, and no status does.
        let kind = text(&document, &["__type"]).unwrap_or_default();
        match kind.rsplit('#').next().unwrap_or(kind) {
            "ResourceNotFoundException" => Ok(None),
            "" if answer.status == 200 => Err(HostError::Failed(format!("the secret {id} is no text"))),
            kind => Err(match kind {
                "AccessDeniedException"
                | "UnrecognizedClientException"
                | "ExpiredTokenException"
                | "InvalidSignatureException" => HostError::Denied(format!("{id} cannot be read: {kind}")),
                "InternalServiceError" | "ThrottlingException" => {
                    HostError::Unavailable(format!("{id} cannot be read: {kind}"))
                }
                kind => answer.refused(&format!("{id} cannot be read"), kind),
            }),
        }
    }

    async fn versions(&self, id: &str) -> Result<Option<Versions>, HostError> {
        let Some(current) = self.stage(id, CURRENT).await? else { return Ok(None) };
        // Before the first rotation there is none.
        let previous = self.stage(id, PREVIOUS).await?;
        Ok(Some(Versions { current, previous }))
    }
}

impl Manager for AwsSecrets {
    fn name(&self) -> &str {
        &self.name
    }

    fn fetch<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Versions>, HostError>> {
        Box::pin(self.versions(id))
    }
}

/// When the version was made. `LastChangedDate` is the secret's: it moves with a tag or a description too, and needs
/// another permission.
fn created(document: &Value) -> Option<SystemTime> {
    let seconds = document.get("CreatedDate")?.as_f64()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}
