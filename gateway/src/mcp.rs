//! `POST /mcp`: the operations for agents, by the Model Context Protocol over Streamable HTTP.
//!
//! A handful of [`tools`] finds, describes and calls any operation of the table; a setting adds a tool
//! for each operation of named modules ([`modules`]). What a tool calls goes the way of a request under
//! `/v1`: the same key, its accounts, modules, role and rates, the same audit and counters.
//!
//! | Revision | How a client opens |
//! |---|---|
//! | `2026-07-28` | each request says its revision, in `_meta` and in header fields; `server/discover` |
//! | `2025-11-25` | `initialize`; each request stands by itself, its `MCP-Session-Id` only ties what is cancelled to it |
//!
//! A request is answered with JSON, or with an event stream if it asks for progress and reads many
//! records. Whoever closes that stream has cancelled the request; so has whoever sends
//! `notifications/cancelled` ([`cancelling`]). GET and DELETE answer 405: there is nothing to listen to
//! and nothing to end.
//!
//! # Records are data
//!
//! What a provider's record says is in no tool's name and in no description. It stands in
//! `structuredContent`, and the text beside it says that it is to be taken for data.
//!
//! # Errors
//!
//! Who may not come in gets a problem document like everybody. What is wrong with a message is an error
//! of JSON-RPC ([`rpc`]); what is wrong with a call, or goes wrong with it, is the tool's result with
//! `isError` and the problem document as `failure`, so that an agent can put it right.

mod about;
mod arguments;
mod calling;
pub mod cancelling;
mod confirmation;
mod counting;
mod describing;
mod dry_run;
mod fetching;
mod making;
mod messages;
pub mod modules;
mod output;
mod page;
mod progress;
mod reading;
mod resources;
pub mod revision;
pub mod rpc;
pub mod search;
mod selecting;
mod stream;
mod synonyms;
pub mod tools;

pub use stream::Underway;

use crate::{
    answer::{self, JSON},
    body,
    entrance::{Visit, audit::Conclusion},
    gateway::Gateway,
    problem::Problem,
    request::Head,
    serve::Answer,
};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use messages::Replied;
use penstock::host::{Host, Source};
use rpc::{Error, Incoming, Notification};
use serde_json::value::RawValue;

/// Events of a stream (HTML, "Server-sent events").
const EVENTS: &str = "text/event-stream";

/// What ties the requests of a client together.
const SESSION_ID: HeaderName = HeaderName::from_static(cancelling::SESSION_ID);

/// Answers a message.
///
/// # Errors
/// A body that is no JSON by its type, is too long or breaks off, and parameters in the query.
pub(crate) async fn answer<H: Host + 'static>(
    gateway: &Gateway<H>,
    head: &Head,
    body: Option<Box<dyn Source>>,
    visit: &mut Visit<'_, H>,
) -> Result<Answer<H>, Problem> {
    if !visit.admits_origin() {
        let refused = Error::forbidden_origin();
        return Ok(Answer::Whole(whole(refused.status, refused.reply(None))));
    }
    head.no_parameters()?;
    let text = body::json(gateway.client().host(), head, body).await?.unwrap_or_default();
    let incoming = match rpc::read(&text) {
        Ok(incoming) => incoming,
        Err(error) => return Ok(Answer::Whole(whole(error.status, error.reply(None)))),
    };
    let request = match incoming {
        Incoming::Notification(Notification { method, params }) => {
            if method == cancelling::CANCELLED {
                gateway.running().cancel(&visit.api_key(), head, params.map_or("{}", RawValue::get));
            }
            return Ok(Answer::Whole(accepted()));
        }
        Incoming::Request(request) => request,
    };
    Ok(match messages::answer(gateway, head, visit, &request).await {
        Ok(Replied::Whole { result, made_of }) => {
            let mut response = whole(StatusCode::OK, result);
            // The memory that it was made of is charged until it is sent.
            response.extensions_mut().insert(made_of);
            if request.method == "initialize" {
                answer::set(response.headers_mut(), SESSION_ID, &session_id(gateway));
            }
            Answer::Whole(response)
        }
        Ok(Replied::Streamed(underway)) => {
            let mut response = answer::response(StatusCode::OK, EVENTS, String::new()).map(drop);
            // Proxies that keep events until there are many would keep them from whoever waits.
            response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
            Answer::Streamed(response, crate::lines::Lines::Events(underway))
        }
        Err(error) => {
            if let Some((actor, operation)) = visit.take_act() {
                // It was let in, and ended without a result.
                actor.write(gateway.client().host(), operation, &Conclusion::default());
            }
            Answer::Whole(whole(error.status, error.reply(Some(&request.id))))
        }
    })
}

/// What a client names in its later requests, so that it can cancel one of them.
fn session_id<H: Host>(gateway: &Gateway<H>) -> String {
    let host = gateway.client().host();
    format!("{:016x}{:016x}", host.random(), host.random())
}

fn whole(status: StatusCode, body: String) -> Response<String> {
    answer::response(status, JSON, body)
}

/// A notification was taken note of.
fn accepted() -> Response<String> {
    let mut response = whole(StatusCode::ACCEPTED, String::new());
    response.headers_mut().remove(header::CONTENT_TYPE);
    response
}
