//! Files: what moves, how fast, where to, and what is said when it does not.

mod codings;
mod downloads;
mod redirects;
mod rest;
mod uploads;

use super::rig::{Rig, options};
use crate::{
    contract::{CallOptions, Failure, FileInfo},
    entry::{
        dynamic,
        stream_file::{download, stream_file},
        stream_records::Sink,
    },
    host::{BodyError, Source, simulated::Simulated},
};
use futures_util::future::LocalBoxFuture;
use std::{cell::Cell, rc::Rc, time::Duration};

const SECOND: Duration = Duration::from_secs(1);
const RECORDING: &str = "telecom.calls-download-recording";
const RECORDING_PATH: &str = "/telecom/v2/tenant/1234/calls/7/recording";

/// A file as its reader got it.
#[derive(Debug)]
struct Got {
    info: FileInfo,
    bytes: Vec<u8>,
    end: Result<(), Failure>,
}

impl Rig {
    /// Gets the recording of the call 7.
    async fn recording(&self, options: &CallOptions) -> Result<Got, Failure> {
        self.recording_into(&mut Reader::new(&self.host), options).await
    }

    /// The same for a certain reader.
    async fn recording_into(&self, reader: &mut Reader, options: &CallOptions) -> Result<Got, Failure> {
        let operation = dynamic::operation("servicetitan", RECORDING)?;
        let id = [("id".to_owned(), "7".to_owned())];
        let found = self.noted(download(&self.client, operation, &id, Some(options)).await.map(Told))?;
        let info = found.0.info().clone();
        let end = self.noted(stream_file(found.0, reader).await);
        Ok(Got { info, bytes: std::mem::take(&mut reader.bytes), end })
    }

    /// Gets the recording, by the default options and to a good end.
    fn whole(&self) -> Got {
        let got = self.run(self.recording(&options())).unwrap();
        assert_eq!(got.end, Ok(()));
        got
    }
}

/// What is told of a file that was found.
struct Told<H>(crate::client::Download<H>);

impl<H: crate::host::Host> std::fmt::Debug for Told<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.info().fmt(f)
    }
}

/// Takes the bytes of a file.
struct Reader {
    host: Simulated,
    bytes: Vec<u8>,
    pause: Duration,
    room: usize,
}

impl Reader {
    fn new(host: &Simulated) -> Reader {
        Reader { host: host.clone(), bytes: Vec::new(), pause: Duration::ZERO, room: usize::MAX }
    }
}

impl Sink<u8> for Reader {
    async fn write(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        self.host.wait(self.pause).await;
        let refused = bytes.split_off(bytes.len().min(self.room));
        self.room -= bytes.len();
        self.bytes.extend(bytes);
        refused
    }
}

/// Pieces that take their time, counted as they are given.
struct Slow {
    host: Simulated,
    pieces: u32,
    each: Duration,
    given: Rc<Cell<u32>>,
    /// Set when it is dropped.
    dropped: Rc<Cell<bool>>,
}

impl Slow {
    fn new(host: &Simulated, pieces: u32, each: Duration) -> Slow {
        Slow { host: host.clone(), pieces, each, given: Rc::default(), dropped: Rc::default() }
    }
}

impl Source for Slow {
    fn next(&mut self) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BodyError>> {
        Box::pin(async {
            if self.given.get() == self.pieces {
                return Ok(None);
            }
            self.host.wait(self.each).await;
            self.given.set(self.given.get() + 1);
            Ok(Some(vec![b'x'; 10]))
        })
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        self.dropped.set(true);
    }
}
