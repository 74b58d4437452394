//! Operations that are put together from others: the provider says from which, and how; here
//! they are called, several at once.

use super::{
    CallContext, Client, Reader,
    fan_out::{Progress, fan_out},
};
use crate::{
    answer::{Answer, Payload},
    call::CallOptions,
    codec::{DecodeError, Scratch, transcode_into},
    contract::{AnswerSource, Failure, FailureKind, FieldError, Outcome, catalogue::Type},
    failure::{self, internal},
    host::Host,
    policy::{limiter::queue::Caller, time::Tick},
    providers::api::{Project, ResolvedCall, Subrequest},
};
use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
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
            let deadline = options.deadline.map(|time| context.began + time);
            let mut until = Until { host: self.host(), deadline };
            let one = |subrequest: Subrequest| {
                let left = deadline.map(|deadline| self.host.now().until(deadline));
                let options = CallOptions { deadline: left, ..each.clone() };
                self.subrequest(
                    call.with(subrequest.call),
                    subrequest.whole_list,
                    subrequest.project,
                    options,
                    caller,
                )
            };
            let answers = fan_out(plan.subrequests, concurrency, &mut until, one).await;
            let answers: Vec<_> = answers
                .into_iter()
                .map(|answer| answer.unwrap_or_else(|| Err(failure::late("the deadline passed"))))
                .collect();
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

    async fn subrequest(
        &self,
        call: ResolvedCall,
        whole_list: bool,
        project: Option<Project>,
        options: CallOptions,
        caller: Caller,
    ) -> Result<Done, Failure> {
        if !whole_list {
            let context = CallContext { caller: Some(caller), ..CallContext::begin(self) };
            let answer = self.call_in(&call, None, &options, &context).await?;
            let Some(body) = answer.payload.value() else { return Err(internal("a part has no value")) };
            return Ok(Done { body: body.clone(), degraded: answer.degraded });
        }
        let Some(client) = self.this.upgrade() else { return Err(internal("the client is gone")) };
        let mut reader = Reader::open(&client, call, options, Some(caller)).await?;
        let (mut records, mut scratch) = (Vec::from(b"["), Scratch::default());
        while let Some(page) = reader.next().await? {
            for (index, record) in page.items().enumerate() {
                if records.len() > 1 {
                    records.push(b',');
                }
                match project {
                    Some(project) => records.extend_from_slice(project(record)?.as_bytes()),
                    // As it came; but one that is no JSON would spoil those beside it.
                    None => transcode_into(&Type::Json, record, &mut records, &mut scratch)
                        .map_err(|error| reader.resumable(unreadable(page.place(index), &error)))?,
                }
            }
            reader.delivered(page.len());
        }
        records.push(b']');
        // A record may be missing, or counted twice.
        Ok(Done { body: records.into(), degraded: reader.end(true).drifted })
    }
}

/// A record of a list cannot be read.
fn unreadable(place: usize, error: &DecodeError) -> Failure {
    let (field, reason) = (format!("$.data[{place}]"), &error.message);
    let message = format!("the answer does not fit the contract: {field}: {reason}");
    let failure = failure::refused(FailureKind::Decode, message, vec![FieldError::new(field, reason)]);
    Failure { outcome: Outcome::NotApplied, ..failure }
}

/// Goes on until the deadline of the whole.
struct Until<'a, H> {
    host: &'a H,
    deadline: Option<Tick>,
}

impl<H: Host, T> Progress<T> for Until<'_, H> {
    fn goes_on(&mut self) -> bool {
        self.deadline.is_none_or(|deadline| !self.host.now().until(deadline).is_zero())
    }
}
