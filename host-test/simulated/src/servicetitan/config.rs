//! What a simulated provider is started with.

use crate::{Clock, Faults, RateLimit};
use std::{fmt, net::SocketAddr, time::Duration};

/// How a simulated ServiceTitan behaves. `Config::default()` is a provider in good
/// health with 20,000 jobs on a free port of the loopback interface.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it listens. Port 0 takes any that is free.
    pub listen: SocketAddr,
    /// What the data and the faults are made from: the same seed gives the same.
    pub seed: u64,
    /// How many jobs each tenant has. Everything else grows with them.
    pub jobs: usize,
    /// How many records each list has that is not of jobs or of what belongs to them.
    pub records: usize,
    /// How many bytes each file has that nobody uploaded.
    pub file_bytes: usize,
    /// Who may come in. The first tenant of the first account is the one that
    /// [`World`](super::World) looks at when none is named.
    pub accounts: Vec<Account>,
    /// What every token begins with.
    pub token_prefix: String,
    /// How long a token lives, `expires_in`; 15 minutes at ServiceTitan.
    pub token_lifetime: Duration,
    /// How many requests it takes; `None` switches the limit off.
    pub rate_limit: Option<RateLimit>,
    /// How a 429 of the limit says when to come again.
    pub retry_after: RetryAfter,
    /// How long after a request for the data of a report the next one for it is refused.
    pub report_interval: Duration,
    /// How often a report that was started says that it is not ready yet.
    pub report_questions: u32,
    /// What goes wrong.
    pub faults: Faults,
    /// How long every answer of the API takes.
    pub latency: Duration,
    /// How many records a page of an export feed holds.
    pub export_page: usize,
    /// How long a change stays out of the export feeds, unless
    /// `includeRecentChanges` is set.
    pub export_lag: Duration,
    /// Whether requests may hold fields, cases of enums, query parameters and bodies that the provider
    /// does not declare, as the real one is said to allow. If not, each is a 400 that names it, so that a
    /// client's defect shows.
    pub lenient: bool,
    /// How many requests [`World::requests`](super::World::requests) remembers.
    pub remember: usize,
    /// What it takes for the time.
    pub clock: Clock,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            seed: 1,
            jobs: 20_000,
            records: 25,
            file_bytes: 100_000,
            accounts: vec![Account::default()],
            token_prefix: "sim".to_owned(),
            token_lifetime: Duration::from_secs(900),
            rate_limit: Some(RateLimit::default()),
            retry_after: RetryAfter::Seconds,
            report_interval: Duration::from_secs(60),
            report_questions: 2,
            faults: Faults::none(),
            latency: Duration::ZERO,
            export_page: 500,
            export_lag: Duration::ZERO,
            lenient: false,
            remember: 1_000,
            clock: Clock::system(),
        }
    }
}

impl Config {
    /// A provider in good health with few jobs and without rate limits, for tests.
    #[must_use]
    pub fn small(jobs: usize) -> Self {
        Self { jobs, rate_limit: None, report_interval: Duration::ZERO, ..Self::default() }
    }
}

/// One client of the token endpoint and what it may reach.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// `client_id`.
    pub client_id: String,
    /// Each of these is a valid `client_secret`: more than one during a rotation.
    pub client_secrets: Vec<String>,
    /// Each of these is a valid `ST-App-Key`.
    pub app_keys: Vec<String>,
    /// The tenants that its tokens open.
    pub tenants: Vec<i64>,
}

impl Default for Account {
    /// Made-up credentials that say so.
    fn default() -> Self {
        Self {
            client_id: "cid.simulated".to_owned(),
            client_secrets: vec!["cs2.simulated-secret".to_owned()],
            app_keys: vec!["ak1.simulated-key".to_owned()],
            tenants: vec![1_000_001],
        }
    }
}

/// Leaves the secrets out.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("client_id", &self.client_id)
            .field("client_secrets", &self.client_secrets.len())
            .field("app_keys", &self.app_keys.len())
            .field("tenants", &self.tenants)
            .finish()
    }
}

/// The form of a `Retry-After` header (RFC 9110 section 10.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// Whole seconds, rounded up.
    Seconds,
    /// Seconds with a fraction: outside the RFC, but met in the field.
    Fraction,
    /// An HTTP date.
    Date,
    /// No header: only the title of the error says it.
    Absent,
}
