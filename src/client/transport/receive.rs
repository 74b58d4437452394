//! Answers as they are read: whatever way a body comes, one form of it goes on from here.

use super::memory::{Memory, NoRoom, PageOfRead, Reservation};
use crate::{
    codec::{Coding, Decoder, Undecodable, coding, mend},
    host::{BodyError, Host, Opened, Request, Response, SendError, Source, timeout::timeout},
    policy::time::Tick,
};
use bytes::Bytes;
use futures_util::future::{Either, LocalBoxFuture, select};
use std::{borrow::Cow, cell::Cell, pin::pin, time::Duration};
use zeroize::Zeroize;

/// How much of a file is decoded at once, in bytes.
const CHUNK: usize = 64 * 1024;

/// The fields that speak of the bytes on the way, and not of the file: its length, and what its
/// rest could be asked for by.
const OF_THE_CODED: [&str; 4] = ["content-length", "content-encoding", "etag", "last-modified"];

/// How long to wait for an answer. One that flows may take until the deadline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Until it begins.
    pub(crate) first_byte: Duration,
    /// Between two pieces of it.
    pub(crate) between_bytes: Duration,
    /// For all of it.
    pub(crate) deadline: Tick,
}

/// Sends a request and reads the whole answer: decoded, at most `request.max_body` bytes of
/// it, and [`mended`](mend).
pub(crate) async fn send(host: &impl Host, mut request: Request) -> Result<Response, SendError> {
    request.headers.push(("accept-encoding", coding::ACCEPTED.to_owned()));
    let most = request.max_body;
    host.send(request).await.map(|response| decoded(response, most))
}

/// The same, as long as the answer flows. None if it did not begin in time; `began` learns
/// when it did.
pub(crate) async fn send_flowing(
    host: &impl Host,
    mut request: Request,
    patience: Patience,
    (memory, page): (&Memory, Option<&PageOfRead>),
    began: &Cell<Option<Tick>>,
) -> Option<Result<Response, SendError>> {
    request.headers.push(("accept-encoding", coding::ACCEPTED.to_owned()));
    let most = request.max_body;
    let opened = match timeout(host, patience.first_byte, host.open(request)).await? {
        Ok(opened) => opened,
        Err(error) => return Some(Err(error)),
    };
    began.set(Some(host.now()));
    Some(Ok(match coding_of(&opened.headers) {
        Ok(None) => flowing(host, opened, most, patience, (memory, page)).await,
        // Decoded as it comes, so that all of it is charged before it is there.
        Ok(Some(coding)) => {
            let charged = Some((memory.reservation(), page.cloned()));
            let body = Box::new(Decoded { charged, ..Decoded::new(opened.body, coding) });
            flowing(host, Opened { body, ..opened }, most, patience, (memory, page)).await
        }
        Err(name) => {
            Response { status: opened.status, headers: opened.headers, body: Err(BodyError::Coded(name)) }
        }
    }))
}

/// Reads an answer to its end, unless it stops to flow.
async fn flowing(
    host: &impl Host,
    opened: Opened,
    most: usize,
    patience: Patience,
    (memory, page): (&Memory, Option<&PageOfRead>),
) -> Response {
    let Opened { status, headers, mut body } = opened;
    let last = Cell::new(host.now());
    let mut reservation = memory.reservation();
    let reading = async {
        let mut whole = Vec::new();
        while let Some(piece) = body.next().await? {
            if piece.len() > most.saturating_sub(whole.len()) {
                return Err(BodyError::TooLarge);
            }
            reservation.read(piece.len(), page).map_err(|NoRoom { never }| BodyError::NoRoom { never })?;
            last.set(host.now());
            if whole.is_empty() { whole = piece } else { whole.extend(piece) }
        }
        Ok(Bytes::from(whole))
    };
    let watching = async {
        loop {
            let now = host.now();
            let stalled = last.get() + patience.between_bytes;
            if now >= patience.deadline {
                return BodyError::TimedOut("the deadline passed while the answer came".to_owned());
            }
            if now >= stalled {
                let patience = patience.between_bytes.as_secs();
                let message = format!("no byte of the answer came for {patience} s (REQUEST_TIMEOUT)");
                return BodyError::TimedOut(message);
            }
            host.sleep(now.until(stalled.min(patience.deadline))).await;
        }
    };
    let body = match select(pin!(reading), pin!(watching)).await {
        Either::Left((body, _)) => body,
        Either::Right((error, _)) => Err(error),
    };
    let body = body.map(|body| reservation.keep(text(body)));
    Response { status, headers, body }
}

/// An answer that was read whole, as its sender meant it.
pub(crate) fn decoded(response: Response, most: usize) -> Response {
    let coding = coding_of(&response.headers);
    let body = response.body.and_then(|body| match coding {
        Ok(None) => Ok(body),
        // Nothing is nothing in any coding.
        _ if body.is_empty() => Ok(body),
        Ok(Some(coding)) => decode(coding, body, most),
        Err(name) => Err(BodyError::Coded(name)),
    });
    Response { body: body.map(text), ..response }
}

fn decode(coding: Coding, body: Bytes, most: usize) -> Result<Bytes, BodyError> {
    let decoded = coding.decode(&body, most);
    wipe(body);
    decoded.map(Bytes::from).map_err(|error| match error {
        Undecodable::TooLarge => BodyError::TooLarge,
        Undecodable::Broken(why) => BodyError::Broken(why.to_owned()),
    })
}

fn text(body: Bytes) -> Bytes {
    match mend(&body) {
        Cow::Borrowed(mended) => body.slice_ref(mended),
        Cow::Owned(mended) => mended.into(),
    }
}

/// Leaves nothing of a body that may hold a token, unless somebody else has it too.
pub(crate) fn wipe(body: Bytes) {
    if let Ok(mut body) = body.try_into_mut() {
        body.as_mut().zeroize();
    }
}

/// A file as its sender meant it. It was asked for as it is; where it comes coded all the same,
/// it has no known length, and no part of it can be asked for: places in the one are not
/// places in the other.
///
/// # Errors
/// What cannot be read of it, for a person.
pub(crate) fn file(opened: Opened) -> Result<Opened, String> {
    let coding = match coding_of(&opened.headers) {
        Ok(None) => return Ok(opened),
        Ok(Some(_)) if opened.status == 206 => {
            let name = opened.header("content-encoding").unwrap_or_default();
            return Err(format!("a part of the file came with the content coding `{name}`"));
        }
        Ok(Some(coding)) => coding,
        Err(name) => return Err(unreadable(&name)),
    };
    let Opened { status, mut headers, body } = opened;
    headers.retain(|(name, _)| !OF_THE_CODED.contains(&name.as_str()));
    Ok(Opened { status, headers, body: Box::new(Decoded::new(body, coding)) })
}

/// The message of a body that has a coding of this name.
pub(crate) fn unreadable(name: &str) -> String {
    format!("the answer has the content coding `{name}`, which was not asked for and cannot be read")
}

fn coding_of(headers: &[(String, String)]) -> Result<Option<Coding>, String> {
    let values = headers.iter().filter(|(name, _)| name == "content-encoding");
    Coding::of(values.map(|(_, value)| value.as_str()))
}

/// A body that is decoded as it is read.
struct Decoded {
    body: Box<dyn Source>,
    decoder: Decoder,
    /// What the decoder takes is charged here, if the body is.
    charged: Option<(Reservation, Option<PageOfRead>)>,
    /// Whether anything came: nothing is nothing in any coding.
    begun: bool,
    /// What came last, and how much of it the decoder took.
    piece: Vec<u8>,
    taken: usize,
}

impl Decoded {
    fn new(body: Box<dyn Source>, coding: Coding) -> Decoded {
        Decoded {
            body,
            decoder: Decoder::new(coding),
            charged: None,
            begun: false,
            piece: Vec::new(),
            taken: 0,
        }
    }

    fn decode(&mut self) -> Result<Vec<u8>, BodyError> {
        let mut out = Vec::new();
        let rest = self.piece.get(self.taken..).unwrap_or_default();
        self.taken += self.decoder.decode(rest, &mut out, CHUNK).map_err(broken)?;
        if let Some((reservation, page)) = &mut self.charged {
            let taken = reservation.decoder(self.decoder.memory(), page.as_ref());
            taken.map_err(|NoRoom { never }| BodyError::NoRoom { never })?;
        }
        Ok(out)
    }
}

impl Source for Decoded {
    fn next(&mut self) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BodyError>> {
        Box::pin(async move {
            loop {
                let out = self.decode()?;
                if !out.is_empty() {
                    return Ok(Some(out));
                }
                match self.body.next().await? {
                    Some(piece) => (self.piece, self.taken, self.begun) = (piece, 0, true),
                    None if !self.begun => return Ok(None),
                    None => return self.decoder.end().map(|()| None).map_err(broken),
                }
            }
        })
    }
}

fn broken(why: &str) -> BodyError {
    BodyError::Broken(why.to_owned())
}
