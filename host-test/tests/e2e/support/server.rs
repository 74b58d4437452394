//! A scripted HTTP server on loopback.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Body, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Serves until it is dropped.
pub struct Server {
    address: SocketAddr,
    counts: Arc<Counts>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    requests: AtomicUsize,
}

impl Server {
    /// Answers every request with what the script returns for it.
    pub async fn start<F, B>(script: impl Fn(Request<Bytes>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let counts = Arc::new(Counts::default());
        let script = Arc::new(script);
        let counting = counts.clone();
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                counting.connections.fetch_add(1, SeqCst);
                let (script, counts) = (script.clone(), counting.clone());
                let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                    let (script, counts) = (script.clone(), counts.clone());
                    async move {
                        counts.requests.fetch_add(1, SeqCst);
                        let (parts, body) = request.into_parts();
                        // A request that breaks off is none.
                        let body = body.collect().await?.to_bytes();
                        Ok::<_, hyper::Error>(script(Request::from_parts(parts, body)).await)
                    }
                });
                connections.spawn(async move {
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { address, counts, task }
    }

    /// A ServiceTitan with this many jobs, numbered from 1.
    pub async fn with_jobs(jobs: usize) -> Self {
        Self::start(move |request| async move { provider(&request, jobs) }).await
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn connections(&self) -> usize {
        self.counts.connections.load(SeqCst)
    }

    pub fn requests(&self) -> usize {
        self.counts.requests.load(SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A JSON answer.
pub fn json(status: u16, body: &serde_json::Value) -> Response<Full<Bytes>> {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Full::new(body.to_string().into()))
        .unwrap()
}

/// A token, single jobs, and pages of jobs.
pub fn provider(request: &Request<Bytes>, jobs: usize) -> Response<Full<Bytes>> {
    let path = request.uri().path();
    if path == "/connect/token" {
        return json(
            200,
            &serde_json::json!({"access_token": "t0ken", "expires_in": 900, "token_type": "Bearer"}),
        );
    }
    let Some(rest) = path.strip_prefix("/jpm/v2/tenant/1/jobs") else {
        return json(404, &serde_json::json!({"title": "no such path"}));
    };
    if let Some(id) = rest.strip_prefix('/') {
        return json(200, &job(id.parse().unwrap()));
    }
    let number = |name: &str, default: usize| {
        let query = request.uri().query().unwrap_or_default();
        query
            .split('&')
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
            .map_or(default, |value| value.parse().unwrap())
    };
    let (page, size) = (number("page", 1), number("pageSize", 50));
    let (first, last) = ((page - 1) * size, (page * size).min(jobs));
    let data: Vec<_> = (first..last.max(first)).map(|index| job(index + 1)).collect();
    json(
        200,
        &serde_json::json!({"page": page, "pageSize": size, "hasMore": last < jobs, "totalCount": null, "data": data}),
    )
}

fn job(id: usize) -> serde_json::Value {
    serde_json::json!({"id": id, "jobNumber": format!("J{id}"), "jobStatus": "Scheduled", "total": 12.5})
}
