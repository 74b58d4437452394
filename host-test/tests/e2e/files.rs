//! Files through the real component, over real sockets.

mod downloads;
mod gateway;
mod simulated;
mod uploads;

use crate::support::{
    self,
    files::{PIECE, RECORDING, SOME, pieces, provider, whole},
    server::{Server, json},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use penstock_host::{Environment, Error, File, Limits, Plugin};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

/// The component with a memory that a file of some size would not fit into.
async fn plugin(provider: &Server) -> Plugin {
    start(support::environment(provider).0).await
}

async fn start(environment: Environment) -> Plugin {
    let mut limits = Limits::default();
    limits.memory = 24 << 20;
    let environment = environment
        .setting("PENSTOCK_MEMORY_BYTES", (8 << 20).to_string())
        .setting("PENSTOCK_MAX_BODY_BYTES", (2 << 20).to_string())
        .setting("PENSTOCK_CACHE_BYTES", "0");
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
