//! The vendor: a fast server in a process of its own, so that what it takes is not counted as
//! anybody's. It tells the ports that it listens on, and ends when its standard input is closed.
//!
//! The tenant says how many jobs there are.

use crate::jobs::Jobs;
use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::{Request, Response, header};
use http_body::{Body, Frame};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    cell::RefCell,
    collections::HashMap,
    convert::Infallible,
    io::Read as _,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{net::TcpListener, task::LocalSet};

/// How long the slow one of the two takes for each answer.
pub const LATENCY: Duration = Duration::from_millis(50);

/// Pages of lists that are no longer are kept once they were made: that is before the clock
/// starts, since everything is read once before.
const KEPT: usize = 200_000;

/// How large a file is, and the pieces that it is written in, in bytes.
pub const FILE: usize = 1_000_000_000;
const PIECE: usize = 250_000;

/// What is asked for of a list.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Asked {
    jobs: usize,
    page: usize,
    size: usize,
    newest_first: bool,
    counted: bool,
}

struct Vendor {
    jobs: Jobs,
    pages: RefCell<HashMap<Asked, Bytes>>,
    piece: Bytes,
}

/// Serves until standard input is closed.
pub fn run() -> Result<()> {
    std::thread::spawn(|| {
        // Whatever comes: it is over when nothing can come any more.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let vendor = Rc::new(Vendor {
            jobs: Jobs::new(),
            pages: RefCell::default(),
            piece: Bytes::from((0..PIECE).map(|at| at as u8).collect::<Vec<_>>()),
        });
        let fast = TcpListener::bind("127.0.0.1:0").await?;
        let slow = TcpListener::bind("127.0.0.1:0").await?;
        println!("{} {}", fast.local_addr()?.port(), slow.local_addr()?.port());
        tokio::task::spawn_local(listen(fast, vendor.clone(), Duration::ZERO));
        listen(slow, vendor, LATENCY).await
    })
}

async fn listen(listener: TcpListener, vendor: Rc<Vendor>, latency: Duration) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let vendor = vendor.clone();
        let service = service_fn(move |request| {
            let vendor = vendor.clone();
            async move {
                if !latency.is_zero() {
                    tokio::time::sleep(latency).await;
                }
                Ok::<_, Infallible>(vendor.answer(&request))
            }
        });
        tokio::task::spawn_local(async move {
            // A client that leaves ends its connection.
            let _ = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

impl Vendor {
    fn answer(&self, request: &Request<Incoming>) -> Response<Pieces> {
        let path = request.uri().path();
        if path == "/connect/token" {
            return json(br#"{"access_token":"t0ken","expires_in":900,"token_type":"Bearer"}"#[..].into());
        }
        if path.ends_with("/recording") {
            let body = Pieces { piece: self.piece.clone(), rest: FILE };
            return answer(200, "audio/mpeg", body);
        }
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let query = request.uri().query().unwrap_or_default();
        match parts[..] {
            ["jpm", "v2", "tenant", tenant, "jobs"] => match asked(tenant, query) {
                Some(asked) => json(self.page(asked)),
                None => {
                    answer(400, "application/json", Pieces::one(br#"{"title":"no such page"}"#[..].into()))
                }
            },
            ["jpm", "v2", "tenant", _, "jobs", id] => {
                let mut job = Vec::new();
                self.jobs.write(id.parse().unwrap_or_default(), &mut job);
                json(job.into())
            }
            ["jpm", "v2", "tenant", _, "job-cancel-reasons"] => json(reasons()),
            _ => answer(404, "application/json", Pieces::one(br#"{"title":"no such path"}"#[..].into())),
        }
    }

    fn page(&self, asked: Asked) -> Bytes {
        if asked.jobs > KEPT {
            return self.make(asked);
        }
        self.pages.borrow_mut().entry(asked).or_insert_with(|| self.make(asked)).clone()
    }

    fn make(&self, Asked { jobs, page, size, newest_first, counted }: Asked) -> Bytes {
        let (first, last) = (((page - 1) * size).min(jobs), (page * size).min(jobs));
        let total = if counted { jobs.to_string() } else { "null".to_owned() };
        let mut out = Vec::with_capacity(128 + (last - first) * 1000);
        let more = last < jobs;
        out.extend_from_slice(
            format!(r#"{{"page":{page},"pageSize":{size},"hasMore":{more},"totalCount":{total},"data":["#)
                .as_bytes(),
        );
        for place in first..last {
            if place > first {
                out.push(b',');
            }
            self.jobs.write(Jobs::id(if newest_first { jobs - 1 - place } else { place }), &mut out);
        }
        out.extend_from_slice(b"]}");
        out.into()
    }
}

/// A short list that seldom changes.
fn reasons() -> Bytes {
    let reason = |id| {
        format!(r#"{{"id":{id},"name":"Reason {id}","active":true,"createdOn":"2026-01-01T00:00:00Z"}}"#)
    };
    let reasons: Vec<_> = (1..=20).map(reason).collect();
    format!(r#"{{"page":1,"pageSize":50,"hasMore":false,"totalCount":null,"data":[{}]}}"#, reasons.join(","))
        .into()
}

fn asked(tenant: &str, query: &str) -> Option<Asked> {
    let mut asked =
        Asked { jobs: tenant.parse().ok()?, page: 1, size: 50, newest_first: false, counted: false };
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "page" => asked.page = value.parse().ok().filter(|page| *page > 0)?,
            "pageSize" => asked.size = value.parse().ok().filter(|size| (1..=5000).contains(size))?,
            "sort" => asked.newest_first = value.starts_with('-'),
            "includeTotal" => asked.counted = value == "true",
            _ => {}
        }
    }
    Some(asked)
}

fn json(body: Bytes) -> Response<Pieces> {
    answer(200, "application/json; charset=utf-8", Pieces::one(body))
}

fn answer(status: u16, content_type: &'static str, body: Pieces) -> Response<Pieces> {
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    response
}

/// The same piece over and over, so many bytes of it.
struct Pieces {
    piece: Bytes,
    rest: usize,
}

impl Pieces {
    fn one(piece: Bytes) -> Self {
        Self { rest: piece.len(), piece }
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let count = self.rest.min(self.piece.len());
        self.rest -= count;
        Poll::Ready((count > 0).then(|| Ok(Frame::data(self.piece.slice(..count)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest == 0
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.rest as u64)
    }
}

/// The vendor's process, which ends with this.
pub struct Upstream {
    process: std::process::Child,
    /// Answers at once.
    pub fast: Arc<str>,
    /// Answers after [`LATENCY`].
    pub slow: Arc<str>,
}

impl Upstream {
    pub fn start() -> Result<Self> {
        use std::{io::BufRead as _, process::Stdio};
        let mut process = std::process::Command::new(std::env::current_exe()?)
            .arg("upstream")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        std::io::BufReader::new(process.stdout.take().context("it has an output")?).read_line(&mut line)?;
        let (fast, slow) = line.trim().split_once(' ').context("the vendor tells two ports")?;
        let at = |port: &str| format!("http://127.0.0.1:{port}").into();
        Ok(Self { fast: at(fast), slow: at(slow), process })
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It has nothing to say any more.
        let _ = self.process.wait();
    }
}
