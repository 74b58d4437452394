//! Many tasks, several at once.

use futures_util::stream::{FuturesUnordered, StreamExt};

/// How far a fan-out has come, and whether it goes on.
pub(crate) trait Progress<T> {
    /// Whether a further task may be begun.
    fn goes_on(&mut self) -> bool;

    /// A task has ended.
    fn ended(&mut self, _result: &T) {}
}

/// Runs a task for each item, so many at once, and gives the results in the order of the
/// items; none for those that were not begun.
pub(crate) async fn fan_out<I, T, F: Future<Output = T>>(
    items: Vec<I>,
    concurrency: u32,
    progress: &mut impl Progress<T>,
    task: impl Fn(I) -> F,
) -> Vec<Option<T>> {
    let mut results: Vec<Option<T>> = items.iter().map(|_| None).collect();
    let mut waiting = items.into_iter().enumerate();
    let mut in_flight = FuturesUnordered::new();
    loop {
        while in_flight.len() < concurrency.max(1) as usize && progress.goes_on() {
            let Some((index, item)) = waiting.next() else { break };
            let task = task(item);
            in_flight.push(async move { (index, task.await) });
        }
        let Some((index, result)) = in_flight.next().await else { return results };
        progress.ended(&result);
        if let Some(slot) = results.get_mut(index) {
            *slot = Some(result);
        }
    }
}
