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
        vendor: String,
        operation: String,
        parameters: Vec<(String, String)>,
        options: Option<CallOptions>,
    ) -> Result<Incoming, Failure> {
        let operation = dynamic::operation(&vendor, &operation)?;
        let found = stream_file::download(&client(), operation, &parameters, options.as_ref()).await?;
        Ok(files::hand_over(found))
    }

    async fn upload(
        vendor: String,
        operation: String,
        parameters: Vec<(String, String)>,
        file: Outgoing,
        options: Option<CallOptions>,
    ) -> Result<Answer, Failure> {
        let file = files::accept(file);
        let operation = dynamic::operation(&vendor, &operation)?;
        stream_file::upload(&client(), operation, &parameters, file, options.as_ref()).await.map(answer)
    }
}
