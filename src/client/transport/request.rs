//! Puts the request of an attempt together.

use crate::{
    call::Call,
    codec::url,
    files::{Multipart, Rest},
    host::{Body, Host, Request, Timeouts},
    policy::{secret::Secret, token::Generation},
    providers::api::{PageSelector, Provider, Site},
    settings::CommonSettings,
};
use std::time::Duration;

/// No connection takes longer than this to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// What authenticates one request.
pub(crate) struct Authorization {
    /// Which token it is, to say so when it is refused.
    pub(crate) generation: Generation,
    /// The header fields.
    pub(crate) headers: Vec<(&'static str, Secret)>,
}

/// What the attempts of a call send.
pub(crate) struct RequestParts<'a> {
    pub(crate) call: &'a Call,
    /// The query, that of the page included.
    pub(crate) query: Vec<(&'static str, String)>,
    /// Where it goes.
    pub(crate) site: &'a Site,
    pub(crate) settings: &'a CommonSettings,
}

/// The query of a call, that of the page included, and so are the parameters that are sent
/// as header fields.
pub(crate) fn query(
    call: &Call,
    page: Option<&PageSelector>,
    provider: &dyn Provider,
) -> Vec<(&'static str, String)> {
    let mut query = call.query.clone();
    let selects = page.map_or_else(Vec::new, |page| provider.paging().query(call.operation, page));
    for (name, value) in selects {
        query.retain(|(known, _)| *known != name);
        query.push((name, value));
    }
    query
}

/// The request of one attempt, whose answer may take `time` to begin.
pub(crate) fn build(
    parts: RequestParts<'_>,
    authorization: &Authorization,
    time: Duration,
    host: &impl Host,
) -> Request {
    let RequestParts { call, query, site, settings } = parts;
    let mut headers = if call.operation.file { file_headers(call) } else { headers("application/json") };
    let (named, query): (Vec<_>, Vec<_>) =
        query.into_iter().partition(|(name, _)| call.operation.header(name).is_some());
    let header = |(name, value)| call.operation.header(name).map(|header| (header, value));
    headers.extend(named.into_iter().filter_map(header));
    let mut body = call.body.clone().map(Body::Plain);
    if body.is_some() {
        headers.push(("content-type", "application/json".to_owned()));
    }
    if let Some((field, upload)) = call.operation.upload.zip(call.upload.as_ref()) {
        let form = Multipart::new(field, upload, [host.random(), host.random()], settings.max_file_bytes);
        headers.push(("content-type", form.content_type()));
        body = Some(Body::Stream(form.into_body()));
    }
    Request {
        method: call.operation.method.as_str(),
        https: site.api.https,
        authority: site.api.authority.clone(),
        path_and_query: url::path_and_query(call.operation, &site.tenant, &call.segments, &query),
        headers,
        secret_headers: authorization.headers.clone(),
        body,
        timeouts: Timeouts { between_bytes: settings.attempt_timeout, ..timeouts(time) },
        max_body: settings.max_body_bytes,
    }
}

/// Those of one attempt, which may take `time`.
pub(crate) fn timeouts(time: Duration) -> Timeouts {
    Timeouts { connect: time.min(CONNECT), first_byte: time, between_bytes: time }
}

/// The header fields of a request for a file. It is asked for as it is: coded, it would have
/// no length that is known, and its rest could not be asked for.
pub(crate) fn file_headers(call: &Call) -> Vec<(&'static str, String)> {
    let mut headers = headers("*/*");
    headers.push(("accept-encoding", "identity".to_owned()));
    headers.extend(call.rest.iter().flat_map(Rest::headers));
    headers
}

fn headers(accept: &str) -> Vec<(&'static str, String)> {
    let agent = concat!("penstock/", env!("CARGO_PKG_VERSION"));
    vec![("accept", accept.to_owned()), ("user-agent", agent.to_owned())]
}
