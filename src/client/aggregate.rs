//! Operations that are put together from others: the provider says from which, and how; here
//! they are called, several at once.

use super::{CallContext, Client, Reader};
use crate::{
    answer::{Answer, Payload},
    call::CallOptions,
    contract::{AnswerSource, Failure},
    failure::{self, internal},
    host::Host,
    policy::{limiter::queue::Caller, time::Tick},
    providers::api::{ResolvedCall, Subrequest},
};
use bytes::Bytes;
use futures_util::{
    future::LocalBoxFuture,
    stream::{FuturesUnordered, StreamExt},
};
use std::time::Duration;

/// What a subrequest gave, and whether it is only the second best.
struct Done {
    body: Bytes,
    degraded: bool,
}

impl<H: Host> Client<H> {
    /// Answers a composed operation. Its deadline is for all subrequests together, and all of
    /// them take turns with other callers as one.
    ///
    /// # Errors
    /// `bad-input`, before anything was sent, and what the provider does not make up for.
    pub(crate) fn aggregate<'a>(
        &'a self,
        call: &'a ResolvedCall,
        options: &'a CallOptions,
        context: &'a CallContext,
    ) -> LocalBoxFuture<'a, Result<Answer, Failure>> {
        // The subrequests are calls as well, so that the size of this future must be known.
        Box::pin(async move {
            let Some(composition) = call.provider.composition() else {
                return Err(internal("the provider composes no operations"));
            };
            if options.resume.is_some() {
                return Err(failure::bad_field("resume", "is for one read, and this one has parts"));
            }
            let plan =
                composition.subrequests(&call.call, self.host.wall_now()).map_err(failure::bad_input)?;
            let concurrency = match plan.concurrency {
                Some(concurrency) => concurrency,
                None => self.batch_size(call.provider, options).await?,
            };
            let each = CallOptions {
                correlation_id: options.correlation_id.clone().or_else(|| Some(context.id.clone())),
                ..options.for_subrequest(options.deadline)
            };
            let caller = context.caller.unwrap_or_else(|| self.caller());
            let all = All {
                call,
                options: &each,
                caller,
                deadline: options.deadline.map(|time| context.began + time),
            };
            let answers = self.all(plan.subrequests, concurrency.max(1), &all).await;
            let degraded = answers.iter().flatten().any(|done| done.degraded);
            let bodies = answers.into_iter().map(|answer| answer.map(|done| done.body)).collect();
            let body = composition.aggregate(&call.call, bodies)?;
            Ok(Answer {
                status: 200,
                payload: Payload::Value(body.into()),
                call_id: context.id.clone(),
                source: AnswerSource::Vendor,
                age: Duration::ZERO,
                degraded,
            })
        })
    }

    /// Calls all of them, so many at once; the answers are in the order of the subrequests.
    async fn all(
        &self,
        subrequests: Vec<Subrequest>,
        concurrency: u32,
        all: &All<'_>,
    ) -> Vec<Result<Done, Failure>> {
        let mut answers: Vec<_> =
            subrequests.iter().map(|_| Err(failure::late("the deadline passed"))).collect();
        let mut waiting = subrequests.into_iter().enumerate();
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < concurrency as usize {
                let left = all.deadline.map(|deadline| self.host.now().until(deadline));
                if left.is_some_and(|left| left.is_zero()) {
                    break;
                }
                let Some((index, subrequest)) = waiting.next() else { break };
                let options = CallOptions { deadline: left, ..all.options.clone() };
                let done = self.subrequest(all, subrequest, options);
                under_way.push(async move { (index, done.await) });
            }
            let Some((index, answer)) = under_way.next().await else { return answers };
            if let Some(slot) = answers.get_mut(index) {
                *slot = answer;
            }
        }
    }

    async fn subrequest(
        &self,
        all: &All<'_>,
        subrequest: Subrequest,
        options: CallOptions,
    ) -> Result<Done, Failure> {
        let Subrequest { call, whole_list, project } = subrequest;
        let call = all.call.with(call);
        if !whole_list {
            let context = CallContext { caller: Some(all.caller), ..CallContext::begin(self) };
            let answer = self.call_in(&call, None, &options, &context).await?;
            let Some(body) = answer.payload.value() else { return Err(internal("a part has no value")) };
            return Ok(Done { body: body.clone(), degraded: answer.degraded });
        }
        let Some(client) = self.this.upgrade() else { return Err(internal("the client is gone")) };
        let mut reader = Reader::open(&client, call, options, Some(all.caller)).await?;
        let mut records = Vec::from(b"[");
        while let Some(page) = reader.next().await? {
            for record in page.items() {
                if records.len() > 1 {
                    records.push(b',');
                }
                match project {
                    Some(project) => records.extend_from_slice(project(record)?.as_bytes()),
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

/// What all subrequests of an operation have in common.
struct All<'a> {
    call: &'a ResolvedCall,
    options: &'a CallOptions,
    caller: Caller,
    deadline: Option<Tick>,
}
