//! Functions that answer with a file, and those that take one.

use super::{client, result};
use crate::{
    contract::{
        abi::{self, Arena, Handle, Memory},
        catalogue::Operation,
        p2::exports::penstock::connector::files as wit,
    },
    entry::typed::{self, Arguments},
    exports::p2::{
        files,
        slab::Slab,
        writer::{Feed, Sending},
    },
    host::wasi::p2::block_on,
    linear::Linear,
};
use wit_bindgen::rt::run_ctors_once;

/// A file that is being sent.
struct Sent {
    operation: &'static Operation,
    sending: Sending<Arena>,
}

thread_local! {
    static SENT: Slab<Sent> = const { Slab::new() };
}

/// A function that answers with a file.
#[must_use]
pub fn download(operation: &'static Operation, arguments: u32) -> *const u8 {
    run_ctors_once();
    let arguments = Arguments::lift(operation, false, &Linear, arguments);
    let found = match arguments {
        Ok(arguments) => block_on(arguments.download(&client())),
        Err(error) => Err(typed::broken(operation, error)),
    };
    result(match found {
        Ok(found) => {
            let wit::Download { info, content } = files::hand_over(found);
            let content = Handle(content.take_handle());
            typed::downloaded(operation, &abi::p2::Download { info, content })
        }
        Err(failure) => typed::failed(operation, &failure),
    })
}

/// A function that takes a file, and answers with a writer of it; its number.
#[must_use]
pub fn upload(operation: &'static Operation, arguments: u32) -> u32 {
    run_ctors_once();
    let arguments = Arguments::lift_with::<abi::p2::Upload>(operation, false, &Linear, arguments);
    let feed = Feed::default();
    let arguments = arguments.map(|arguments| with_file(arguments, &feed));
    let call = async move {
        match arguments {
            Ok(arguments) => typed::answer(&client(), operation, arguments).await,
            Err(error) => typed::failed(operation, &typed::broken(operation, error)),
        }
    };
    SENT.with(|sent| sent.insert(Sent { operation, sending: Sending::start(feed, call) }))
}

/// Sends the next bytes: 1 if they were taken.
///
/// The address is that of a block that the host allocated for them.
#[must_use]
pub fn write(this: u32, bytes: u32, length: u32) -> u32 {
    run_ctors_once();
    let piece = Linear.read(bytes, length).map(<[u8]>::to_vec).unwrap_or_default();
    Linear.release(bytes, length, 1);
    let sent = SENT.with(|sent| sent.get(this));
    u32::from(sent.is_some_and(|sent| sent.sending.write(piece)))
}

/// What came of it.
#[must_use]
pub fn uploaded(this: u32) -> *const u8 {
    run_ctors_once();
    let Some(sent) = SENT.with(|sent| sent.get(this)) else { return std::ptr::null() };
    let told = || typed::failed(sent.operation, &crate::failure::internal("it was told already"));
    result(sent.sending.end().unwrap_or_else(told))
}

/// A writer is needed no more.
pub fn drop_writer(this: u32) {
    drop(SENT.with(|sent| sent.remove(this)));
}

/// The arguments with the file that is among them.
fn with_file(mut arguments: Arguments, feed: &Feed) -> Arguments {
    let Some(abi::Upload { file_name, content_type, length, .. }) = arguments.take_upload() else {
        return arguments;
    };
    arguments.sending(files::accept(wit::Upload { file_name, content_type, length }, feed))
}
