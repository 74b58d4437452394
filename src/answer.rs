//! What is answered: an answer with its body, taken apart as far as the operation's shape asks.

mod misfits;

pub use misfits::{Misfits, with_texts};

use crate::{
    contract::{AnswerInfo, AnswerSource},
    policy::time::millis,
    providers::api::{Envelope, InProgress},
};
use bytes::Bytes;
use std::time::Duration;

/// The answer to a call.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status; 0 if the provider gave none.
    pub status: u16,
    /// What the body holds.
    pub payload: Payload,
    /// Our id of the call.
    pub call_id: String,
    /// Where it came from.
    pub source: AnswerSource,
    /// How long ago the provider gave it.
    pub age: Duration,
    /// Whether it is only the second best.
    pub degraded: bool,
}

/// The body of an answer, taken apart as far as the operation's shape asks.
#[derive(Debug, Clone)]
pub enum Payload {
    /// There is none.
    Nothing,
    /// One JSON value.
    Value(Bytes),
    /// A page of records.
    Page(Envelope),
    /// An operation in progress (202), with the provider's words for it.
    Accepted(Accepted),
}

/// An accepted call.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// What the provider said.
    pub body: Bytes,
    /// When to ask, if it said so.
    pub after: Option<Duration>,
    /// How to ask.
    pub progress: InProgress,
}

impl Answer {
    /// An answer that the provider gave for this call.
    pub(crate) fn fetched(call_id: &str, status: u16, payload: Payload) -> Answer {
        Answer {
            status,
            payload,
            call_id: call_id.to_owned(),
            source: AnswerSource::Vendor,
            age: Duration::ZERO,
            degraded: false,
        }
    }

    /// What is known of it besides its value, as the contract has it.
    #[must_use]
    pub fn info(&self) -> AnswerInfo {
        AnswerInfo {
            call_id: self.call_id.clone(),
            status: self.status,
            source: self.source,
            age_ms: millis(self.age),
            degraded: self.degraded,
            misfits: 0,
            first_misfits: Vec::new(),
        }
    }
}

impl Payload {
    /// The one JSON value, if it is one.
    #[must_use]
    pub fn value(&self) -> Option<&Bytes> {
        match self {
            Payload::Value(body) | Payload::Accepted(Accepted { body, .. }) => Some(body),
            Payload::Nothing | Payload::Page(_) => None,
        }
    }

    /// The whole body.
    pub(crate) fn body(&self) -> Bytes {
        match self {
            Payload::Nothing => Bytes::new(),
            Payload::Value(body) | Payload::Accepted(Accepted { body, .. }) => body.clone(),
            Payload::Page(page) => page.body.clone(),
        }
    }
}
