//! Files through the gateway.

use super::*;
use crate::support::values;
use penstock::api_key;
use penstock_host::{
    gateway::{Gateway, GatewayOptions},
    sources::{Layered, Map},
};
use tokio::net::TcpListener;

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_passes_files_on() {
    let provider = provider(|request| match request.uri().path() {
        "/telecom/v2/tenant/1/calls/7/recording" => Response::builder()
            .header("content-type", "audio/mpeg")
            .header("content-disposition", "inline; filename=call.mp3")
            .body(pieces(100, &Arc::default(), false))
            .unwrap(),
        "/telecom/v2/tenant/1/calls/8/recording" => Response::new(pieces(SOME, &Arc::default(), true)),
        _ => {
            let length = request.body().len();
            json(200, &serde_json::json!({"fileName": format!("{length} bytes")})).map(whole)
        }
    })
    .await;
    let key = api_key::generate(&[7; 32]).expose().to_owned();
    let given =
        Map::new([("PENSTOCK_API_KEY_HASH", api_key::hash(&key)), ("PENSTOCK_ROLE", "operator".to_owned())]);
    let environment =
        support::environment(&provider).0.config(Layered::new().then(given).then(values(&provider)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = Gateway::serve(listener, environment, GatewayOptions::default()).await.unwrap();
    let client =
        hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    let ask = async |method: &str, path: &str, body: Vec<u8>| {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}/v1/servicetitan/default{path}", gateway.address()))
            .header("x-api-key", &key)
            .header("content-disposition", "attachment; filename=photo.png")
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let (head, body) = client.request(request).await.unwrap().into_parts();
        (head.status.as_u16(), head.headers, body.collect().await.map(|body| body.to_bytes()))
    };
    let (status, headers, body) = ask("GET", "/telecom/calls/7/recording", Vec::new()).await;
    assert_eq!((status, body.unwrap().len()), (200, 100 * PIECE));
    assert_eq!(headers["content-type"], "audio/mpeg");
    assert_eq!(headers["content-disposition"], "attachment; filename=\"call.mp3\"");
    let (status, _, body) = ask("GET", "/telecom/calls/8/recording", Vec::new()).await;
    assert!(status == 200 && body.is_err(), "it must not look whole");
    let (status, _, body) = ask("POST", "/forms/jobs/7/attachments", vec![b'x'; 1 << 20]).await;
    let body = body.unwrap();
    assert_eq!(status, 200, "{body:?}");
    let told: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let length: usize = told["fileName"].as_str().unwrap().trim_end_matches(" bytes").parse().unwrap();
    assert!(length > 1 << 20, "{told}");
}
