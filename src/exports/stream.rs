//! Streams of records over the component boundary.

use super::connector;
use crate::{
    bindings::{wit_future, wit_stream::StreamPayload},
    contract::{CallOptions, Failure, FailureKind, ListEnd},
    driver::{Reader, refused},
    host::wasi::WasiHost,
    normalize::{self, DecodeError},
    pump::{Sink, pump},
    typed::{Request, record_type},
};
use serde::de::DeserializeOwned;
use wit_bindgen::{FutureReader, StreamReader, StreamWriter, spawn_local};

/// What a streaming function returns.
pub(super) type Streamed<T> = (StreamReader<T>, FutureReader<Result<ListEnd, Failure>>);

/// Streams every record of a typed request.
pub(super) fn stream<T: StreamPayload + DeserializeOwned>(
    request: Request,
    options: Option<CallOptions>,
    ends: (StreamWriter<T>, StreamReader<T>),
) -> Streamed<T> {
    let opening = async move { request.reader(&connector(), options).await };
    run(opening, ends, |reader| {
        let ty = record_type(reader.operation());
        move |item: &[u8]| normalize::decode(ty, item)
    })
}

/// Runs a whole read in a task of its own.
pub(super) fn run<T: StreamPayload, D: Fn(&[u8]) -> Result<T, DecodeError>>(
    opening: impl Future<Output = Result<Reader<WasiHost>, Failure>> + 'static,
    (mut writer, reader): (StreamWriter<T>, StreamReader<T>),
    decoder: impl FnOnce(&Reader<WasiHost>) -> D + 'static,
) -> Streamed<T> {
    let (end_writer, end_reader) = wit_future::new(|| {
        Err(refused(FailureKind::Internal, "the read ended without saying how", Vec::new()))
    });
    spawn_local(async move {
        let result = match opening.await {
            Ok(opened) => {
                let decode = decoder(&opened);
                pump(opened, &mut writer, decode).await
            }
            Err(failure) => Err(failure),
        };
        drop(writer);
        // A consumer that dropped the future as well does not want to know.
        _ = end_writer.write(result).await;
    });
    (reader, end_reader)
}

impl<T: StreamPayload> Sink<T> for StreamWriter<T> {
    async fn write(&mut self, items: Vec<T>) -> Vec<T> {
        self.write_all(items).await
    }
}
