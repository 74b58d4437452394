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
use std::pin::pin;

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

    /// Tells where the read stands, behind everything that was written.
    async fn stand(&mut self, _position: ListPosition) {}
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
    while let Some(page) = reader.next().await? {
        let Prepared { items, places, misfits, broken } = prepare(&reader, &page, &form);
        let offered = items.len();
        let refused = deliver(&mut reader, sink, items).await;
        // What was left out behind the last record that was taken is behind the reader as
        // well; what stands behind the first that was not is still to come.
        let end = broken.as_ref().map_or(page.len(), |(place, _)| *place);
        let passed = places.get(offered.saturating_sub(refused)).copied().unwrap_or(end);
        for (place, misfit) in misfits.into_iter().filter(|(place, _)| *place < passed) {
            reader.misfit(misfit, places.binary_search(&place).is_err());
        }
        reader.delivered(passed);
        if refused > 0 {
            return Ok(reader.end(false));
        }
        if let Some((_, misfit)) = broken {
            let misfit = reader.clean(misfit);
            let failure = misfit_failed(reader.operation(), &page.call_id, page.status, misfit);
            return Err(reader.resumable(failure));
        }
        if sink.wants_positions() {
            let position = reader.position();
            meanwhile(&mut reader, sink.stand(position)).await;
        }
    }
    Ok(reader.end(true))
}

/// The records of a page, with the place of each among all that the page delivers.
struct Prepared<R> {
    items: Vec<R>,
    places: Vec<usize>,
    misfits: Vec<(usize, Misfit)>,
    /// The record that ends the read.
    broken: Option<(usize, Misfit)>,
}

fn prepare<H: Host + 'static, F: Form>(reader: &Reader<H>, page: &Page, form: &F) -> Prepared<F::Record> {
    let room = page.len();
    let mut prepared = Prepared {
        items: Vec::with_capacity(room),
        places: Vec::with_capacity(room),
        misfits: Vec::new(),
        broken: None,
    };
    for (index, json) in page.items().enumerate() {
        let named = |error| (index, name(reader.id_member(), json, page.place(index), error));
        match make(form, reader.on_misfit(), json) {
            Ok(made) => {
                prepared.misfits.extend(made.misfit.map(named));
                if let Some(item) = made.record {
                    prepared.items.push(item);
                    prepared.places.push(index);
                }
            }
            Err(error) => {
                prepared.broken = Some(named(error));
                break;
            }
        }
    }
    prepared
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
