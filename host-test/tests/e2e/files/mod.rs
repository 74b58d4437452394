//! Files through the real component, over real sockets.

mod downloads;
mod program;
mod simulated;
mod uploads;

use crate::support::{
    self,
    server::{Server, json},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use penstock_host::{Environment, Error, File, Limits, Plugin};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

type Body = BoxBody<Bytes, io::Error>;

const RECORDING: &str = "telecom.calls-download-recording";
const PIECE: usize = 64 * 1024;

/// Pieces of a file that is broken off, of which the first ones come through.
const SOME: u64 = 64;

/// A ServiceTitan that issues tokens and answers all else by a script.
async fn vendor(script: impl Fn(&Request<Bytes>) -> Response<Body> + Send + Sync + 'static) -> Server {
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

fn whole(body: Full<Bytes>) -> Body {
    body.map_err(|never| match never {}).boxed()
}

/// A body of so many pieces, which counts those that were asked for; broken off after them
/// if it is to be. What a server has not written by then is lost, so it takes some.
fn pieces(count: u64, asked: &Arc<AtomicU64>, broken: bool) -> Body {
    let asked = asked.clone();
    let piece = Bytes::from(vec![b'x'; PIECE]);
    let pieces = stream::iter(0..count).map(move |_| {
        asked.fetch_add(1, SeqCst);
        Ok(Frame::data(piece.clone()))
    });
    let end = stream::iter(broken.then(|| Err(io::Error::other("broken off"))));
    BodyExt::boxed(StreamBody::new(pieces.chain(end)))
}

/// The component with a memory that a file of some size would not fit into.
async fn plugin(vendor: &Server) -> Plugin {
    start(support::environment(vendor).0).await
}

async fn start(environment: Environment) -> Plugin {
    let mut limits = Limits::default();
    limits.memory = 24 << 20;
    Plugin::start(environment.limits(limits)).await.unwrap()
}

/// Reads to the end: how many bytes came, and how it ended.
async fn read(mut file: File) -> (usize, Result<(), Error>) {
    let mut length = 0;
    while let Some(piece) = file.next().await {
        match piece {
            Ok(piece) => length += piece.len(),
            Err(error) => return (length, Err(error)),
        }
    }
    (length, Ok(()))
}
