//! What a native HTTP server does for the same routes as the gateway: the yardstick of its lines.
//!
//! A process of its own on as many threads as there are processors. It compares the digest of the key, and
//! answers with a body that is made already (`/live`), with one from a map (a read that is cached), or with a
//! job that it fetches from the vendor, decodes and writes again.

use crate::native::{Line as _, Native};
use anyhow::Result;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use sha2::{Digest as _, Sha256};
use std::{
    collections::HashMap,
    io::Read as _,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::net::TcpListener;

struct Server {
    origin: String,
    key: [u8; 32],
    native: Native,
    client: Client<HttpConnector, Full<Bytes>>,
    cached: Mutex<HashMap<String, Bytes>>,
}

/// Serves until standard input is closed, for whoever has the key.
pub fn run(mut arguments: impl Iterator<Item = String>) -> Result<()> {
    std::thread::spawn(|| {
        // Whatever comes: it is over when nothing can come any more.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let (origin, key) = (arguments.next().unwrap_or_default(), arguments.next().unwrap_or_default());
    let server = Arc::new(Server {
        origin,
        key: Sha256::digest(key).into(),
        native: Native::new(),
        client: Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build_http(),
        cached: Mutex::default(),
    });
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let server = server.clone();
            let service = service_fn(move |request| {
                let server = server.clone();
                async move { server.answer(&request).await }
            });
            tokio::spawn(async move {
                // A client that leaves ends its connection.
                let _ = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    })
}

impl Server {
    async fn answer(&self, request: &Request<Incoming>) -> Result<Response<Full<Bytes>>> {
        let path = request.uri().path();
        if path == "/live" {
            return Ok(json(Bytes::from_static(b"{\"status\":\"pass\"}")));
        }
        let key = request.headers().get("x-api-key").map_or(&b""[..], HeaderValue::as_bytes);
        if Sha256::digest(key)[..] != self.key {
            let mut refused = Response::new(Full::default());
            *refused.status_mut() = http::StatusCode::UNAUTHORIZED;
            return Ok(refused);
        }
        if let Some(id) = path.strip_prefix(super::served::JOBS) {
            let job = self.native.job(&self.origin, id.parse()?).await?;
            let mut body = Vec::with_capacity(1024);
            job.line(&mut body);
            return Ok(json(body.into()));
        }
        let cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        if let Some(body) = cached {
            return Ok(json(body));
        }
        let url = format!("{}/jpm/v2/tenant/1/job-cancel-reasons", self.origin);
        let answer = self.client.request(Request::get(url).body(Full::default())?).await?;
        let body = answer.into_body().collect().await?.to_bytes();
        self.cached.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), body.clone());
        Ok(json(body))
    }
}

fn json(body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
