//! Readers of the gateway: good ones, and those that vanish or stall.

use super::{
    clients::Client,
    tally::{Tally, add},
};
use anyhow::Result;
use http::Response;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::Deserialize;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// The list that all of them read, in an order that does not change.
pub(super) const LIST: &str = "/v1/servicetitan/default/jpm/jobs?all=true&sort=%2BId&pageSize=500";

/// After a refusal.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Clone)]
pub(super) struct Reader {
    pub(super) client: Client,
    /// What the provider holds.
    pub(super) truth: Arc<Vec<i64>>,
    pub(super) tally: Arc<Tally>,
    pub(super) until: Instant,
}

#[derive(Deserialize)]
struct Line {
    id: Option<i64>,
    penstock: Option<Last>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Last {
    End { complete: bool },
    Failure { resume: Option<String> },
}

/// How a part of a list ended.
enum Ended {
    Complete,
    /// With a failure, and where to go on.
    Failed(Option<String>),
    /// Without a line that says so.
    Cut,
}

impl Reader {
    fn goes_on(&self) -> bool {
        Instant::now() < self.until
    }

    /// Reads the list whole, again and again.
    pub(super) async fn whole_lists(self) -> Result<()> {
        while self.goes_on() {
            let (mut ids, mut resume, mut resumed) = (Vec::new(), None, 0);
            loop {
                match self.part(resume.as_deref(), &mut ids).await? {
                    Ended::Complete => break,
                    Ended::Failed(text) => {
                        add(&self.tally.resumed, 1);
                        resumed += 1;
                        resume = text.or(resume);
                    }
                    Ended::Cut => {
                        add(&self.tally.cut, 1);
                        (ids, resume) = (Vec::new(), None);
                    }
                }
            }
            if self.tally.compare(&self.truth, &ids, false) > 0 {
                self.tally.failed(format!("list with records twice, gone on {resumed} times"));
            }
            add(&self.tally.lists, 1);
        }
        Ok(())
    }

    async fn part(&self, resume: Option<&str>, ids: &mut Vec<i64>) -> Result<Ended> {
        let target = resume.map_or_else(|| LIST.to_owned(), |resume| format!("{LIST}&resume={resume}"));
        let answer = self.client.get(&target).await?;
        if answer.status() != 200 {
            self.refused(answer, "list").await?;
            return Ok(Ended::Failed(None));
        }
        let (mut body, mut rest, mut last) = (answer.into_body(), Vec::new(), None);
        while let Some(bytes) = next(&mut body).await {
            rest.extend_from_slice(&bytes);
            let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') else { continue };
            let further = rest.split_off(end + 1);
            for line in rest.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let line: Line = serde_json::from_slice(line)?;
                ids.extend(line.id);
                last = line.penstock.or(last);
            }
            rest = further;
        }
        Ok(match last {
            Some(Last::End { complete: true }) => Ended::Complete,
            Some(Last::Failure { resume }) => Ended::Failed(resume),
            _ => Ended::Cut,
        })
    }

    async fn refused(&self, answer: Response<Incoming>, what: &str) -> Result<()> {
        #[derive(Deserialize)]
        struct Problem {
            status: u16,
            detail: String,
        }
        let body = answer.into_body().collect().await?.to_bytes();
        let Problem { status, detail } = serde_json::from_slice(&body)?;
        self.tally.failed(format!("{what}, {status}: {detail}"));
        tokio::time::sleep(PAUSE).await;
        Ok(())
    }

    /// Asks for one job after another.
    pub(super) async fn single_jobs(self, mut random: fastrand::Rng) -> Result<()> {
        while self.goes_on() {
            let Some(id) = self.truth.get(random.usize(..self.truth.len().max(1))) else { break };
            let answer = self.client.get(&format!("/v1/servicetitan/default/jpm/jobs/{id}")).await?;
            if answer.status() == 200 {
                let body = answer.into_body().collect().await?.to_bytes();
                let line: Line = serde_json::from_slice(&body)?;
                add(&self.tally.unknown, usize::from(line.id != Some(*id)));
                add(&self.tally.calls, 1);
            } else {
                self.refused(answer, "call").await?;
            }
        }
        Ok(())
    }

    /// Begins to read, and goes away.
    pub(super) async fn vanishing(self, mut random: fastrand::Rng) -> Result<()> {
        while self.goes_on() {
            let mut body = self.client.get(LIST).await?.into_body();
            for _ in 0..random.u32(..40) {
                next(&mut body).await;
            }
            add(&self.tally.vanished, 1);
            tokio::time::sleep(Duration::from_millis(random.u64(..100))).await;
        }
        Ok(())
    }

    /// Begins to read, takes nothing for a while, and goes away.
    pub(super) async fn stalling(self, mut random: fastrand::Rng) -> Result<()> {
        while self.goes_on() {
            let mut body = self.client.get(LIST).await?.into_body();
            next(&mut body).await;
            let left = self.until.saturating_duration_since(Instant::now());
            tokio::time::sleep(Duration::from_millis(random.u64(1_000..10_000)).min(left)).await;
            add(&self.tally.stalled, 1);
        }
        Ok(())
    }
}

/// The next bytes, none at the end and where the body broke off: its last line says which.
async fn next(body: &mut Incoming) -> Option<bytes::Bytes> {
    loop {
        if let Ok(bytes) = body.frame().await?.ok()?.into_data() {
            return Some(bytes);
        }
    }
}
