//! What happens in a schedule, step by step.
//!
//! Every step goes into the digests. Its text is kept only when somebody wants to read it: a
//! schedule can be run again, and then gives the same steps. The text is shorter than what the
//! digests have, so each line begins with half of the digest of behaviour: where that differs
//! first, the run of another commit parts from this one.

use crate::{calls::NewCall, digest::Digests, fault::Fault};
use penstock::host::{Body, Request, Response, SendError};
use std::{
    cell::{Cell, RefCell},
    fmt,
    time::Duration,
};

/// Who did a step.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Who {
    /// The instance, from 0.
    pub instance: Option<usize>,
    /// The call, from 0.
    pub call: Option<usize>,
}

/// A step.
pub(crate) enum Event<'a> {
    /// A caller makes a call, and waits for so long if it does not wait to the end.
    Call { call: &'a NewCall, about: &'a str, patience: Option<Duration> },
    /// A call ended: a hash of what its caller got, and the words for it.
    Result { got: u64, words: &'a str },
    /// A request leaves.
    Send(&'a Request),
    /// An answer comes, with as much of its body as may be seen.
    Answer { response: &'a Response, body: &'a [u8] },
    /// No answer comes.
    NoAnswer(&'a SendError),
    /// The caller did not wait for the answer.
    Aborted,
    /// The core waits.
    Sleep(Duration),
    /// The core takes a random number.
    Draw(u64),
    /// A setting or a secret is looked up; none if the host does not say.
    Lookup { name: &'a str, found: Option<bool> },
    /// The shared store is asked.
    State {
        operation: &'static str,
        key: &'a str,
        value: &'a [u8],
        expected: &'a [u8],
        ttl: Option<Duration>,
        result: &'static str,
        answer: Option<&'a [u8]>,
    },
    /// How often an instance asked for something that it may have to wait for.
    Asked(u64),
    /// A log line.
    Log(&'a str),
    /// A consumer takes a record.
    Record(u64),
    /// Something goes wrong.
    Fault(Fault),
    /// Anything else that happens in the world.
    World(&'a str),
}

/// The steps of a schedule.
pub(crate) struct Trace {
    digests: Cell<Digests>,
    steps: Cell<u64>,
    lines: Option<RefCell<Vec<String>>>,
}

impl Trace {
    pub(crate) fn new(keep: bool) -> Trace {
        Trace { digests: Cell::default(), steps: Cell::new(0), lines: keep.then(RefCell::default) }
    }

    pub(crate) fn note(&self, at: Duration, who: Who, event: &Event<'_>) {
        self.digests.set(self.digests.get().note(at, who, event));
        self.steps.set(self.steps.get() + 1);
        if let Some(lines) = &self.lines {
            let instance = who.instance.map_or(String::new(), |instance| format!("#{instance}"));
            let call = who.call.map_or(String::new(), |call| format!("call {call}"));
            let (port, at) = (self.digests.get().port() >> 32, at.as_secs_f64());
            let line = format!("{port:08x} {at:>12.6} {instance:<3}{call:<9} {event}");
            lines.borrow_mut().push(line);
        }
    }

    pub(crate) fn steps(&self) -> u64 {
        self.steps.get()
    }

    pub(crate) fn digests(&self) -> Digests {
        self.digests.get()
    }

    pub(crate) fn take(&self) -> Vec<String> {
        self.lines.as_ref().map(RefCell::take).unwrap_or_default()
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Call { call, about, .. } => write!(f, "calls {} {about}", call.operation),
            Event::Result { words, .. } => write!(f, "ends: {words}"),
            Event::Send(request) => {
                let body = match &request.body {
                    Some(Body::Plain(bytes)) => &bytes[..],
                    _ => &[],
                };
                let Request { method, path_and_query, .. } = request;
                write!(f, "-> {method} {path_and_query} {}", String::from_utf8_lossy(body))
            }
            Event::Answer { response, body } => {
                let head = body.get(..body.len().min(100)).unwrap_or_default();
                write!(f, "<- {} {}", response.status, String::from_utf8_lossy(head))
            }
            Event::NoAnswer(error) => write!(f, "<- no answer: {}", error.reason.as_str()),
            Event::Aborted => write!(f, "<- nobody waits for the answer any more"),
            Event::Sleep(time) => write!(f, "waits {:.3} s", time.as_secs_f64()),
            Event::Draw(number) => write!(f, "draws {number:016x}"),
            Event::Lookup { name, found } => {
                let found = match found {
                    Some(true) => "found",
                    Some(false) => "none",
                    None => "the host does not say",
                };
                write!(f, "looks up {name}: {found}")
            }
            Event::State { operation, key, result, .. } => write!(f, "state {operation} {key}: {result}"),
            Event::Asked(times) => write!(f, "asked {times} times"),
            Event::Log(line) => write!(f, "log {line}"),
            Event::Record(id) => write!(f, "record {id}"),
            Event::Fault(fault) => write!(f, "!! {fault}"),
            Event::World(what) => write!(f, "** {what}"),
        }
    }
}
