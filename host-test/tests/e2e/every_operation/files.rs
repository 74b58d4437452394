//! The ten operations that move files, by name and by their typed functions.

use super::{
    Scene, brief,
    typed::{arguments, interface},
};
use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use penstock::contract::catalogue::{self, Operation};
use penstock_host::{
    File, Outgoing,
    bindings::{
        files::{Download, FileInfo},
        function,
        types::Failure,
    },
};
use serde_json::Value;
use wasmtime::component::{StreamAny, StreamReader, Val};

/// A file that the simulated provider keeps behind a redirect.
const STORED: &str = "files/100001.jpg";

/// What is sent: no text, and more than one piece.
fn content() -> Vec<u8> {
    (0..150_000_u32).map(|at| (at % 251) as u8).collect()
}

async fn bytes(file: File) -> Result<(FileInfo, Vec<u8>), String> {
    let info = file.info.clone();
    let all: Vec<Bytes> = file.try_collect().await.map_err(|error| brief(&error))?;
    Ok((info, all.concat()))
}

/// The parameters, with a path that is known.
fn parameters(scene: &Scene, operation: &'static Operation, path: &str) -> Vec<(String, String)> {
    let mut parameters = scene.ask(operation, true).parameters;
    for (_, value) in parameters.iter_mut().filter(|(name, _)| name == "path") {
        path.clone_into(value);
    }
    parameters
}

impl Scene {
    async fn download(
        &self,
        operation: &'static Operation,
        path: &str,
    ) -> Result<(FileInfo, Vec<u8>), String> {
        let parameters = parameters(self, operation, path);
        let file = self.plugin.download("servicetitan", operation.name, parameters, None).await;
        bytes(file.map_err(|error| brief(&error))?).await
    }

    /// The same by the typed function.
    async fn download_typed(
        &self,
        operation: &'static Operation,
        path: &str,
    ) -> Result<(FileInfo, Vec<u8>), String> {
        let (interface, name) = (interface(operation), short(operation));
        let parameters = parameters(self, operation, path);
        let mut arguments = arguments(operation, &super::Ask { parameters, body: None }, None);
        arguments.push(Val::Option(None));
        let file = self.plugin.file(move |caller, _| {
            Box::pin(async move {
                let function = function(caller, &interface, &name)?;
                let mut results = [Val::Bool(false)];
                function.call_concurrent(caller, &arguments, &mut results).await?;
                let [Val::Result(Ok(Some(download)))] = results else { panic!("{results:?}") };
                Ok(Ok::<_, Failure>(typed(*download)))
            })
        });
        bytes(file.await.map_err(|error| brief(&error))?).await
    }

    async fn upload(&self, operation: &'static Operation) -> Result<Value, String> {
        let parameters = self.ask(operation, true).parameters;
        let all = stream::iter([Ok(Bytes::from(content()))]);
        let file = Outgoing::new("pump é.png", all).content_type("image/png");
        let sent = self.plugin.upload("servicetitan", operation.name, parameters, file, None).await;
        let answer = sent.map_err(|error| brief(&error))?;
        serde_json::from_str(&answer.body.unwrap()).map_err(|error| error.to_string())
    }

    /// The same by the typed function; what it answers, as text.
    async fn upload_typed(&self, operation: &'static Operation) -> Result<String, String> {
        let (interface, name) = (interface(operation), short(operation));
        let mut arguments = arguments(operation, &self.ask(operation, true), None);
        let called = self.plugin.run(move |caller, _| {
            Box::pin(async move {
                let function = function(caller, &interface, &name)?;
                let stream = caller.with(|mut store| {
                    let reader = StreamReader::new(&mut store, content())?;
                    StreamAny::try_from_stream_reader(&mut store, reader)
                })?;
                let some = |val: Val| Val::Option(Some(Box::new(val)));
                arguments.push(Val::Record(vec![
                    ("file-name".to_owned(), Val::String("pump é.png".to_owned())),
                    ("content-type".to_owned(), some(Val::String("image/png".to_owned()))),
                    ("length".to_owned(), some(Val::U64(content().len() as u64))),
                    ("content".to_owned(), Val::Stream(stream)),
                ]));
                arguments.push(Val::Option(None));
                let mut results = [Val::Bool(false)];
                function.call_concurrent(caller, &arguments, &mut results).await?;
                Ok(results)
            })
        });
        match called.await.map_err(|error| error.to_string())? {
            [Val::Result(Ok(Some(answer)))] => Ok(format!("{answer:?}")),
            other => Err(format!("{other:?}")),
        }
    }
}

/// The function's own name.
fn short(operation: &Operation) -> String {
    operation.name.split('.').nth(1).unwrap().to_owned()
}

/// A `download` of the Rust types, from one that was made at run time.
fn typed(download: Val) -> Download {
    let Val::Record(fields) = download else { panic!("{download:?}") };
    let [(_, Val::Record(info)), (_, Val::Stream(content)), (_, Val::Future(end))] =
        <[(String, Val); 3]>::try_from(fields).unwrap()
    else {
        panic!("no download")
    };
    let text = |val: &Val| match val {
        Val::String(text) => text.clone(),
        other => panic!("{other:?}"),
    };
    let option = |val: &Val| match val {
        Val::Option(value) => value.as_deref().cloned(),
        other => panic!("{other:?}"),
    };
    let [(_, id), (_, Val::U16(status)), (_, ty), (_, name), (_, length)] = info.as_slice() else {
        panic!("{info:?}")
    };
    Download {
        info: FileInfo {
            call_id: text(id),
            status: *status,
            content_type: option(ty).as_ref().map(text),
            file_name: option(name).as_ref().map(text),
            length: option(length).map(|length| match length {
                Val::U64(length) => length,
                other => panic!("{other:?}"),
            }),
        },
        content: content.try_into_stream_reader().unwrap(),
        end: end.try_into_future_reader().unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ten_operations_on_files() {
    let scene = Scene::new().await;
    let all = catalogue::operations("servicetitan").unwrap();
    let downloads: Vec<_> = all.iter().filter(|operation| operation.file).collect();
    let uploads: Vec<_> = all.iter().filter(|operation| operation.upload.is_some()).collect();
    assert_eq!((downloads.len(), uploads.len()), (6, 4));
    for operation in &downloads {
        let (info, named) = scene.download(operation, STORED).await.unwrap();
        let (typed_info, typed) = scene.download_typed(operation, STORED).await.unwrap();
        assert_eq!(named.len(), scene.provider.config().file_bytes, "{}", operation.name);
        assert!(named == typed, "{}: other bytes", operation.name);
        assert!(info.file_name.is_some() && info.content_type.is_some(), "{info:?}");
        assert_eq!(
            (info.file_name, info.content_type, info.length),
            (typed_info.file_name, typed_info.content_type, typed_info.length)
        );
    }
    for operation in uploads {
        let answer = scene.upload(operation).await.unwrap();
        let typed = scene.upload_typed(operation).await.unwrap();
        let Some(path) = answer["path"].as_str() else {
            assert_eq!(answer["fileName"], "pump é.png");
            assert!(typed.contains("pump é.png"), "{typed}");
            continue;
        };
        // What was stored under a path is there.
        let module = operation.name.split('.').next().unwrap();
        let same = |other: &&&Operation| other.name.starts_with(module);
        let back = scene.download(downloads.iter().find(same).unwrap(), path).await.unwrap();
        assert!(back.1 == content(), "{}: other bytes", operation.name);
        assert_eq!(back.0.file_name.as_deref(), Some("pump é.png"));
        assert!(typed.contains("uploads/"), "{typed}");
    }
    // The storage refuses whoever brings credentials; so nobody did.
    let seen = scene.provider.file_requests();
    assert!(seen.len() >= 9 && seen.iter().all(|request| request.status == Some(200)), "{seen:?}");
    assert_eq!(scene.plugin.instances_started(), 1);
}
