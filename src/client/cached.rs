//! Puts the cache around a call: reads may be answered from it, writes make it forget.

use super::{
    Connector,
    attempt::payload,
    cache::{Cached, Fetched, Missed, Question, Source, Wanted},
    call_state::Course,
    pipeline::{Answer, Call, Payload},
    transport::request::{Sending, query},
};
use crate::{
    contract::{
        AnswerSource, Failure, FailureKind,
        catalogue::{self, Caching},
    },
    failure,
    host::Host,
    policy::classify::Access,
};
use bytes::Bytes;
use std::time::Duration;

impl<H: Host> Connector<H> {
    /// Answers a call, from the cache if that is allowed and it has the answer.
    ///
    /// # Errors
    /// Everything that can go wrong.
    pub(crate) async fn answer(&self, sending: &Sending<'_>, course: &mut Course) -> Result<Answer, Failure> {
        let Sending { call, page, account, policy, options } = *sending;
        let name = call.operation.name;
        let kept = policy.caching && call.operation.cache.is_some() && !options.uncached;
        let forgets = policy.caching && call.access() == Access::Write && is_kept_of(call);
        if !kept && !forgets {
            return self.fetch_answer(sending, course).await;
        }
        let pairs = query(call, page, account.vendor);
        let question = Question {
            operation: call.operation,
            environment: &account.site.environment,
            tenant: &account.site.tenant,
            account: &account.name,
            segments: &call.segments,
            owner: call.owner(),
            query: pairs.iter().map(|(name, value)| (*name, value.as_str())).collect(),
        };
        let deadline = Some(course.retry.deadline());
        if forgets {
            return self
                .cache
                .write(&self.host, &question, deadline, self.fetch_answer(sending, course))
                .await;
        }
        let id = course.id.clone();
        let wanted = Wanted { fresh: options.fresh, accept_stale: options.accept_stale, deadline };
        let fetch = async || {
            let answer = self
                .fetch_answer(sending, course)
                .await
                .map_err(|failure| Missed { failure, for_all: course.failed_for_all() })?;
            let promised = matches!(answer.payload, Payload::Promise(_));
            let body = body(answer.payload);
            let changes = call.operation.cache == Some(Caching::Immutable)
                && !account.vendor.is_final(call.operation, &body);
            let keep = !promised && !changes;
            Ok(Fetched { status: answer.status, body, keep })
        };
        let cached = self.cache.answer(&self.host, &question, wanted, fetch).await;
        let Cached { status, body, source, age, degraded } = cached.map_err(|failure| {
            // It may be that of another call, which asked the same at once.
            Failure { call_id: id.clone(), ..failure }.of(name, &id, Vec::new())
        })?;
        let unreadable =
            |_| failure::refused(FailureKind::Internal, "a kept answer cannot be read", Vec::new());
        let payload = payload(sending, &body).map_err(unreadable)?;
        let source = match source {
            Source::Vendor => AnswerSource::Vendor,
            Source::Cache => AnswerSource::Cache,
        };
        Ok(Answer { status, payload, call_id: id, source, age, degraded })
    }

    /// Asks the vendor.
    async fn fetch_answer(&self, sending: &Sending<'_>, course: &mut Course) -> Result<Answer, Failure> {
        // Boxed: its state is large, and this stands in several places of what holds it.
        match Box::pin(self.run(sending, course)).await {
            Ok(success) => Ok(Answer {
                status: success.status,
                payload: success.payload,
                call_id: course.id.clone(),
                source: AnswerSource::Vendor,
                age: Duration::ZERO,
                degraded: false,
            }),
            Err(failure) => Err(failure.of(sending.call.operation.name, &course.id, course.attempts())),
        }
    }
}

/// Whether anything is ever kept of what a call is about.
fn is_kept_of(call: &Call) -> bool {
    let resource = call.operation.resource();
    let all = catalogue::operations(call.operation.vendor).unwrap_or_default();
    call.operation.owner.is_some()
        || all.iter().any(|other| other.cache.is_some() && other.resource() == resource)
}

fn body(payload: Payload) -> Bytes {
    match payload {
        Payload::Nothing => Bytes::new(),
        Payload::Value(body) => body,
        Payload::Promise(promise) => promise.body,
        Payload::Page(page) => page.body,
    }
}
