//! Files that a scripted server gives out, whole or broken off.

use super::server::{Server, json};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

pub type Body = BoxBody<Bytes, io::Error>;

pub const RECORDING: &str = "telecom.calls-download-recording";
pub const PIECE: usize = 64 * 1024;

/// Pieces of a file that is broken off, of which the first ones come through.
pub const SOME: u64 = 64;

/// A ServiceTitan that issues tokens and answers all else by a script.
pub async fn provider(script: impl Fn(&Request<Bytes>) -> Response<Body> + Send + Sync + 'static) -> Server {
    Server::start(move |request| {
        let answer = match request.uri().path() {
            "/connect/token" => {
                let token =
                    serde_json::json!({"access_token": "t0ken", "expires_in": 900, "token_type": "Bearer"});
                json(200, &token).map(whole)
            }
            _ => script(&request),
        };
        std::future::ready(answer)
    })
    .await
}

pub fn whole(body: Full<Bytes>) -> Body {
    body.map_err(|never| match never {}).boxed()
}

/// A body of so many pieces, which counts those that were asked for; broken off after them
/// if it is to be. What a server has not written by then is lost, so it takes some.
pub fn pieces(count: u64, asked: &Arc<AtomicU64>, broken: bool) -> Body {
    let asked = asked.clone();
    let piece = Bytes::from(vec![b'x'; PIECE]);
    let pieces = stream::iter(0..count).map(move |_| {
        asked.fetch_add(1, SeqCst);
        Ok(Frame::data(piece.clone()))
    });
    let end = stream::iter(broken.then(|| Err(io::Error::other("broken off"))));
    BodyExt::boxed(StreamBody::new(pieces.chain(end)))
}
