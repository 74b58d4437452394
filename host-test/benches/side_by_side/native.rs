//! What a native Rust client does with the same API: the yardstick. It was committed before anything
//! was made faster, and is not changed since: a better one would be another yardstick.
//!
//! A pool of HTTP/1.1 connections, as many pages under way as its window says, each of them read and
//! decoded by a task of its own, on as many threads as the component's host has; and one consumer that
//! takes the records in their order.

mod decimal;
mod instant;
mod job;
mod member;
mod ndjson;

pub use job::{Job, JobPage};
pub use ndjson::Line;

use anyhow::{Context as _, Result, ensure};
use bytes::{Buf as _, Bytes};
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use std::{collections::VecDeque, sync::Arc};
use tokio::task::JoinHandle;

/// Where to read, and how much of it at once.
#[derive(Clone, Debug)]
pub struct List {
    /// The vendor.
    pub origin: Arc<str>,
    /// How many jobs there are.
    pub jobs: usize,
    /// Jobs a page.
    pub page_size: usize,
    /// Pages under way.
    pub window: usize,
}

/// What is made of a page: whether more follow, and how many records there are in all if it tells.
pub trait Page: Send + Sized + 'static {
    fn read(body: Vec<u8>) -> Result<Self>;
    fn has_more(&self) -> bool;
    fn total(&self) -> Option<usize>;
}

/// The client. Clones share connections.
#[derive(Clone)]
pub struct Native(Arc<Client<HttpConnector, Empty<Bytes>>>);

impl Native {
    pub fn new() -> Self {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(http);
        Self(Arc::new(client))
    }

    /// Gives every page of a list to one consumer, in order.
    pub async fn pages<P: Page>(&self, list: &List, mut consumer: impl FnMut(P) -> Result<()>) -> Result<()> {
        let mut under_way: VecDeque<JoinHandle<Result<P>>> = VecDeque::with_capacity(list.window);
        let (mut next, mut last) = (1, usize::MAX);
        loop {
            while under_way.len() < list.window && next <= last {
                let url = format!(
                    "{}/jpm/v2/tenant/{}/jobs?page={next}&pageSize={}&sort=%2BId&includeTotal={}",
                    list.origin,
                    list.jobs,
                    list.page_size,
                    next == 1
                );
                let client = self.clone();
                under_way.push_back(tokio::spawn(async move { P::read(client.get(&url).await?) }));
                next += 1;
            }
            let Some(page) = under_way.pop_front() else { return Ok(()) };
            let page = page.await??;
            if let Some(total) = page.total() {
                last = total.div_ceil(list.page_size);
            }
            if !page.has_more() {
                last = 0;
                under_way.clear();
            }
            consumer(page)?;
        }
    }

    /// One job.
    pub async fn job(&self, origin: &str, id: u64) -> Result<Job> {
        let body = self.get(&format!("{origin}/jpm/v2/tenant/1/jobs/{id}")).await?;
        Ok(serde_json::from_slice(&body)?)
    }

    /// A file, piece by piece.
    pub async fn file(&self, origin: &str, mut consumer: impl FnMut(Bytes)) -> Result<()> {
        let url = format!("{origin}/telecom/v2/tenant/1/calls/1/recording");
        let mut response = self.0.request(request(&url)?).await?;
        ensure!(response.status() == 200, "{} of {url}", response.status());
        while let Some(frame) = response.body_mut().frame().await {
            if let Ok(piece) = frame?.into_data() {
                consumer(piece);
            }
        }
        Ok(())
    }

    /// A whole answer.
    async fn get(&self, url: &str) -> Result<Vec<u8>> {
        let mut response = self.0.request(request(url)?).await?;
        ensure!(response.status() == 200, "{} of {url}", response.status());
        let length = response.headers().get("content-length").context("an answer without its length")?;
        let mut whole = Vec::with_capacity(length.to_str()?.parse()?);
        while let Some(frame) = response.body_mut().frame().await {
            if let Ok(piece) = frame?.into_data() {
                whole.extend_from_slice(piece.chunk());
            }
        }
        Ok(whole)
    }
}

fn request(url: &str) -> Result<Request<Empty<Bytes>>> {
    let request = Request::get(url).header("authorization", "Bearer t0ken").header("st-app-key", "key");
    Ok(request.body(Empty::new())?)
}

/// A page that nobody looks into.
pub struct RawPage {
    pub bytes: Vec<u8>,
    has_more: bool,
}

impl Page for RawPage {
    fn read(bytes: Vec<u8>) -> Result<Self> {
        let head = bytes.get(..100).unwrap_or(&bytes);
        let has_more = head.windows(14).any(|text| text == b"\"hasMore\":true");
        Ok(Self { bytes, has_more })
    }

    fn has_more(&self) -> bool {
        self.has_more
    }

    fn total(&self) -> Option<usize> {
        None
    }
}
