//! `penstock:connector/transfers`: files of any operation by its name.

use super::{Component, client, files, operations::answer};
use crate::{
    contract::{
        CallOptions, Failure,
        bindings::exports::penstock::connector::{
            operations::Answer,
            transfers::{Guest, Incoming, Outgoing},
        },
    },
    entry::{dynamic, stream_file},
};

impl Guest for Component {
    async fn download(
        provider: String,
        operation: String,
        parameters: Vec<(String, String)>,
        options: Option<CallOptions>,
    ) -> Result<Incoming, Failure> {
        let operation = dynamic::operation(&provider, &operation)?;
        let found = stream_file::download(&client(), operation, &parameters, options.as_ref()).await?;
        Ok(files::hand_over(found))
    }

    async fn upload(
        provider: String,
        operation: String,
        parameters: Vec<(String, String)>,
        file: Outgoing,
        options: Option<CallOptions>,
    ) -> Result<Answer, Failure> {
        let file = files::accept(file);
        let operation = dynamic::operation(&provider, &operation)?;
        stream_file::upload(&client(), operation, &parameters, file, options.as_ref()).await.map(answer)
    }
}
