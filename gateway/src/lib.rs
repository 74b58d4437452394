//! Penstock as a Spin application: the providers' operations over HTTP.
//!
//! The thinnest form of it: the core is the plugin's, and this crate translates
//! between HTTP and the core. [`serve`](serve()) is the way of one request, in order;
//! it is generic over the host, so that all of it but `component` and `host`, which
//! bind it to Spin, compiles and is tested natively.
//!
//! | Path | Answer |
//! |---|---|
//! | `/live` | 200 while the instance answers at all |
//! | `/ready` | 200, or 503; with a key also everything that is missing |
//! | `/health` | how it all stands; with a key also circuit breakers, limits and credentials; see [`health`] |
//! | `/metrics` | what this instance counts, in the Prometheus text format; with a key |
//! | `/v1/_admin/…` | for whoever runs it; see [`admin`] |
//! | `/openapi.json` | all of this as OpenAPI 3.1, with a key unless the settings say otherwise; see [`openapi`] |
//! | `/docs` | the same for people |
//! | `/v1/{provider}/{account}/…` | an operation of the provider, of which there are hundreds; see [`paths`] |
//! | `/v1/{provider}/{account}/_invoke/{operation}` | any operation by its name; see [`invoke`] |
//! | `/v1/{provider}/{account}/_batch` | many calls; see [`batch`] |
//! | `/servicetitan/{account}/…` | the provider's own interface; see [`drop_in`] |
//! | `/mcp` | the operations for agents; see [`mcp`] |
//! | `/webhooks/{provider}/{account}` | takes in what a provider sends by itself; see [`webhooks`] |
//! | `/v1/_outbox…` | what of that is yet to be handed on; see [`outbox`] |
//!
//! # One page
//!
//! A list answers with one page, which the provider's parameters and `page`, `pageSize`
//! and `includeTotal` select:
//!
//! ```json
//! {"data": [{"id": 1}], "page": {"page": 1, "pageSize": 50, "hasMore": true}, "resume": "…"}
//! ```
//!
//! `resume=` with that text, instead of `page`, reads on after this page. So a reader
//! that must survive being killed reads page by page and keeps the text. `Link` (`rel="next"`)
//! is the whole URL of that.
//!
//! # All pages
//!
//! With `all=true` a list answers with `application/x-ndjson`: one record a line, sent
//! as the pages come in. A line whose only member is `penstock` is the last one and
//! says how the read ended:
//!
//! ```json
//! {"penstock": {"end": {"items": 2, "pages": 1, "complete": true, "resume": "…"}}}
//! {"penstock": {"failure": {"type": "urn:penstock:failure:vendor", "resume": "…"}}}
//! ```
//!
//! - A read that fails before its first record is no stream: it answers with a status
//!   and a problem document like any other call.
//! - After a failure in the middle the body also ends abnormally (HTTP/1.1: no last
//!   chunk; HTTP/2: RST_STREAM), so that a client which only copies bytes sees it too.
//! - A body without such a last line was cut off, and is not the whole list. A client must
//!   look for that line: where an instance traps in the middle of a body, our embedding breaks
//!   the connection off, but other hosts (`wasmtime serve`) end the body as if it were whole.
//!
//! `resume` goes on after the last record before that line.
//!
//! # Records that do not fit
//!
//! A record that does not fit the contract ends a read with a failure that names it. With
//! `onMisfit=skip` it is left out instead, with `onMisfit=raw` it is the provider's JSON with a
//! member `$misfit`; either way `page` and `end` then have `misfits`, how many there are, and
//! `firstMisfits`, the first 100 by `id`, `path` and `reason`.
//!
//! # Files
//!
//! An operation that answers with a file sends its bytes as they come, with the provider's
//! type and name (`Content-Disposition: attachment`). A file that breaks off ends abnormally,
//! as a list does; with a `Content-Length`, which it has where the provider says how long it is,
//! it can be checked in any host. An operation that takes one takes it as the request's body, as it is:
//! its name stands in `Content-Disposition`, its type in `Content-Type`; the provider gets the
//! form that it wants. A form from the client is refused (415).
//!
//! # Errors
//!
//! Problem documents (RFC 9457); see [`problem`].
//!
//! # Who may call
//!
//! Nobody gets in under `/v1` without an API key, in `Authorization: Bearer` or
//! `X-API-Key`; see [`admission`]. A key may have a name, restrictions and rates; see [`keys`]. What
//! else every request passes is in [`entrance`].

pub mod accounts;
pub mod admin;
pub mod admission;
pub mod answer;
pub mod batch;
pub mod body;
pub mod call;
pub mod drop_in;
pub mod entrance;
pub mod file;
mod gateway;
pub mod health;
pub mod idempotency;
pub mod invoke;
pub mod keys;
pub mod lines;
pub mod listing;
pub mod mcp;
pub mod oidc;
pub mod openapi;
#[cfg(feature = "webhooks")]
pub mod outbox;
mod pairs;
pub mod paths;
pub mod problem;
pub mod readiness;
mod recent;
pub mod request;
pub mod respond_async;
pub mod route;
pub mod secret_source;
mod serve;
pub mod settings;
pub mod state_settings;
mod target;
pub mod trace;
mod unknown_account;
pub mod validation;
pub mod ways;
#[cfg(feature = "webhooks")]
pub mod webhooks;

#[cfg(target_family = "wasm")]
mod component;
#[cfg(target_family = "wasm")]
mod host;
#[cfg(target_family = "wasm")]
mod store;

pub use gateway::Gateway;
pub use serve::{Answer, serve};
