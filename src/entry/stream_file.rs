//! Files of any operation by its name, and their way into a stream.

use super::{dynamic, stream_records::Sink};
use crate::{
    call,
    client::{Client, Download},
    contract::{CallOptions, Failure, FieldError, catalogue::Operation},
    failure::{bad_field, bad_input},
    files::Upload,
    host::Host,
    providers::api::ResolvedCall,
};
use std::rc::Rc;

/// Finds the file of an operation.
///
/// # Errors
/// An operation that answers with none, and everything that can go wrong before the file's
/// first byte.
pub async fn download<H: Host + 'static>(
    client: &Rc<Client<H>>,
    operation: &'static Operation,
    parameters: &[(String, String)],
    options: Option<&CallOptions>,
) -> Result<Download<H>, Failure> {
    if !operation.file {
        return Err(bad_field("operation", format!("`{}` answers with no file", operation.name)));
    }
    let (call, _) = dynamic::prepare(operation, parameters, None, true)?;
    Download::open(client, &call, &call::CallOptions::check(options)?).await
}

/// Sends a file with an operation. `file` may be what is wrong with it, to be told together
/// with what else is wrong.
///
/// # Errors
/// An operation that takes none, and everything that can go wrong.
pub async fn upload<H: Host + 'static>(
    client: &Rc<Client<H>>,
    operation: &'static Operation,
    parameters: &[(String, String)],
    file: Result<Upload, Vec<FieldError>>,
    options: Option<&CallOptions>,
) -> Result<dynamic::Answer, Failure> {
    if operation.upload.is_none() {
        return Err(bad_field("operation", format!("`{}` takes no file", operation.name)));
    }
    let options = call::CallOptions::check(options)?;
    match (dynamic::prepare(operation, parameters, None, true), file) {
        (Ok((call, page)), Ok(file)) => {
            let call = ResolvedCall { call: call.call.sending(file), ..call };
            dynamic::answer(client, call, &page, options, None).await
        }
        (Err(failure), Ok(_)) => Err(failure),
        (prepared, Err(wrong)) => {
            let mut fields = prepared.err().map_or_else(Vec::new, |failure| failure.fields);
            fields.extend(wrong);
            Err(bad_input(fields).of(operation.name, "", Vec::new()))
        }
    }
}

/// Moves a file's bytes into a stream, no faster than they are taken: never more of them
/// are held than one piece.
///
/// # Errors
/// Whatever ended the file early.
pub async fn stream_file<H: Host>(
    mut download: Download<H>,
    sink: &mut impl Sink<u8>,
) -> Result<(), Failure> {
    let result = pass_on(&mut download, sink).await;
    download.ended(result)
}

async fn pass_on<H: Host>(download: &mut Download<H>, sink: &mut impl Sink<u8>) -> Result<(), Failure> {
    while let Some(piece) = download.next().await? {
        if !download.in_time(sink.write(piece)).await?.is_empty() {
            return Err(download.abandoned());
        }
    }
    Ok(())
}
