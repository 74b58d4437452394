//! The routines behind all functions of all providers: one for calls, one for lists, two for files.
//!
//! `build/exports.rs` writes the exported functions into [`export_providers`]. Each hands
//! over the address of its parameters, its operation's table, and the intrinsics of the
//! canonical ABI that exist for one function or one type of stream only. What follows
//! is what wit-bindgen does for an asynchronous export, with an [`Arena`] in place of
//! Rust types; wit-bindgen's own runtime carries it out.
//!
//! [`export_providers`]: crate::export_providers
#![allow(unsafe_code, reason = "intrinsics that take addresses; what is done with those is in `linear`")]

#[cfg(feature = "files")]
mod files;

use super::{client, stream};
pub use crate::linear::Stream;
use crate::{
    contract::{
        abi::{AbiError, Arena},
        catalogue::Operation,
    },
    entry::{
        form::Lowered,
        typed::{self, Arguments, record_type},
    },
    linear::{self, Linear, Return},
};
#[cfg(feature = "files")]
pub use files::{download, upload};
use wit_bindgen::rt::{
    async_support::{TaskCancelOnDrop, start_task},
    run_ctors_once,
};

/// The component's world, for the section that the linker makes the component from.
pub static WORLD: &[u8; include_bytes!(concat!(env!("OUT_DIR"), "/world.bin")).len()] =
    include_bytes!(concat!(env!("OUT_DIR"), "/world.bin"));

include!(concat!(env!("OUT_DIR"), "/exports.rs"));

/// Hands a stream and its end over to the caller.
type ReturnList = unsafe extern "C" fn(stream: u32, end: u32);

/// A function that answers with a `result`.
///
/// # Safety
/// `arguments` is the address of the parameters that the host passed to the exported
/// function of this operation, and `done` is that function's `task.return`.
pub unsafe fn call(operation: &'static Operation, arguments: u32, done: Return) -> i32 {
    run_ctors_once();
    let arguments = Arguments::lift(operation, false, &Linear, arguments);
    // SAFETY: the caller's promise.
    unsafe { answer(operation, arguments, done) }
}

/// Calls with what was lifted.
///
/// # Safety
/// `done` is the `task.return` of the operation's function.
unsafe fn answer(operation: &'static Operation, arguments: Result<Arguments, AbiError>, done: Return) -> i32 {
    let answer = async move {
        match arguments {
            Ok(arguments) => typed::answer(&client(), operation, arguments).await,
            Err(error) => typed::failed(operation, &typed::broken(operation, error)),
        }
    };
    // SAFETY: the result has the form that the operation's function has in the world.
    unsafe { finish(answer, done) }
}

/// Runs a task to its result and hands that over.
///
/// # Safety
/// The result must have the form that the function of this `task.return` has in the world.
unsafe fn finish(answer: impl Future<Output = Arena> + 'static, done: Return) -> i32 {
    start_task(async move {
        let cancelled = TaskCancelOnDrop::new();
        let result = answer.await;
        cancelled.forget();
        // SAFETY: the caller's promise.
        unsafe { linear::hand_over(result, done) }
    })
}

/// A function that answers with a stream of records and how it ended.
///
/// # Safety
/// As for [`call`]; `stream` belongs to the type of the function's records.
pub unsafe fn list(
    operation: &'static Operation,
    arguments: u32,
    stream: &'static Stream,
    done: ReturnList,
) -> i32 {
    run_ctors_once();
    let arguments = Arguments::lift(operation, true, &Linear, arguments);
    start_task(async move {
        let opening = async move {
            match arguments {
                Ok(arguments) => arguments.reader(&client()).await,
                Err(error) => Err(typed::broken(operation, error)),
            }
        };
        let ty = record_type(operation);
        let (writer, reader) = linear::open(stream, ty);
        let end = stream::run(opening, writer, move |_| Lowered(ty));
        // SAFETY: both are the readable ends that were just made, and are given away.
        unsafe { done(reader, end.take_handle()) }
    })
}

/// Goes on with a call when something happened that it waits for.
///
/// # Safety
/// The host calls it, for a task that [`call`] or [`list`] began.
#[must_use]
pub unsafe fn callback(event: u32, first: u32, second: u32) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { wit_bindgen::rt::async_support::callback(event, first, second) }
}
