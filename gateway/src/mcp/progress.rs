//! How far a read is, for whoever wants to know.

use super::rpc;
use crate::{listing::Bytes, openapi::Json};
use futures_util::lock::Mutex;

/// Takes note of how far a read is.
#[allow(async_fn_in_trait, reason = "a component has one thread: the futures need not be Send")]
pub(super) trait Told {
    /// So many records were read, of so many if that is known; false if nobody waits any more.
    async fn read(&mut self, records: u64, of: Option<u64>) -> bool;
}

/// Nobody asked.
pub(super) struct Untold;

impl Told for Untold {
    async fn read(&mut self, _records: u64, _of: Option<u64>) -> bool {
        true
    }
}

/// Events of a stream.
pub(super) struct Events<'a, B> {
    /// Where they go; each is written whole.
    out: Mutex<&'a mut B>,
    /// What ties them to the request, JSON.
    token: String,
}

/// The events of one read: what was told last must become more.
pub(super) struct Progress<'e, 'a, B> {
    pub(super) events: &'e Events<'a, B>,
    pub(super) last: u64,
}

impl<B: Bytes> Told for Progress<'_, '_, B> {
    async fn read(&mut self, records: u64, of: Option<u64>) -> bool {
        if records <= self.last {
            return true;
        }
        self.last = records;
        let mut params = Json::default();
        params.object(|params| {
            params.raw("progressToken", &self.events.token);
            params.value("progress", records);
            if let Some(of) = of {
                params.value("total", of);
            }
            params.value("message", format!("{records} records read"));
        });
        self.events.send(&rpc::notification("notifications/progress", &rpc::text(params))).await
    }
}

impl<'a, B: Bytes> Events<'a, B> {
    pub(super) fn new(out: &'a mut B, token: String) -> Events<'a, B> {
        Events { out: Mutex::new(out), token }
    }

    /// Sends a comment (HTML, "Server-sent events"), which clients do not look at and proxies do; false if nobody
    /// takes it.
    pub(super) async fn keep_alive(&self) -> bool {
        self.out.lock().await.write(b": waiting\n\n".to_vec()).await == 0
    }

    /// Sends a message; false if nobody takes it.
    pub(super) async fn send(&self, message: &str) -> bool {
        // JSON has no line breaks but those between its tokens, and ours has none.
        let event = format!("event: message\ndata: {}\n\n", message.replace(['\n', '\r'], " "));
        self.out.lock().await.write(event.into_bytes()).await == 0
    }
}
