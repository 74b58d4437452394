//! Providers that a server plays.

use crate::server::{Reply, Request, Server};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    env, io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

/// Settings and secrets, as environment variables.
pub type Settings = BTreeMap<&'static str, String>;

/// The bytes of a long answer: far more than a client reads at once.
pub const LONG: usize = 300_000;

/// The records of a list of several pages: 2,345, or as many as `PENSTOCK_RECORDS` says.
#[must_use]
pub fn records() -> usize {
    env::var("PENSTOCK_RECORDS").ok().and_then(|number| number.parse().ok()).unwrap_or(2_345)
}

/// How many of them are on one.
pub const PAGE: usize = 500;

/// What is written.
pub const WRITTEN: &str = r#"{"name":"Repair"}"#;

/// Settings of an account whose provider is at this origin.
#[must_use]
pub fn settings(provider: &Server, further: &[(&'static str, &str)]) -> Settings {
    let account = [
        ("SERVICETITAN_CLIENT_ID", "cid"),
        ("SERVICETITAN_CLIENT_SECRET", "cs-of-the-test"),
        ("SERVICETITAN_APP_KEY", "ak-of-the-test"),
        ("SERVICETITAN_TENANT_ID", "1"),
        ("PENSTOCK_ALLOW_HTTP", "true"),
    ];
    let origins = ["SERVICETITAN_API_URL", "SERVICETITAN_AUTH_URL"].map(|name| (name, provider.origin()));
    let texts = account.iter().chain(further).map(|(name, value)| (*name, (*value).to_owned()));
    origins.into_iter().chain(texts).collect()
}

/// With these a write would be sent again, if it were not clear that it must not be.
#[must_use]
pub fn writing(provider: &Server, further: &[(&'static str, &str)]) -> Settings {
    let admin = [("PENSTOCK_ROLE", "admin"), ("REQUEST_TIMEOUT", "1"), ("RETRY_ATTEMPTS", "4")];
    settings(provider, &[&admin, further].concat())
}

/// A provider that answers each write like this once it has read it; and how many it has read.
///
/// # Errors
/// There is no port.
pub fn after_the_write(reply: fn() -> Reply) -> io::Result<(Server, Arc<AtomicUsize>)> {
    let read = Arc::new(AtomicUsize::new(0));
    let counted = read.clone();
    let server = Server::start(move |request| {
        if request.target == "/connect/token" {
            return token();
        }
        let body = String::from_utf8_lossy(&request.body);
        assert!(request.method == "POST" && body.contains(WRITTEN), "{request:?}");
        counted.fetch_add(1, SeqCst);
        reply()
    });
    Ok((server?, read))
}

/// A provider with a short job, a long one, a long file and a list. It says how long an answer is, or not.
///
/// # Errors
/// There is no port.
pub fn long_answers(with_length: bool) -> io::Result<Server> {
    Server::start(move |request| {
        let (ty, body) = match request.target.as_str() {
            "/connect/token" => return token(),
            "/jpm/v2/tenant/1/jobs/7" => {
                ("application/json", json!({"id": 7, "summary": "x".repeat(LONG)}).to_string().into())
            }
            "/jpm/v2/tenant/1/jobs/1" => ("application/json", json!({"id": 1}).to_string().into()),
            "/telecom/v2/tenant/1/calls/7/recording" => ("audio/mpeg", vec![b'x'; LONG]),
            _ => ("application/json", page(request)),
        };
        if with_length { Reply::WithLength(ty, body) } else { Reply::InChunks(ty, body) }
    })
}

/// A provider with a list, each page of which fails when it is asked for first, in one way or another.
///
/// # Errors
/// There is no port.
pub fn faulty() -> io::Result<Server> {
    let asked = Mutex::new(BTreeSet::new());
    Server::start(move |request| {
        if request.target == "/connect/token" {
            return token();
        }
        let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, count) = (asked.insert(request.target.clone()), asked.len());
        match (first, count % 4) {
            (true, 0) => Reply::Close,
            (true, 1) => Reply::Unavailable,
            (true, 2) => Reply::Torn("application/json", page(request)),
            (true, _) => Reply::Silence,
            (false, _) => Reply::WithLength("application/json", page(request)),
        }
    })
}

/// An access token.
#[must_use]
pub fn token() -> Reply {
    let token = json!({"access_token": "t0ken", "expires_in": 900, "token_type": "Bearer"});
    Reply::WithLength("application/json", token.to_string().into())
}

/// A page of jobs, numbered from 1.
fn page(request: &Request) -> Vec<u8> {
    let (_, query) = request.target.split_once('?').unwrap_or_default();
    let number = |name: &str, default: usize| {
        let given = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        given.map_or(default, |value| value.parse().unwrap_or(default))
    };
    let (page, size) = (number("page", 1), number("pageSize", 50));
    let records = records();
    let (first, last) = ((page - 1) * size, (page * size).min(records));
    let data: Vec<_> =
        (first..last).map(|index| json!({"id": index + 1, "jobNumber": format!("J{index}")})).collect();
    let has_more = last < records;
    json!({"page": page, "pageSize": size, "hasMore": has_more, "totalCount": null, "data": data})
        .to_string()
        .into()
}
