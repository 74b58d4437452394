//! Moves the records of a whole read into a stream.
//!
//! While the consumer takes its time over one page, the next ones are fetched, as far
//! as the reader's window and byte bound allow. What was delivered stays delivered:
//! the end, good or bad, says where to go on.

use super::{
    form::{Form, make, name},
    typed::misfit_failed,
};
use crate::{
    client::{ListPosition, Page, Reader},
    contract::{Failure, ListEnd, Misfit},
    host::Host,
};
use futures_util::future::{Either, select};
use std::{future::pending, pin::pin};

/// How many records are handed over at once at most: a turn of the consumer's costs as much as a
/// few of them, and all of them are in memory twice until it is over.
const BATCH: usize = 256;

/// How many bytes of the provider's JSON they are made of, about.
const BATCH_BYTES: usize = 256 * 1024;

/// The consumer's end of a stream.
#[allow(async_fn_in_trait, reason = "a component has one thread: the futures need not be Send")]
pub trait Sink<T> {
    /// Hands records over; returns those that the consumer did not take because it
    /// stopped reading.
    async fn write(&mut self, items: Vec<T>) -> Vec<T>;

    /// Whether it wants to know where a read stands: that costs a text for each page.
    fn wants_positions(&self) -> bool {
        false
    }

    /// Returns when nobody reads any more, if that is known before something is written.
    async fn left(&self) {
        pending::<()>().await;
    }

    /// Tells where the read stands, behind everything that was written; false if nobody reads
    /// any more.
    async fn stand(&mut self, _position: ListPosition) -> bool {
        true
    }
}

/// Reads everything, makes each record what `form` says, and writes it to the sink.
///
/// # Errors
/// Whatever ended the read early; `resume` in it says where to go on.
pub async fn stream_records<H: Host + 'static, F: Form>(
    mut reader: Reader<H>,
    sink: &mut impl Sink<F::Record>,
    form: F,
) -> Result<ListEnd, Failure> {
    loop {
        let page = match next_page(&mut reader, sink).await {
            Some(Ok(Some(page))) => page,
            Some(Ok(None)) => return Ok(reader.end(true)),
            Some(Err(failure)) => return Err(failure),
            None => return Ok(reader.end(false)),
        };
        let mut from = 0;
        loop {
            let Prepared { items, places, misfits, broken, to } = prepare(&reader, &page, from, &form);
            let offered = items.len();
            let refused = deliver(&mut reader, sink, items).await;
            // What was left out behind the last record that was taken is behind the reader as
            // well; what stands behind the first that was not is still to come.
            let end = broken.as_ref().map_or(to, |(place, _)| *place);
            let passed = places.get(offered.saturating_sub(refused)).copied().unwrap_or(end);
            for (place, misfit) in misfits.into_iter().filter(|(place, _)| *place < passed) {
                reader.misfit(misfit, places.binary_search(&place).is_err());
            }
            reader.delivered(passed.saturating_sub(from));
            if refused > 0 {
                return Ok(reader.end(false));
            }
            if let Some((_, misfit)) = broken {
                let misfit = reader.clean(misfit);
                let failure = misfit_failed(reader.operation(), &page.call_id, page.status, misfit);
                return Err(reader.resumable(failure));
            }
            from = to;
            if from >= page.len() {
                break;
            }
        }
        if sink.wants_positions() {
            let position = reader.position();
            // The next page may be long in coming, and whoever has left wants to know now where
            // the read stands.
            if !meanwhile(&mut reader, sink.stand(position)).await {
                return Ok(reader.end(false));
            }
        }
    }
}

/// The next page; none if nobody reads any more.
async fn next_page<H: Host + 'static, T>(
    reader: &mut Reader<H>,
    sink: &impl Sink<T>,
) -> Option<Result<Option<Page>, Failure>> {
    match select(pin!(reader.next()), pin!(sink.left())).await {
        Either::Left((page, _)) => Some(page),
        Either::Right(_) => None,
    }
}

/// Records of a page, with the place of each among all that the page delivers.
struct Prepared<R> {
    items: Vec<R>,
    places: Vec<usize>,
    misfits: Vec<(usize, Misfit)>,
    /// The record that ends the read.
    broken: Option<(usize, Misfit)>,
    /// The place behind the last of them.
    to: usize,
}

/// Makes some records of a page from this place on: as many as are worth a turn of their consumer's.
fn prepare<H: Host + 'static, F: Form>(
    reader: &Reader<H>,
    page: &Page,
    from: usize,
    form: &F,
) -> Prepared<F::Record> {
    let room = page.len().saturating_sub(from).min(BATCH);
    let (mut places, mut misfits) = (Vec::with_capacity(room), Vec::new());
    let (mut broken, mut to, mut bytes) = (None, from, 0);
    let mut batch = form.batch(room);
    for json in page.items_from(from).take(room).take_while(|json| {
        let before = bytes;
        bytes += json.len();
        before < BATCH_BYTES
    }) {
        let named = |error| (to, name(reader.id_member(), json, page.place(to), error));
        match make(form, reader.on_misfit(), &mut batch, json) {
            Ok((made, misfit)) => {
                misfits.extend(misfit.map(named));
                if made {
                    places.push(to);
                }
            }
            Err(error) => {
                broken = Some(named(error));
                break;
            }
        }
        to += 1;
    }
    Prepared { items: form.finish(batch), places, misfits, broken, to }
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
    meanwhile(reader, sink.write(items)).await.len()
}

/// Waits for the consumer while fetching the next pages.
async fn meanwhile<H: Host + 'static, T>(reader: &mut Reader<H>, consumed: impl Future<Output = T>) -> T {
    let (consumed, ahead) = (pin!(consumed), pin!(reader.read_ahead()));
    match select(consumed, ahead).await {
        Either::Left((done, _)) => done,
        Either::Right(((), consumed)) => consumed.await,
    }
}
