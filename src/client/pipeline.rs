//! The way of one call, top to bottom: validate, resolve, cache, attempts; and what is done
//! about an answer that is not the last word. Whoever asked decodes it ([`entry`](crate::entry)).

use super::{
    CallContext, Client,
    attempt::{Exchanged, read_payload},
    cache::{Cached, Fetched, Missed, Question, Wanted},
    call_state::{CallState, TokenRefusals},
    fallback,
    files::check_size,
    transport::request::query,
};
use crate::{
    answer::{Answer, Payload},
    call::{Call, CallOptions},
    contract::{
        AnswerSource, Failure, FailureKind,
        catalogue::{self, Caching, Operation},
    },
    failure,
    host::Host,
    policy::{
        budget::Spent,
        classify::Access,
        limiter::queue::Caller,
        retry::{Repeat, Retry, RetryPolicy},
    },
    providers::api::{PageSelector, ResolvedCall},
    settings::{CommonSettings, common::Role},
};
use std::{cell::Cell, time::Duration};

impl<H: Host> Client<H> {
    /// Calls an operation, with as many attempts as the policies allow.
    ///
    /// # Errors
    /// Everything that can go wrong; the failure says whether the call took effect.
    pub async fn call(
        &self,
        call: &ResolvedCall,
        page: Option<&PageSelector>,
        options: &CallOptions,
    ) -> Result<Answer, Failure> {
        self.call_in(call, page, options, &CallContext::begin(self)).await
    }

    /// The same, by a caller who takes one turn for all its calls.
    ///
    /// # Errors
    /// Those of [`Client::call`].
    pub async fn call_by(
        &self,
        caller: Option<Caller>,
        call: &ResolvedCall,
        options: &CallOptions,
    ) -> Result<Answer, Failure> {
        let context = CallContext { caller, ..CallContext::begin(self) };
        self.call_in(call, None, options, &context).await
    }

    /// The same, as a part of something larger.
    pub(crate) async fn call_in(
        &self,
        call: &ResolvedCall,
        page: Option<&PageSelector>,
        options: &CallOptions,
        context: &CallContext,
    ) -> Result<Answer, Failure> {
        let _under_way = (call.call.access() == Access::Write).then(|| self.writes.begin(&context.id));
        let valid = self.validate(call, options, context).await;
        // Whoever names no deadline does not pay for the schema check with its time.
        let started = if options.deadline.is_some() { context.began } else { self.host.now() };
        let result = match valid {
            Ok(()) if call.call.operation.composed => self.aggregate(call, options, context).await,
            Ok(()) => self.answer(call, page, options, &context.further(started)).await,
            Err(refused) => Err(refused),
        };
        let result = match result {
            Err(failure) => self.find_created(call, failure, options, context).await,
            done => done,
        };
        let result = result.or_else(|failure| fallback::instead(failure, &context.id, options));
        if let Err(failure) = &result {
            self.read_level(call.provider, options, failure).await;
        }
        let name = call.call.operation.name;
        let told = result.as_ref().map(|answer| answer.status);
        self.telemetry.call_ended(name, options, (&context.id, context.began), told, None);
        result.map_err(|failure| failure.of(name, &context.id, Vec::new()))
    }

    /// Refuses what cannot go well, before anything is sent but the question for its schema.
    async fn validate(
        &self,
        call: &ResolvedCall,
        options: &CallOptions,
        context: &CallContext,
    ) -> Result<(), Failure> {
        call.call.check_file()?;
        call.call.check_any_of()?;
        fallback::check(&call.call, options)?;
        self.check_schema(call, options, context).await
    }

    /// The answer; a list whose page is only accepted (202) is polled until it is there.
    async fn answer(
        &self,
        call: &ResolvedCall,
        page: Option<&PageSelector>,
        options: &CallOptions,
        context: &CallContext,
    ) -> Result<Answer, Failure> {
        let answer = self.resolve_and_fetch(call, page, options, context).await?;
        match answer.payload {
            Payload::Accepted(accepted) if call.call.operation.is_list() => {
                Box::pin(self.poll(call, page, options, context, accepted)).await
            }
            payload => Ok(Answer { payload, ..answer }),
        }
    }

    /// One request of a call, with its attempts.
    pub(crate) async fn resolve_and_fetch(
        &self,
        call: &ResolvedCall,
        page: Option<&PageSelector>,
        options: &CallOptions,
        context: &CallContext,
    ) -> Result<Answer, Failure> {
        let mut state = self.resolve(call, page, options, context).await?;
        self.fetch(&mut state).await
    }

    /// Finds everything that a call needs, and checks its role.
    ///
    /// # Errors
    /// Settings that are incomplete, a role that does not suffice, `bad-input`.
    pub(crate) async fn resolve<'c>(
        &self,
        call: &'c ResolvedCall,
        page: Option<&'c PageSelector>,
        options: &'c CallOptions,
        context: &'c CallContext,
    ) -> Result<CallState<'c>, Failure> {
        let ResolvedCall { provider, call } = call;
        let open = async {
            let settings = self.settings(*provider, &options.account).await?;
            if !context.role_checked {
                check_role(call.operation, settings.role)?;
            }
            let account = self.accounts.account(*provider, &options.account, &settings).await?;
            Ok((settings, account))
        };
        let (settings, account) = self.accounts.in_time(options.deadline, open).await?;
        check_size(call, settings.max_file_bytes)?;
        let call = call.in_zone(&account.site.timezone)?;
        // Whoever names no deadline waits for the turn of a report.
        let reports = provider.reports();
        let rare = reports.and_then(|reports| reports.minimum_interval(&call, &account.site));
        let waits = rare.as_ref().map_or(Duration::ZERO, |rare| rare.interval);
        let retry = retry_policy(&call, options, &settings, waits);
        Ok(CallState {
            retry: Retry::new(retry, context.began, repeat(&call, options)),
            call,
            provider: *provider,
            page,
            options,
            context,
            account,
            settings,
            minimum_interval: rare,
            began_wall: self.host.wall_now(),
            answered: Cell::default(),
            spent: Spent::default(),
            token_refusals: TokenRefusals::default(),
            gave_up: None,
        })
    }

    /// Answers from the cache if that is allowed and it has the answer; asks the provider if
    /// not. Writes make the cache forget.
    async fn fetch(&self, state: &mut CallState<'_>) -> Result<Answer, Failure> {
        let caching = state.settings.caching;
        let serves = caching && state.call.operation.cache.is_some() && !state.context.uncached;
        let invalidates = caching && state.call.access() == Access::Write && is_cached(&state.call);
        if !serves && !invalidates {
            return self.send(state).await;
        }
        let (call, account) = (state.call.clone(), state.account.clone());
        let pairs = query(&call, state.page, state.provider);
        let keys =
            if serves { self.accounts.seal_keys(&account, state.retry.deadline()).await } else { None };
        let question = Question {
            keys,
            operation: call.operation,
            environment: &account.site_name,
            tenant: &account.site.tenant,
            account: &account.name,
            segments: &call.segments,
            owner: call.owner(),
            query: pairs.iter().map(|(name, value)| (*name, value.as_str())).collect(),
        };
        let deadline = state.retry.deadline();
        if invalidates {
            let sending = self.send(state);
            return self.cache.write(&*self.host, &question, Some(deadline), sending).await;
        }
        let wanted = Wanted {
            bypass: state.options.bypass_cache,
            accept_stale: state.options.accept_stale,
            fresh: state.settings.cache_times.of(state.call.operation),
            deadline: Some(deadline),
        };
        let fetch = async || self.fetch_for_cache(state).await;
        let cached = self.cache.answer(&*self.host, &question, wanted, fetch).await;
        answer_of_cache(state, cached)
    }

    /// Asks the provider for what may be kept.
    async fn fetch_for_cache(&self, state: &mut CallState<'_>) -> Result<Fetched, Missed> {
        let answer = self.send(state).await;
        let Answer { status, payload, .. } =
            answer.map_err(|failure| Missed { failure, for_all: state.failed_for_all() })?;
        let operation = state.call.operation;
        let changes = operation.cache == Some(Caching::Immutable)
            && !state.provider.is_final(operation, &payload.body());
        let keep = !matches!(payload, Payload::Accepted(_)) && !changes;
        Ok(Fetched { status, payload, keep })
    }

    /// Asks the provider, with as many attempts as the policies allow.
    async fn send(&self, state: &mut CallState<'_>) -> Result<Answer, Failure> {
        // Boxed: its state is large, and this stands in several places of what holds it.
        match Box::pin(self.attempts(state)).await {
            Ok(Exchanged::Answer(answer)) => Ok(*answer),
            Ok(Exchanged::File(_)) => Err(state.named(failure::internal("there is a file"))),
            Err(failure) => Err(state.named(failure)),
        }
    }
}

/// What the cache gave, as the answer to this call.
fn answer_of_cache(state: &CallState<'_>, cached: Result<Cached, Failure>) -> Result<Answer, Failure> {
    let id = &state.context.id;
    let cached = cached.map_err(|failure| {
        // It may be that of another call, which asked the same at once.
        Failure { call_id: id.clone(), ..failure }.of(state.call.operation.name, id, Vec::new())
    })?;
    Ok(match cached {
        Cached::Fetched { status, payload } => Answer::fetched(id, status, payload),
        Cached::FromCache { status, body, age, degraded } => {
            let unreadable =
                |_| failure::refused(FailureKind::Internal, "a kept answer cannot be read", Vec::new());
            let payload = read_payload(state, &body).map_err(unreadable)?;
            let call_id = id.clone();
            Answer { status, payload, call_id, source: AnswerSource::Cache, age, degraded }
        }
    })
}

fn check_role(operation: &Operation, role: Role) -> Result<(), Failure> {
    let needed = Role::needed(operation.effect);
    if role >= needed {
        return Ok(());
    }
    let name = needed.name();
    let message = format!("`{}` needs the role {name} (PENSTOCK_ROLE={name})", operation.name);
    Err(failure::refused(FailureKind::Role, message, Vec::new()))
}

fn retry_policy(
    call: &Call,
    options: &CallOptions,
    settings: &CommonSettings,
    waits: Duration,
) -> RetryPolicy {
    // How long a file takes on its way depends on its size; that it moves is watched.
    let (usual, attempt_timeout) = match &call.upload {
        Some(_) => (settings.file_deadline, settings.file_deadline),
        None => (settings.deadline, settings.attempt_timeout),
    };
    RetryPolicy {
        max_attempts: settings.attempts,
        max_throttled: settings.max_throttled,
        base_transient: settings.backoff,
        base_throttled: settings.throttled_backoff,
        cap: settings.max_backoff,
        attempt_timeout,
        deadline: options.deadline.unwrap_or(usual + waits),
    }
}

/// Whether the call may be sent again when it may have taken effect.
fn repeat(call: &Call, options: &CallOptions) -> Repeat {
    match call.operation.non_idempotent && !options.allow_resend {
        true => Repeat::IfNotApplied,
        false => Repeat::of(call.operation.method.as_str(), call.access(), options.allow_resend),
    }
}

/// Whether anything is ever kept of what a call is about.
fn is_cached(call: &Call) -> bool {
    let resource = call.operation.resource();
    let all = catalogue::operations(call.operation.provider).unwrap_or_default();
    call.operation.owner.is_some()
        || all.iter().any(|other| other.cache.is_some() && other.resource() == resource)
}
