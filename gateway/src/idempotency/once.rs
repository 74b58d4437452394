//! Sends a request once for its key.

use super::{
    Begun, Fingerprint, Key, Scope, begin,
    file::{FileDigest, Passed},
};
use crate::{problem::Problem, request::Head};
use http::Response;
use penstock::{
    client::Client,
    host::{Host, Source},
};
use std::rc::Rc;

/// Sends a request, by `send`: if it carries a key, then once for that key.
///
/// # Errors
/// A key that does not fit, those of [`begin`], and those of `send`.
pub async fn once<H: Host>(
    client: &Rc<Client<H>>,
    head: &Head,
    scope: &Scope<'_>,
    fingerprint: impl FnOnce() -> Fingerprint,
    send: impl Future<Output = Result<Response<String>, Problem>>,
) -> Result<Response<String>, Problem> {
    let Some(key) = Key::of(scope.operation, &head.headers)? else { return send.await };
    match begin(client, scope, &key, fingerprint()).await? {
        Begun::Replay(response) => Ok(response),
        Begun::Fresh(ticket) => {
            let result = send.await;
            ticket.finish(&result).await;
            result
        }
    }
}

/// The same of a request whose body is a file, which is sent on as it comes. A replay reads it, to see
/// whether it is the same.
///
/// # Errors
/// Those of [`once`], and a file that breaks off.
pub async fn once_with_file<H: Host>(
    client: &Rc<Client<H>>,
    head: &Head,
    scope: &Scope<'_>,
    parameters: &[(String, String)],
    body: Option<Box<dyn Source>>,
    send: impl AsyncFnOnce(Option<Box<dyn Source>>) -> Result<Response<String>, Problem>,
) -> Result<Response<String>, Problem> {
    let Some(key) = Key::of(scope.operation, &head.headers)? else { return send(body).await };
    let fingerprint = Fingerprint::of(head, scope.operation, parameters, &[]);
    match begin(client, scope, &key, fingerprint).await? {
        Begun::Replay(mut response) => {
            if let (Some(file), Some(body)) = (response.extensions_mut().remove::<FileDigest>(), body)
                && !file.is_of(body).await?
            {
                return Err(Problem::idempotency_key_reused(scope.operation.name));
            }
            Ok(response)
        }
        Begun::Fresh(ticket) => {
            let passed = Passed::default();
            let result = send(body.map(|body| passed.watch(body))).await;
            ticket.finish_file(&result, passed.digest()).await;
            result
        }
    }
}
