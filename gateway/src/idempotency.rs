//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a request that carries the key of an
//! earlier one gets what that one got, and is not sent again.
//!
//! A key belongs to one API key, account and operation, and to the request that it came with first:
//! its [`Fingerprint`]. Before anything is sent the key is claimed in the store that instances share, in one
//! atomic operation; afterwards the answer takes the claim's place, for [`KEPT`]. What comes meanwhile:
//!
//! | The store has | Answer |
//! |---|---|
//! | nothing | the request is sent |
//! | a claim or an answer of another request | 422 `urn:penstock:gateway:idempotency-key-reused` |
//! | a claim | 409 `…:idempotency-key-in-use` with Retry-After |
//! | a claim whose call must be over by now: its instance has died | 500 `…:idempotency-outcome-unknown`, a replay |
//! | an answer | that answer, a replay |
//! | an answer of more than [`MOST_KEPT`] bytes | 409 `…:idempotency-answer-not-kept`, a replay |
//! | what does not open, or nobody can read | 500 `…:idempotency-outcome-unknown`, a replay |
//! | no answer for us: it is away | 503 `…:idempotency-unavailable` with Retry-After |
//!
//! Replays have `Idempotency-Replayed: true`. In all lines but the first nothing is sent.
//!
//! A failure that had no effect and says nothing of the request itself frees the key: see
//! [`Problem::frees_idempotency_key`].

mod begin;
mod file;
mod fingerprint;
mod key;
mod once;
mod record;
mod replay;
mod ticket;

pub use begin::{Begun, Scope, begin};
pub use fingerprint::Fingerprint;
pub use key::Key;
pub use once::{once, once_with_file};
pub use ticket::Ticket;

use http::HeaderName;
use std::time::Duration;

#[cfg(doc)]
use crate::problem::Problem;

/// The request's header field.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Says of an answer that it is that of an earlier request.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// How long an answer is kept.
pub const KEPT: Duration = Duration::from_hours(24);

/// The largest body that is kept, in bytes. Stores have bounds of their own; few are below this.
pub const MOST_KEPT: usize = 256 * 1024;
