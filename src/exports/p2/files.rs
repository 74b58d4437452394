//! Files over the component boundary: their bytes are read or written bit by bit.

use super::{
    Component,
    reader::Reading,
    writer::{Fed, Feed},
};
use crate::{
    client::Download,
    contract::{
        Failure, FieldError,
        p2::exports::penstock::connector::files::{self as wit, Guest, GuestByteReader},
    },
    entry::stream_file::stream_file,
    files::Upload,
    host::wasi::p2::WasiHost,
};

impl Guest for Component {
    type ByteReader = Reading<u8, ()>;
}

impl GuestByteReader for Reading<u8, ()> {
    fn read(&self, most: u32) -> Result<Option<Vec<u8>>, Failure> {
        self.next(most)
    }

    fn end(&self) -> Result<(), Failure> {
        self.end()
    }
}

/// Gives a file to the caller, whose reading sets the pace.
pub(super) fn hand_over(download: Download<WasiHost>) -> wit::Download {
    let info = download.info().clone();
    let reading = Reading::start(|mut offer| async move { stream_file(download, &mut offer).await });
    wit::Download { info, content: wit::ByteReader::new(reading) }
}

/// Takes a file from the caller, whose bytes are yet to come.
pub(super) fn accept(upload: wit::Upload, feed: &Feed) -> Result<Upload, Vec<FieldError>> {
    let wit::Upload { file_name, content_type, length } = upload;
    Upload::new(file_name, content_type, length, Box::new(Fed::from(feed)))
}
