//! What goes wrong, and when.

mod matcher;
mod plan;

pub use matcher::Matcher;
pub(crate) use plan::{Asked, Plan};

use serde::Serialize;
use std::{collections::BTreeSet, time::Duration};
use strum::VariantArray;

/// One way in which a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, VariantArray)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// 429 with `Retry-After` in seconds.
    TooManyRequests,
    /// 429 with `Retry-After` as an HTTP date.
    TooManyRequestsDate,
    /// 429 without `Retry-After`: the title alone names the seconds.
    TooManyRequestsBare,
    /// 500 with the provider's error body.
    InternalServerError,
    /// 502 with a proxy's HTML.
    BadGateway,
    /// 503 without `Retry-After`.
    Unavailable,
    /// 503 with `Retry-After` in seconds.
    UnavailableRetryAfter,
    /// 504: the request was not carried out.
    GatewayTimeout,
    /// 504 although the request was carried out.
    GatewayTimeoutAfterApply,
    /// 200 with a proxy's HTML instead of the answer. The request was not carried out.
    HtmlPage,
    /// 200 without a body. The request was not carried out.
    EmptyBody,
    /// The right answer, after [`Faults::delay`].
    Slow,
    /// The connection is reset once the request was read. It was not carried out.
    ResetBeforeApply,
    /// The connection is reset before the answer. The request was carried out.
    ResetAfterApply,
    /// The connection is reset in the middle of the answer's body. The request was
    /// carried out.
    ResetInBody,
    /// Half of the JSON, with the length of that half. The request was carried out.
    TruncatedJson,
    /// The token is revoked, and the answer is 401.
    TokenRevoked,
    /// 503 whose body and header fields repeat the credentials of the request, in one spelling
    /// after the other. The request was not carried out.
    SecretsInError,
    /// 200 with a page in HTML that repeats them instead of the answer. The request was not carried
    /// out.
    SecretsInPage,
}

impl FaultKind {
    /// Whether the request takes effect nevertheless.
    #[must_use]
    pub fn applies(self) -> bool {
        matches!(
            self,
            Self::GatewayTimeoutAfterApply
                | Self::Slow
                | Self::ResetAfterApply
                | Self::ResetInBody
                | Self::TruncatedJson
        )
    }
}

/// What goes wrong by chance. Whether a request fails depends on the seed, on the
/// request (method, path, query and body) and on how often it was made before, and
/// on nothing else: timing does not change a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Faults {
    /// The share of requests that fail, 0 to 1.
    pub rate: f64,
    /// How often the same request fails in a row at most.
    pub max_in_a_row: u32,
    /// The kinds to choose from; none means no faults.
    pub kinds: BTreeSet<FaultKind>,
    /// Whether requests for tokens fail, too.
    pub tokens: bool,
    /// What `Retry-After` says.
    pub retry_after: Duration,
    /// How long [`FaultKind::Slow`] takes.
    pub delay: Duration,
}

impl Default for Faults {
    fn default() -> Self {
        Self::none()
    }
}

impl Faults {
    /// Nothing goes wrong.
    #[must_use]
    pub fn none() -> Self {
        Self {
            rate: 0.0,
            max_in_a_row: 2,
            kinds: BTreeSet::new(),
            tokens: true,
            retry_after: Duration::from_secs(1),
            delay: Duration::from_secs(2),
        }
    }

    /// Every kind, on this share of the requests.
    #[must_use]
    pub fn mixed(rate: f64) -> Self {
        Self { rate, kinds: FaultKind::VARIANTS.iter().copied().collect(), ..Self::none() }
    }

    /// One kind, on the first try of every request of the API; the second is served.
    #[must_use]
    pub fn only(kind: FaultKind) -> Self {
        Self { rate: 1.0, max_in_a_row: 1, kinds: [kind].into(), tokens: false, ..Self::none() }
    }
}
