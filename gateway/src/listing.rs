//! A whole list as lines; the crate's documentation says how they look.

use crate::{answer::list_end, problem::Problem};
use penstock::{
    client::Reader,
    contract::{Failure, catalogue::Type},
    entry::{
        form::NormalForm,
        stream_records::{Sink, stream_records},
    },
    host::Host,
};

/// Where a body's bytes go.
#[allow(async_fn_in_trait, reason = "a component has one thread: the futures need not be Send")]
pub trait Bytes {
    /// Hands bytes over; returns how many the client did not take because it is gone.
    async fn write(&mut self, bytes: Vec<u8>) -> usize;
}

/// How a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With everything.
    Complete,
    /// With a failure: what follows on the wire must not look like a good end.
    Failed,
    /// The client stopped reading.
    Abandoned,
}

/// A read that has begun well.
pub struct Listing<H> {
    reader: Reader<H>,
    /// Our id of the first page's call.
    call_id: Option<String>,
}

impl<H: Host + 'static> Listing<H> {
    /// Fetches the first page, so that what fails before any record is told by a
    /// status.
    ///
    /// # Errors
    /// Whatever the first page fails with.
    pub async fn open(mut reader: Reader<H>) -> Result<Listing<H>, Failure> {
        // The reader keeps the page until it is delivered, and gives it again.
        let call_id = reader.next().await?.map(|page| page.call_id);
        Ok(Listing { reader, call_id })
    }

    /// Our id of the first page's call; none if the list is empty.
    #[must_use]
    pub fn call_id(&self) -> Option<&str> {
        self.call_id.as_deref()
    }

    /// Writes every record and then how the read ended.
    pub async fn run(self, out: &mut impl Bytes) -> Ended {
        let ty = self.reader.operation().answer.as_ref().unwrap_or(&Type::Json);
        let (line, ended) = match stream_records(self.reader, &mut Lines(out), NormalForm(ty)).await {
            Ok(end) if !end.complete => return Ended::Abandoned,
            Ok(end) => (format!(r#"{{"penstock":{{"end":{}}}}}"#, list_end(&end)), Ended::Complete),
            Err(failure) => {
                let problem = Problem::from(failure).document();
                (format!(r#"{{"penstock":{{"failure":{problem}}}}}"#), Ended::Failed)
            }
        };
        match out.write(format!("{line}\n").into_bytes()).await {
            0 => ended,
            _ => Ended::Abandoned,
        }
    }
}

/// Writes records, one a line.
struct Lines<'a, B>(&'a mut B);

impl<B: Bytes> Sink<String> for Lines<'_, B> {
    async fn write(&mut self, mut items: Vec<String>) -> Vec<String> {
        let mut bytes = Vec::with_capacity(items.iter().map(|item| item.len() + 1).sum());
        let mut ends = Vec::with_capacity(items.len());
        for item in &items {
            bytes.extend_from_slice(item.as_bytes());
            bytes.push(b'\n');
            ends.push(bytes.len());
        }
        let all = bytes.len();
        let taken = all.saturating_sub(self.0.write(bytes).await);
        // A record that was taken in part was not taken.
        items.split_off(ends.partition_point(|end| *end <= taken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    /// Takes so many bytes and no more.
    struct Client {
        room: usize,
        got: Vec<u8>,
    }

    impl Bytes for Client {
        async fn write(&mut self, bytes: Vec<u8>) -> usize {
            let taken = bytes.len().min(self.room - self.got.len());
            self.got.extend(&bytes[..taken]);
            bytes.len() - taken
        }
    }

    #[test]
    fn what_was_not_taken_whole_comes_back() {
        let items = || ["{}", "[1]", "\"a\""].map(str::to_owned).to_vec();
        for (room, left) in [(0, 3), (2, 3), (3, 2), (6, 2), (7, 1), (10, 1), (11, 0), (99, 0)] {
            let mut client = Client { room, got: Vec::new() };
            let refused = Lines(&mut client).write(items()).now_or_never().unwrap();
            assert_eq!(refused, items()[3 - left..], "{room}");
        }
    }
}
