//! The one routine behind all functions of all vendors.
//!
//! `build/exports.rs` writes the exported functions into [`export_vendors`]. Each hands
//! over the address of its parameters, its operation's table, and the intrinsics of the
//! canonical ABI that exist for one function or one type of stream only. What follows
//! is what wit-bindgen does for an asynchronous export, with an [`Arena`] in place of
//! Rust types; wit-bindgen's own runtime carries it out.
//!
//! [`export_vendors`]: crate::export_vendors
#![allow(unsafe_code, reason = "addresses from the host, and intrinsics that take some")]

mod linear;
mod records;

use super::{connector, files, stream};
use crate::{
    abi::{self, Arena, Handle},
    bindings::{exports::penstock::connector::files as wit, wit_stream::StreamPayload},
    catalogue::Operation,
    normalize,
    typed::{self, Arguments, record_type},
};
use linear::Linear;
pub use records::Stream;
use wit_bindgen::{
    StreamReader,
    rt::{
        async_support::{TaskCancelOnDrop, start_task},
        run_ctors_once,
    },
};

/// The component's world, for the section that the linker makes the component from.
pub static WORLD: &[u8; include_bytes!(concat!(env!("OUT_DIR"), "/world.bin")).len()] =
    include_bytes!(concat!(env!("OUT_DIR"), "/world.bin"));

include!(concat!(env!("OUT_DIR"), "/exports.rs"));

/// Hands the `result` of a function over to its caller.
type Return = unsafe extern "C" fn(result: *const u8);

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
    let arguments = arguments.map(with_file);
    let answer = async move {
        match arguments {
            Ok(arguments) => typed::answer(&connector(), operation, arguments).await,
            Err(error) => typed::failed(operation, &typed::broken(operation, error)),
        }
    };
    // SAFETY: the result has the form that the operation's function has in the world.
    unsafe { finish(answer, done) }
}

/// A function that answers with a file.
///
/// # Safety
/// As for [`call`].
pub unsafe fn download(operation: &'static Operation, arguments: u32, done: Return) -> i32 {
    run_ctors_once();
    let arguments = Arguments::lift(operation, false, &Linear, arguments);
    let answer = async move {
        let found = match arguments {
            Ok(arguments) => arguments.download(&connector()).await,
            Err(error) => Err(typed::broken(operation, error)),
        };
        match found {
            Ok(found) => {
                let wit::Download { info, content, end } = files::hand_over(found);
                let (content, end) = (Handle(content.take_handle()), Handle(end.take_handle()));
                typed::downloaded(operation, &abi::Download { info, content, end })
            }
            Err(failure) => typed::failed(operation, &failure),
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
        let result = answer.await.settle();
        cancelled.forget();
        // SAFETY: the caller's promise; and the result lives until the host has copied it,
        // which is before this returns.
        unsafe { done(result.bytes().as_ptr()) }
    })
}

/// The arguments with the file that is among them, if there is one.
fn with_file(mut arguments: Arguments) -> Arguments {
    let Some(abi::Upload { file_name, content_type, length, content: Handle(content) }) =
        arguments.take_upload()
    else {
        return arguments;
    };
    let content = StreamReader::new(content, <u8 as StreamPayload>::VTABLE);
    arguments.sending(files::accept(wit::Upload { file_name, content_type, length, content }))
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
                Ok(arguments) => arguments.reader(&connector()).await,
                Err(error) => Err(typed::broken(operation, error)),
            }
        };
        let ty = record_type(operation);
        let (writer, reader) = records::open(stream, ty);
        let decode = move |item: &[u8]| normalize::decode(ty, item).map(Arena::settle);
        let end = stream::run(opening, writer, move |_| decode);
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
