//! Operations that are put together from others: the vendor's folder says from which, and
//! how; here they are called, several at once.

use super::{
    Connector, Options, Reader,
    pipeline::{Answer, Call, Payload},
};
use crate::{
    contract::{AnswerSource, Failure, FailureKind},
    failure,
    host::Host,
    policy::time::Tick,
    providers::api::Part,
};
use bytes::Bytes;
use futures_util::{
    future::LocalBoxFuture,
    stream::{FuturesUnordered, StreamExt},
};
use std::time::Duration;

/// What a part gave, and whether it is only the second best.
struct Done {
    body: Bytes,
    degraded: bool,
}

impl<H: Host> Connector<H> {
    /// Answers a composed operation. Its deadline is for all parts together, and all of
    /// them take turns with other callers as one.
    ///
    /// # Errors
    /// `bad-input`, before anything was sent, and what the vendor's folder does not make
    /// up for.
    pub(crate) fn compose<'a>(
        &'a self,
        call: &'a Call,
        options: &'a Options,
        id: &'a str,
        began: Tick,
    ) -> LocalBoxFuture<'a, Result<Answer, Failure>> {
        // The parts are calls as well, so that the size of this future must be known.
        Box::pin(async move {
            let Some(vendor) = crate::providers::registry::find(call.operation.vendor) else {
                return Err(failure::bad_field("vendor", "is not known"));
            };
            if options.resume.is_some() {
                return Err(failure::bad_field("resume", "is for one read, and this one has parts"));
            }
            let plan = vendor.parts(call, self.host.wall_now()).map_err(failure::bad_input)?;
            let concurrency = match plan.concurrency {
                Some(concurrency) => concurrency,
                None => self.batch_size(vendor.name(), options).await?,
            };
            let options = Options {
                fallback: None,
                page_size: None,
                window: None,
                caller: options.caller.or_else(|| Some(self.caller())),
                correlation_id: options.correlation_id.clone().or_else(|| Some(id.to_owned())),
                ..options.clone()
            };
            let answers = self.all(plan.parts, concurrency.max(1), &options, began).await;
            let degraded = answers.iter().flatten().any(|done| done.degraded);
            let bodies = answers.into_iter().map(|answer| answer.map(|done| done.body)).collect();
            let body = vendor.combine(call, bodies)?;
            Ok(Answer {
                status: 200,
                payload: Payload::Value(body.into()),
                call_id: id.to_owned(),
                source: AnswerSource::Vendor,
                age: Duration::ZERO,
                degraded,
            })
        })
    }

    /// Calls all parts, so many at once; the answers are in the order of the parts.
    async fn all(
        &self,
        parts: Vec<Part>,
        concurrency: u32,
        options: &Options,
        began: Tick,
    ) -> Vec<Result<Done, Failure>> {
        let deadline = options.deadline.map(|time| began + time);
        let mut answers: Vec<_> = parts.iter().map(|_| Err(failure::late("the deadline passed"))).collect();
        let mut waiting = parts.into_iter().enumerate();
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < concurrency as usize {
                let left = deadline.map(|deadline| self.host.now().until(deadline));
                if left.is_some_and(|left| left.is_zero()) {
                    break;
                }
                let Some((index, part)) = waiting.next() else { break };
                let options = Options { deadline: left, ..options.clone() };
                under_way.push(async move { (index, self.part(part, options).await) });
            }
            let Some((index, answer)) = under_way.next().await else { return answers };
            if let Some(slot) = answers.get_mut(index) {
                *slot = answer;
            }
        }
    }

    async fn part(&self, part: Part, options: Options) -> Result<Done, Failure> {
        if !part.whole {
            let answer = self.call(&part.call, None, &options).await?;
            let Some(body) = answer.payload.value() else { return Err(odd("a part has no value")) };
            return Ok(Done { body: body.clone(), degraded: answer.degraded });
        }
        let Some(connector) = self.this.upgrade() else { return Err(odd("the connector is gone")) };
        let mut reader = Reader::open(&connector, part.call, options).await?;
        let mut records = Vec::from(b"[");
        while let Some(page) = reader.next().await? {
            for record in page.items() {
                if records.len() > 1 {
                    records.push(b',');
                }
                match part.condense {
                    Some(condense) => records.extend_from_slice(condense(record)?.as_bytes()),
                    None => records.extend_from_slice(record),
                }
            }
            reader.delivered(page.len());
        }
        records.push(b']');
        // A record may be missing, or counted twice.
        Ok(Done { body: records.into(), degraded: reader.end(true).drifted })
    }
}

fn odd(message: &str) -> Failure {
    failure::refused(FailureKind::Internal, message, Vec::new())
}
