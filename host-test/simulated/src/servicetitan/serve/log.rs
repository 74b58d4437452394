//! Writes down what was asked and answered, without the secrets.

use crate::{
    Seen,
    response::Sent,
    servicetitan::{World, auth::TOKEN_PATH},
};
use crate::{request::Received, servicetitan::serve::Served};

pub(super) fn request(world: &World, request: &Received, served: &Served, sent: Option<&Sent>) {
    world.record.count(|stats| {
        let Some(sent) = sent else { return };
        *stats.statuses.entry(sent.answer.status).or_default() += 1;
        if !sent.cut {
            stats.bytes += sent.answer.body.len() as u64;
            stats.records += sent.answer.records as u64;
        }
    });
    if world.config.remember == 0 {
        return;
    }
    let headers = request.parts.headers.iter().map(|(name, value)| {
        let text = String::from_utf8_lossy(value.as_bytes());
        let text = match name.as_str() {
            "authorization" => match text.split_once(' ') {
                Some((scheme, secret)) => format!("{scheme} {}", hidden(world, secret)),
                None => hidden(world, &text),
            },
            "st-app-key" | "cookie" => hidden(world, &text),
            _ => text.into_owned(),
        };
        (name.as_str().to_owned(), text)
    });
    let body = if request.path() == TOKEN_PATH {
        form(world, &request.text())
    } else if request.header("content-type").is_some_and(|ty| ty.starts_with("multipart/")) {
        format!("<{} bytes>", request.body.len())
    } else {
        request.text()
    };
    world.record.see(Seen {
        at: std::time::Instant::now(),
        method: request.method().to_string(),
        path: request.path().to_owned(),
        query: request.query().to_owned(),
        headers: headers.collect(),
        body,
        operation: served.operation.clone(),
        fault: served.fault,
        status: sent.map(|sent| sent.answer.status),
    });
}

/// A mark that is the same for the same secret, and says nothing else of it.
fn hidden(world: &World, secret: &str) -> String {
    format!("<hidden {:016x}>", world.mark(secret))
}

/// The form of a token request: what is not harmless is hidden.
fn form(world: &World, body: &str) -> String {
    let shown = form_urlencoded::parse(body.as_bytes()).map(|(name, value)| match &*name {
        "grant_type" | "client_id" => format!("{name}={value}"),
        _ => format!("{name}={}", hidden(world, &value)),
    });
    shown.collect::<Vec<_>>().join("&")
}
