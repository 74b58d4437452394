//! Two digests of all steps of a schedule, by which runs of different commits are compared.
//!
//! `port` is of behaviour: what is asked of the host, what it answers, and what callers get,
//! each with its time and with who did it. Nothing in it is the name of a Rust item or of a
//! log event, so a change that only renames leaves it as it is. `texts` is of words:
//! messages, log lines, names of faults. [`results`] says what of a call's end goes where.

pub(crate) mod results;

use crate::{
    mix::Mix,
    trace::{Event, Who},
};
use penstock::host::{Body, BodyError, Request, Response};
use std::time::Duration;

/// The digests so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Digests {
    port: Mix,
    texts: Mix,
}

impl Digests {
    /// The same with a further step. Most steps are in one of the two.
    pub(crate) fn note(self, at: Duration, who: Who, event: &Event<'_>) -> Digests {
        let instance = who.instance.map_or(0, |instance| instance as u64 + 1);
        let call = who.call.map_or(0, |call| call as u64 + 1);
        let begin = |mix: Mix| mix.time(at).word(instance | call << 8);
        Digests {
            port: behaviour(event, || begin(self.port)).unwrap_or(self.port),
            texts: words(event, || begin(self.texts)).unwrap_or(self.texts),
        }
    }

    pub(crate) fn port(self) -> u64 {
        self.port.finish()
    }

    pub(crate) fn texts(self) -> u64 {
        self.texts.finish()
    }
}

/// What of a step is behaviour; none if nothing is.
fn behaviour(event: &Event<'_>, begin: impl FnOnce() -> Mix) -> Option<Mix> {
    Some(match event {
        Event::Call { call, about, patience } => begin()
            .bytes(b"C")
            .text(call.operation)
            .text(about)
            .word(call.tenant)
            .maybe(call.deadline, Mix::time)
            .time(call.lag)
            .maybe(*patience, Mix::time),
        Event::Result { got, .. } => begin().bytes(b"R").word(*got),
        Event::Send(request) => sent(request, begin().bytes(b"S")),
        Event::Answer { response, body } => answered(response, body, begin().bytes(b"A")),
        // The reason is one of the core's names.
        Event::NoAnswer(error) => begin().bytes(b"N").text(&error.detail),
        Event::Aborted => begin().bytes(b"X"),
        Event::Sleep(time) => begin().bytes(b"W").time(*time),
        Event::Draw(number) => begin().bytes(b"Z").word(*number),
        Event::Lookup { name, found } => {
            begin().bytes(b"L").text(name).maybe(*found, |mix, found| mix.word(u64::from(found)))
        }
        Event::State { operation, key, value, expected, ttl, result, answer } => begin()
            .bytes(b"K")
            .text(operation)
            .text(key)
            .bytes(value)
            .bytes(expected)
            .maybe(*ttl, Mix::time)
            .text(result)
            .maybe(*answer, Mix::bytes),
        Event::Record(id) => begin().bytes(b"D").word(*id),
        Event::Asked(times) => begin().bytes(b"Q").word(*times),
        Event::Log(_) | Event::Fault(_) | Event::World(_) => return None,
    })
}

/// What of a step is words; none if nothing is.
fn words(event: &Event<'_>, begin: impl FnOnce() -> Mix) -> Option<Mix> {
    Some(match event {
        Event::Result { words, .. } => begin().bytes(b"R").text(words),
        Event::NoAnswer(error) => begin().bytes(b"N").text(error.reason.as_str()),
        Event::Log(line) => begin().bytes(b"G").text(line),
        Event::Fault(fault) => begin().bytes(b"F").text(fault.name()),
        Event::World(what) => begin().bytes(b"O").text(what),
        Event::Call { .. }
        | Event::Send(_)
        | Event::Answer { .. }
        | Event::Aborted
        | Event::Sleep(_)
        | Event::Draw(_)
        | Event::Lookup { .. }
        | Event::State { .. }
        | Event::Record(_)
        | Event::Asked(_) => return None,
    })
}

/// All of a request but secrets; of those, where they stand.
fn sent(request: &Request, mix: Mix) -> Mix {
    let mix = mix
        .text(request.method)
        .word(u64::from(request.https))
        .text(&request.authority)
        .text(&request.path_and_query)
        .word(request.headers.len() as u64);
    let mix = request.headers.iter().fold(mix, |mix, (name, value)| mix.text(name).text(value));
    let mix = request.secret_headers.iter().fold(mix, |mix, (name, _)| mix.text(name));
    let mix = match &request.body {
        None => mix.word(0),
        Some(Body::Plain(bytes)) => mix.word(1).bytes(bytes),
        Some(Body::Secret(_)) => mix.word(2),
        Some(Body::Stream(streamed)) => mix.word(3).maybe(streamed.length, Mix::word),
    };
    let timeouts = request.timeouts;
    mix.time(timeouts.connect)
        .time(timeouts.first_byte)
        .time(timeouts.between_bytes)
        .word(request.max_body as u64)
}

/// An answer, and as much of its body as may be seen.
fn answered(response: &Response, body: &[u8], mix: Mix) -> Mix {
    let mix = mix.word(u64::from(response.status)).word(response.headers.len() as u64);
    let mix = response.headers.iter().fold(mix, |mix, (name, value)| mix.text(name).text(value));
    match &response.body {
        Ok(_) => mix.word(0).bytes(body),
        Err(BodyError::TooLarge) => mix.word(1),
        Err(BodyError::Broken(why)) => mix.word(2).text(why),
        Err(BodyError::Coded(name)) => mix.word(3).text(name),
        Err(BodyError::NoRoom { never }) => mix.word(5).word(u64::from(*never)),
        Err(BodyError::TimedOut(why)) => mix.word(4).text(why),
    }
}

#[cfg(test)]
mod tests;
