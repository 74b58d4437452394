//! A gateway on a socket, whose operations are called by their paths.

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use penstock::{api_key, contract::catalogue::Operation};
use penstock_gateway::paths::Path;
use penstock_host::{
    Environment,
    gateway::{Gateway, GatewayOptions},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::net::TcpListener;

/// A gateway, and who calls it.
pub struct Routes {
    gateway: Gateway,
    client: Client<HttpConnector, Full<Bytes>>,
    key: String,
}

impl Routes {
    /// Serves in the environment that is made with these settings, those of the caller's key.
    pub async fn serve(environment: impl FnOnce(&[(&str, &str)]) -> Environment) -> Self {
        let key = api_key::generate(&[7; 32]).expose().to_owned();
        let environment = environment(&[("PENSTOCK_API_KEY_HASH", &api_key::hash(&key))]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = Gateway::serve(listener, environment, GatewayOptions::default()).await.unwrap();
        Self { gateway, client: Client::builder(TokioExecutor::new()).build_http(), key }
    }

    /// Calls the operation at this target, and reads the answer to its end.
    pub async fn send(
        &self,
        operation: &Operation,
        target: &str,
        body: Option<String>,
    ) -> (StatusCode, String) {
        let request = Request::builder()
            .method(operation.method.as_str())
            .uri(format!("http://{}{target}", self.gateway.address()))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(body.unwrap_or_default()))
            .unwrap();
        let (head, body) = self.client.request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status, String::from_utf8(body.to_vec()).unwrap())
    }
}

/// The path of the default account with these parameters, and the rest of them as its query.
pub fn target(path: &Path, parameters: &[(String, String)]) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut target = path.template().replace("{account}", "default");
    let mut query = Vec::new();
    for (name, value) in parameters {
        let place = format!("{{{name}}}");
        match target.contains(&place) {
            true => target = target.replace(&place, &encoded(value)),
            false => query.push(format!("{}={}", encoded(name), encoded(value))),
        }
    }
    if query.is_empty() { target } else { format!("{target}?{}", query.join("&")) }
}
