//! What a vendor's folder provides: pure functions, no I/O.
//!
//! The driver asks these questions and does the rest, so that a further vendor is a
//! folder under `src/`, a folder under `wit/` and a line in [`all`].

use crate::{
    client::Call,
    contract::{
        Failure, FailureKind, FieldError,
        catalogue::{Operation, Paging},
    },
    host::Request,
    policy::{
        classify::{StatusRule, StatusRules},
        limiter::gcra::RateLimit,
        secret::Secret,
        time::WallTime,
    },
    settings::{Origin, Policy, Setting, Values},
    webhooks,
};
use bytes::Bytes;
use std::{ops::Range, time::Duration};

/// Everything that differs between vendors.
pub trait Vendor {
    /// Its name in the catalogue, `servicetitan`.
    fn name(&self) -> &'static str;

    /// The settings of one account.
    fn settings(&self) -> &'static [Setting];

    /// The name, among [`Vendor::settings`], of the one that chooses between the
    /// vendor's environments. It is read before the others.
    fn environment_setting(&self) -> &'static str;

    /// The names under which an account's setting is looked for, the one to name
    /// when all are missing first. `environment` is empty until it is known.
    fn setting_names(&self, setting: &str, account: &str, environment: &str) -> Vec<String>;

    /// Where the account's data is, from its checked settings.
    ///
    /// # Errors
    /// What does not fit together.
    fn site(&self, account: &str, values: &Values, policy: &Policy) -> Result<Site, Vec<FieldError>>;

    /// The request that fetches an access token.
    fn token_request(&self, site: &Site, credentials: &Credentials, policy: &Policy) -> Request;

    /// The token in the answer, and how long it lives.
    ///
    /// # Errors
    /// What is wrong with the answer, without repeating it.
    fn token_answer(&self, body: &[u8]) -> Result<(Secret, Option<Duration>), String>;

    /// The secret, among [`Vendor::settings`], that authenticates calls by itself; none if
    /// it takes an access token. It then stands in the token's place, and nothing is asked
    /// for by [`Vendor::token_request`].
    fn static_key(&self) -> Option<&'static str> {
        None
    }

    /// The header fields that authenticate a call.
    fn authorization(&self, token: &Secret, credentials: &Credentials) -> Vec<(&'static str, Secret)>;

    /// What its statuses mean where they differ from the usual.
    fn status_rules(&self) -> StatusRules;

    /// What an answer that is no success means, where its status alone does not tell.
    fn meaning(&self, _status: u16, _body: &[u8]) -> Option<Meaning> {
        None
    }

    /// What an answer that is no success says.
    fn refusal(&self, status: u16, body: &[u8]) -> Refusal;

    /// The value that the body of a success holds, for operations with one answer: taken
    /// out of its envelope, if the vendor has one.
    ///
    /// # Errors
    /// What is wrong with it.
    fn value(&self, _operation: &Operation, body: &Bytes) -> Result<Bytes, PageError> {
        Ok(body.clone())
    }

    /// Whether an answer that is kept for good will indeed not change any more. One that
    /// may is not kept at all. `value` is what [`Vendor::value`] returned.
    fn is_final(&self, _operation: &Operation, _value: &[u8]) -> bool {
        true
    }

    /// The read that says what this call may ask for, where the contract cannot know it: the
    /// description of a report, for instance.
    fn described_by(&self, _call: &Call) -> Option<Call> {
        None
    }

    /// What of a call does not fit the answer of [`Vendor::described_by`]; none if that
    /// answer cannot be read.
    fn misfits(&self, _call: &Call, _description: &[u8]) -> Option<Vec<FieldError>> {
        None
    }

    /// How to ask for the answer that an accepted call (202) promises; none if what it says
    /// is no promise.
    fn deferred(&self, _call: &Call, _promise: &[u8]) -> Option<Deferred> {
        None
    }

    /// The calls that a composed operation is put together from.
    ///
    /// # Errors
    /// Everything in the call that does not fit.
    fn parts(&self, _call: &Call, _now: WallTime) -> Result<Parts, Vec<FieldError>> {
        Ok(Parts::default())
    }

    /// Puts the answer of a composed operation together, as JSON with the vendor's names.
    /// `answers` are those of its parts, in their order.
    ///
    /// # Errors
    /// The failure of a part without which there is no answer.
    fn combine(&self, _call: &Call, _answers: Vec<Result<Bytes, Failure>>) -> Result<String, Failure> {
        Ok("null".to_owned())
    }

    /// The query that selects a page.
    fn page_query(&self, operation: &Operation, page: &PageAsked) -> Vec<(&'static str, String)>;

    /// Takes a page apart.
    ///
    /// # Errors
    /// What is wrong with it.
    fn page(&self, paging: Paging, body: &Bytes) -> Result<Envelope, PageError>;

    /// The list that finds what this create made, by a natural key that its caller
    /// chose; none when the vendor offers none or the caller gave none.
    fn look_up(&self, _create: &Call) -> Option<Call> {
        None
    }

    /// When a record that such a list found was made; none if it does not say.
    fn made_at(&self, _record: &[u8]) -> Option<WallTime> {
        None
    }

    /// The query that keeps a list in one order while it is read; none if the vendor
    /// cannot be asked for that.
    fn order(&self, _operation: &Operation) -> Option<Order> {
        None
    }

    /// The member of a record that holds its id.
    fn id_member(&self) -> &'static str {
        "id"
    }

    /// What it says of its webhooks; none if it sends none.
    fn webhooks(&self) -> Option<&'static dyn webhooks::Source> {
        None
    }

    /// What of the vendor's may be asked less often than everything else; none if this
    /// call is under the tenant's own limit alone.
    fn spacing(&self, _call: &Call, _site: &Site) -> Option<Spacing> {
        None
    }

    /// How many records a page of this operation may have.
    fn page_size_range(&self, operation: &Operation) -> Range<u32>;
}

/// Where an account's data is.
#[derive(Debug, Clone)]
pub struct Site {
    /// Which of the vendor's environments it is in, in the vendor's word.
    pub environment: String,
    /// The only origin that sees the client secret.
    pub auth: Origin,
    /// The only origin that sees the token.
    pub api: Origin,
    /// What `{tenant}` in a path stands for.
    pub tenant: String,
    /// The IANA name of the tenant's time zone.
    pub timezone: String,
    /// How many requests the vendor allows for the tenant.
    pub rate: RateLimit,
    /// The least time between two requests of a resource that [`Vendor::spacing`] names.
    pub spacing: Duration,
}

/// The secrets of an account, read afresh for each token.
pub struct Credentials {
    /// By setting name, `CLIENT_SECRET`.
    secrets: Vec<(&'static str, Secret)>,
}

impl Credentials {
    /// Keeps them until the next token.
    #[must_use]
    pub fn new(secrets: Vec<(&'static str, Secret)>) -> Credentials {
        Credentials { secrets }
    }

    /// Whether all of them are the same: two slots with the same secrets are one.
    #[must_use]
    pub fn same_as(&self, other: &Credentials) -> bool {
        self.secrets.len() == other.secrets.len()
            && self.secrets.iter().all(|(name, secret)| other.get(name) == secret.expose())
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().map(|(_, secret)| secret.expose())
    }

    /// One of them; empty if the vendor did not declare it.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.secrets.iter().find(|(known, _)| *known == name).map_or("", |(_, secret)| secret.expose())
    }
}

/// What an answer that is no success says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// One sentence, without markup.
    pub message: String,
    /// The vendor's id of the request.
    pub trace_id: Option<String>,
    /// The fields that it complains about.
    pub fields: Vec<(String, String)>,
}

/// What an answer that is no success means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// For the policies.
    pub rule: StatusRule,
    /// For the caller.
    pub kind: FailureKind,
}

/// An answer that the vendor promised.
#[derive(Debug)]
pub struct Deferred {
    /// The read that answers with it, or with another promise.
    pub ask: Call,
    /// The call that says that nobody wants it any more, if there is one.
    pub give_up: Option<Call>,
}

/// The calls that a composed operation is put together from.
#[derive(Debug, Default)]
pub struct Parts {
    /// They are independent of one another.
    pub parts: Vec<Part>,
    /// How many of them are under way at once; `BATCH_SIZE` if none.
    pub concurrency: Option<u32>,
}

/// One of them.
#[derive(Debug)]
pub struct Part {
    /// The call.
    pub call: Call,
    /// Whether it is a list that is to be read to its end: its answer is then a JSON array
    /// of all records.
    pub whole: bool,
    /// What is kept of each record of a list, if not all of it.
    pub condense: Option<Condense>,
}

/// Makes less of a record, as JSON, so that a long list takes little memory.
pub type Condense = fn(&[u8]) -> Result<String, Failure>;

/// A limit of a single resource, besides that of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spacing {
    /// The resource, within the tenant: `report/operations/123`.
    pub resource: String,
    /// The least time between two requests.
    pub interval: Duration,
}

/// A parameter that orders a list by the records' ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Its name, `sort`.
    pub parameter: &'static str,
    /// Its value for rising ids, `+Id`.
    pub oldest_first: &'static str,
    /// Its value for falling ids, `-Id`.
    pub newest_first: &'static str,
}

/// Which page to ask for.
#[derive(Debug, Clone, Default)]
pub struct PageAsked {
    /// Its number, for numbered pages.
    pub number: u32,
    /// Records a page, for numbered pages and offsets.
    pub size: u32,
    /// Records before it, for offsets.
    pub offset: u64,
    /// Whether to ask for the total.
    pub include_total: bool,
    /// Where to go on, for feeds and cursors.
    pub from: Option<String>,
}

/// A page, taken apart but not decoded.
#[derive(Debug)]
pub struct Envelope {
    /// The whole body.
    pub body: Bytes,
    /// Where each record stands in it.
    pub items: Vec<Range<usize>>,
    /// The number that the vendor gives the page, if it gives one.
    pub number: Option<u32>,
    /// Whether the vendor says that more follow; none when it does not say.
    pub has_more: Option<bool>,
    /// Records in the whole list, if it says.
    pub total: Option<u64>,
    /// Where a feed or a cursor goes on.
    pub continue_from: Option<String>,
}

/// Why a body is no page.
#[derive(Debug, PartialEq, Eq)]
pub struct PageError {
    /// The JSON path.
    pub path: String,
    /// What is wrong there.
    pub message: String,
    /// True when the text is no JSON or is cut off.
    pub malformed: bool,
}
