//! Who asks: the credentials of AWS itself.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use serde_json::Value;

use crate::{
    http::{OutboundOptions, OutboundPolicy},
    sources::{HostError, Secret, Source, instant, text::read},
    web::{Web, request, text},
};

/// How a client of AWS gets its credentials.
#[non_exhaustive]
pub enum AwsAuth {
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN` of this source, asked each time.
    Keys(Box<dyn Source>),
    /// A role, by the token of a service account (EKS: IAM roles for service accounts).
    WebIdentity {
        /// The role's ARN.
        role_arn: String,
        /// The file with the token, which is read each time.
        token_file: PathBuf,
    },
    /// From the agent beside a container (ECS, EKS Pod Identity).
    Container {
        /// Where it is.
        url: String,
        /// The file with the token that it wants, if it wants one.
        token_file: Option<PathBuf>,
    },
}

/// New ones are fetched so long before the old ones expire.
const MARGIN: Duration = Duration::from_secs(300);

/// Credentials to sign with.
#[derive(Clone)]
pub(super) struct Keys {
    pub(super) id: Secret,
    pub(super) secret: Secret,
    pub(super) token: Option<Secret>,
}

/// Gets them, and keeps those that expire.
pub(super) struct Chain {
    auth: AwsAuth,
    sts: String,
    /// The agent beside a container, which is on this machine's own network.
    agent: Option<Web>,
    kept: Mutex<Option<(Keys, SystemTime)>>,
}

impl Chain {
    pub(super) fn new(auth: AwsAuth, sts: String, options: &OutboundOptions) -> Result<Self, HostError> {
        let agent = match &auth {
            AwsAuth::Container { url, .. } => {
                let options = OutboundOptions { proxies: crate::http::Proxies::none(), ..options.clone() };
                let policy = OutboundPolicy::none().allow_plain(&origin(url));
                Some(Web::to(&options, policy.map_err(|error| HostError::Failed(error.to_string()))?)?)
            }
            _ => None,
        };
        Ok(Self { auth, sts, agent, kept: Mutex::default() })
    }

    pub(super) async fn get(&self, web: &Web) -> Result<Keys, HostError> {
        if let AwsAuth::Keys(source) = &self.auth {
            return keys_of(source).await;
        }
        if let Some(keys) = self.kept() {
            return Ok(keys);
        }
        let (keys, until) = match &self.auth {
            AwsAuth::WebIdentity { role_arn, token_file } => self.assumed(web, role_arn, token_file).await?,
            AwsAuth::Container { url, token_file } => self.of_agent(url, token_file.as_ref()).await?,
            AwsAuth::Keys(source) => return keys_of(source).await,
        };
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((keys.clone(), until));
        Ok(keys)
    }

    fn kept(&self) -> Option<Keys> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(_, until)| SystemTime::now() + MARGIN < *until).map(|(keys, _)| keys.clone())
    }

    /// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>
    async fn assumed(&self, web: &Web, role: &str, file: &Path) -> Result<(Keys, SystemTime), HostError> {
        let token = content(file).await?;
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("Action", "AssumeRoleWithWebIdentity"),
                ("Version", "2011-06-15"),
                ("RoleArn", role),
                ("RoleSessionName", "penstock"),
                ("WebIdentityToken", token.trim()),
            ])
            .finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = web.ask(&request("POST", &format!("{}/", self.sts), &headers, form)?).await?;
        let body = String::from_utf8_lossy(&answer.body);
        let found = |name: &str| element(&body, name).map(|text| Secret::new(text.to_owned()));
        let keys = (|| {
            Some(Keys {
                id: found("AccessKeyId")?,
                secret: found("SecretAccessKey")?,
                token: found("SessionToken"),
            })
        })();
        let keys = keys.ok_or_else(|| {
            answer.refused("the role is refused", element(&body, "Code").unwrap_or_default())
        })?;
        Ok((keys, expiry(element(&body, "Expiration"))))
    }

    /// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>
    async fn of_agent(&self, url: &str, file: Option<&PathBuf>) -> Result<(Keys, SystemTime), HostError> {
        let token = match file {
            Some(file) => Some(content(file).await?),
            None => None,
        };
        let headers: Vec<_> = token.iter().map(|token| ("authorization", token.trim())).collect();
        let Some(agent) = &self.agent else { return Err(HostError::Failed("there is no agent".to_owned())) };
        let answer = agent.ask(&request("GET", url, &headers, "")?).await?;
        let document = answer.json();
        let found = |name: &str| text(&document, &[name]).map(|text| Secret::new(text.to_owned()));
        let keys = (|| {
            Some(Keys { id: found("AccessKeyId")?, secret: found("SecretAccessKey")?, token: found("Token") })
        })();
        let code = text(&document, &["code"]).unwrap_or_default();
        let keys = keys.ok_or_else(|| answer.refused("the agent gives no credentials", code))?;
        Ok((keys, expiry(document.get("Expiration").and_then(Value::as_str))))
    }
}

async fn keys_of(source: &dyn Source) -> Result<Keys, HostError> {
    let needed = async |name: &str| {
        let missing = || HostError::Failed(format!("{name} is not set"));
        source.get(name).await?.ok_or_else(missing)
    };
    Ok(Keys {
        id: needed("AWS_ACCESS_KEY_ID").await?,
        secret: needed("AWS_SECRET_ACCESS_KEY").await?,
        token: source.get("AWS_SESSION_TOKEN").await?,
    })
}

async fn content(file: &Path) -> Result<String, HostError> {
    let shown = file.display().to_string();
    let missing = || HostError::Failed(format!("{shown} does not exist"));
    read(file.to_owned()).await?.ok_or_else(missing)?.utf_8(&shown)
}

/// The text of the first element of this name. What is looked for is letters, digits and `+/=:-.` alone.
fn element<'t>(xml: &'t str, name: &str) -> Option<&'t str> {
    let (_, behind) = xml.split_once(&format!("<{name}>"))?;
    behind.split_once(&format!("</{name}>")).map(|(text, _)| text.trim())
}

/// Until when credentials hold; a quarter of an hour, the least that AWS gives, where it is not said.
fn expiry(text: Option<&str>) -> SystemTime {
    text.and_then(instant).unwrap_or_else(|| SystemTime::now() + Duration::from_secs(900))
}

fn origin(url: &str) -> String {
    let uri = url.parse::<http::Uri>().ok();
    let origin = uri.as_ref().and_then(|uri| Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?)));
    origin.unwrap_or_else(|| url.to_owned())
}
