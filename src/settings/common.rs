//! The settings that hold for every provider.

use super::{
    CacheTimes, Kind, STATE_SECRET, STATE_SECRET_SECONDARY, Setting, Values, cache_times::CACHE_SECONDS, read,
};
use crate::{
    contract::{FieldError, catalogue::Effect},
    host::{Host, HostError},
    policy::breaker::BreakerPolicy,
};
use std::time::Duration;

/// The table. Names without `PENSTOCK_` are the ones that the providers' deployment
/// guides use.
pub const SETTINGS: &[Setting] = &[
    setting(
        "PENSTOCK_ROLE",
        Kind::Choice(&["read-only", "operator", "admin"]),
        "read-only",
        "What calls may do: read-only reads; operator also updates and acts; admin does everything.",
    ),
    setting(
        "LOG_LEVEL",
        Kind::Choice(&["error", "warn", "info", "debug"]),
        "info",
        "The least important log line that is written. One line a call is info, one an attempt is debug.",
    ),
    setting(
        "RETRY_ATTEMPTS",
        Kind::Integer { min: 1, max: 10 },
        "4",
        "How often a request is sent at most, the first time included. A 429 is no failed attempt.",
    ),
    setting(
        "PENSTOCK_BACKOFF_MS",
        Kind::Integer { min: 1, max: 60_000 },
        "100",
        "Milliseconds below which the first wait after a failed attempt is. Each further one may be twice as long.",
    ),
    setting(
        "PENSTOCK_THROTTLED_BACKOFF_MS",
        Kind::Integer { min: 1, max: 60_000 },
        "1000",
        "The same after a 429 that does not say for how long to wait.",
    ),
    setting(
        "PENSTOCK_MAX_BACKOFF_MS",
        Kind::Integer { min: 1, max: 600_000 },
        "20000",
        "The longest of these waits, in milliseconds. One that the vendor asks for may be longer.",
    ),
    setting(
        "PENSTOCK_MAX_THROTTLED",
        Kind::Integer { min: 0, max: 1000 },
        "20",
        "How often a call waits and is sent again after a 429, within its deadline.",
    ),
    setting(
        "REQUEST_TIMEOUT",
        Kind::Integer { min: 1, max: 600 },
        "30",
        "Seconds until an answer begins, and between two pieces of it. One that flows may take until the deadline.",
    ),
    setting(
        "PENSTOCK_DEADLINE",
        Kind::Integer { min: 1, max: 3600 },
        "120",
        "Seconds that a call may take with all its attempts and waits, if the caller names no deadline. For a list: each page.",
    ),
    setting(
        "PENSTOCK_PAGE_SIZE",
        Kind::Integer { min: 1, max: 5000 },
        "500",
        "Records a page that a whole-list read asks for.",
    ),
    setting(
        "PENSTOCK_WINDOW",
        Kind::Integer { min: 1, max: 32 },
        "4",
        "Pages that a whole-list read fetches ahead of its consumer.",
    ),
    setting(
        "BATCH_SIZE",
        Kind::Integer { min: 1, max: 64 },
        "8",
        "Calls of one batch that are under way at once.",
    ),
    setting(
        "MAX_CONNECTIONS",
        Kind::Integer { min: 1, max: 1000 },
        "64",
        "Requests to vendors that are under way at once in one instance.",
    ),
    setting(
        "PENSTOCK_INSTANCES",
        Kind::Integer { min: 1, max: 1000 },
        "1",
        "Instances among which a rate limit is divided while they cannot share it through the host's state.",
    ),
    setting(
        "PENSTOCK_SHARE_LIMITS",
        Kind::Bool,
        "true",
        "Share rate limits between instances through the host's state, if it has one.",
    ),
    state_secret(
        STATE_SECRET,
        "Secret that answers are sealed with in the host's state. Without it they are sealed with the account's credentials.",
    ),
    state_secret(
        STATE_SECRET_SECONDARY,
        "The secret before the last change of PENSTOCK_STATE_SECRET: what was sealed with it can be read yet.",
    ),
    setting(
        "PENSTOCK_ADAPTIVE_RATE",
        Kind::Bool,
        "false",
        "After a 429, send more slowly than the limit and find the vendor's real limit again step by step.",
    ),
    setting(
        "PENSTOCK_BREAKER",
        Kind::Bool,
        "true",
        "Stop asking a vendor for a while when most of its answers fail or come late.",
    ),
    setting(
        "PENSTOCK_BREAKER_MIN_CALLS",
        Kind::Integer { min: 1, max: 10_000 },
        "10",
        "Requests in the last minute from which on their failures count.",
    ),
    setting(
        "PENSTOCK_BREAKER_FAILURE_PERCENT",
        Kind::Integer { min: 1, max: 100 },
        "50",
        "Of a hundred of these requests so many failures stop it.",
    ),
    setting(
        "PENSTOCK_BREAKER_SLOW_SECONDS",
        Kind::Integer { min: 1, max: 600 },
        "20",
        "A request that takes longer is slow: 80 of a hundred stop it as well.",
    ),
    // No instance believes that another one's breaker is open for longer than a minute.
    setting(
        "PENSTOCK_BREAKER_OPEN_MS",
        Kind::Integer { min: 1, max: 60_000 },
        "1000",
        "Milliseconds after which the vendor is asked again, by one request. Each failure of it doubles them.",
    ),
    setting(
        "PENSTOCK_BREAKER_MAX_OPEN_MS",
        Kind::Integer { min: 1, max: 60_000 },
        "4000",
        "The most that they become.",
    ),
    setting(
        "PENSTOCK_MAX_PAGES",
        Kind::Integer { min: 1, max: 10_000_000 },
        "100000",
        "Pages after which a read stops as endless.",
    ),
    setting(
        "PENSTOCK_MAX_READ_BYTES",
        Kind::Integer { min: 1024, max: 1_099_511_627_776 },
        "68719476736",
        "Bytes of pages after which a read stops. Its failure says where to go on.",
    ),
    setting(
        "PENSTOCK_MAX_READ_TIME",
        Kind::Integer { min: 1, max: 2_592_000 },
        "86400",
        "Seconds after which a read asks for no further page, its consumer's time included. Its failure says where to go on.",
    ),
    setting(
        "PENSTOCK_MAX_BODY_BYTES",
        Kind::Integer { min: 1024, max: 1_073_741_824 },
        "67108864",
        "The largest answer that is read.",
    ),
    setting(
        "PENSTOCK_MAX_PAGE_RECORDS",
        Kind::Integer { min: 1, max: 100_000_000 },
        "50000",
        "The most records that a page may have, whatever was asked for: while a page is read, other calls on the instance wait.",
    ),
    setting(
        "PENSTOCK_MEMORY_BYTES",
        Kind::Integer { min: 1_048_576, max: 3_221_225_472 },
        "335544320",
        "Memory that the answers under way in an instance may take, each byte with what it takes to read it: four times PENSTOCK_MAX_BODY_BYTES at least, and half of what the host gives to an instance at most.",
    ),
    setting(
        "PENSTOCK_INSTANCE_MEMORY_BYTES",
        Kind::Integer { min: 0, max: 4_294_967_296 },
        "0",
        "Memory that the host gives to an instance, 0 where that is not known. PENSTOCK_MEMORY_BYTES must fit into half of it, less PENSTOCK_CACHE_BYTES and 8 MiB. The embedding of this project says it by itself.",
    ),
    setting(
        "PENSTOCK_MAX_FILE_BYTES",
        Kind::Integer { min: 1, max: 1_099_511_627_776 },
        "4294967296",
        "The largest file that is downloaded or uploaded. Files are streamed: this bounds time and cost, not memory.",
    ),
    setting(
        "PENSTOCK_FILE_DEADLINE",
        Kind::Integer { min: 1, max: 86_400 },
        "3600",
        "Seconds that a file may take from the first request to its last byte, if the caller names no deadline.",
    ),
    setting(
        "PENSTOCK_MAX_HELD_BYTES",
        Kind::Integer { min: 1024, max: 1_073_741_824 },
        "67108864",
        "Bytes of pages that a whole-list read holds at most.",
    ),
    setting(
        "PENSTOCK_MAX_JSON_DEPTH",
        Kind::Integer { min: 8, max: 128 },
        "64",
        "How deep an answer may be nested. A record of a page that is nested deeper than 128 does not fit the contract, and spoils no other.",
    ),
    setting(
        "ENABLE_CACHING",
        Kind::Bool,
        "true",
        "Keep answers that rarely change, such as kinds of job, for some minutes.",
    ),
    setting(
        "PENSTOCK_CACHE_BYTES",
        Kind::Integer { min: 0, max: 1_073_741_824 },
        "16777216",
        "Memory that an instance uses for kept answers at most. 0 leaves them to the shared store.",
    ),
    Setting {
        name: CACHE_SECONDS,
        kind: Kind::Text,
        default: None,
        required: false,
        secret: false,
        doc: "How long kept answers are fresh, in place of the contract's times: seconds for all, `60`, for one, `jpm.job-types-list=600`, or both with commas between them. 0 keeps none; what is final is kept in any case.",
    },
    setting("ENABLE_WEBHOOKS", Kind::Bool, "true", "Take in what vendors send by themselves."),
    setting(
        "PENSTOCK_WEBHOOK_MAX_BYTES",
        Kind::Integer { min: 1024, max: 16_777_216 },
        "1048576",
        "The largest body of a webhook that is looked at.",
    ),
    setting(
        "PENSTOCK_WEBHOOK_TOLERANCE",
        Kind::Integer { min: 1, max: 3600 },
        "300",
        "Seconds that the time stamp of a webhook may be from now, either way, where its scheme has one.",
    ),
    setting(
        "PENSTOCK_WEBHOOK_LEASE",
        Kind::Integer { min: 5, max: 86_400 },
        "300",
        "Seconds that a consumer may take over an event before it is taken for dead and the event handed out again.",
    ),
    setting(
        "PENSTOCK_WEBHOOK_KEEP_DAYS",
        Kind::Integer { min: 1, max: 90 },
        "14",
        "Days that an event is remembered: longer than its sender goes on trying.",
    ),
    setting(
        "PENSTOCK_WEBHOOK_NEEDS_STATE",
        Kind::Bool,
        "true",
        "Refuse webhooks while the host has no store in which to note that an event was handed out.",
    ),
    setting(
        "PENSTOCK_CONNECT_TIMEOUT_PROVES_NOT_SENT",
        Kind::Bool,
        "false",
        "Believe a host that no connection could be made, so that a write is sent again. For hosts that report it only then, as the embedding of this project does.",
    ),
    setting(
        "PENSTOCK_ALLOW_HTTP",
        Kind::Bool,
        "false",
        "Allow vendor URLs without TLS. For development only.",
    ),
];

const fn setting(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Setting {
    Setting { name, kind, default: Some(default), required: false, secret: false, doc }
}

const fn state_secret(name: &'static str, doc: &'static str) -> Setting {
    Setting { name, kind: Kind::Text, default: None, required: false, secret: true, doc }
}

/// What a byte of an answer costs in memory until it is with the caller: itself, what a buffer
/// that grows has to spare, and its copy in the caller's form.
pub const MEMORY_PER_BYTE: usize = 4;

/// What an instance takes in bytes besides answers, under way and kept: measured with the memory
/// that `no_set_of_answers_within_the_limits_ends_the_instance` gives it.
const REST_OF_MEMORY: usize = 8 << 20;

/// The common settings, read.
#[derive(Debug, Clone)]
pub struct CommonSettings {
    /// What calls may do.
    pub role: Role,
    /// The least important log line that is written.
    pub log_level: LogLevel,
    /// How often a request is sent at most.
    pub attempts: u32,
    /// The bound of the first wait after a failed attempt.
    pub backoff: Duration,
    /// The same after a 429.
    pub throttled_backoff: Duration,
    /// The longest of these waits.
    pub max_backoff: Duration,
    /// How often a call waits after a 429.
    pub max_throttled: u32,
    /// How long one attempt may take.
    pub attempt_timeout: Duration,
    /// How long a call may take, unless the caller says.
    pub deadline: Duration,
    /// Records a page of a whole-list read.
    pub page_size: u32,
    /// Pages fetched ahead.
    pub window: u32,
    /// Calls of a batch under way at once.
    pub batch_size: u32,
    /// Requests under way at once.
    pub max_connections: usize,
    /// Instances that divide a limit which they cannot share.
    pub instances: u32,
    /// Whether limits are shared through the host's state.
    pub share_limits: bool,
    /// Whether to slow down after a 429.
    pub adaptive_rate: bool,
    /// Whether the circuit breaker works.
    pub breaker: bool,
    /// When it opens and how it closes.
    pub breaker_policy: BreakerPolicy,
    /// Pages after which a read stops.
    pub max_pages: u32,
    /// Bytes of pages after which a read stops.
    pub max_read_bytes: u64,
    /// How long a read goes on asking for pages.
    pub max_read_time: Duration,
    /// The largest answer.
    pub max_body_bytes: usize,
    /// The most records of a page.
    pub max_page_records: usize,
    /// Bytes that the answers under way may take.
    pub memory_bytes: usize,
    /// Bytes that the instance may take, 0 if that is not known.
    pub instance_memory_bytes: usize,
    /// The largest file.
    pub max_file_bytes: u64,
    /// How long a file may take, unless the caller says.
    pub file_deadline: Duration,
    /// Bytes of pages held at most.
    pub max_held_bytes: usize,
    /// How deep an answer may be nested.
    pub max_depth: usize,
    /// Whether answers are kept.
    pub caching: bool,
    /// How long, where that is not as the contract has it.
    pub cache_times: CacheTimes,
    /// Bytes of kept answers at most.
    pub cache_bytes: usize,
    /// Whether webhooks are taken in.
    pub webhooks: bool,
    /// The largest body of a webhook.
    pub webhook_max_bytes: usize,
    /// How far the time stamp of a webhook may be from now.
    pub webhook_tolerance: Duration,
    /// How long a consumer may take over an event.
    pub webhook_lease: Duration,
    /// How long an event is remembered.
    pub webhook_keep: Duration,
    /// Whether webhooks are refused without a store.
    pub webhook_needs_state: bool,
    /// Whether the host tells a failed connection from one that broke later.
    pub host_knows_unsent: bool,
    /// Whether provider URLs may lack TLS.
    pub allow_http: bool,
}

/// What calls may do, by the effect of their operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads.
    ReadOnly,
    /// Also updates and actions.
    Operator,
    /// Also creates and deletes.
    Admin,
}

impl Role {
    /// All of them, each with what the one before may.
    pub const ALL: [Role; 3] = [Role::ReadOnly, Role::Operator, Role::Admin];

    /// The least that an operation of this effect needs.
    #[must_use]
    pub fn needed(effect: Effect) -> Role {
        match effect {
            Effect::Read => Role::ReadOnly,
            Effect::Update | Effect::Action => Role::Operator,
            Effect::Create | Effect::Delete => Role::Admin,
        }
    }

    /// Its name in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::ReadOnly => "read-only",
            Role::Operator => "operator",
            Role::Admin => "admin",
        }
    }
}

/// How important a log line is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something needs a person.
    Error,
    /// Something is not as it should be.
    Warn,
    /// One line a call.
    #[default]
    Info,
    /// One line an attempt.
    Debug,
}

impl LogLevel {
    /// All of them, the most important first.
    pub const ALL: [LogLevel; 4] = [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug];

    /// Its name in settings and lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
        }
    }

    /// The one of this name, in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<LogLevel> {
        LogLevel::ALL.into_iter().find(|level| level.name().eq_ignore_ascii_case(name))
    }
}

impl CommonSettings {
    /// Reads the table from the host.
    ///
    /// # Errors
    /// The host's own trouble; the inner error lists everything that is malformed.
    pub async fn read<H: Host>(host: &H) -> Result<Result<CommonSettings, Vec<FieldError>>, HostError> {
        let (values, wrong) =
            read(host, &SETTINGS.iter().collect::<Vec<_>>(), &|setting| vec![setting.name.to_owned()])
                .await?;
        if !wrong.is_empty() {
            return Ok(Err(wrong));
        }
        let mut settings = CommonSettings::from(&values);
        match CacheTimes::parse(values.text(CACHE_SECONDS).unwrap_or_default()) {
            Ok(times) => settings.cache_times = times,
            Err(wrong) => return Ok(Err(vec![wrong])),
        }
        Ok(settings.check().map(|()| settings))
    }
}

impl CommonSettings {
    /// Whether the settings go with one another.
    fn check(&self) -> Result<(), Vec<FieldError>> {
        let wrong = |message| Err(vec![FieldError::new("PENSTOCK_MEMORY_BYTES", message)]);
        let least = self.max_body_bytes.saturating_mul(MEMORY_PER_BYTE);
        if self.memory_bytes < least {
            return wrong(format!("must be at least four times PENSTOCK_MAX_BODY_BYTES, {least}"));
        }
        let instance = self.instance_memory_bytes;
        let kept = if self.caching { self.cache_bytes } else { 0 };
        let most = instance.saturating_sub(kept).saturating_sub(REST_OF_MEMORY) / 2;
        if instance > 0 && self.memory_bytes > most {
            return wrong(format!(
                "must be at most {most}: half of the {instance} bytes that the host gives to an instance, \
                 less PENSTOCK_CACHE_BYTES and {REST_OF_MEMORY} bytes"
            ));
        }
        Ok(())
    }
}

impl From<&Values> for CommonSettings {
    fn from(values: &Values) -> CommonSettings {
        let number = |name| u32::try_from(values.integer(name)).unwrap_or(u32::MAX);
        let count = |name| usize::try_from(values.integer(name)).unwrap_or(usize::MAX);
        let millis = |name| Duration::from_millis(values.integer(name));
        CommonSettings {
            role: match values.text("PENSTOCK_ROLE") {
                Some("admin") => Role::Admin,
                Some("operator") => Role::Operator,
                _ => Role::ReadOnly,
            },
            log_level: values.text("LOG_LEVEL").and_then(LogLevel::parse).unwrap_or_default(),
            attempts: number("RETRY_ATTEMPTS"),
            backoff: millis("PENSTOCK_BACKOFF_MS"),
            throttled_backoff: millis("PENSTOCK_THROTTLED_BACKOFF_MS"),
            max_backoff: millis("PENSTOCK_MAX_BACKOFF_MS"),
            max_throttled: number("PENSTOCK_MAX_THROTTLED"),
            attempt_timeout: Duration::from_secs(values.integer("REQUEST_TIMEOUT")),
            deadline: Duration::from_secs(values.integer("PENSTOCK_DEADLINE")),
            page_size: number("PENSTOCK_PAGE_SIZE"),
            window: number("PENSTOCK_WINDOW"),
            batch_size: number("BATCH_SIZE"),
            max_connections: count("MAX_CONNECTIONS"),
            instances: number("PENSTOCK_INSTANCES"),
            share_limits: values.switch("PENSTOCK_SHARE_LIMITS"),
            adaptive_rate: values.switch("PENSTOCK_ADAPTIVE_RATE"),
            breaker: values.switch("PENSTOCK_BREAKER"),
            breaker_policy: BreakerPolicy {
                min_calls: number("PENSTOCK_BREAKER_MIN_CALLS"),
                failure_percent: number("PENSTOCK_BREAKER_FAILURE_PERCENT"),
                slow_call: Duration::from_secs(values.integer("PENSTOCK_BREAKER_SLOW_SECONDS")),
                open_for: millis("PENSTOCK_BREAKER_OPEN_MS"),
                max_open_for: millis("PENSTOCK_BREAKER_MAX_OPEN_MS").max(millis("PENSTOCK_BREAKER_OPEN_MS")),
                ..BreakerPolicy::DEFAULT
            },
            max_pages: number("PENSTOCK_MAX_PAGES"),
            max_read_bytes: values.integer("PENSTOCK_MAX_READ_BYTES"),
            max_read_time: Duration::from_secs(values.integer("PENSTOCK_MAX_READ_TIME")),
            max_body_bytes: count("PENSTOCK_MAX_BODY_BYTES"),
            max_page_records: count("PENSTOCK_MAX_PAGE_RECORDS"),
            memory_bytes: count("PENSTOCK_MEMORY_BYTES"),
            instance_memory_bytes: count("PENSTOCK_INSTANCE_MEMORY_BYTES"),
            max_file_bytes: values.integer("PENSTOCK_MAX_FILE_BYTES"),
            file_deadline: Duration::from_secs(values.integer("PENSTOCK_FILE_DEADLINE")),
            max_held_bytes: count("PENSTOCK_MAX_HELD_BYTES"),
            max_depth: count("PENSTOCK_MAX_JSON_DEPTH"),
            caching: values.switch("ENABLE_CACHING"),
            cache_times: CacheTimes::default(),
            cache_bytes: count("PENSTOCK_CACHE_BYTES"),
            webhooks: values.switch("ENABLE_WEBHOOKS"),
            webhook_max_bytes: count("PENSTOCK_WEBHOOK_MAX_BYTES"),
            webhook_tolerance: Duration::from_secs(values.integer("PENSTOCK_WEBHOOK_TOLERANCE")),
            webhook_lease: Duration::from_secs(values.integer("PENSTOCK_WEBHOOK_LEASE")),
            webhook_keep: Duration::from_secs(values.integer("PENSTOCK_WEBHOOK_KEEP_DAYS") * 86_400),
            webhook_needs_state: values.switch("PENSTOCK_WEBHOOK_NEEDS_STATE"),
            host_knows_unsent: values.switch("PENSTOCK_CONNECT_TIMEOUT_PROVES_NOT_SENT"),
            allow_http: values.switch("PENSTOCK_ALLOW_HTTP"),
        }
    }
}
