//! Functions that answer with a file, and those that take one.

use super::{answer, finish};
use crate::{
    contract::{
        abi::{self, Handle},
        bindings::{exports::penstock::connector::files as wit, wit_stream::StreamPayload},
        catalogue::Operation,
    },
    entry::typed::{self, Arguments},
    exports::{client, files},
    linear::{Linear, Return},
};
use wit_bindgen::{StreamReader, rt::run_ctors_once};

/// A function that answers with a file.
///
/// # Safety
/// As for [`call`](super::call).
pub unsafe fn download(operation: &'static Operation, arguments: u32, done: Return) -> i32 {
    run_ctors_once();
    let arguments = Arguments::lift(operation, false, &Linear, arguments);
    let answer = async move {
        let found = match arguments {
            Ok(arguments) => arguments.download(&client()).await,
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

/// A function that takes a file, and answers with a `result`.
///
/// # Safety
/// As for [`call`](super::call).
pub unsafe fn upload(operation: &'static Operation, arguments: u32, done: Return) -> i32 {
    run_ctors_once();
    let arguments = Arguments::lift(operation, false, &Linear, arguments).map(with_file);
    // SAFETY: the caller's promise.
    unsafe { answer(operation, arguments, done) }
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
