//! The provider's own interface: whoever talks to the provider talks to the gateway by another base URL.
//!
//! `/{provider}/{account}` stands for the provider's origins. Below it are the provider's paths,
//! parameters and JSON, as it sends it, and its token endpoint: `POST …/connect/token`, whose
//! client secret is an API key of the gateway, answers with a token that lasts for
//! [`token::LIFE`]. A tenant in a path that is not the account's is 404.
//!
//! Calls go the way of all calls: tokens, limits, retries and caching are the gateway's. Errors are
//! problem documents with the provider's status where it gave one.
//!
//! A file is sent in a form, as the provider takes it, or as it is.
//!
//! What is more lenient than under `/v1`, as the provider is: a parameter without a value counts as absent, so do
//! those of a page where there are no pages, and a date stands for its first instant in UTC. A parameter that is not
//! known is refused and named all the same: the provider would answer as if it were not there.

mod form;
mod parameters;
pub mod token;

use crate::{
    admission,
    answer::{self, CALL_ID, JSON},
    body,
    call::Asked,
    entrance::settled::Keys,
    file,
    idempotency::{Fingerprint, Scope, once, once_with_file},
    paths,
    problem::Problem,
    request::{Head, Parameters},
    serve::Answer,
    ways::Ways,
};
use futures_util::FutureExt;
use http::{HeaderValue, Method, Response, StatusCode, header};
use penstock::{
    client::Client,
    contract::{CallOptions, Failure, OnMisfit, catalogue::Operation},
    entry::{account, dynamic, stream_file},
    host::{Host, Source},
};
use std::rc::Rc;

/// The providers whose interface is spoken.
pub const PROVIDERS: [&str; 1] = ["servicetitan"];

/// The path of the token endpoint, below the account.
pub const TOKEN_PATH: &str = "connect/token";

/// An operation by the provider's path, and the tenant that stands in it.
#[derive(Debug)]
pub struct Called {
    /// Which operation.
    pub operation: &'static Operation,
    /// The tenant in the path, percent-encoded as it came.
    pub tenant: String,
    /// The parameters in the path, percent-encoded as they came.
    pub values: Vec<(&'static str, String)>,
}

/// The operations whose paths fit these segments, by method.
#[must_use]
pub fn find(provider: &str, segments: &[&str]) -> Ways<Called> {
    let paths = paths::beginning(provider, segments.first().copied().unwrap_or_default());
    let fit = paths.filter_map(|path| Some((path, path.fit_own(segments)?)));
    let known = fit.map(|(path, values)| {
        let (tenants, values): (Vec<_>, Vec<_>) = values.into_iter().partition(|(name, _)| *name == "tenant");
        let tenant = tenants.first().map(|(_, tenant)| (*tenant).to_owned()).unwrap_or_default();
        let values = values.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        (path, Called { operation: path.operation, tenant, values })
    });
    Ways::of(known)
}

/// Calls an operation.
///
/// # Errors
/// Whatever is wrong with the request, and whatever the call fails with.
pub async fn call<H: Host + 'static>(
    client: &Rc<Client<H>>,
    head: &Head,
    body: Option<Box<dyn Source>>,
    asked: Asked,
    tenant: &str,
) -> Result<Answer<H>, Problem> {
    if account::tenant_id(client, asked.operation.provider, &asked.options).await? != tenant {
        return Err(Problem::unknown_path());
    }
    let query = Parameters::parse(head.query())?;
    let mut asked = asked;
    asked.parameters.extend(parameters::lenient(asked.operation, query));
    asked.options.on_misfit = Some(OnMisfit::Raw);
    as_sent(client, head, body, &asked).await.map_err(Problem::with_vendor_status)
}

async fn as_sent<H: Host + 'static>(
    client: &Rc<Client<H>>,
    head: &Head,
    body: Option<Box<dyn Source>>,
    Asked { api_key, operation, parameters, options, .. }: &Asked,
) -> Result<Answer<H>, Problem> {
    let operation: &'static Operation = operation;
    if operation.file {
        let found = stream_file::download(client, operation, parameters, Some(options)).await?;
        return Ok(Answer::File(file::head(found.info()), Box::new(found)));
    }
    let scope = Scope { api_key, operation, options };
    let sent = if let Some(field) = operation.upload {
        let (head, body) = form::unpacked(client.host(), head, body, field).await?;
        let upload = async |body| {
            let file = file::upload(&head, body)?;
            answered(
                stream_file::upload(client, operation, parameters, file, Some(options)).await,
                operation,
                options,
            )
        };
        once_with_file(client, &head, &scope, parameters, body, upload).await
    } else {
        let json = match head.method {
            Method::GET | Method::HEAD => None,
            _ => body::json(client.host(), head, body).await?,
        };
        let invoke = dynamic::invoke(client, operation, parameters, json.as_deref(), Some(options));
        let body = json.as_deref().unwrap_or_default().as_bytes();
        let fingerprint = || Fingerprint::of(head, operation, parameters, body);
        let answered = invoke.map(|called| answered(called, operation, options));
        // Boxed as in `call`.
        once(client, head, &scope, fingerprint, Box::pin(answered)).await
    };
    sent.map(Answer::Whole)
}

/// What the provider sent, or its problem, as both are kept for a repetition as well.
fn answered(
    called: Result<dynamic::Answer, Failure>,
    operation: &Operation,
    options: &CallOptions,
) -> Result<Response<String>, Problem> {
    called
        .map(|answer| response(answer, operation, options))
        .map_err(|failure| Problem::from(failure).with_vendor_status())
}

/// What the provider sent, with the status that it had.
fn response(answer: dynamic::Answer, operation: &Operation, options: &CallOptions) -> Response<String> {
    let bytes = answer.made_of.bytes();
    let body = match bytes.is_empty() {
        // Of what the contract knows no answer, nothing else is kept.
        true => answer.body.unwrap_or_default(),
        false => String::from_utf8_lossy(bytes).into_owned(),
    };
    let status = StatusCode::from_u16(answer.info.status).unwrap_or(StatusCode::OK);
    let mut response = answer::response(status, JSON, body);
    if response.body().is_empty() {
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    answer::set(response.headers_mut(), CALL_ID, &answer.info.call_id);
    answer::set_source(response.headers_mut(), &answer.info, operation, options.fresh);
    response.extensions_mut().insert(answer.made_of);
    response
}

/// Answers a request for a token (RFC 6749 section 4.4).
///
/// # Errors
/// A body that cannot be read, and what is wrong with the settings.
pub async fn token_for<H: Host>(
    client: &Client<H>,
    account: (&str, &str),
    keys: &Keys,
    head: &Head,
    body: Option<Box<dyn Source>>,
) -> Result<Response<String>, Problem> {
    let form = Parameters::parse(&body::form(client.host(), head, body).await?)?;
    let refused = |status, error: &str| Ok(token_response(status, format!(r#"{{"error":"{error}"}}"#)));
    match form.0.iter().find(|(name, _)| name == "grant_type") {
        Some((_, kind)) if kind == "client_credentials" => {}
        Some(_) => return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type"),
        None => return refused(StatusCode::BAD_REQUEST, "invalid_request"),
    }
    let Some(token) = admission::token(client, account, keys, (&form, &head.headers)).await? else {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client");
    };
    let (token, lasts) = (token.expose(), token::LIFE.as_secs());
    let body = format!(r#"{{"access_token":"{token}","expires_in":{lasts},"token_type":"Bearer"}}"#);
    Ok(token_response(StatusCode::OK, body))
}

/// An answer of the token endpoint (RFC 6749 sections 5.1 and 5.2).
fn token_response(status: StatusCode, body: String) -> Response<String> {
    let mut response = answer::response(status, JSON, body);
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
