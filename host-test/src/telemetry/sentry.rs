//! Sentry. <https://develop.sentry.dev/sdk/data-model/envelopes/>

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri, header};
use serde_json::{Value, json};

use super::{
    line::Line,
    report::{Recipient, logs, seconds},
};
use crate::{
    Logs,
    http::{OutboundOptions, OutboundPolicy},
    sources::Secret,
    web::{Answer, Web, request},
};

/// How long nothing is sent after a 429 that does not say.
const USUAL_REST: Duration = Duration::from_secs(60);

/// Reports trouble to Sentry: a line of level `error`, and a call that failed by what is not the caller's own. Its limits are
/// obeyed: what comes meanwhile is dropped.
pub struct Sentry {
    place: String,
    auth: Secret,
    environment: String,
}

/// Why a text is no DSN. It is not repeated: it holds a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the DSN {0}; it has the form https://KEY@HOST/PROJECT")]
pub struct InvalidDsn(&'static str);

impl Sentry {
    /// A place for log lines, of which those of trouble go to the project of a DSN; as many of a hundred as `share` says (0 to
    /// 1). `environment` is what Sentry calls so. The options say whose certificates are trusted and which proxies lead there.
    ///
    /// # Errors
    ///
    /// A text that is no DSN, plain HTTP to another machine, an authority that cannot be used.
    pub fn logs(
        dsn: &str,
        environment: &str,
        share: f64,
        options: &OutboundOptions,
    ) -> Result<Logs, InvalidDsn> {
        let (origin, sentry) = Self::of(dsn, environment)?;
        let policy = OutboundPolicy::none().allow(&origin).map_err(|_| InvalidDsn("leads to plain HTTP"))?;
        let web = Web::to(options, policy).map_err(|_| InvalidDsn("cannot be used: an authority is none"))?;
        Ok(logs(sentry, web, share))
    }

    fn of(dsn: &str, environment: &str) -> Result<(String, Self), InvalidDsn> {
        let (scheme, rest) = dsn.trim().split_once("://").ok_or(InvalidDsn("is no URL"))?;
        let (keys, rest) = rest.split_once('@').ok_or(InvalidDsn("has no key"))?;
        let (key, secret) = keys.split_once(':').map_or((keys, None), |(key, secret)| (key, Some(secret)));
        let (place, project) = rest.rsplit_once('/').ok_or(InvalidDsn("has no project"))?;
        if project.is_empty() || !project.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidDsn("has no number for a project"));
        }
        let is_key = |key: &str| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_key(key) || !secret.is_none_or(is_key) {
            return Err(InvalidDsn("has a key that is none"));
        }
        let uri: Uri = format!("{scheme}://{place}").parse().map_err(|_| InvalidDsn("is no URL"))?;
        let host = uri.authority().ok_or(InvalidDsn("has no host"))?;
        let secret = secret.map_or_else(String::new, |secret| format!(", sentry_secret={secret}"));
        let version = env!("CARGO_PKG_VERSION");
        let auth =
            format!("Sentry sentry_version=7, sentry_client=penstock/{version}, sentry_key={key}{secret}");
        Ok((
            format!("{scheme}://{host}"),
            Self {
                place: format!("{scheme}://{place}/api/{project}/envelope/"),
                auth: Secret::new(auth),
                environment: environment.to_owned(),
            },
        ))
    }

    fn event(&self, line: &Line, id: &str) -> Value {
        let mut event = json!({
            "event_id": id,
            "timestamp": seconds(),
            "platform": "other",
            "logger": "penstock",
            // Of its levels there is no `warn`.
            "level": if line.text("level") == Some("error") { "error" } else { "warning" },
            "message": { "formatted": line.title() },
            "environment": self.environment,
            "release": concat!("penstock@", env!("CARGO_PKG_VERSION")),
            "extra": line.rest(),
        });
        let tags = ["operation", "account", "error.type", "outcome"].into_iter();
        let tags: serde_json::Map<_, _> =
            tags.filter_map(|name| Some((name.to_owned(), line.text(name)?.into()))).collect();
        if let Some(members) = event.as_object_mut() {
            members.insert("tags".to_owned(), tags.into());
            // A trace without its span is taken for an error.
            if let (Some(trace), Some(span)) = (line.text("trace_id"), line.text("span_id")) {
                members.insert(
                    "contexts".to_owned(),
                    json!({ "trace": { "trace_id": trace, "span_id": span } }),
                );
            }
        }
        event
    }
}

impl Recipient for Sentry {
    fn request(&self, line: &Line, id: &str) -> Option<Request<Bytes>> {
        let event = self.event(line, id).to_string();
        let item = json!({ "type": "event", "length": event.len() });
        let envelope = format!("{}\n{item}\n{event}\n", json!({ "event_id": id }));
        let headers =
            [("content-type", "application/x-sentry-envelope"), ("x-sentry-auth", self.auth.expose())];
        request("POST", &self.place, &headers, envelope).ok()
    }

    /// By its own header on any status, and else by `Retry-After` of a 429.
    fn rest(&self, answer: &Answer) -> Option<Duration> {
        if let Some(limits) =
            answer.headers.get("x-sentry-rate-limits").and_then(|limits| limits.to_str().ok())
        {
            return limits.split(',').filter_map(of_errors).max();
        }
        let after =
            answer.headers.get(header::RETRY_AFTER).and_then(|after| after.to_str().ok()?.parse().ok());
        (answer.status == 429).then(|| after.map_or(USUAL_REST, Duration::from_secs))
    }
}

/// `60:error;transaction:organization`: for how long errors are limited; no category is all of them.
fn of_errors(limit: &str) -> Option<Duration> {
    let mut parts = limit.trim().split(':');
    let seconds = parts.next()?.parse().ok()?;
    let categories = parts.next().unwrap_or_default();
    let is_ours = categories.is_empty() || categories.split(';').any(|category| category == "error");
    is_ours.then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentry() -> Sentry {
        Sentry::of("https://public:private@o1.ingest.example/path/42", "staging").unwrap().1
    }

    #[test]
    fn a_dsn_says_where_and_by_which_key() {
        let (origin, sentry) = Sentry::of("http://key@127.0.0.1:9000/7", "production").unwrap();
        assert_eq!(
            (origin.as_str(), sentry.place.as_str()),
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000/api/7/envelope/")
        );
        let sentry = super::tests::sentry();
        assert_eq!(sentry.place, "https://o1.ingest.example/path/api/42/envelope/");
        assert!(sentry.auth.expose().ends_with("sentry_key=public, sentry_secret=private"));
        for dsn in [
            "",
            "https://host/1",
            "https://k@host",
            "https://k@host/",
            "https://k@host/x",
            "https://k,x@host/1",
        ] {
            let Err(wrong) = Sentry::of(dsn, "e") else { panic!("{dsn}") };
            assert!(!wrong.to_string().contains("k@host"), "{wrong}");
        }
    }

    #[test]
    fn an_event_has_the_words_that_sentry_has() {
        let line = r#"{"ts":"2026-11-30T12:00:00Z","level":"warn","event":"call","operation":"jpm.jobs-get","account":"default",
            "error.type":"vendor","error.message":"HTTP 500","outcome":"unknown","trace_id":"0af7651916cd43dd8448eb211c80319c",
            "span_id":"b7ad6b7169203331"}"#;
        let line = Line::parse(line).unwrap();
        let id = "0123456789abcdef0123456789abcdef";
        let event = sentry().event(&line, id);
        assert_eq!((&event["level"], &event["environment"]), (&json!("warning"), &json!("staging")));
        assert_eq!(event["message"]["formatted"], "jpm.jobs-get: vendor: HTTP 500");
        assert_eq!(event["tags"]["error.type"], "vendor");
        assert_eq!(event["contexts"]["trace"]["span_id"], "b7ad6b7169203331");
        let sent = sentry().request(&line, id).unwrap();
        let text = String::from_utf8(sent.body().to_vec()).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((lines.len(), &lines[0]["event_id"], &lines[1]["type"]), (3, &json!(id), &json!("event")));
        assert_eq!(lines[1]["length"], text.lines().nth(2).unwrap().len());
    }

    #[test]
    fn its_limits_are_obeyed_whatever_the_status() {
        let rest = |status, headers: &[(&'static str, &'static str)]| {
            let headers =
                headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            let rest = sentry().rest(&Answer { status, headers, body: Bytes::new() });
            rest.map(|rest| rest.as_secs())
        };
        let limits = |value| ("x-sentry-rate-limits", value);
        assert_eq!(rest(200, &[]), None);
        assert_eq!(rest(200, &[limits("30::organization")]), Some(30));
        assert_eq!(
            rest(429, &[limits("9:transaction:key, 7:default;error:key:quota"), ("retry-after", "99")]),
            Some(7)
        );
        assert_eq!(rest(200, &[limits("x:error, 5:session:key")]), None);
        assert_eq!(rest(429, &[("retry-after", "11")]), Some(11));
        assert_eq!(rest(429, &[]), Some(60));
        assert_eq!(rest(503, &[]), None);
    }
}
