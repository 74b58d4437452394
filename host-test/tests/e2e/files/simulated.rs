//! All ten operations that move a file, against the simulated ServiceTitan, which keeps
//! files at an origin of its own and refuses every credential there.

use super::*;
use futures_util::TryStreamExt;
use penstock::contract::catalogue::{self, Operation};
use penstock_host::Outgoing;
use penstock_simulated::servicetitan::{Config, SimulatedServiceTitan};

async fn scene() -> (SimulatedServiceTitan, Plugin) {
    let config = Config { file_bytes: 300_000, records: 25, ..Config::small(1) };
    let provider = SimulatedServiceTitan::start(config).await.unwrap();
    let plugin = start(support::simulated(&provider, &[("PENSTOCK_ROLE", "admin")])).await;
    (provider, plugin)
}

/// The operations for which this holds.
fn operations(which: impl Fn(&Operation) -> bool) -> Vec<&'static Operation> {
    catalogue::operations("servicetitan").unwrap().iter().filter(|operation| which(operation)).collect()
}

/// What it needs to be told: an id in the path, or where the file is.
fn asked(operation: &Operation, path: &str) -> Vec<(&'static str, String)> {
    match operation.path_parameters {
        [] => vec![("path", path.to_owned())],
        [id] => vec![(id.wire, "100001".to_owned())],
        more => panic!("{more:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_six_downloads() {
    let (provider, plugin) = scene().await;
    let downloads = operations(|operation| operation.file);
    assert_eq!(downloads.len(), 6);
    for operation in downloads {
        let parameters = asked(operation, "files/100001.jpg");
        let file = plugin.download("servicetitan", operation.name, parameters, None).await;
        let file = file.unwrap_or_else(|error| panic!("{}: {error}", operation.name));
        assert!(file.info.file_name.is_some() && file.info.content_type.is_some(), "{:?}", file.info);
        let (length, end) = read(file).await;
        end.unwrap();
        assert_eq!(length, 300_000, "{}", operation.name);
    }
    // Three of them are elsewhere.
    assert_eq!(provider.file_requests().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_four_uploads_and_what_was_uploaded_comes_back() {
    let (_provider, plugin) = scene().await;
    let uploads = operations(|operation| operation.upload.is_some());
    assert_eq!(uploads.len(), 4);
    let content: Vec<u8> = (0..200_000).map(|at| (at % 251) as u8).collect();
    for operation in uploads {
        let parameters = operation.path_parameters.iter().map(|id| (id.wire, "100001"));
        let pieces: Vec<_> = content.chunks(30_000).map(Bytes::copy_from_slice).map(Ok).collect();
        let file = Outgoing::new("pump é.png", stream::iter(pieces)).content_type("image/png");
        let answer = plugin.upload("servicetitan", operation.name, parameters, file, None).await;
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error:?}", operation.name));
        let answer: serde_json::Value = serde_json::from_str(&answer.body.unwrap()).unwrap();
        // What a job's attachment answers with has no path to read it by.
        let same_path = operations(|other| other.file && other.path == operation.path);
        let [download] = same_path.as_slice() else { continue };
        let path = answer["path"].as_str().unwrap();
        let file = plugin.download("servicetitan", download.name, [("path", path)], None).await.unwrap();
        assert_eq!(file.info.file_name.as_deref(), Some("pump é.png"));
        assert_eq!(file.info.content_type.as_deref(), Some("image/png"));
        let back: Vec<Bytes> = file.try_collect().await.unwrap();
        assert!(back.concat() == content, "{}", operation.name);
    }
}
