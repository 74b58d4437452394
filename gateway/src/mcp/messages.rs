//! What each method does.

use super::{
    about,
    cancelling::Cancellation,
    resources,
    revision::{self, Revision},
    rpc::{self, Error, METHOD_NOT_FOUND, Request},
    stream::Underway,
    tools,
};
use crate::{entrance::Visit, gateway::Gateway, openapi::Json, request::Head};
use http::StatusCode;
use penstock::{entry::dynamic::MadeOf, host::Host};
use serde_json::value::RawValue;
use std::rc::Rc;

/// A request, and what is known of it.
pub(super) struct Session<'a, 'g, H: Host> {
    pub(super) gateway: &'a Gateway<H>,
    pub(super) head: &'a Head,
    pub(super) visit: &'a mut Visit<'g, H>,
    pub(super) revision: Revision,
    /// The id of the message, JSON.
    pub(super) id: &'a str,
    /// Whether it is still wanted.
    pub(super) cancellation: Rc<Cancellation>,
}

/// What a request is answered with.
pub(super) enum Replied<H> {
    /// A message, JSON; and what it was made of.
    Whole { result: String, made_of: MadeOf },
    /// Messages that are yet to come.
    Streamed(Box<Underway<H>>),
}

/// Answers a request.
///
/// # Errors
/// What is wrong with the message. What goes wrong with a call is a result.
pub(super) async fn answer<H: Host + 'static>(
    gateway: &Gateway<H>,
    head: &Head,
    visit: &mut Visit<'_, H>,
    request: &Request<'_>,
) -> Result<Replied<H>, Error> {
    let revision = revision::of(head, request)?;
    let params = request.params.map_or("{}", RawValue::get);
    let cancellation = Rc::new(gateway.running().begin(&visit.api_key(), head, &request.id));
    let mut session = Session { gateway, head, visit, revision, id: &request.id, cancellation };
    let result = match (&*request.method, revision) {
        ("initialize", Revision::Handshake) => about::initialized(params)?,
        ("ping", Revision::Handshake) => "{}".to_owned(),
        ("server/discover", Revision::Stateless) => about::discovered(),
        ("tools/list", _) => tools::list(&mut session, params).await?,
        ("tools/call", _) => return tools::call(session, params).await,
        ("resources/list", _) => resources::list(revision),
        ("resources/templates/list", _) => resources::templates(revision),
        ("resources/read", _) => return resources::read(session, params).await,
        (method, _) => {
            // 2026-07-28 says which status it has, so that a server is not taken for an older one.
            let status = if revision == Revision::Stateless { StatusCode::NOT_FOUND } else { StatusCode::OK };
            let method: String = method.chars().take(64).collect();
            return Err(Error::new(status, METHOD_NOT_FOUND, format!("there is no method `{method}`")));
        }
    };
    Ok(Replied::Whole { result: rpc::result(&request.id, &result), made_of: MadeOf::default() })
}

/// A result of a revision, with what it wants in each.
pub(super) fn result(revision: Revision, members: impl FnOnce(&mut Json)) -> String {
    let mut out = Json::default();
    out.object(|out| {
        if revision == Revision::Stateless {
            out.value("resultType", "complete");
        }
        members(out);
        if revision == Revision::Stateless {
            out.member("_meta", |out| out.member("io.modelcontextprotocol/serverInfo", about::server));
        }
    });
    rpc::text(out)
}

/// How long a result may be kept and by whom, where a revision says it.
pub(super) fn kept(out: &mut Json, revision: Revision, millis: u64, scope: &str) {
    if revision == Revision::Stateless {
        out.value("ttlMs", millis);
        out.value("cacheScope", scope);
    }
}
