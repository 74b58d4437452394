//! Bounds in time for anything that is waited for.

use super::Host;
use crate::policy::time::Tick;
use futures_util::future::{Either, select};
use std::{pin::pin, time::Duration};

/// Runs something, but not for longer than `time`: none if it took longer. What is dropped is
/// cancelled.
pub async fn timeout<H: Host, T>(host: &H, time: Duration, task: impl Future<Output = T>) -> Option<T> {
    match select(pin!(task), pin!(host.sleep(time))).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

/// The same until a deadline, if there is one.
pub(crate) async fn timeout_at<H: Host, T>(
    host: &H,
    deadline: Option<Tick>,
    task: impl Future<Output = T>,
) -> Option<T> {
    match deadline {
        Some(deadline) => timeout(host, host.now().until(deadline), task).await,
        None => Some(task.await),
    }
}
