//! Many calls at once: results in the order of the calls, one failure harms none.

use super::dynamic::{self, Answer};
use crate::{
    call,
    client::{
        Client,
        fan_out::{Progress, fan_out},
    },
    contract::{CallOptions, Failure, FieldError},
    failure::bad_input,
    host::Host,
    policy::{limiter::queue::Caller, limits::Limits, time::Tick},
    providers::{api::Provider, registry},
};
use futures_util::stream::{self, LocalBoxStream, StreamExt};
use std::{cell::Cell, rc::Rc};

/// The most calls that one batch may have: its results are held until all are there.
pub const MOST_CALLS: usize = 10_000;

/// The most bytes of answers that are held before no further call is begun. As much as the
/// pages that one read holds: a component has little memory, and whoever wants more than this
/// at once wants a list. Those under way still end, so that it may be exceeded by as many
/// answers as go at once.
pub const MOST_HELD: usize = Limits::DEFAULT.max_held_bytes;

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
    /// It was not begun, for this reason.
    NotAttempted(Unattempted),
}

/// Why a call was not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unattempted {
    /// The deadline of the batch had passed.
    Deadline,
    /// As many had failed as may.
    Failures,
    /// The answers before it are as large as may be held: [`MOST_HELD`].
    Held,
}

/// Makes the calls. Each obeys `options` as a single call would, but the deadline is for
/// the batch as a whole; all of them take turns with other callers as one.
///
/// # Errors
/// Before anything was sent: an unknown provider, options that do not fit, too many calls,
/// settings that are incomplete.
pub async fn run<H: Host + 'static>(
    client: &Rc<Client<H>>,
    provider: &str,
    calls: Vec<BatchCall>,
    batch: BatchOptions,
    options: Option<&CallOptions>,
) -> Result<Vec<BatchResult>, Failure> {
    run_holding(client, provider, calls, batch, options, MOST_HELD).await
}

/// The same, with another bound on the bytes that are held.
pub(crate) async fn run_holding<H: Host + 'static>(
    client: &Rc<Client<H>>,
    provider: &str,
    calls: Vec<BatchCall>,
    batch: BatchOptions,
    options: Option<&CallOptions>,
    most_held: usize,
) -> Result<Vec<BatchResult>, Failure> {
    let Terms { provider, options, caller, concurrency, deadline } =
        terms(client, provider, &calls, batch, options).await?;
    let mut bounds = Bounds {
        host: client.host(),
        deadline,
        most_failures: batch.stop_after,
        most_held,
        failures: 0,
        held: 0,
        stopped: None,
    };
    let call = |call| {
        let left = deadline.map(|deadline| client.host().now().until(deadline));
        one(client, provider, call, call::CallOptions { deadline: left, ..options.clone() }, caller)
    };
    let results = fan_out(calls, concurrency, &mut bounds, call).await;
    // Only what stopped the batch leaves calls that have no result.
    let why = bounds.stopped.unwrap_or(Unattempted::Deadline);
    let result = |result: Option<Result<Answer, Failure>>| match result {
        None => BatchResult::NotAttempted(why),
        Some(Ok(answer)) => BatchResult::Ok(answer),
        Some(Err(failure)) => BatchResult::Failed(failure),
    };
    Ok(results.into_iter().map(result).collect())
}

/// Makes the calls, and gives each result in the order of the calls once it is there: whoever passes
/// results on need not hold them. No call is begun while as many results as may be under way at once
/// are not taken.
///
/// # Errors
/// As [`run`].
pub async fn stream<H: Host + 'static>(
    client: &Rc<Client<H>>,
    provider: &str,
    calls: Vec<BatchCall>,
    batch: BatchOptions,
    options: Option<&CallOptions>,
) -> Result<LocalBoxStream<'static, BatchResult>, Failure> {
    let Terms { provider, options, caller, concurrency, deadline } =
        terms(client, provider, &calls, batch, options).await?;
    let (client, failures) = (client.clone(), Rc::new(Cell::new(0_u32)));
    let calls = stream::iter(calls).map(move |call| {
        let (client, options, failures) = (client.clone(), options.clone(), failures.clone());
        async move {
            let left = deadline.map(|deadline| client.host().now().until(deadline));
            if batch.stop_after.is_some_and(|most| failures.get() >= most) {
                return BatchResult::NotAttempted(Unattempted::Failures);
            }
            if left.is_some_and(|left| left.is_zero()) {
                return BatchResult::NotAttempted(Unattempted::Deadline);
            }
            match one(&client, provider, call, call::CallOptions { deadline: left, ..options }, caller).await
            {
                Ok(answer) => BatchResult::Ok(answer),
                Err(failure) => {
                    failures.set(failures.get().saturating_add(1));
                    BatchResult::Failed(failure)
                }
            }
        }
    });
    Ok(calls.buffered(concurrency.max(1) as usize).boxed_local())
}

/// What holds for all calls of a batch.
struct Terms {
    provider: &'static dyn Provider,
    options: call::CallOptions,
    caller: Caller,
    concurrency: u32,
    deadline: Option<Tick>,
}

async fn terms<H: Host>(
    client: &Client<H>,
    provider: &str,
    calls: &[BatchCall],
    batch: BatchOptions,
    options: Option<&CallOptions>,
) -> Result<Terms, Failure> {
    let Some(provider) = registry::find(provider) else {
        return Err(registry::unknown(provider));
    };
    let options = call::CallOptions::check(options)?;
    check(calls, batch, &options)?;
    let concurrency = match batch.concurrency {
        Some(concurrency) => concurrency,
        None => client.batch_size(provider, &options).await?,
    };
    let deadline = options.deadline.map(|time| client.host().now() + time);
    Ok(Terms { provider, options, caller: client.caller(), concurrency, deadline })
}

/// How far a batch has come, and whether it goes on.
struct Bounds<'a, H> {
    host: &'a H,
    deadline: Option<Tick>,
    most_failures: Option<u32>,
    most_held: usize,
    failures: u32,
    /// The bytes of the bodies that came.
    held: usize,
    /// What it was that ended it first; none of them passes again.
    stopped: Option<Unattempted>,
}

impl<H: Host> Progress<Result<Answer, Failure>> for Bounds<'_, H> {
    fn goes_on(&mut self) -> bool {
        let now = self.host.now();
        let why = if self.most_failures.is_some_and(|most| self.failures >= most) {
            Some(Unattempted::Failures)
        } else if self.deadline.is_some_and(|deadline| now.until(deadline).is_zero()) {
            Some(Unattempted::Deadline)
        } else {
            (self.held >= self.most_held).then_some(Unattempted::Held)
        };
        self.stopped = self.stopped.or(why);
        self.stopped.is_none()
    }

    fn ended(&mut self, result: &Result<Answer, Failure>) {
        match result {
            Ok(answer) => self.held = self.held.saturating_add(answer.body.as_ref().map_or(0, String::len)),
            Err(_) => self.failures = self.failures.saturating_add(1),
        }
    }
}

async fn one<H: Host + 'static>(
    client: &Rc<Client<H>>,
    provider: &dyn Provider,
    call: BatchCall,
    options: call::CallOptions,
    caller: Caller,
) -> Result<Answer, Failure> {
    let operation = dynamic::operation(provider.name(), &call.operation)?;
    let body = call.body.as_deref();
    // The results are kept until all are there, within a bound of their own.
    dynamic::invoke_with(client, operation, &call.parameters, body, options, Some(caller))
        .await
        .map(Answer::released)
}

fn check(calls: &[BatchCall], batch: BatchOptions, options: &call::CallOptions) -> Result<(), Failure> {
    let mut wrong = Vec::new();
    let mut complain = |field: &str, message: String| {
        wrong.push(FieldError::new(field, message));
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
