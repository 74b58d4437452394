//! Files over the component boundary: their bytes are streams, one way or the other.

use crate::{
    client::Download,
    contract::{
        Failure, FailureKind, FieldError,
        bindings::{exports::penstock::connector::files as wit, wit_future, wit_stream},
    },
    entry::stream_file::stream_file,
    failure::refused,
    files::Upload,
    host::{
        BodyError, Source,
        wasi::{WasiHost, piece},
    },
};
use futures_util::future::LocalBoxFuture;
use wit_bindgen::{StreamReader, spawn_local};

/// Gives a file to the caller, whose reading of the stream sets the pace.
pub(super) fn hand_over(download: Download<WasiHost>) -> wit::Download {
    let (mut writer, content) = wit_stream::new();
    let (end_writer, end) = wit_future::new(|| -> Result<(), Failure> {
        Err(refused(FailureKind::Internal, "the file ended without saying how", Vec::new()))
    });
    let info = download.info().clone();
    spawn_local(async move {
        let result = stream_file(download, &mut writer).await;
        drop(writer);
        // A caller that dropped the future as well does not want to know.
        _ = end_writer.write(result).await;
    });
    wit::Download { info, content, end }
}

/// Takes a file from the caller. If anything does not fit, its stream is dropped.
pub(super) fn accept(upload: wit::Upload) -> Result<Upload, Vec<FieldError>> {
    let wit::Upload { file_name, content_type, length, content } = upload;
    Upload::new(file_name, content_type, length, Box::new(Passed(content)))
}

/// The bytes that a caller passes.
struct Passed(StreamReader<u8>);

impl Source for Passed {
    fn next(&mut self) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BodyError>> {
        Box::pin(async { Ok(piece(&mut self.0).await) })
    }
}
