//! One log line for each write and each act of administration, of whoever has a key: who, what, whose data, and
//! whether it took effect. Nothing of what was sent or answered.
//!
//! They are written whatever `LOG_LEVEL` says. A request that ends without an answer, because its client is
//! gone, has one too: its outcome is unknown. What was refused at the entrance is in the lines `refused`.

use crate::{answer::CALL_ID, idempotency::REPLAYED, request::Head, trace::Trace};
use http::{HeaderName, Response, StatusCode};
use penstock::{client::LogLine, contract::Outcome, host::Host, settings::common::LogLevel};
use serde::Deserialize;

/// Who acts, and on whose data.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The name of the key.
    pub key: String,
    /// The provider, if it is about one.
    pub provider: Option<String>,
    /// The account, if it is about one.
    pub account: Option<String>,
    /// What ties it to the caller's own logs.
    pub correlation_id: Option<String>,
    /// The span of the request.
    pub trace: Trace,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conclusion {
    /// Whether it took effect, in the contract's words; unknown if that is none.
    pub outcome: Option<String>,
    /// What was answered, if anything.
    pub status: Option<u16>,
    /// The id of the call.
    pub call_id: Option<String>,
    /// Whether it is the answer to an earlier request, under its idempotency key.
    pub is_replayed: bool,
}

impl Actor {
    /// Whoever has this key, with this request.
    #[must_use]
    pub fn new(key: &str, head: &Head, trace: &Trace) -> Actor {
        Actor {
            key: key.to_owned(),
            provider: None,
            account: None,
            correlation_id: head.correlation_id().map(str::to_owned),
            trace: trace.clone(),
        }
    }

    /// The same, on the data of an account.
    #[must_use]
    pub fn on(self, provider: &str, account: &str) -> Actor {
        Actor { provider: Some(provider.to_owned()), account: Some(account.to_owned()), ..self }
    }

    /// Writes the line of an operation.
    pub fn write<H: Host>(&self, host: &H, operation: &str, result: &Conclusion) {
        let outcome = result.outcome.as_deref().unwrap_or(Outcome::Unknown.name());
        LogLine::new(host.wall_now(), LogLevel::Info, "audit")
            .with("key", self.key.as_str())
            .with_some("provider", self.provider.as_deref())
            .with_some("account", self.account.as_deref())
            .with("operation", operation)
            .with("outcome", outcome)
            .with_some("http.response.status_code", result.status)
            .with_some("replayed", result.is_replayed.then_some(true))
            .with_some("call_id", result.call_id.as_deref())
            .with_some("correlation_id", self.correlation_id.as_deref())
            .with("trace_id", self.trace.trace_id.as_str())
            .with("span_id", self.trace.span_id.as_str())
            .write(host);
    }
}

impl Conclusion {
    /// What a response says of what it answers.
    #[must_use]
    pub fn of(response: &Response<String>) -> Conclusion {
        #[derive(Deserialize)]
        struct Problem {
            outcome: Option<String>,
        }
        let status = response.status();
        let outcome = match status {
            status if status.is_success() || status == StatusCode::NOT_MODIFIED => {
                Some(Outcome::Applied.name().to_owned())
            }
            _ => serde_json::from_str(response.body()).ok().and_then(|problem: Problem| problem.outcome),
        };
        let field = |name: &HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
        Conclusion {
            outcome,
            status: Some(status.as_u16()),
            call_id: field(&CALL_ID).map(str::to_owned),
            is_replayed: field(&REPLAYED).is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Conclusion {
        Conclusion::of(&Response::builder().status(status).body(body.to_owned()).unwrap())
    }

    #[test]
    fn the_outcome_is_what_the_answer_says_and_nothing_else() {
        for (status, body, outcome) in [
            (200, r#"{"outcome":"not-sent"}"#, Some("applied")),
            (204, "", Some("applied")),
            (422, r#"{"outcome":"not-applied","detail":"x"}"#, Some("not-applied")),
            (502, r#"{"outcome":"unknown"}"#, Some("unknown")),
            (502, "bad gateway", None),
            (500, r#"{"error":"x"}"#, None),
        ] {
            assert_eq!(of(status, body).outcome.as_deref(), outcome, "{status} {body}");
        }
    }
}
