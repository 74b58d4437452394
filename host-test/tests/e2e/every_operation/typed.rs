//! The same operations by their typed functions: each of the 24 interfaces, called with
//! values that are made at run time, from the same parameters as by name.
//!
//! A stream cannot be read without the Rust type of its records: there are those of `jpm`,
//! and lists of JSON. Any other stream is closed at once, and its future must tell a good
//! end.

use super::{
    Ask, Scene, order,
    vals::{to_json, to_record, to_val},
};
use futures_util::{StreamExt, future::BoxFuture};
use penstock::contract::catalogue::{self, Effect, Operation, Paging, Type};
use penstock_host::{
    Error,
    bindings::{
        function, jpm,
        types::{Failure, ListEnd},
    },
};
use serde_json::Value;
use std::{
    pin::Pin,
    task::{Context, Poll},
};
use tokio::sync::oneshot;
use wasmtime::{
    StoreContextMut,
    component::{FutureAny, FutureConsumer, FutureReader, Lift, Source, StreamAny, Val},
};

/// Records of a page.
const PAGE: u32 = 10;

type End = Result<ListEnd, Failure>;

pub(super) fn interface(operation: &Operation) -> String {
    format!("penstock:servicetitan/{}@0.1.0", operation.name.split('.').next().unwrap())
}

/// The arguments before the options.
pub(super) fn arguments(operation: &Operation, ask: &Ask, page: Option<Val>) -> Vec<Val> {
    let given = |name: &str| ask.parameters.iter().find(|(known, _)| known == name).map(|(_, text)| text);
    // A parameter is text; the type says which value it stands for.
    let value = |ty: Type, text: &str| match ty.inner() {
        Type::Text | Type::Instant | Type::Date | Type::Decimal | Type::Enum(_) => Value::from(text),
        Type::List(element) => match element.inner() {
            Type::Text | Type::Enum(_) => serde_json::json!([text]),
            _ => serde_json::from_str(&format!("[{text}]")).unwrap(),
        },
        _ => serde_json::from_str(text).unwrap(),
    };
    let path = operation.path_parameters.iter();
    let mut arguments: Vec<Val> = path
        .map(|placeholder| to_val(placeholder.ty, &value(placeholder.ty, given(placeholder.wire).unwrap())))
        .collect();
    if let Some(record) = operation.query {
        let members: Vec<(&str, Value)> = record
            .fields
            .iter()
            .filter_map(|field| Some((field.wire, value(field.ty, given(field.wire)?))))
            .collect();
        arguments.push(to_record(record, &|name| {
            members.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
        }));
    }
    if let (Some(ty), Some(body)) = (operation.body, &ask.body) {
        let body: Value = serde_json::from_str(body).unwrap();
        arguments.push(match ty {
            Type::Record(record) => to_record(record, &|name| body.get(name)),
            ty => to_val(ty, &body),
        });
    }
    arguments.extend(page);
    arguments
}

/// A page of this size; of a feed, whose provider decides it, without one.
fn page_of(size: Option<u32>) -> Val {
    let none = || Val::Option(None);
    Val::Record(vec![
        ("page".to_owned(), none()),
        ("page-size".to_owned(), Val::Option(size.map(|size| Box::new(Val::U32(size))))),
        ("include-total".to_owned(), Val::Bool(false)),
        ("resume".to_owned(), none()),
    ])
}

impl Scene {
    /// Calls a function that returns a `result`; what it holds, if all went well.
    async fn call_typed(
        &self,
        operation: &Operation,
        name: &str,
        mut arguments: Vec<Val>,
    ) -> Result<Option<Val>, String> {
        let (interface, name) = (interface(operation), name.to_owned());
        arguments.push(Val::Option(None));
        let called = self.plugin.run(move |caller, _| {
            Box::pin(async move {
                let function = function(caller, &interface, &name)?;
                let mut results = [Val::Bool(false)];
                function.call_concurrent(caller, &arguments, &mut results).await?;
                Ok(results)
            })
        });
        let [result] = called.await.map_err(|error: Error| error.to_string())?;
        match result {
            Val::Result(Ok(value)) => Ok(value.map(|value| *value)),
            other => Err(format!("{other:?}").chars().take(600).collect()),
        }
    }

    /// Reads a list to its end; returns the number of its records.
    async fn read_typed<T: Lift + Send + 'static>(
        &self,
        operation: &Operation,
        mut arguments: Vec<Val>,
    ) -> Result<u64, String> {
        let interface = interface(operation);
        let name = operation.name.split('.').nth(1).unwrap().to_owned();
        arguments.push(Val::Option(None));
        let records = self.plugin.records(move |caller, _| {
            Box::pin(async move {
                let function = function(caller, &interface, &name)?;
                let mut results = [Val::Bool(false)];
                function.call_concurrent(caller, &arguments, &mut results).await?;
                let (stream, end) = list(results);
                Ok((stream.try_into_stream_reader::<T>()?, end.try_into_future_reader()?))
            })
        });
        let mut records = records.await.map_err(|error| error.to_string())?;
        let mut count = 0;
        while let Some(record) = records.next().await {
            record.map_err(|error| super::brief(&error))?;
            count += 1;
        }
        let end = records.end().ok_or("no end")?;
        if end.complete && end.items == count { Ok(count) } else { Err(format!("{count}, but {end:?}")) }
    }

    /// Starts a list, leaves it at once, and returns its end.
    async fn leave_typed(&self, operation: &Operation, mut arguments: Vec<Val>) -> Result<End, String> {
        let interface = interface(operation);
        let name = operation.name.split('.').nth(1).unwrap().to_owned();
        arguments.push(Val::Option(None));
        let (reply, end) = oneshot::channel();
        let called = self.plugin.run(move |caller, _| {
            Box::pin(async move {
                let function = function(caller, &interface, &name)?;
                let mut results = [Val::Bool(false)];
                function.call_concurrent(caller, &arguments, &mut results).await?;
                let (mut stream, end) = list(results);
                let end: FutureReader<End> = end.try_into_future_reader()?;
                caller.with(|mut store| {
                    stream.close(&mut store)?;
                    end.pipe(&mut store, Report(Some(reply)))
                })
            })
        });
        called.await.map_err(|error: Error| error.to_string())?;
        end.await.map_err(|error| error.to_string())
    }
}

/// How to read a list to its end, if its records have a Rust type.
type Read = for<'a> fn(&'a Scene, &'a Operation, Vec<Val>) -> BoxFuture<'a, Result<u64, String>>;

fn reader(operation: &Operation) -> Option<Read> {
    fn of<'a, T: Lift + Send + 'static>(
        scene: &'a Scene,
        operation: &'a Operation,
        arguments: Vec<Val>,
    ) -> BoxFuture<'a, Result<u64, String>> {
        Box::pin(scene.read_typed::<T>(operation, arguments))
    }
    let Some(Type::Record(record)) = operation.answer else { return Some(of::<String>) };
    if !operation.name.starts_with("jpm.") {
        return None;
    }
    Some(match record.name {
        "appointment" => of::<jpm::Appointment>,
        "segment" => of::<jpm::Segment>,
        "segment-item" => of::<jpm::SegmentItem>,
        "budget-code" => of::<jpm::BudgetCode>,
        "exported-job" => of::<jpm::ExportedJob>,
        "exported-project" => of::<jpm::ExportedProject>,
        "exported-appointment" => of::<jpm::ExportedAppointment>,
        "exported-canceled-log" => of::<jpm::ExportedCanceledLog>,
        "exported-job-note" => of::<jpm::ExportedJobNote>,
        "exported-project-note" => of::<jpm::ExportedProjectNote>,
        "exported-job-history" => of::<jpm::ExportedJobHistory>,
        "job-cancel-reason" => of::<jpm::JobCancelReason>,
        "job-hold-reason" => of::<jpm::JobHoldReason>,
        "job" => of::<jpm::Job>,
        "note" => of::<jpm::Note>,
        "canceled-log" => of::<jpm::CanceledLog>,
        "custom-field-type" => of::<jpm::CustomFieldType>,
        "job-type" => of::<jpm::JobType>,
        "project" => of::<jpm::Project>,
        "project-status" => of::<jpm::ProjectStatus>,
        "project-substatus" => of::<jpm::ProjectSubstatus>,
        "project-type" => of::<jpm::ProjectType>,
        other => panic!("{other} has no type here"),
    })
}

/// Hands on the end of a list.
struct Report(Option<oneshot::Sender<End>>);

impl<D> FutureConsumer<D> for Report {
    type Item = End;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut store: StoreContextMut<D>,
        mut source: Source<'_, End>,
        _: bool,
    ) -> Poll<wasmtime::Result<()>> {
        let mut end = None;
        source.read(&mut store, &mut end)?;
        self.0.take().zip(end).map(|(reply, end)| reply.send(end));
        Poll::Ready(Ok(()))
    }
}

/// The stream of a list and its end.
fn list(results: [Val; 1]) -> (StreamAny, FutureAny) {
    let [Val::Tuple(pair)] = results else { panic!("{results:?}") };
    match <[Val; 2]>::try_from(pair) {
        Ok([Val::Stream(stream), Val::Future(end)]) => (stream, end),
        other => panic!("{other:?}"),
    }
}

/// What the answer of a function holds, in the normal form.
fn answer(operation: &Operation, result: Option<Val>) -> Option<Value> {
    let ty = operation.answer?;
    let list = |items: &Val| match items {
        Val::List(all) => Value::Array(all.iter().map(|item| to_json(ty, item).unwrap()).collect()),
        other => panic!("{other:?}"),
    };
    Some(match (operation.paging, operation.effect, result.unwrap()) {
        (Paging::None, Effect::Read, Val::Tuple(pair)) => to_json(ty, &pair[0]).unwrap(),
        (Paging::None, _, value) => to_json(ty, &value).unwrap(),
        (Paging::Envelope, _, Val::Tuple(pair)) => list(&pair[0]),
        (_, _, Val::Record(fields)) => list(&fields[0].1),
        (_, _, other) => panic!("{other:?}"),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_typed_function_answers_as_the_operation_of_its_name_does() {
    let scene = Scene::new().await;
    let mut operations: Vec<&Operation> = catalogue::operations("servicetitan")
        .unwrap()
        .iter()
        // Files have tests of their own: streams of bytes go in and out.
        .filter(|operation| operation.variant_of.is_none() && !operation.file && operation.upload.is_none())
        .collect();
    operations.sort_by_key(order);
    let (mut called, mut compared, mut lists, mut streamed) = (0, 0, 0, 0);
    let mut problems = Vec::new();
    for operation in operations {
        let mut note = |text: String| problems.push(format!("{}: {text}", operation.name));
        called += 1;
        let size = (operation.paging != Paging::Export).then_some(PAGE);
        let page = operation.is_list().then(|| page_of(size));
        // With what the operation needs and no more.
        let ask = scene.ask(operation, false);
        let own = arguments(operation, &ask, page);
        let name = operation.alias.unwrap_or(operation.name).split('.').nth(1).unwrap();
        let typed = scene.call_typed(operation, name, own).await;
        let typed = match typed {
            Ok(typed) => answer(operation, typed),
            Err(error) => {
                note(error);
                continue;
            }
        };
        if operation.is_list() {
            lists += 1;
            let arguments = arguments(operation, &ask, None);
            if let Some(read) = reader(operation) {
                let dynamic = scene.read(operation, ask.clone(), 500).await;
                match read(&scene, operation, arguments).await {
                    Ok(count) if dynamic.as_ref().is_ok_and(|(known, _)| *known == count) => streamed += 1,
                    other => note(format!("{other:?} where the dynamic path has {dynamic:?}")),
                }
            } else {
                match scene.leave_typed(operation, arguments).await {
                    Ok(Ok(end)) if !end.complete => {}
                    other => note(format!("{other:?}")),
                }
            }
        }
        // What is written changes what is there, and a report that is asked for goes on.
        if operation.effect != Effect::Read
            || operation.path.contains("/data-queries/")
            || operation.path.ends_with("/query")
        {
            continue;
        }
        compared += 1;
        let mut ask = ask;
        if operation.is_list() {
            ask.parameters.extend(size.map(|size| ("pageSize".to_owned(), size.to_string())));
        }
        match scene.invoke(operation, ask).await {
            Err(error) => note(super::brief(&error)),
            Ok(dynamic) => {
                let dynamic: Option<Value> = dynamic.body.map(|body| serde_json::from_str(&body).unwrap());
                if dynamic != typed {
                    note(format!("{dynamic:?}\n{typed:?}"));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
    assert_eq!((called, compared, lists, streamed), (575, 323, 221, 36));
    assert_eq!(scene.plugin.instances_started(), 1);
}
