//! Many calls in one request: results in the order of the calls, each a line once it is there.
//!
//! ```json
//! {"calls": [{"operation": "jpm.jobs-get", "parameters": {"id": 1}}], "concurrency": 8, "stopAfter": 3}
//! ```
//!
//! gives `{"ok": …}` (with `page` for a list), `{"failed": {problem}}` or `{"notAttempted": "failures"}`,
//! and at the end `{"penstock": {"end": {"calls": 3, "ok": 1, "failed": 1, "notAttempted": 1}}}`.
//!
//! It counts in the key's rates as often as it has calls. One that has more than may go now is refused
//! whole, and so is one with a call that the key is not for.

mod audit;

use crate::{
    answer::{self, NDJSON},
    entrance::Visit,
    invoke::{Named, object},
    lines::Lines,
    listing::{Bytes, Ended},
    problem::Problem,
    serve::Answer,
};
use audit::Audit;
use futures_util::stream::{LocalBoxStream, StreamExt};
use http::StatusCode;
use penstock::{
    client::Client,
    contract::{CallOptions, FieldError},
    entry::batch::{self, BatchCall, BatchOptions, BatchResult, Unattempted},
    host::Host,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::rc::Rc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    calls: Vec<&'a RawValue>,
    concurrency: Option<u32>,
    stop_after: Option<u32>,
}

/// So many calls that cannot be read are named.
const MOST_NAMED: usize = 100;

/// A batch that has begun.
pub struct Batch {
    calls: usize,
    results: LocalBoxStream<'static, BatchResult>,
    audit: Option<Audit>,
}

/// Begins a batch.
///
/// # Errors
/// What is wrong with it, before anything was sent.
pub async fn begin<H: Host + 'static>(
    client: &Rc<Client<H>>,
    provider: &str,
    json: Option<&str>,
    options: &CallOptions,
    visit: &mut Visit<'_, H>,
) -> Result<Answer<H>, Problem> {
    let Read { calls, terms } = match read(json) {
        Ok(read) => read,
        Err(problem) => {
            visit.count_request().await?;
            return Err(problem);
        }
    };
    let names: Vec<_> = calls.iter().map(|call| call.operation.as_str()).collect();
    let account = options.account.as_deref().unwrap_or_default();
    visit.enter_batch(provider, account, &names).await?;
    let actor = visit.actor().map(|actor| actor.on(provider, account));
    let writes = actor.map(|actor| (Audit::writes(provider, &names), actor));
    let calls_there_are = calls.len();
    let results = batch::stream(client, provider, calls, terms, Some(options)).await?;
    // Before there are results nothing was sent.
    let audit = writes.map(|(writes, actor)| Audit::new(client, writes, actor));
    let response = answer::response(StatusCode::OK, NDJSON, String::new()).map(drop);
    Ok(Answer::Streamed(response, Lines::Batch(Batch { calls: calls_there_are, results, audit })))
}

/// What a request asks for.
struct Read {
    calls: Vec<BatchCall>,
    terms: BatchOptions,
}

fn read(json: Option<&str>) -> Result<Read, Problem> {
    let Some(json) = json else { return Err(Problem::from(FieldError::new("body", "is missing"))) };
    let body: Body = object(json)
        .map_err(|error| Problem::from(FieldError::new("body", format!("is no batch: {error}"))))?;
    let (mut calls, mut wrong) = (Vec::new(), Vec::new());
    for (index, call) in body.calls.into_iter().enumerate() {
        let place = format!("calls[{index}]");
        match object::<Named>(call.get()) {
            Ok(call) => match call.into_call(&place) {
                Ok(call) => calls.push(call),
                Err(errors) => wrong.extend(errors),
            },
            Err(error) => wrong.push(FieldError::new(place, format!("is no call: {error}"))),
        }
        // Thousands of them help nobody.
        if wrong.len() >= MOST_NAMED {
            break;
        }
    }
    if !wrong.is_empty() {
        return Err(Problem::from(wrong));
    }
    let terms = BatchOptions { concurrency: body.concurrency, stop_after: body.stop_after };
    Ok(Read { calls, terms })
}

impl Batch {
    /// Writes every result and then how many there were of each kind. When the client is gone, no further
    /// call is begun.
    pub async fn run(mut self, out: &mut impl Bytes) -> Ended {
        let (mut ok, mut failed, mut unattempted) = (0_usize, 0_usize, 0_usize);
        while let Some(result) = self.results.next().await {
            let count = match &result {
                BatchResult::Ok(_) => &mut ok,
                BatchResult::Failed(_) => &mut failed,
                BatchResult::NotAttempted(_) => &mut unattempted,
            };
            *count += 1;
            if let Some(audit) = &mut self.audit {
                audit.next(&result);
            }
            if out.write(line(result).into_bytes()).await > 0 {
                return Ended::Abandoned;
            }
        }
        let calls = self.calls;
        let end = format!(
            "{{\"penstock\":{{\"end\":{{\"calls\":{calls},\"ok\":{ok},\"failed\":{failed},\"notAttempted\":{unattempted}}}}}}}\n"
        );
        match out.write(end.into_bytes()).await {
            0 => Ended::Complete,
            _ => Ended::Abandoned,
        }
    }
}

fn line(result: BatchResult) -> String {
    match result {
        BatchResult::Ok(answer) => {
            let body = answer.body.unwrap_or_else(|| "null".to_owned());
            match &answer.page {
                Some(info) => format!("{{\"ok\":{}}}\n", answer::page(body, info)),
                None => format!("{{\"ok\":{body}}}\n"),
            }
        }
        BatchResult::Failed(failure) => format!("{{\"failed\":{}}}\n", Problem::from(failure).document()),
        BatchResult::NotAttempted(why) => {
            let why = match why {
                Unattempted::Deadline => "deadline",
                Unattempted::Failures => "failures",
                Unattempted::Held => "held",
            };
            format!("{{\"notAttempted\":\"{why}\"}}\n")
        }
    }
}
