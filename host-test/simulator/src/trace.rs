//! What happens in a schedule, step by step.
//!
//! Every step goes into one of two digests: what crosses the host's port and what callers
//! do goes into `port`, and words that a rename may change go into `texts`. The text of a step
//! is kept only when somebody wants to read it: a schedule can be run again, and then gives the
//! same steps.

use crate::{fault::Fault, mix::Mix};
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
    /// A caller makes a call.
    Call { operation: &'a str, about: &'a str },
    /// A call ended.
    Result(&'a str),
    /// A request leaves.
    Send { method: &'a str, target: &'a str, body: &'a [u8] },
    /// An answer comes.
    Answer { status: u16, body: &'a [u8] },
    /// No answer comes.
    NoAnswer(&'a str),
    /// The caller did not wait for the answer.
    Aborted,
    /// The core waits.
    Sleep(Duration),
    /// A setting or a secret is looked up.
    Lookup { name: &'a str, found: bool },
    /// The shared store is asked.
    State { operation: &'static str, key: &'a str, value: &'a [u8], result: &'a str },
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
    port: Cell<Mix>,
    texts: Cell<Mix>,
    steps: Cell<u64>,
    lines: Option<RefCell<Vec<String>>>,
}

impl Trace {
    pub(crate) fn new(keep: bool) -> Trace {
        Trace {
            port: Cell::default(),
            texts: Cell::default(),
            steps: Cell::new(0),
            lines: keep.then(RefCell::default),
        }
    }

    pub(crate) fn note(&self, at: Duration, who: Who, event: &Event<'_>) {
        let time = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
        let instance = who.instance.map_or(0, |instance| instance as u64 + 1);
        let call = who.call.map_or(0, |call| call as u64 + 1);
        let digest = if event.is_text() { &self.texts } else { &self.port };
        digest.set(event.hash(digest.get().word(time).word(instance | call << 8)));
        self.steps.set(self.steps.get() + 1);
        if let Some(lines) = &self.lines {
            let instance = who.instance.map_or(String::new(), |instance| format!("#{instance}"));
            let call = who.call.map_or(String::new(), |call| format!("call {call}"));
            let line = format!("{:>12.6} {instance:<3}{call:<9} {event}", at.as_secs_f64());
            lines.borrow_mut().push(line);
        }
    }

    pub(crate) fn steps(&self) -> u64 {
        self.steps.get()
    }

    /// Calls, requests, answers, waits, look-ups, operations on the store and records.
    pub(crate) fn port(&self) -> u64 {
        self.port.get().finish()
    }

    /// Results, log lines, and the names of what goes wrong.
    pub(crate) fn texts(&self) -> u64 {
        self.texts.get().finish()
    }

    pub(crate) fn take(&self) -> Vec<String> {
        self.lines.as_ref().map(RefCell::take).unwrap_or_default()
    }
}

impl Event<'_> {
    /// Whether it consists of words that a rename may change.
    fn is_text(&self) -> bool {
        match self {
            Event::Result(_) | Event::Log(_) | Event::Fault(_) | Event::World(_) => true,
            Event::Call { .. }
            | Event::Send { .. }
            | Event::Answer { .. }
            | Event::NoAnswer(_)
            | Event::Aborted
            | Event::Sleep(_)
            | Event::Lookup { .. }
            | Event::State { .. }
            | Event::Record(_) => false,
        }
    }

    fn hash(&self, mix: Mix) -> Mix {
        match self {
            Event::Call { operation, about } => mix.bytes(b"C").text(operation).text(about),
            Event::Result(result) => mix.bytes(b"R").text(result),
            Event::Send { method, target, body } => mix.bytes(b"S").text(method).text(target).bytes(body),
            Event::Answer { status, body } => mix.bytes(b"A").word(u64::from(*status)).bytes(body),
            Event::NoAnswer(why) => mix.bytes(b"N").text(why),
            Event::Aborted => mix.bytes(b"X"),
            Event::Sleep(time) => mix.bytes(b"W").word(time.as_secs()).word(u64::from(time.subsec_nanos())),
            Event::Lookup { name, found } => mix.bytes(b"L").text(name).word(u64::from(*found)),
            Event::State { operation, key, value, result } => {
                mix.bytes(b"K").text(operation).text(key).bytes(value).text(result)
            }
            Event::Log(line) => mix.bytes(b"G").text(line),
            Event::Record(id) => mix.bytes(b"D").word(*id),
            Event::Fault(fault) => mix.bytes(b"F").text(fault.name()),
            Event::World(what) => mix.bytes(b"O").text(what),
        }
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Call { operation, about } => write!(f, "calls {operation} {about}"),
            Event::Result(result) => write!(f, "ends: {result}"),
            Event::Send { method, target, body } => {
                write!(f, "-> {method} {target} {}", String::from_utf8_lossy(body))
            }
            Event::Answer { status, body } => {
                let head = body.get(..body.len().min(100)).unwrap_or_default();
                write!(f, "<- {status} {}", String::from_utf8_lossy(head))
            }
            Event::NoAnswer(why) => write!(f, "<- no answer: {why}"),
            Event::Aborted => write!(f, "<- nobody waits for the answer any more"),
            Event::Sleep(time) => write!(f, "waits {:.3} s", time.as_secs_f64()),
            Event::Lookup { name, found } => {
                write!(f, "looks up {name}: {}", if *found { "found" } else { "none" })
            }
            Event::State { operation, key, result, .. } => write!(f, "state {operation} {key}: {result}"),
            Event::Log(line) => write!(f, "log {line}"),
            Event::Record(id) => write!(f, "record {id}"),
            Event::Fault(fault) => write!(f, "!! {fault}"),
            Event::World(what) => write!(f, "** {what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digests(events: &[Event<'_>]) -> (u64, u64) {
        let trace = Trace::new(false);
        for event in events {
            trace.note(Duration::from_secs(1), Who { instance: Some(0), call: Some(3) }, event);
        }
        (trace.port(), trace.texts())
    }

    #[test]
    fn a_wait_counts_as_a_crossing_of_the_port_and_a_log_line_as_words() {
        let wait = |millis| Event::Sleep(Duration::from_millis(millis));
        let (port, texts) = digests(&[wait(100), Event::Log("slow")]);
        let longer = digests(&[wait(101), Event::Log("slow")]);
        assert!(longer.0 != port && longer.1 == texts);
        let renamed = digests(&[wait(100), Event::Log("late")]);
        assert!(renamed.0 == port && renamed.1 != texts);
    }

    #[test]
    fn words_among_the_crossings_do_not_change_their_digest() {
        let (port, _) = digests(&[Event::Aborted, Event::Record(7)]);
        assert_eq!(digests(&[Event::Aborted, Event::Fault(Fault::Killed), Event::Record(7)]).0, port);
        assert_ne!(digests(&[Event::Record(7), Event::Aborted]).0, port);
    }
}
