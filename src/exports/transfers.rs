//! `penstock:connector/transfers`: files of any operation by its name.

use super::{Component, connector, files, operations::answer};
use crate::{
    bindings::exports::penstock::connector::{
        operations::Answer,
        transfers::{Guest, Incoming, Outgoing},
    },
    contract::{CallOptions, Failure},
    dynamic, transfer,
};

impl Guest for Component {
    async fn download(
        vendor: String,
        operation: String,
        parameters: Vec<(String, String)>,
        options: Option<CallOptions>,
    ) -> Result<Incoming, Failure> {
        let operation = dynamic::operation(&vendor, &operation)?;
        let found = transfer::download(&connector(), operation, &parameters, options.as_ref()).await?;
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
        transfer::upload(&connector(), operation, &parameters, file, options.as_ref()).await.map(answer)
    }
}
