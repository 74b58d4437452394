//! Files: downloads, the second origin, uploads.

use super::client::{Client, Reply};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use penstock_simulated::servicetitan::{Config, SimulatedServiceTitan};

const IMAGES: &str = "/pricebook/v2/tenant/1000001/images";

async fn start() -> (SimulatedServiceTitan, Client) {
    let provider =
        SimulatedServiceTitan::start(Config { file_bytes: 70_000, ..Config::small(1) }).await.unwrap();
    let client = Client::new(&provider).await;
    (provider, client)
}

/// Asks the other origin, with a header if one is given.
async fn fetch(client: &Client, address: &str, header: Option<&str>) -> Reply {
    let request = Request::get(address);
    let request = match header {
        Some(name) => request.header(name, "anything"),
        None => request,
    };
    client.send(request.body(Full::from(Bytes::new())).unwrap()).await.unwrap()
}

async fn upload(client: &Client, path: &str, content_type: &str, body: &'static [u8]) -> Reply {
    let request = Request::post(format!("{}{path}", client.root))
        .header("authorization", &client.token)
        .header("st-app-key", &client.app_key)
        .header("content-type", content_type)
        .body(Full::from(Bytes::from_static(body)))
        .unwrap();
    client.send(request).await.unwrap()
}

#[tokio::test]
async fn a_recording_has_its_type_and_its_name() {
    let (_provider, client) = start().await;
    let path = "/telecom/v2/tenant/1000001/calls/100001/recording";
    let file = client.get(path).await;
    assert_eq!(
        (file.status, file.bytes.len(), file.header("content-type")),
        (200, 70_000, Some("audio/mpeg"))
    );
    assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"recording-100001.mp3\""));
    assert_eq!(file.bytes, client.get(path).await.bytes, "the same every time");
    assert_eq!(client.get(&path.replace("100001", "1")).await.status, 404);
}

#[tokio::test]
async fn a_path_leads_to_an_origin_that_wants_no_credentials() {
    let (provider, client) = start().await;
    let reply = client.get(&format!("{IMAGES}?path=files/100001.jpg")).await;
    let address = reply.header("location").unwrap().to_owned();
    assert_eq!(reply.status, 302);
    assert!(address.starts_with(provider.files_url()) && !address.starts_with(&provider.url()), "{address}");
    let file = fetch(&client, &address, None).await;
    assert_eq!(
        (file.status, file.bytes.len(), file.header("content-type")),
        (200, 70_000, Some("image/jpeg"))
    );
    for credential in ["authorization", "st-app-key", "cookie"] {
        assert_eq!(fetch(&client, &address, Some(credential)).await.status, 400, "{credential}");
    }
    let forged = address.replace("100001", "100002");
    assert_eq!(fetch(&client, &forged, None).await.status, 403);
    assert_eq!(provider.file_requests().len(), 5);
    for (query, status) in [("", 400), ("?path=", 400), ("?path=files/1.jpg", 404)] {
        assert_eq!(client.get(&format!("{IMAGES}{query}")).await.status, status, "{query}");
    }
}

#[tokio::test]
async fn what_was_uploaded_comes_back() {
    let (provider, client) = start().await;
    let form = b"--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"pump \xc3\xa9.png\"\r\n\
                 Content-Type: image/png\r\n\r\n\x89PNG\r\n--X--\r\n";
    let done = upload(&client, IMAGES, "multipart/form-data; boundary=X", form).await;
    let path = done.json["path"].as_str().unwrap();
    let encoded: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    let reply = client.get(&format!("{IMAGES}?path={encoded}")).await;
    let file = fetch(&client, reply.header("location").unwrap(), None).await;
    assert_eq!((&file.bytes[..], file.header("content-type")), (&b"\x89PNG"[..], Some("image/png")));
    let name = file.header("content-disposition").unwrap();
    assert!(name.ends_with("filename*=UTF-8''pump%20%C3%A9%2Epng"), "{name}");

    let before = provider.stats().writes;
    for (content_type, body) in [
        ("application/json", &form[..]),
        ("multipart/form-data", form),
        ("multipart/form-data; boundary=Y", form),
        ("multipart/form-data; boundary=X", &form[..form.len() - 8]),
    ] {
        let refused = upload(&client, IMAGES, content_type, body).await;
        assert_eq!((refused.status, refused.json["errors"]["file"].is_array()), (400, true), "{refused:?}");
    }
    assert_eq!(provider.stats().writes, before);
}
