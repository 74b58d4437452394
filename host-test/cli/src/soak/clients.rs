//! Who asks the gateway.

use super::served::Served;
use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};

/// A client with a key.
#[derive(Clone)]
pub(super) struct Client {
    http: legacy::Client<HttpConnector, Empty<Bytes>>,
    origin: String,
    key: String,
}

impl Client {
    pub(super) fn of(served: &Served) -> Self {
        Self {
            http: legacy::Client::builder(TokioExecutor::new()).build_http(),
            origin: format!("http://{}", served.address),
            key: served.key.clone(),
        }
    }

    /// The head of the answer; its body comes as it is read.
    pub(super) async fn get(&self, target: &str) -> Result<Response<Incoming>> {
        let request = Request::get(format!("{}{target}", self.origin)).header("x-api-key", &self.key);
        Ok(self.http.request(request.body(Empty::new())?).await?)
    }
}
