//! `penstock:connector/transfers`: files of any operation by its name.

use super::{
    super::operations::answer,
    Component, client, files,
    writer::{Feed, Sending},
};
use crate::{
    contract::{
        CallOptions, Failure,
        bindings::exports::penstock::connector::operations::Answer,
        p2::exports::penstock::connector::transfers::{
            AnswerWriter, Guest, GuestAnswerWriter, Incoming, Outgoing,
        },
    },
    entry::{dynamic, stream_file},
    failure::internal,
    host::wasi::p2::block_on,
};

type Sent = Sending<Result<Answer, Failure>>;

impl Guest for Component {
    type AnswerWriter = Sent;

    fn download(
        provider: String,
        operation: String,
        parameters: Vec<(String, String)>,
        options: Option<CallOptions>,
    ) -> Result<Incoming, Failure> {
        let operation = dynamic::operation(&provider, &operation)?;
        let client = client();
        let found = block_on(stream_file::download(&client, operation, &parameters, options.as_ref()))?;
        Ok(files::hand_over(found))
    }

    fn upload(
        provider: String,
        operation: String,
        parameters: Vec<(String, String)>,
        file: Outgoing,
        options: Option<CallOptions>,
    ) -> AnswerWriter {
        let feed = Feed::default();
        let file = files::accept(file, &feed);
        let sent = Sending::start(feed, async move {
            let operation = dynamic::operation(&provider, &operation)?;
            stream_file::upload(&client(), operation, &parameters, file, options.as_ref()).await.map(answer)
        });
        AnswerWriter::new(sent)
    }
}

impl GuestAnswerWriter for Sent {
    fn write(&self, bytes: Vec<u8>) -> bool {
        self.write(bytes)
    }

    fn end(&self) -> Result<Answer, Failure> {
        self.end().unwrap_or_else(|| Err(internal("what came of the call was told already")))
    }
}
