//! The trace that a request belongs to: W3C Trace Context, level 1.
//!
//! What a caller sends in `traceparent` and `tracestate` is believed if it is well-formed, and otherwise a new
//! trace begins. The request is a span of its own, and the log lines have both ids. Where the context is
//! passed on, the span there is the parent. It is not sent to providers: none of them says what it does with it, and
//! the ids of somebody's traces are nobody else's business.

mod parent;
mod state;

pub use parent::Parent;

use crate::request::Head;
use penstock::host::Host;
use serde::{Deserialize, Serialize};

/// Where a request's parent stands.
pub const TRACEPARENT: &str = "traceparent";

/// What vendors of tracing want to be passed on besides.
pub const TRACESTATE: &str = "tracestate";

/// A span of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The trace, 32 hexadecimal digits, not all of them 0.
    pub trace_id: String,
    /// The span in it, 16 hexadecimal digits, not all of them 0.
    pub span_id: String,
    /// Whether whoever began the trace records it. What begins here is recorded by nobody.
    pub is_sampled: bool,
    /// What is passed on for vendors of tracing; empty if nothing is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub state: String,
}

impl Trace {
    /// The span of a request.
    #[must_use]
    pub fn of<H: Host>(head: &Head, host: &H) -> Trace {
        let mut parents = head.headers.get_all(TRACEPARENT).iter();
        let parent = match (parents.next(), parents.next()) {
            (Some(one), None) => one.to_str().ok().and_then(Parent::parse),
            // Of two parents neither is.
            _ => None,
        };
        let Some(parent) = parent else { return Trace::begin(host) };
        // A field that is no text cannot be read, and then none of them is.
        let texts: Option<Vec<_>> =
            head.headers.get_all(TRACESTATE).iter().map(|value| value.to_str().ok()).collect();
        Trace {
            trace_id: parent.trace_id,
            span_id: span_id(host),
            is_sampled: parent.is_sampled,
            state: texts.and_then(|texts| state::read(&texts)).unwrap_or_default(),
        }
    }

    /// The first span of a new trace.
    #[must_use]
    pub fn begin<H: Host>(host: &H) -> Trace {
        Trace {
            trace_id: format!("{:016x}{:016x}", host.random(), some(host.random())),
            span_id: span_id(host),
            is_sampled: false,
            state: String::new(),
        }
    }

    /// Another span of the same trace.
    #[must_use]
    pub fn next<H: Host>(&self, host: &H) -> Trace {
        Trace { span_id: span_id(host), ..self.clone() }
    }

    /// The header fields of a request whose parent is this span.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let flags = u8::from(self.is_sampled);
        let parent = format!("00-{}-{}-{flags:02x}", self.trace_id, self.span_id);
        let state = Some((TRACESTATE, self.state.clone())).filter(|(_, state)| !state.is_empty());
        [(TRACEPARENT, parent)].into_iter().chain(state).collect()
    }
}

fn span_id<H: Host>(host: &H) -> String {
    format!("{:016x}", some(host.random()))
}

/// Ids are not all zeros (section 3.2.2).
fn some(random: u64) -> u64 {
    random.max(1)
}
