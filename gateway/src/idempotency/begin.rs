//! Claims a key before its request is sent.

use super::{Fingerprint, KEPT, Key, record::Record, replay::replay, ticket::Ticket};
use crate::problem::Problem;
use http::Response;
use penstock::{
    call::CallOptions as CheckedOptions,
    client::{Client, claims::Claimed},
    contract::{CallOptions, catalogue::Operation},
    host::Host,
    policy::time::millis,
    providers::registry,
    state::names,
};
use std::{rc::Rc, time::Duration};

/// How much longer than its deadline a call may take until its answer is stored. The clocks of machines
/// differ as well.
const MARGIN: Duration = Duration::from_secs(60);

/// Whose keys they are, and what for.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The name of the API key that the request came with.
    pub api_key: &'a str,
    /// The operation that it asks for.
    pub operation: &'static Operation,
    /// The account, and how long the call may take.
    pub options: &'a CallOptions,
}

/// What becomes of a request.
pub enum Begun<H> {
    /// It is to be sent, and the ticket to be finished with what comes of it.
    Fresh(Ticket<H>),
    /// It is not to be sent: this is its answer.
    Replay(Response<String>),
}

/// Claims the key of a request, before it is sent.
///
/// # Errors
/// Options that do not fit, those of [the module's table](super) that are no replay, settings that
/// are incomplete, and the host's own trouble. Nothing is to be sent then.
pub async fn begin<H: Host>(
    client: &Rc<Client<H>>,
    scope: &Scope<'_>,
    key: &Key,
    fingerprint: Fingerprint,
) -> Result<Begun<H>, Problem> {
    let Scope { api_key, operation, options } = *scope;
    let options = CheckedOptions::check(Some(options))?;
    let identity = [api_key, operation.name, key.as_str()];
    let whose = (registry::known(operation.provider)?, Some(options.account.as_str()));
    let place = client.claim_place(whose, names::IDEMPOTENCY, &identity, options.deadline).await?;
    let usual = if operation.upload.is_some() { place.file_deadline } else { place.deadline };
    let time = options.deadline.unwrap_or(usual) + MARGIN;
    let now = client.host().wall_now().as_millis();
    let record = Record::under_way(&fingerprint, now, now.saturating_add_unsigned(millis(time)));
    // Once its time is over, that its outcome is unknown is remembered for as long as an answer.
    match place.claim(&record.to_bytes(), time + KEPT).await {
        Ok(Claimed::Ours(held)) => Ok(Begun::Fresh(Ticket { place, held, fingerprint })),
        Ok(Claimed::Taken(stored)) => replay(operation, &fingerprint, stored, now).map(Begun::Replay),
        Err(_) => Err(Problem::idempotency_unavailable(operation.name)),
    }
}
