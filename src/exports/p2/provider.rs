//! The routines behind all functions of all providers: one for calls, one for lists, two for files, and those of
//! what lists and files are read and written by.
//!
//! `build/p2/exports.rs` writes the exported functions into [`export_providers_p2`]. Each hands over the address of
//! its parameters and its operation's table, and returns the address of a result, which stands until
//! [`returned`] is called, or the number of a resource.
//!
//! [`export_providers_p2`]: crate::export_providers_p2

#[cfg(feature = "files")]
mod files;

use super::{
    client,
    reader::{Reading, run},
    slab::Slab,
};
use crate::{
    contract::{
        Failure, ListEnd,
        abi::{Abi, Arena, Layout, LoweredRecord, LoweredValue},
        catalogue::Operation,
    },
    entry::{
        form::Lowered,
        typed::{self, Arguments, record_type},
    },
    failure::internal,
    host::wasi::p2::block_on,
    linear::Linear,
};
#[cfg(feature = "files")]
pub use files::{download, drop_writer, upload, uploaded, write};
use std::cell::RefCell;
use wit_bindgen::rt::run_ctors_once;

/// The component's world, for the section that the linker makes the component from.
pub static WORLD: &[u8; include_bytes!(concat!(env!("OUT_DIR"), "/world_p2.bin")).len()] =
    include_bytes!(concat!(env!("OUT_DIR"), "/world_p2.bin"));

include!(concat!(env!("OUT_DIR"), "/exports_p2.rs"));

/// A list that is being read, and the room that each of its records takes.
struct List {
    reading: Reading<LoweredRecord, ListEnd>,
    record: Layout,
}

/// What the last function returned: the value, and the records that it points to.
type Returned = (LoweredValue, Vec<LoweredRecord>);

thread_local! {
    static LISTS: Slab<List> = const { Slab::new() };
    /// One is enough: no function begins before the host has read what the last one returned.
    static RETURNED: RefCell<Option<Returned>> = const { RefCell::new(None) };
}

/// A function that answers with a `result`.
#[must_use]
pub fn call(operation: &'static Operation, arguments: u32) -> *const u8 {
    run_ctors_once();
    let arguments = Arguments::lift(operation, false, &Linear, arguments);
    result(match arguments {
        Ok(arguments) => block_on(typed::answer(&client(), operation, arguments)),
        Err(error) => typed::failed(operation, &typed::broken(operation, error)),
    })
}

/// A function that answers with a reader of records; its number.
#[must_use]
pub fn list(operation: &'static Operation, arguments: u32) -> u32 {
    run_ctors_once();
    let arguments = Arguments::lift(operation, true, &Linear, arguments);
    let ty = record_type(operation);
    let opening = async move {
        match arguments {
            Ok(arguments) => arguments.reader(&client()).await,
            Err(error) => Err(typed::broken(operation, error)),
        }
    };
    let reading = run(opening, move |_| Lowered(ty));
    LISTS.with(|lists| lists.insert(List { reading, record: Layout::of(ty) }))
}

/// The next records of a reader: `result<option<list<T>>, failure>`.
#[must_use]
pub fn next(this: u32, most: u32) -> *const u8 {
    run_ctors_once();
    let list = LISTS.with(|lists| lists.get(this));
    let next = list.as_ref().map_or_else(|| Err(unknown()), |list| list.reading.next(most));
    let payload = Layout::LIST.option().or(Failure::LAYOUT);
    let mut arena = Arena::with(Layout::variant(2, payload));
    let place = Layout::payload(2, payload);
    let mut records = Vec::new();
    match next {
        Ok(None) => {}
        Ok(Some(some)) => {
            let record = list.map_or(Layout::EMPTY, |list| list.record);
            arena.put_discriminant(place, 2, 1);
            let at = place + Layout::payload(2, Layout::LIST);
            let mut element = arena.put_list(at, some.len(), record);
            for one in &some {
                arena.put(element, one.bytes().get(..record.size as usize).unwrap_or_default());
                element += record.size;
            }
            records = some;
        }
        Err(failure) => {
            arena.put_discriminant(0, 2, 1);
            failure.lower(&mut arena, place);
        }
    }
    keep(arena, records)
}

/// How a reader's read ended: `result<list-end, failure>`.
#[must_use]
pub fn end(this: u32) -> *const u8 {
    run_ctors_once();
    let list = LISTS.with(|lists| lists.get(this));
    let end = list.map_or_else(|| Err(unknown()), |list| list.reading.end());
    let payload = ListEnd::LAYOUT.or(Failure::LAYOUT);
    let mut arena = Arena::with(Layout::variant(2, payload));
    let place = Layout::payload(2, payload);
    match end {
        Ok(end) => end.lower(&mut arena, place),
        Err(failure) => {
            arena.put_discriminant(0, 2, 1);
            failure.lower(&mut arena, place);
        }
    }
    result(arena)
}

/// A reader is needed no more.
pub fn drop_reader(this: u32) {
    drop(LISTS.with(|lists| lists.remove(this)));
}

/// The host has read what the last function returned.
pub fn returned() {
    RETURNED.with_borrow_mut(Option::take);
}

fn result(arena: Arena) -> *const u8 {
    keep(arena, Vec::new())
}

fn keep(arena: Arena, records: Vec<LoweredRecord>) -> *const u8 {
    let value = arena.settle();
    let address = value.bytes().as_ptr();
    RETURNED.with_borrow_mut(|kept| *kept = Some((value, records)));
    address
}

/// A host gives the numbers that it was given.
fn unknown() -> Failure {
    internal("there is no such resource")
}
