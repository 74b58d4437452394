//! Hands an event on as a POST that is signed as Standard Webhooks 1.0.0 has it.

use super::{Record, destination::Endpoint, schedule::Outcome};
use crate::trace::Trace;
use penstock::{
    host::{Body, Host, Request, Timeouts, timeout},
    policy::hint::retry_hint,
    webhooks::{Encoding, sign, standard},
};
use std::time::Duration;

/// How long a delivery may take in all. Standard Webhooks suggests 15 to 30 s.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    first_byte: Duration::from_secs(15),
    between_bytes: Duration::from_secs(5),
};

/// What is read of an answer, of which the status alone counts, so that the connection can be kept.
const MOST_READ: usize = 16 * 1024;

/// Sends it once, in this span. Redirects are failures: nobody signed for another place.
pub(super) async fn deliver<H: Host>(
    host: &H,
    endpoint: &Endpoint,
    record: &Record,
    trace: &Trace,
) -> Outcome {
    let failed = |why: String| Outcome::Failed(why, None);
    let mut request = request(host, endpoint, record);
    request.headers.extend(trace.headers());
    let Some(answer) = timeout(host, PATIENCE, host.send(request)).await else {
        return failed(format!("no answer within {} s", PATIENCE.as_secs()));
    };
    match answer {
        Ok(answer) => match answer.status {
            200..=299 => Outcome::Delivered,
            410 => Outcome::Refused("HTTP 410".to_owned()),
            status => Outcome::Failed(
                format!("HTTP {status}"),
                retry_hint(|name| answer.header(name), host.wall_now()),
            ),
        },
        // Its own words may name what is in the URL.
        Err(error) => failed(format!("no connection, or it broke: {}", error.reason.as_str())),
    }
}

fn request<H: Host>(host: &H, endpoint: &Endpoint, record: &Record) -> Request {
    let sent = host.wall_now().as_millis().div_euclid(1000).to_string();
    let parts: [&[u8]; 5] = [record.id.as_bytes(), b".", sent.as_bytes(), b".", &record.body];
    let signatures: Vec<_> = endpoint
        .keys
        .iter()
        .map(|key| format!("v1,{}", Encoding::Base64.encode(&sign(key, &parts))))
        .collect();
    Request {
        method: "POST",
        https: endpoint.target.https,
        authority: endpoint.target.authority.clone(),
        path_and_query: endpoint.target.path_and_query.expose().to_owned(),
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("user-agent", concat!("penstock/", env!("CARGO_PKG_VERSION")).to_owned()),
            (standard::ID, record.id.clone()),
            (standard::TIMESTAMP, sent),
            (standard::SIGNATURE, signatures.join(" ")),
        ],
        secret_headers: Vec::new(),
        body: Some(Body::Plain(record.body.clone().into())),
        timeouts: TIMEOUTS,
        max_body: MOST_READ,
    }
}
