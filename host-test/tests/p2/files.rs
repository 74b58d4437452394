//! Files that are read and written bit by bit.

use super::penstock::{Download, FILES, FORMS, Outcome, Penstock, TRANSFERS, Upload, owned, scene};
use penstock_host::bindings::{
    forms::Attachment,
    operations::Answer,
    types::{CallOptions, FailureKind},
};
use penstock_simulated::servicetitan::Config;
use wasmtime::component::ResourceAny;

const ADMIN: [(&str, &str); 1] = [("PENSTOCK_ROLE", "admin")];

fn config() -> Config {
    Config { file_bytes: 300_000, ..Config::small(3) }
}

async fn read(penstock: &mut Penstock, file: Download, most: u32) -> (Vec<u8>, Outcome<()>) {
    let mut bytes = Vec::new();
    loop {
        let next: Outcome<Option<Vec<u8>>> =
            penstock.call(FILES, "[method]byte-reader.read", (file.content, most)).await;
        match next {
            Ok(Some(piece)) => {
                assert!(!piece.is_empty() && piece.len() <= most as usize);
                bytes.extend(piece);
            }
            Ok(None) | Err(_) => break,
        }
    }
    let end = penstock.call(FILES, "[method]byte-reader.end", (file.content,)).await;
    penstock.drop(file.content).await;
    (bytes, end)
}

#[tokio::test]
async fn a_download_typed_and_by_name() {
    let (_provider, mut penstock) = scene(config(), &ADMIN).await;
    let file: Outcome<Download> =
        penstock.call(FORMS, "jobs-download-attachment", (100_001i64, None::<CallOptions>)).await;
    let file = file.unwrap();
    assert!(file.info.file_name.is_some() && file.info.status == 200, "{:?}", file.info);
    let (bytes, end) = read(&mut penstock, file, 10_000).await;
    end.unwrap();
    assert_eq!(bytes.len(), 300_000);
    let asked = ("servicetitan".to_owned(), "forms.jobs-download-attachment".to_owned());
    let file: Outcome<Download> = penstock
        .call(TRANSFERS, "download", (asked.0, asked.1, owned(&[("id", "100001")]), None::<CallOptions>))
        .await;
    let (again, end) = read(&mut penstock, file.unwrap(), 1 << 20).await;
    end.unwrap();
    assert!(again == bytes);
}

#[tokio::test]
async fn a_download_that_is_ended_early_says_so() {
    let (_provider, mut penstock) = scene(config(), &ADMIN).await;
    let file: Outcome<Download> =
        penstock.call(FORMS, "jobs-download-attachment", (100_001i64, None::<CallOptions>)).await;
    let file = file.unwrap();
    let next: Outcome<Option<Vec<u8>>> =
        penstock.call(FILES, "[method]byte-reader.read", (file.content, 100u32)).await;
    assert_eq!(next.unwrap().map(|piece| piece.len()), Some(100));
    let end: Outcome<()> = penstock.call(FILES, "[method]byte-reader.end", (file.content,)).await;
    assert!(end.unwrap_err().message.contains("stopped"));
    penstock.drop(file.content).await;
}

fn upload(length: Option<u64>) -> Upload {
    Upload { file_name: "pump é.png".to_owned(), content_type: Some("image/png".to_owned()), length }
}

#[tokio::test]
async fn an_upload_typed_and_by_name() {
    let (provider, mut penstock) = scene(config(), &ADMIN).await;
    let content: Vec<u8> = (0..200_000).map(|at| (at % 251) as u8).collect();
    let options = None::<CallOptions>;
    let file: ResourceAny =
        penstock.call(FORMS, "jobs-upload-attachment", (100_001i64, upload(Some(200_000)), options)).await;
    for piece in content.chunks(30_000) {
        assert!(
            penstock.call::<_, bool>(FORMS, "[method]attachment-writer.write", (file, piece.to_vec())).await
        );
    }
    let end: Outcome<Attachment> = penstock.call(FORMS, "[method]attachment-writer.end", (file,)).await;
    end.unwrap();
    let again: Outcome<Attachment> = penstock.call(FORMS, "[method]attachment-writer.end", (file,)).await;
    assert_eq!(again.unwrap_err().kind, FailureKind::Internal);
    penstock.drop(file).await;
    let call = ("servicetitan".to_owned(), "forms.jobs-upload-attachment".to_owned());
    let file: ResourceAny = penstock
        .call(
            TRANSFERS,
            "upload",
            (call.0, call.1, owned(&[("id", "100001")]), upload(None), None::<CallOptions>),
        )
        .await;
    for piece in content.chunks(70_000) {
        assert!(
            penstock.call::<_, bool>(TRANSFERS, "[method]answer-writer.write", (file, piece.to_vec())).await
        );
    }
    let end: Outcome<Answer> = penstock.call(TRANSFERS, "[method]answer-writer.end", (file,)).await;
    assert!(end.unwrap().body.is_some());
    let sent: Vec<_> = provider.requests().into_iter().filter(|seen| seen.method == "POST").collect();
    assert!(sent.iter().filter(|seen| seen.path.contains("attachments")).count() == 2, "{}", sent.len());
}

#[tokio::test]
async fn an_upload_that_is_shorter_than_it_said_is_no_file() {
    let (_provider, mut penstock) = scene(config(), &ADMIN).await;
    let options = None::<CallOptions>;
    let file: ResourceAny =
        penstock.call(FORMS, "jobs-upload-attachment", (100_001i64, upload(Some(9_000)), options)).await;
    assert!(penstock.call::<_, bool>(FORMS, "[method]attachment-writer.write", (file, vec![1u8; 100])).await);
    let end: Outcome<Attachment> = penstock.call(FORMS, "[method]attachment-writer.end", (file,)).await;
    let failure = end.unwrap_err();
    assert_eq!(failure.kind, FailureKind::BadInput, "{failure:?}");
}

#[tokio::test]
async fn an_upload_that_is_refused_takes_no_bytes() {
    let (provider, mut penstock) = scene(config(), &[]).await;
    let options = None::<CallOptions>;
    let file: ResourceAny =
        penstock.call(FORMS, "jobs-upload-attachment", (100_001i64, upload(None), options)).await;
    assert!(
        !penstock.call::<_, bool>(FORMS, "[method]attachment-writer.write", (file, vec![1u8; 100])).await
    );
    let end: Outcome<Attachment> = penstock.call(FORMS, "[method]attachment-writer.end", (file,)).await;
    assert_eq!(end.unwrap_err().kind, FailureKind::Role);
    penstock.drop(file).await;
    assert_eq!(provider.stats().requests, 0);
}
