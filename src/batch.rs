//! Many calls at once: results in the order of the calls, one failure harms none.

use crate::{
    contract::{CallOptions, Failure, FieldError},
    driver::{Connector, Options, bad_input},
    dynamic::{self, Answer},
    host::Host,
    vendor,
};
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::rc::Rc;

/// The most calls that one batch may have: its results are held until all are there.
pub const MOST_CALLS: usize = 10_000;

/// The most calls of a batch that are under way at once.
const MOST_AT_ONCE: u32 = 64;

/// One call of a batch.
#[derive(Debug, Clone)]
pub struct BatchCall {
    /// The operation's name.
    pub operation: String,
    /// Its parameters.
    pub parameters: Vec<(String, String)>,
    /// Its body, if it takes one.
    pub body: Option<String>,
}

/// How a batch is run.
#[derive(Debug, Clone, Copy, Default)]
pub struct BatchOptions {
    /// How many calls are under way at once, 1 to 64; `BATCH_SIZE` if absent.
    pub concurrency: Option<u32>,
    /// After so many failures no further call is begun.
    pub stop_after: Option<u32>,
}

/// What came of one call.
#[derive(Debug)]
pub enum BatchResult {
    /// It went well.
    Ok(Answer),
    /// It failed.
    Failed(Failure),
    /// It was not begun.
    NotAttempted,
}

/// Makes the calls. Each obeys `options` as a single call would, but the deadline is for
/// the batch as a whole; all of them take turns with other callers as one.
///
/// # Errors
/// Before anything was sent: an unknown vendor, options that do not fit, too many calls,
/// settings that are incomplete.
pub async fn run<H: Host + 'static>(
    connector: &Rc<Connector<H>>,
    vendor: &str,
    calls: Vec<BatchCall>,
    batch: BatchOptions,
    options: Option<&CallOptions>,
) -> Result<Vec<BatchResult>, Failure> {
    let Some(vendor) = vendor::find(vendor) else { return Err(dynamic::unknown_vendor(vendor)) };
    let options = Options::check(options)?;
    check(&calls, batch, &options)?;
    let options = Options { caller: Some(connector.caller()), ..options };
    let concurrency = match batch.concurrency {
        Some(concurrency) => concurrency,
        None => connector.batch_size(vendor.name(), &options).await?,
    };
    let deadline = options.deadline.map(|time| connector.host().now() + time);

    let mut results: Vec<BatchResult> = calls.iter().map(|_| BatchResult::NotAttempted).collect();
    let mut failures = 0;
    let mut waiting = calls.into_iter().enumerate();
    let mut under_way = FuturesUnordered::new();
    loop {
        while under_way.len() < concurrency as usize && batch.stop_after.is_none_or(|most| failures < most) {
            let left = deadline.map(|deadline| connector.host().now().until(deadline));
            if left.is_some_and(|left| left.is_zero()) {
                break;
            }
            let Some((index, call)) = waiting.next() else { break };
            let options = Options { deadline: left, ..options.clone() };
            under_way.push(async move { (index, one(connector, vendor.name(), call, options).await) });
        }
        let Some((index, result)) = under_way.next().await else { return Ok(results) };
        failures += u32::from(result.is_err());
        if let Some(slot) = results.get_mut(index) {
            *slot = result.map_or_else(BatchResult::Failed, BatchResult::Ok);
        }
    }
}

async fn one<H: Host + 'static>(
    connector: &Rc<Connector<H>>,
    vendor: &str,
    call: BatchCall,
    options: Options,
) -> Result<Answer, Failure> {
    let operation = dynamic::operation(vendor, &call.operation)?;
    dynamic::invoke_with(connector, operation, &call.parameters, call.body.as_deref(), options).await
}

fn check(calls: &[BatchCall], batch: BatchOptions, options: &Options) -> Result<(), Failure> {
    let mut wrong = Vec::new();
    let mut complain = |field: &str, message: String| {
        wrong.push(FieldError { field: field.to_owned(), message });
    };
    if calls.len() > MOST_CALLS {
        complain("calls", format!("must be at most {MOST_CALLS}, and are {}", calls.len()));
    }
    if batch.concurrency.is_some_and(|most| !(1..=MOST_AT_ONCE).contains(&most)) {
        complain("concurrency", format!("must be from 1 to {MOST_AT_ONCE}"));
    }
    if batch.stop_after == Some(0) {
        complain("stop-after", "must be at least 1".to_owned());
    }
    if options.resume.is_some() {
        complain("resume", "is for one read, and a batch has many calls".to_owned());
    }
    if wrong.is_empty() { Ok(()) } else { Err(bad_input(wrong)) }
}
