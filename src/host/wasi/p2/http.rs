//! Requests and answers through `wasi:http/outgoing-handler` of WASI 0.2.

use super::{
    code::lift,
    now,
    reactor::{ready, spawn},
};
use crate::{
    host::{
        Body, BodyError, Opened, Request, Response, SendError, Source, Streamed,
        tasks::TaskHandle,
        wasi::{
            code::describe,
            http::{CHUNK, Peer, failed, invalid},
        },
    },
    policy::secret::Secret,
};
use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use std::rc::Rc;
use wasip2::{
    http::{
        outgoing_handler,
        types::{Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme},
    },
    io::{
        poll::Pollable,
        streams::{InputStream, StreamError},
    },
};
use zeroize::Zeroize;

/// Sends a request and reads the answer whole. Dropping the future cancels the request.
///
/// # Errors
/// When no answer came; whether the request may have arrived is in the error.
pub async fn send(request: Request) -> Result<Response, SendError> {
    let max_body = request.max_body;
    let (response, mut body) = exchange(request).await?;
    let (status, headers) = head(&response);
    let body = body.read(max_body).await;
    Ok(Response { status, headers, body })
}

/// Sends a request and returns when the answer begins. Dropping the future or the body cancels the request.
///
/// # Errors
/// When no answer came; whether the request may have arrived is in the error.
pub async fn open(request: Request) -> Result<Opened, SendError> {
    let (response, body) = exchange(request).await?;
    let (status, headers) = head(&response);
    Ok(Opened { status, headers, body: Box::new(body) })
}

async fn exchange(request: Request) -> Result<(IncomingResponse, Incoming), SendError> {
    let peer = Peer::of(&request);
    let (outgoing, contents) = outgoing(request)?;
    let body = outgoing.body().map_err(|()| invalid("the host takes no body"))?;
    // Without `request-options`: Wasmtime 48 never drops those that it is given, and refuses everything after a
    // million. Whoever sends a request bounds it in time all the same (`receive::send_flowing`), and that clock
    // stands still between two calls, as the host's does not.
    let answer =
        outgoing_handler::handle(outgoing, None).map_err(|code| failed(&peer, &lift(code), now()))?;
    let sending = match contents {
        Some(contents) => Some(spawn(contents.pass_on(body))),
        // Said, not left out: preview2-shim keeps the connection of a request that does not end, for ever.
        None => {
            _ = OutgoingBody::finish(body, None);
            None
        }
    };
    let pollable = Rc::new(answer.subscribe());
    let response = loop {
        ready(&pollable).await;
        match answer.get() {
            None => {}
            Some(Ok(response)) => break response.map_err(|code| failed(&peer, &lift(code), now()))?,
            // It was not taken before: the host is wrong, and what became of the request is not known.
            Some(Err(())) => return Err(failed(&peer, &lift(odd("the answer was taken already")), now())),
        }
    };
    drop(pollable);
    drop(answer);
    let Ok(body) = response.consume() else {
        return Err(failed(&peer, &lift(odd("the answer has no body")), now()));
    };
    Ok((response, Incoming { reading: None, body: Some(body), _sending: sending }))
}

fn odd(what: &str) -> wasip2::http::types::ErrorCode {
    wasip2::http::types::ErrorCode::InternalError(Some(what.to_owned()))
}

fn head(response: &IncomingResponse) -> (u16, Vec<(String, String)>) {
    let fields = response.headers().entries().into_iter();
    let headers = fields
        .filter_map(|(name, value)| Some((name.to_ascii_lowercase(), String::from_utf8(value).ok()?)))
        .collect();
    (response.status(), headers)
}

fn outgoing(request: Request) -> Result<(OutgoingRequest, Option<Contents>), SendError> {
    let plain = request.headers.iter().map(|(name, value)| (*name, value.as_bytes()));
    let secret = request.secret_headers.iter().map(|(name, value)| (*name, value.expose().as_bytes()));
    let mut list: Vec<(String, Vec<u8>)> =
        plain.chain(secret).map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
    let contents = request.body.map(Contents::of);
    // Otherwise the host sends the body that is empty in chunks, but for GET.
    let empty = (contents.is_none() && request.method != "GET").then_some(0);
    if let Some(length) = contents.as_ref().map_or(empty, Contents::length) {
        list.push(("content-length".to_owned(), length.to_string().into_bytes()));
    }
    let fields = Fields::from_list(&list).map_err(|_| invalid("a header field is not valid"));
    list.iter_mut().for_each(|(_, value)| value.zeroize());
    let outgoing = OutgoingRequest::new(fields?);
    let method = match request.method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        other => Method::Other(other.to_owned()),
    };
    let scheme = if request.https { Scheme::Https } else { Scheme::Http };
    outgoing.set_method(&method).map_err(|()| invalid("the method is not valid"))?;
    outgoing.set_scheme(Some(&scheme)).map_err(|()| invalid("the scheme is not valid"))?;
    outgoing.set_authority(Some(&request.authority)).map_err(|()| invalid("the host is not valid"))?;
    outgoing
        .set_path_with_query(Some(&request.path_and_query))
        .map_err(|()| invalid("the path is not valid"))?;
    Ok((outgoing, contents))
}

/// What is sent.
enum Contents {
    Plain(Bytes),
    Secret(Secret),
    Streamed(Streamed),
}

impl Contents {
    fn of(body: Body) -> Contents {
        match body {
            Body::Plain(bytes) => Contents::Plain(bytes),
            Body::Secret(secret) => Contents::Secret(secret),
            Body::Stream(streamed) => Contents::Streamed(streamed),
        }
    }

    fn length(&self) -> Option<u64> {
        match self {
            Contents::Plain(bytes) => Some(bytes.len() as u64),
            Contents::Secret(secret) => Some(secret.expose().len() as u64),
            Contents::Streamed(streamed) => streamed.length,
        }
    }

    /// Sends it. A body that is dropped before it is finished is no whole one to the host; what ended it early is
    /// told by the answer that does not come.
    async fn pass_on(self, body: OutgoingBody) {
        let Ok(stream) = body.write() else { return };
        let pollable = Rc::new(stream.subscribe());
        let out = Out { pollable, stream };
        let whole = match self {
            Contents::Plain(bytes) => out.write(&bytes).await,
            Contents::Secret(secret) => out.write(secret.expose().as_bytes()).await,
            Contents::Streamed(Streamed { mut source, .. }) => loop {
                match source.next().await {
                    Ok(Some(piece)) if out.write(&piece).await => {}
                    Ok(None) => break true,
                    Ok(Some(_)) | Err(_) => break false,
                }
            },
        };
        let whole = whole && out.flush().await;
        drop(out);
        if whole {
            _ = OutgoingBody::finish(body, None);
        }
    }
}

/// Where a body is written. The pollable is the stream's child, and goes first.
struct Out {
    pollable: Rc<Pollable>,
    stream: wasip2::io::streams::OutputStream,
}

impl Out {
    /// Whether all of it was taken.
    async fn write(&self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let Some(room) = self.room().await else { return false };
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            if self.stream.write(now).is_err() {
                return false;
            }
            bytes = later;
        }
        true
    }

    async fn flush(&self) -> bool {
        self.stream.flush().is_ok() && self.room().await.is_some()
    }

    /// How many bytes are taken now, at least one; none if the host takes no more: it has an answer, or the
    /// connection broke.
    async fn room(&self) -> Option<usize> {
        loop {
            match self.stream.check_write() {
                Ok(0) => ready(&self.pollable).await,
                Ok(room) => return Some(usize::try_from(room).unwrap_or(usize::MAX)),
                Err(_) => return None,
            }
        }
    }
}

/// The body of an answer. Dropping it cancels the rest of it, and what of the request is not sent yet.
struct Incoming {
    /// None before its first byte was asked for.
    reading: Option<Reading>,
    /// None when how it ended was told.
    body: Option<IncomingBody>,
    _sending: Option<TaskHandle>,
}

/// The pollable is the stream's child, and goes first.
struct Reading {
    pollable: Rc<Pollable>,
    stream: InputStream,
}

impl Incoming {
    /// The next bytes; none after the last ones.
    async fn piece(&mut self) -> Result<Option<Vec<u8>>, BodyError> {
        let Some(body) = &self.body else { return Ok(None) };
        if self.reading.is_none() {
            let stream = body.stream().map_err(|()| broken("the body cannot be read"))?;
            self.reading = Some(Reading { pollable: Rc::new(stream.subscribe()), stream });
        }
        if let Some(reading) = &self.reading
            && let Some(piece) = reading.piece().await?
        {
            return Ok(Some(piece));
        }
        self.reading = None;
        match self.body.take() {
            Some(body) => ended(body).await.map(|()| None),
            None => Ok(None),
        }
    }

    async fn read(&mut self, most: usize) -> Result<Bytes, BodyError> {
        let mut all = Vec::new();
        while let Some(piece) = self.piece().await? {
            if piece.len() > most.saturating_sub(all.len()) {
                return Err(BodyError::TooLarge);
            }
            match all.is_empty() {
                true => all = piece,
                false => all.extend_from_slice(&piece),
            }
        }
        Ok(all.into())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // Children go before what they are of.
        self.reading = None;
    }
}

impl Source for Incoming {
    fn next(&mut self) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BodyError>> {
        Box::pin(self.piece())
    }
}

impl Reading {
    async fn piece(&self) -> Result<Option<Vec<u8>>, BodyError> {
        loop {
            match self.stream.read(CHUNK as u64) {
                Ok(piece) if piece.is_empty() => ready(&self.pollable).await,
                Ok(piece) => return Ok(Some(piece)),
                Err(StreamError::Closed) => return Ok(None),
                // In words: jco's shim does not answer `http-error-code` with one of its cases, which ends the instance.
                Err(StreamError::LastOperationFailed(error)) => return Err(broken(&error.to_debug_string())),
            }
        }
    }
}

/// How a body ended that was read to its end.
async fn ended(body: IncomingBody) -> Result<(), BodyError> {
    let trailers = IncomingBody::finish(body);
    let mut end = trailers.get();
    if end.is_none() {
        let pollable = Rc::new(trailers.subscribe());
        while end.is_none() {
            ready(&pollable).await;
            end = trailers.get();
        }
    }
    match end {
        Some(Ok(Err(code))) => Err(broken(&describe(&lift(code)))),
        Some(Err(())) => Err(broken("its end was told already")),
        Some(Ok(Ok(_))) | None => Ok(()),
    }
}

fn broken(why: &str) -> BodyError {
    BodyError::Broken(why.to_owned())
}
