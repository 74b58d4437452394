//! `penstock:connector/operations`: any operation by name.

use super::{
    Component, client,
    stream::{End, run},
};
use crate::{
    client::{Client, ListPosition, Reader},
    codec,
    contract::{
        CallOptions, Failure,
        bindings::{
            exports::penstock::connector::{operations as wit, operations::Guest},
            wit_stream,
        },
        catalogue::{self, Effect, Join, Operation, Paging, Parameter, Type},
    },
    entry::{
        batch::{self, BatchCall, BatchOptions, BatchResult, Unattempted},
        dynamic,
        form::NormalForm,
        stream_records::Sink,
        typed::record_type,
    },
    host::Host,
    providers::registry,
};
use std::rc::Rc;
use wit_bindgen::StreamReader;

impl Guest for Component {
    fn vendors() -> Vec<String> {
        catalogue::providers().map(str::to_owned).collect()
    }

    fn describe(provider: String, filter: Option<String>) -> Result<Vec<wit::Operation>, Failure> {
        described(&provider, filter)
    }

    async fn invoke(
        provider: String,
        operation: String,
        parameters: Vec<(String, String)>,
        body: Option<String>,
        options: Option<CallOptions>,
    ) -> Result<wit::Answer, Failure> {
        let operation = dynamic::operation(&provider, &operation)?;
        dynamic::invoke(&client(), operation, &parameters, body.as_deref(), options.as_ref())
            .await
            .map(answer)
    }

    async fn batch(
        provider: String,
        calls: Vec<wit::BatchCall>,
        batch: wit::BatchOptions,
        options: Option<CallOptions>,
    ) -> Result<Vec<wit::BatchResult>, Failure> {
        run_batch(&client(), &provider, calls, batch, options).await
    }

    async fn list(
        provider: String,
        operation: String,
        parameters: Vec<(String, String)>,
        body: Option<String>,
        options: Option<CallOptions>,
    ) -> (StreamReader<String>, End) {
        let (writer, reader) = wit_stream::new();
        (reader, list(Asked { provider, operation, parameters, body, options }, writer))
    }

    async fn list_with_positions(
        provider: String,
        operation: String,
        parameters: Vec<(String, String)>,
        body: Option<String>,
        options: Option<CallOptions>,
    ) -> (StreamReader<wit::ListItem>, End) {
        let (writer, reader) = wit_stream::new();
        (reader, list(Asked { provider, operation, parameters, body, options }, WithPositions(writer)))
    }
}

pub(super) fn described(provider: &str, filter: Option<String>) -> Result<Vec<wit::Operation>, Failure> {
    let Some(all) = catalogue::operations(provider) else {
        return Err(registry::unknown(provider));
    };
    let filter = filter.unwrap_or_default().to_lowercase();
    let fits = |operation: &&Operation| {
        [operation.name, operation.alias.unwrap_or_default(), operation.method.as_str(), operation.path]
            .iter()
            .any(|text| text.to_lowercase().contains(&filter))
    };
    Ok(all.iter().filter(fits).map(describe).collect())
}

pub(super) async fn run_batch<H: Host + 'static>(
    client: &Rc<Client<H>>,
    provider: &str,
    calls: Vec<wit::BatchCall>,
    batch: wit::BatchOptions,
    options: Option<CallOptions>,
) -> Result<Vec<wit::BatchResult>, Failure> {
    let calls = calls.into_iter().map(|call| BatchCall {
        operation: call.operation,
        parameters: call.parameters,
        body: call.body,
    });
    let batch = BatchOptions { concurrency: batch.concurrency, stop_after: batch.stop_after };
    let results = batch::run(client, provider, calls.collect(), batch, options.as_ref()).await?;
    let result = |result| match result {
        BatchResult::Ok(done) => wit::BatchResult::Ok(answer(done)),
        BatchResult::Failed(failure) => wit::BatchResult::Failed(failure),
        BatchResult::NotAttempted(why) => wit::BatchResult::NotAttempted(match why {
            Unattempted::Deadline => wit::Unattempted::Deadline,
            Unattempted::Failures => wit::Unattempted::Failures,
            Unattempted::Held => wit::Unattempted::Held,
        }),
    };
    Ok(results.into_iter().map(result).collect())
}

/// What a list is asked for with.
pub(super) struct Asked {
    pub(super) provider: String,
    pub(super) operation: String,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) body: Option<String>,
    pub(super) options: Option<CallOptions>,
}

impl Asked {
    pub(super) async fn open<H: Host + 'static>(self, client: &Rc<Client<H>>) -> Result<Reader<H>, Failure> {
        let Asked { provider, operation, parameters, body, options } = self;
        let operation = dynamic::operation(&provider, &operation)?;
        dynamic::list(client, operation, &parameters, body.as_deref(), options.as_ref()).await
    }
}

/// What the records of a list by name are made into.
pub(super) fn form<H: Host>(reader: &Reader<H>) -> NormalForm {
    NormalForm(record_type(reader.operation()))
}

fn list(asked: Asked, sink: impl Sink<String> + 'static) -> End {
    run(async move { asked.open(&client()).await }, sink, form)
}

/// Writes records and positions into one stream, so that nothing can come between them.
pub(super) struct WithPositions<S>(pub(super) S);

impl<S: Sink<wit::ListItem>> Sink<String> for WithPositions<S> {
    async fn write(&mut self, items: Vec<String>) -> Vec<String> {
        let refused = self.0.write(items.into_iter().map(wit::ListItem::Record).collect()).await;
        let records = refused.into_iter().filter_map(|item| match item {
            wit::ListItem::Record(record) => Some(record),
            wit::ListItem::Position(_) => None,
        });
        records.collect()
    }

    fn wants_positions(&self) -> bool {
        true
    }

    async fn stand(&mut self, position: ListPosition) -> bool {
        let ListPosition { resume, pages, total, .. } = position;
        let position = wit::ListItem::Position(wit::Position { resume, pages, total });
        self.0.write(vec![position]).await.is_empty()
    }

    async fn left(&self) {
        self.0.left().await;
    }
}

pub(super) fn answer(answer: dynamic::Answer) -> wit::Answer {
    wit::Answer { body: answer.body, page: answer.page, info: answer.info }
}

fn describe(operation: &'static Operation) -> wit::Operation {
    wit::Operation {
        name: operation.name.to_owned(),
        aliases: operation.alias.iter().map(|alias| (*alias).to_owned()).collect(),
        over: operation.variant_of.map(str::to_owned),
        method: operation.method.as_str().to_owned(),
        path: operation.path.to_owned(),
        effect: match operation.effect {
            Effect::Read => wit::Effect::Read,
            Effect::Create => wit::Effect::Create,
            Effect::Update => wit::Effect::Update,
            Effect::Delete => wit::Effect::Delete,
            Effect::Action => wit::Effect::Action,
        },
        paging: match operation.paging {
            Paging::None | Paging::Envelope => wit::Paging::None,
            Paging::Numbered | Paging::Report => wit::Paging::Numbered,
            // To a caller an offset is a page number, and a cursor goes on like a feed.
            Paging::DataOnly | Paging::Bare | Paging::Offset => wit::Paging::DataOnly,
            Paging::Export | Paging::Cursor => wit::Paging::Export,
        },
        parameters: operation.parameters().map(parameter).collect(),
        body: operation.body.as_ref().map(codec::json_schema),
        description: operation.doc.to_owned(),
    }
}

fn parameter(parameter: Parameter) -> wit::Parameter {
    match parameter {
        Parameter::Path(placeholder) => wit::Parameter {
            name: placeholder.wire.to_owned(),
            location: wit::Location::Path,
            kind: kind(&placeholder.ty),
            required: true,
            values: Vec::new(),
            description: String::new(),
        },
        Parameter::Query(field) => wit::Parameter {
            name: field.wire.to_owned(),
            location: match field.join {
                Join::Header(_) => wit::Location::Header,
                Join::Repeat | Join::Comma(_) => wit::Location::Query,
            },
            kind: kind(&field.ty),
            required: field.required,
            values: values(&field.ty),
            description: field.doc.to_owned(),
        },
    }
}

fn kind(ty: &Type) -> String {
    match ty.inner() {
        Type::Bool => "boolean",
        Type::S32 | Type::S64 | Type::U32 | Type::U64 => "integer",
        Type::F64 => "number",
        Type::Text | Type::Enum(_) => "text",
        Type::Instant => "date-time",
        Type::Date => "date",
        Type::Decimal => "decimal",
        Type::Json | Type::Record(_) => "json",
        Type::List(inner) => return format!("list of {}", kind(inner)),
        Type::Option(inner) => return kind(inner),
    }
    .to_owned()
}

fn values(ty: &Type) -> Vec<String> {
    match ty.inner() {
        Type::Enum(known) => known.cases.iter().map(|case| case.wire.to_owned()).collect(),
        Type::List(inner) => values(inner),
        _ => Vec::new(),
    }
}
