//! Reports of trouble, sent one after the other by a task, and dropped where there are too many.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::Request;
use tokio::{sync::mpsc, time::Instant};

use super::line::Line;
use crate::{
    Logs,
    web::{Answer, Web},
};

/// Reports that wait at most. More of them say nothing that these do not.
const MOST: usize = 100;

/// Where reports go.
pub(super) trait Recipient: Send + Sync + 'static {
    /// The request that reports a line.
    fn request(&self, line: &Line, id: &str) -> Option<Request<Bytes>>;

    /// For how long nothing more is to be sent, by an answer.
    fn rest(&self, answer: &Answer) -> Option<Duration>;
}

/// A place for lines that reports those of trouble, as many of a hundred as `share` says (0 to 1).
pub(super) fn logs(recipient: impl Recipient, web: Web, share: f64) -> Logs {
    let (sender, mut waiting) = mpsc::channel::<Line>(MOST);
    tokio::spawn(async move {
        let mut rests_until: Option<Instant> = None;
        while let Some(line) = waiting.recv().await {
            // What comes while nothing may be sent is dropped, not kept for later.
            if rests_until.is_some_and(|until| Instant::now() < until) {
                continue;
            }
            let Some(request) = recipient.request(&line, &id()) else { continue };
            // Nobody can be told that nobody can be told.
            if let Ok(answer) = web.once(&request).await {
                rests_until = recipient.rest(&answer).map(|rest| Instant::now() + rest);
            }
        }
    });
    Logs::new(move |text| {
        if let Some(line) = Line::parse(text).filter(Line::is_trouble)
            && random() < share
        {
            let _ = sender.try_send(line);
        }
    })
}

/// From 0 to 1, without 1. `RandomState` has keys of its own for each.
fn random() -> f64 {
    let bits = u32::try_from(RandomState::new().hash_one(SystemTime::now()) >> 32).unwrap_or_default();
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

/// 32 hexadecimal digits.
fn id() -> String {
    let half = || RandomState::new().hash_one(SystemTime::now());
    format!("{:016x}{:016x}", half(), half())
}

/// Seconds since 1970.
pub(super) fn seconds() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
