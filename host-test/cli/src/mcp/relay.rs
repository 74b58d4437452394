//! Passes messages on to the gateway, and what it answers back.

use super::{
    events::Events,
    input::{self, LONGEST, Line},
    message::{Message, Outline},
};
use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use penstock::policy::secret::Secret;
use serde_json::{Value, json};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncWriteExt as _, BufReader},
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time::{sleep, timeout},
};

/// Requests under way at once. Further ones wait.
const AT_ONCE: usize = 16;

/// Messages that may wait. No more are read until one is answered.
const WAITING: usize = 1024;

/// How long what is under way may take once there is no more input.
const LAST: Duration = Duration::from_secs(30);

/// When a cancellation is passed on for the second time: the first may have overtaken its request.
const AGAIN: Duration = Duration::from_millis(300);

/// What is wrong with a message as such, and what went wrong with it (JSON-RPC 2.0 section 5.1).
const PARSE_ERROR: i32 = -32700;
const INTERNAL_ERROR: i32 = -32603;

/// What the gateway says of a request that was cancelled.
const CANCELLED: i64 = -32800;

/// The way to a gateway.
pub(super) struct Relay(Arc<Gateway>);

struct Gateway {
    http: Client<HttpConnector, Full<Bytes>>,
    url: String,
    key: Secret,
    /// What ties a cancellation to its request.
    session: String,
    slots: Semaphore,
}

impl Relay {
    /// To a gateway at this address, with this key.
    pub(super) fn new(address: SocketAddr, key: &Secret) -> Result<Relay> {
        let mut random = [0_u8; 8];
        getrandom::fill(&mut random).context("the operating system gives no random numbers")?;
        Ok(Relay(Arc::new(Gateway {
            http: Client::builder(TokioExecutor::new()).build_http(),
            url: format!("http://{address}/mcp"),
            key: key.clone(),
            session: format!("{:016x}", u64::from_be_bytes(random)),
            slots: Semaphore::new(AT_ONCE),
        })))
    }

    /// Passes on what comes on standard input until it ends, and writes what is answered to standard output.
    ///
    /// # Errors
    /// Either of them fails.
    pub(super) async fn run(self) -> Result<()> {
        let (answers, answered) = mpsc::channel(AT_ONCE);
        tokio::select! {
            read = self.read(answers) => read,
            // It ends only with a failure, or after the last answer.
            written = write(answered) => written,
        }
    }

    async fn read(&self, answers: mpsc::Sender<String>) -> Result<()> {
        let mut input = BufReader::new(tokio::io::stdin());
        let mut under_way = JoinSet::new();
        loop {
            let line = tokio::select! {
                line = input::line(&mut input) => line.context("cannot read standard input")?,
                Some(_) = under_way.join_next() => continue,
            };
            let message = match line {
                Line::Whole(message) => message,
                Line::TooLong => {
                    let why = format!("the message has more than {LONGEST} bytes");
                    _ = answers.send(failure(None, PARSE_ERROR, &why, None)).await;
                    continue;
                }
                Line::End => break,
            };
            if message.trim_ascii().is_empty() {
                continue;
            }
            if under_way.len() >= WAITING {
                under_way.join_next().await;
            }
            under_way.spawn(pass_on(Arc::clone(&self.0), message, answers.clone()));
        }
        // Whoever has said all may still want to hear.
        _ = timeout(LAST, async { while under_way.join_next().await.is_some() {} }).await;
        under_way.shutdown().await;
        drop(answers);
        // The last lines are written by then.
        std::future::pending().await
    }
}

/// Writes answers, each a line, until there are no more.
async fn write(mut answers: mpsc::Receiver<String>) -> Result<()> {
    let mut output = tokio::io::stdout();
    while let Some(answer) = answers.recv().await {
        // JSON has no line breaks but between its tokens.
        let line = format!("{}\n", answer.replace(['\n', '\r'], " "));
        output.write_all(line.as_bytes()).await.context("cannot write to standard output")?;
        output.flush().await.context("cannot write to standard output")?;
    }
    Ok(())
}

async fn pass_on(gateway: Arc<Gateway>, line: Vec<u8>, answers: mpsc::Sender<String>) {
    // What does not fit goes to the gateway as well, which says why.
    let message: Message = serde_json::from_slice(&line).unwrap_or_default();
    let outline: Outline = serde_json::from_slice(&line).unwrap_or_default();
    if outline.is_answer() {
        return;
    }
    let (id, is_notification) = (outline.id.map(|id| id.get().to_owned()), outline.is_notification());
    let (fields, body) = (message.fields(), Bytes::from(line.clone()));
    if id.is_none() {
        let is_cancelled = message.method.as_deref() == Some("notifications/cancelled");
        let sent = gateway.post(&fields, body.clone()).await;
        if is_cancelled {
            sleep(AGAIN).await;
            _ = gateway.post(&fields, body).await;
        } else if !is_notification && let Ok(response) = sent {
            // What cannot be read may have been a request.
            _ = pass_back(response, None, &answers).await;
        }
        return;
    }
    let Ok(_slot) = gateway.slots.acquire().await else { return };
    let done = match gateway.post(&fields, body).await {
        Ok(response) => pass_back(response, id.as_deref(), &answers).await,
        Err(error) => Err(error),
    };
    if let Err(error) = done {
        _ = answers.send(failure(id.as_deref(), INTERNAL_ERROR, &format!("{error:#}"), None)).await;
    }
}

impl Gateway {
    async fn post(&self, fields: &[(&'static str, String)], body: Bytes) -> Result<Response<Incoming>> {
        let mut request = Request::post(&self.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json, text/event-stream")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key.expose()))
            .header("mcp-session-id", &self.session);
        for (name, value) in fields {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(body)).context("the message cannot be passed on")?;
        self.http.request(request).await.context("the gateway does not answer")
    }
}

/// Hands the messages of a response over.
async fn pass_back(
    response: Response<Incoming>,
    id: Option<&str>,
    answers: &mpsc::Sender<String>,
) -> Result<()> {
    let media = response.headers().get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok());
    let (media, mut body) = (media.unwrap_or_default().to_owned(), response.into_body());
    if media == "text/event-stream" {
        let mut events = Events::default();
        while let Some(frame) = body.frame().await {
            let frame = frame.context("the answer broke off")?;
            for message in events.take(frame.data_ref().map_or(&[], |data| data)) {
                _ = answers.send(message).await;
            }
        }
        return Ok(());
    }
    let body = body.collect().await.context("the answer broke off")?.to_bytes();
    let text = String::from_utf8_lossy(&body);
    if text.is_empty() {
        return Ok(());
    }
    let message = match media.as_str() {
        "application/json" => named(text.into_owned(), id),
        // The gateway has not let it in, or something is wrong with it.
        _ => {
            let problem: Value = serde_json::from_str(&text).unwrap_or_default();
            let why = problem.get("detail").and_then(Value::as_str).unwrap_or("the gateway failed");
            failure(id, INTERNAL_ERROR, why, Some(&problem))
        }
    };
    if !is_of_cancelled(&message) {
        _ = answers.send(message).await;
    }
    Ok(())
}

/// Whether a request ended since its client cancelled it, to which no answer comes (2025-11-25, "Cancellation"). HTTP has
/// one for each request.
fn is_of_cancelled(answer: &str) -> bool {
    let answer: Value = serde_json::from_str(answer).unwrap_or_default();
    answer.pointer("/error/code").and_then(Value::as_i64) == Some(CANCELLED)
}

/// An answer with the id of its request, where the gateway could not read that.
fn named(answer: String, id: Option<&str>) -> String {
    let Some(id) = id.and_then(|id| serde_json::from_str::<Value>(id).ok()) else { return answer };
    match serde_json::from_str::<Value>(&answer) {
        Ok(Value::Object(mut members)) if members.contains_key("error") && !members.contains_key("id") => {
            members.insert("id".to_owned(), id);
            Value::Object(members).to_string()
        }
        _ => answer,
    }
}

/// A message that says what went wrong with a request.
fn failure(id: Option<&str>, code: i32, why: &str, data: Option<&Value>) -> String {
    let id: Value = id.and_then(|id| serde_json::from_str(id).ok()).unwrap_or_default();
    let mut error = json!({"code": code, "message": why});
    if let (Some(data), Some(members)) = (data, error.as_object_mut()) {
        members.insert("data".to_owned(), data.clone());
    }
    json!({"jsonrpc": "2.0", "id": id, "error": error}).to_string()
}
