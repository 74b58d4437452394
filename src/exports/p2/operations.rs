//! `penstock:connector/operations`: any operation by name.

use super::{
    super::operations::{Asked, WithPositions, answer, described, form, run_batch},
    Component, client,
    reader::{Reading, run},
};
use crate::{
    contract::{
        CallOptions, Failure, ListEnd,
        bindings::exports::penstock::connector::operations as shared,
        catalogue,
        p2::exports::penstock::connector::operations::{
            self as wit, Guest, GuestJsonReader, GuestListItemReader,
        },
    },
    entry::{dynamic, stream_records::stream_records},
    host::wasi::p2::block_on,
};

impl Guest for Component {
    type JsonReader = Reading<String, ListEnd>;
    type ListItemReader = Reading<shared::ListItem, ListEnd>;

    fn vendors() -> Vec<String> {
        catalogue::providers().map(str::to_owned).collect()
    }

    fn describe(provider: String, filter: Option<String>) -> Result<Vec<shared::Operation>, Failure> {
        described(&provider, filter)
    }

    fn invoke(
        provider: String,
        operation: String,
        parameters: Vec<(String, String)>,
        body: Option<String>,
        options: Option<CallOptions>,
    ) -> Result<shared::Answer, Failure> {
        let operation = dynamic::operation(&provider, &operation)?;
        let client = client();
        let call = dynamic::invoke(&client, operation, &parameters, body.as_deref(), options.as_ref());
        block_on(call).map(answer)
    }

    fn batch(
        provider: String,
        calls: Vec<shared::BatchCall>,
        batch: shared::BatchOptions,
        options: Option<CallOptions>,
    ) -> Result<Vec<shared::BatchResult>, Failure> {
        block_on(run_batch(&client(), &provider, calls, batch, options))
    }

    fn list(
        provider: String,
        operation: String,
        parameters: Vec<(String, String)>,
        body: Option<String>,
        options: Option<CallOptions>,
    ) -> wit::JsonReader {
        let asked = Asked { provider, operation, parameters, body, options };
        wit::JsonReader::new(run(async move { asked.open(&client()).await }, form))
    }

    fn list_with_positions(
        provider: String,
        operation: String,
        parameters: Vec<(String, String)>,
        body: Option<String>,
        options: Option<CallOptions>,
    ) -> wit::ListItemReader {
        let asked = Asked { provider, operation, parameters, body, options };
        let reading = Reading::start(|offer| async move {
            let opened = asked.open(&client()).await?;
            let form = form(&opened);
            stream_records(opened, &mut WithPositions(offer), form).await
        });
        wit::ListItemReader::new(reading)
    }
}

impl GuestJsonReader for Reading<String, ListEnd> {
    fn next(&self, most: u32) -> Result<Option<Vec<String>>, Failure> {
        self.next(most)
    }

    fn end(&self) -> Result<ListEnd, Failure> {
        self.end()
    }
}

impl GuestListItemReader for Reading<shared::ListItem, ListEnd> {
    fn next(&self, most: u32) -> Result<Option<Vec<shared::ListItem>>, Failure> {
        self.next(most)
    }

    fn end(&self) -> Result<ListEnd, Failure> {
        self.end()
    }
}
