//! A plain client: what a program in the field sends.

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use penstock_simulated::servicetitan::SimulatedServiceTitan;
use serde_json::Value;

/// A client with a token.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) http: legacy::Client<HttpConnector, Full<Bytes>>,
    pub(crate) root: String,
    pub(crate) token: String,
    pub(crate) app_key: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
    pub(crate) text: String,
    /// Null if the body is no JSON.
    pub(crate) json: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The ids of `data`.
    pub(crate) fn ids(&self) -> Vec<i64> {
        self.json["data"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
    }
}

pub(crate) const FORM: &str =
    "grant_type=client_credentials&client_id=cid.simulated&client_secret=cs2.simulated-secret";

impl Client {
    /// A client that has fetched a token with the usual credentials.
    pub(crate) async fn new(provider: &SimulatedServiceTitan) -> Self {
        let mut client = Self {
            http: legacy::Client::builder(TokioExecutor::new()).build_http(),
            root: provider.url(),
            token: String::new(),
            app_key: "ak1.simulated-key".to_owned(),
        };
        client.renew().await;
        client
    }

    /// A client without credentials, for another provider.
    pub(crate) fn plain(root: &str) -> Self {
        Self {
            http: legacy::Client::builder(TokioExecutor::new()).build_http(),
            root: root.to_owned(),
            token: String::new(),
            app_key: String::new(),
        }
    }

    /// Fetches a new token.
    pub(crate) async fn renew(&mut self) {
        let reply = self.token_request(FORM).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        self.token = format!("Bearer {}", reply.json["access_token"].as_str().unwrap());
    }

    pub(crate) async fn token_request(&self, form: &str) -> Reply {
        let request = Request::post(format!("{}/connect/token", self.root))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::from(form.to_owned()))
            .unwrap();
        self.send(request).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, None).await
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.try_call(method, path, body).await.unwrap()
    }

    /// An error says which part of the answer did not come.
    pub(crate) async fn try_call(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<Reply, String> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.root));
        if !self.token.is_empty() {
            request = request.header("authorization", &self.token);
        }
        if !self.app_key.is_empty() {
            request = request.header("st-app-key", &self.app_key);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        self.send(request.body(Full::from(body)).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Reply, String> {
        let response = self.http.request(request).await.map_err(|error| format!("no response: {error:?}"))?;
        let (parts, body) = response.into_parts();
        let body = body
            .collect()
            .await
            .map_err(|error| format!("{} then a broken body: {error:?}", parts.status))?;
        let bytes = body.to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let json = serde_json::from_slice(&bytes).unwrap_or_default();
        Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, bytes, text, json })
    }
}
