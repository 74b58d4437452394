//! Strangers who hold connections: readers that take nothing, and heads that do not end.

use super::{clients::Client, figures::kibibytes, readers::LIST, served::Served};
use crate::told::say;
use anyhow::{Context, Result, ensure};
use http_body_util::BodyExt;
use std::time::{Duration, Instant};
use tokio::{io::AsyncWriteExt, net::TcpStream};

/// What the gateway may take meanwhile, in KiB, and how long `/live` may take.
const MEMORY: u64 = 1 << 20;
const LIVE: Duration = Duration::from_millis(100);

/// How often it is asked whether it lives, and how long between.
const ASKED: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);

pub(super) struct Strain {
    stalled: usize,
    peak: u64,
    slowest: Duration,
}

/// So many of each, held while the gateway is asked whether it lives.
pub(super) async fn run(served: &Served, stalled: usize) -> Result<Strain> {
    let list = format!("GET {LIST} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {}\r\n\r\n", served.key);
    let mut held = Vec::new();
    for _ in 0..stalled {
        for bytes in [list.as_bytes(), b"GET /v1/servicetitan HTTP/1.1\r\nHost: loc"] {
            let mut stream = TcpStream::connect(served.address).await.context("more connections")?;
            stream.write_all(bytes).await?;
            held.push(stream);
        }
    }
    let mut slowest = Duration::ZERO;
    for _ in 0..ASKED {
        let began = Instant::now();
        let answer = Client::of(served).get("/live").await.context("/live")?;
        ensure!(answer.status() == 200, "/live answered {}", answer.status());
        answer.into_body().collect().await?;
        slowest = slowest.max(began.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    let peak = kibibytes(served.id(), "VmHWM")?;
    Ok(Strain { stalled, peak, slowest })
}

impl Strain {
    pub(super) fn print(&self) -> anyhow::Result<()> {
        let memory = self.peak as f64 / 1024.0;
        say!("{:<36}{} and {}", "stalled readers, half-sent heads", self.stalled, self.stalled)?;
        say!("{:<36}{memory:.1} MiB", "  memory of the gateway, peak")?;
        say!("{:<36}{:.1} ms", "  slowest /live", self.slowest.as_secs_f64() * 1000.0)
    }

    pub(super) fn wrong(&self) -> Option<String> {
        let memory = (self.peak >= MEMORY)
            .then(|| format!("{} MiB of memory, {} at most", self.peak >> 10, MEMORY >> 10));
        let live = (self.slowest >= LIVE)
            .then(|| format!("{} ms for /live, {} at most", self.slowest.as_millis(), LIVE.as_millis()));
        let much: Vec<_> = [memory, live].into_iter().flatten().collect();
        (!much.is_empty()).then(|| format!("stalled clients cost too much: {}", much.join(", ")))
    }
}
