//! Streams of records over the component boundary.

use crate::{
    client::Reader,
    contract::{Failure, FailureKind, ListEnd, bindings::wit_future},
    entry::{
        form::Form,
        stream_records::{Sink, stream_records},
    },
    failure::refused,
    host::wasi::WasiHost,
};
use wit_bindgen::{
    FutureReader,
    rt::async_support::{RawStreamWriter, StreamOps},
    spawn_local,
};

/// How a read ends.
pub(super) type End = FutureReader<Result<ListEnd, Failure>>;

/// Runs a whole read in a task of its own.
pub(super) fn run<F: Form + 'static>(
    opening: impl Future<Output = Result<Reader<WasiHost>, Failure>> + 'static,
    mut writer: impl Sink<F::Record> + 'static,
    form: impl FnOnce(&Reader<WasiHost>) -> F + 'static,
) -> End {
    let (end_writer, end_reader) = wit_future::new(|| {
        Err(refused(FailureKind::Internal, "the read ended without saying how", Vec::new()))
    });
    spawn_local(async move {
        let result = match opening.await {
            Ok(opened) => {
                let form = form(&opened);
                stream_records(opened, &mut writer, form).await
            }
            Err(failure) => Err(failure),
        };
        drop(writer);
        // A consumer that dropped the future as well does not want to know.
        _ = end_writer.write(result).await;
    });
    end_reader
}

impl<O: StreamOps> Sink<O::Payload> for RawStreamWriter<O> {
    async fn write(&mut self, items: Vec<O::Payload>) -> Vec<O::Payload> {
        self.write_all(items).await
    }
}
