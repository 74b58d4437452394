//! Moves the records of a whole read into a stream.
//!
//! While the consumer takes its time over one page, the next ones are fetched, as far
//! as the reader's window and byte bound allow. What was delivered stays delivered:
//! the end, good or bad, says where to go on.

use super::typed::{at, undecodable};
use crate::{
    client::Reader,
    codec::DecodeError,
    contract::{Failure, ListEnd},
    host::Host,
};
use futures_util::future::{Either, select};
use std::pin::pin;

/// The consumer's end of a stream.
#[allow(async_fn_in_trait, reason = "a component has one thread: the futures need not be Send")]
pub trait Sink<T> {
    /// Hands records over; returns those that the consumer did not take because it
    /// stopped reading.
    async fn write(&mut self, items: Vec<T>) -> Vec<T>;
}

/// Reads everything, decodes each record, and writes it to the sink.
///
/// # Errors
/// Whatever ended the read early; `resume` in it says where to go on.
pub async fn stream_records<H: Host + 'static, T>(
    mut reader: Reader<H>,
    sink: &mut impl Sink<T>,
    decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
) -> Result<ListEnd, Failure> {
    while let Some(page) = reader.next().await? {
        let mut items = Vec::with_capacity(page.len());
        let mut broken = None;
        for (index, item) in page.items().enumerate() {
            match decode(item) {
                Ok(item) => items.push(item),
                Err(error) => {
                    broken = Some(at(page.place(index), error));
                    break;
                }
            }
        }
        let offered = items.len();
        let refused = deliver(&mut reader, sink, items).await;
        reader.delivered(offered.saturating_sub(refused));
        if refused > 0 {
            return Ok(reader.end(false));
        }
        if let Some(error) = broken {
            let failure = undecodable(reader.operation(), &page.call_id, page.status, error);
            return Err(reader.resumable(failure));
        }
    }
    Ok(reader.end(true))
}

/// Writes a page while fetching the next ones; returns how many records were not
/// taken.
async fn deliver<H: Host + 'static, T>(
    reader: &mut Reader<H>,
    sink: &mut impl Sink<T>,
    items: Vec<T>,
) -> usize {
    if items.is_empty() {
        return 0;
    }
    let write = pin!(sink.write(items));
    let ahead = pin!(reader.read_ahead());
    match select(write, ahead).await {
        Either::Left((refused, _)) => refused.len(),
        Either::Right(((), write)) => write.await.len(),
    }
}
