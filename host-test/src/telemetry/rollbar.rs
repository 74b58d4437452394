//! Rollbar. <https://docs.rollbar.com/reference/create-item>

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use super::{
    line::Line,
    report::{Recipient, logs, seconds},
};
use crate::{
    Logs,
    http::{InvalidOrigin, OutboundOptions, OutboundPolicy},
    sources::{HostError, Secret},
    web::{Answer, Web, request},
};

/// Where it is.
const ORIGIN: &str = "https://api.rollbar.com";

/// How long nothing is sent after a 429: its window is a minute.
const REST: Duration = Duration::from_secs(60);

/// Reports trouble to Rollbar, as [`Sentry`](super::Sentry) does.
pub struct Rollbar {
    place: String,
    token: Secret,
    environment: String,
}

impl Rollbar {
    /// A place for log lines, of which those of trouble go to the project of an access token. `origin` is Rollbar's own
    /// unless named.
    ///
    /// # Errors
    ///
    /// An origin that is none or is of plain HTTP, an authority that cannot be used.
    pub fn logs(
        token: Secret,
        environment: &str,
        origin: Option<&str>,
        options: &OutboundOptions,
    ) -> Result<Logs, HostError> {
        let origin = origin.unwrap_or(ORIGIN).trim_end_matches('/');
        let wrong = |error: InvalidOrigin| HostError::Failed(error.to_string());
        let web = Web::to(options, OutboundPolicy::none().allow(origin).map_err(wrong)?)?;
        let place = format!("{origin}/api/1/item/");
        Ok(logs(Self { place, token, environment: environment.to_owned() }, web, 1.0))
    }

    fn item(&self, line: &Line, id: &str) -> Value {
        json!({ "data": {
            "uuid": id,
            // It is in whole seconds.
            "timestamp": seconds().floor(),
            "environment": self.environment,
            "level": if line.text("level") == Some("error") { "error" } else { "warning" },
            "platform": "linux",
            "language": "rust",
            "code_version": env!("CARGO_PKG_VERSION"),
            "notifier": { "name": "penstock", "version": env!("CARGO_PKG_VERSION") },
            "body": { "message": { "body": line.title() } },
            "custom": line.rest(),
        } })
    }
}

impl Recipient for Rollbar {
    fn request(&self, line: &Line, id: &str) -> Option<Request<Bytes>> {
        let headers = [("content-type", "application/json"), ("x-rollbar-access-token", self.token.expose())];
        request("POST", &self.place, &headers, self.item(line, id).to_string()).ok()
    }

    fn rest(&self, answer: &Answer) -> Option<Duration> {
        // An error with 200 is one of that item alone.
        (answer.status == 429).then_some(REST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_a_message_with_its_level_and_the_token_is_in_the_header() {
        let rollbar = Rollbar {
            place: "https://api.rollbar.com/api/1/item/".to_owned(),
            token: Secret::new("hunter2".to_owned()),
            environment: "production".to_owned(),
        };
        let line = Line::parse(r#"{"level":"error","event":"variable","error.message":"denied"}"#).unwrap();
        let sent = rollbar.request(&line, "0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(sent.headers()["x-rollbar-access-token"], "hunter2");
        let item: Value = serde_json::from_slice(sent.body()).unwrap();
        let data = &item["data"];
        assert_eq!((&data["level"], &data["environment"]), (&json!("error"), &json!("production")));
        assert_eq!(data["body"]["message"]["body"], "variable: denied");
        assert!(!item.to_string().contains("hunter2"));
        let rest =
            |status| rollbar.rest(&Answer { status, headers: http::HeaderMap::new(), body: Bytes::new() });
        assert_eq!((rest(200), rest(429)), (None, Some(REST)));
    }
}
