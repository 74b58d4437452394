//! One call, in order: role, account, token, send, classify, retry.

use super::{
    Connector, Options, accepted::Promise, call_state::Course, fallback, files::check_size,
    transport::request::Sending,
};
use crate::{
    codec::local_day,
    contract::{
        AnswerInfo, AnswerSource, Failure, FailureKind,
        catalogue::{Effect, Operation},
    },
    failure::{self, bad_field, millis},
    files::{Rest, Upload},
    host::Host,
    policy::{
        budget::Spent,
        classify::Access,
        retry::{Repeat, Retry, RetryPolicy},
        sabotage::{self, Sabotage},
        time::Tick,
    },
    providers::api::{Envelope, PageAsked},
    settings::common::{LogLevel, Role},
};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use std::{borrow::Cow, time::Duration};

/// A call whose parameters are checked.
#[derive(Debug, Clone)]
pub struct Call {
    /// The operation.
    pub operation: &'static Operation,
    /// The values of the path's placeholders, percent-encoded.
    pub(crate) segments: Vec<String>,
    /// The query, not yet encoded.
    pub(crate) query: Vec<(&'static str, String)>,
    /// The body in the vendor's form.
    pub(crate) body: Option<Bytes>,
    /// The file that is sent in the body's place.
    pub(crate) upload: Option<Upload>,
    /// The part of a file that is asked for; all of it if none.
    pub(crate) rest: Option<Rest>,
}

/// The answer to a call.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status; 0 if the vendor gave none.
    pub status: u16,
    /// What the body holds.
    pub payload: Payload,
    /// Our id of the call.
    pub call_id: String,
    /// Where it came from.
    pub source: AnswerSource,
    /// How long ago the vendor gave it.
    pub age: Duration,
    /// Whether it is only the second best.
    pub degraded: bool,
}

impl Answer {
    /// What is known of it besides its value, as the contract has it.
    #[must_use]
    pub fn info(&self) -> AnswerInfo {
        AnswerInfo {
            call_id: self.call_id.clone(),
            status: self.status,
            source: self.source,
            age_ms: millis(self.age),
            degraded: self.degraded,
        }
    }
}

/// The body of an answer, taken apart as far as the operation's shape asks.
#[derive(Debug)]
pub enum Payload {
    /// There is none.
    Nothing,
    /// One JSON value.
    Value(Bytes),
    /// A page of records.
    Page(Envelope),
    /// What will be answered later, with the vendor's words for it.
    Promise(Promise),
}

/// A call on its way: what is asked, under which id, and since when.
#[derive(Clone, Copy)]
pub(crate) struct Errand<'c> {
    pub(crate) call: &'c Call,
    pub(crate) page: Option<&'c PageAsked>,
    pub(crate) options: &'c Options,
    pub(crate) id: &'c str,
    pub(crate) began: Tick,
}

impl Payload {
    /// The one JSON value, if it is one.
    #[must_use]
    pub fn value(&self) -> Option<&Bytes> {
        match self {
            Payload::Value(body) | Payload::Promise(Promise { body, .. }) => Some(body),
            Payload::Nothing | Payload::Page(_) => None,
        }
    }
}

impl Call {
    /// A call with its parameters.
    #[must_use]
    pub(crate) fn new(
        operation: &'static Operation,
        segments: Vec<String>,
        query: Vec<(&'static str, String)>,
        body: Option<String>,
    ) -> Call {
        Call { operation, segments, query, body: body.map(Bytes::from), upload: None, rest: None }
    }

    /// The call with the file that it sends.
    #[must_use]
    pub(crate) fn sending(self, upload: Upload) -> Call {
        Call { upload: Some(upload), ..self }
    }

    /// The call with its local days as instants.
    ///
    /// # Errors
    /// `bad-input` for a day whose beginning cannot be told.
    fn in_zone(&self, zone: &str) -> Result<Cow<'_, Call>, Failure> {
        let days = self.operation.query.map_or(&[][..], |record| record.fields);
        let mut call = Cow::Borrowed(self);
        for day in days.iter().filter(|field| field.local_day) {
            let given = self.query.iter().position(|(name, _)| *name == day.wire);
            if let Some((_, text)) = given.and_then(|at| call.to_mut().query.get_mut(at)) {
                *text = local_day::begins(text, zone)
                    .ok_or_else(|| bad_field(day.wire, format!("is no day in the time zone {zone}")))?
                    .to_string();
            }
        }
        Ok(call)
    }

    /// Whose data it is about, if the operation says which parameter tells.
    pub(crate) fn owner(&self) -> Option<String> {
        let wire = self.operation.owner?;
        let placeholders = self.operation.path_parameters.iter().zip(&self.segments);
        let segment = placeholders.into_iter().find(|(placeholder, _)| placeholder.wire == wire);
        match segment {
            Some((_, segment)) => Some(percent_decode_str(segment).decode_utf8_lossy().into_owned()),
            None => self.query.iter().find(|(name, _)| *name == wire).map(|(_, value)| value.clone()),
        }
    }

    /// The value of a parameter of the query.
    #[must_use]
    pub fn parameter(&self, wire: &str) -> Option<&str> {
        self.query.iter().find(|(name, _)| *name == wire).map(|(_, value)| value.as_str())
    }

    /// Refuses what moves a file in a call that does not: its bytes are no JSON.
    fn check_file(&self) -> Result<(), Failure> {
        let name = self.operation.name;
        let wrong = match (self.operation.file, self.operation.upload.is_some(), self.upload.is_some()) {
            (true, ..) => "answers with a file: download it",
            (_, true, false) => "sends a file: upload it",
            (_, false, true) => "takes no file",
            _ => return Ok(()),
        };
        Err(bad_field("operation", format!("`{name}` {wrong}")))
    }

    /// Checks that something is given of what the vendor demands at least one of.
    pub(crate) fn check_needs(&self) -> Result<(), Failure> {
        let needs = self.operation.needs;
        if needs.is_empty() || self.query.iter().any(|(name, _)| needs.contains(name)) {
            return Ok(());
        }
        let choices = needs.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        Err(bad_field("query", format!("needs at least one of {choices}")))
    }

    /// Whether it changes anything.
    pub(crate) fn access(&self) -> Access {
        if self.operation.effect == Effect::Read { Access::Read } else { Access::Write }
    }
}

impl<H: Host> Connector<H> {
    /// Calls an operation, with as many attempts as the policies allow.
    ///
    /// # Errors
    /// Everything that can go wrong; the failure says whether the call took effect.
    pub async fn call(
        &self,
        call: &Call,
        page: Option<&PageAsked>,
        options: &Options,
    ) -> Result<Answer, Failure> {
        let began = self.host.now();
        let id = format!("{:016x}", self.host.random());
        let fits =
            call.check_file().and_then(|()| call.check_needs()).and_then(|()| fallback::check(call, options));
        let fits = match fits {
            Ok(()) => self.check_described(call, options, &id).await,
            refused => refused,
        };
        // Whoever names no deadline does not pay for the description with its time.
        let started = if options.deadline.is_some() { began } else { self.host.now() };
        let result = match fits {
            Ok(()) if call.operation.composed => self.compose(call, options, &id, began).await,
            Ok(()) => self.answer_or_promise(Errand { call, page, options, id: &id, began: started }).await,
            Err(refused) => Err(refused),
        };
        let result = match result {
            Err(failure) => self.look_up(call, failure, &id, options, began).await,
            done => done,
        };
        let result = result.or_else(|failure| fallback::instead(failure, &id, options));
        let name = call.operation.name;
        let told = result.as_ref().map(|answer| answer.status);
        self.ended(name, options, &id, began, told, None);
        result.map_err(|failure| failure.of(name, &id, Vec::new()))
    }

    /// Counts and logs a call that has ended: with a status, or with a failure. `bytes` are
    /// those of a file.
    pub(crate) fn ended(
        &self,
        name: &'static str,
        options: &Options,
        id: &str,
        began: Tick,
        result: Result<u16, &Failure>,
        bytes: Option<u64>,
    ) {
        let took = self.host.now().since(began);
        let label = result.map_or_else(|failure| failure::kind_name(failure.kind), |_| "ok");
        self.stats.borrow_mut().call(name, label, took);
        let level = if result.is_ok() { LogLevel::Info } else { LogLevel::Warn };
        self.log(level, "call", |line| {
            let line = line
                .with("call_id", id)
                .with("operation", name)
                .with("account", options.account.as_str())
                .with_some("correlation_id", options.correlation_id.as_deref())
                .with("duration_ms", millis(took))
                .with_some("http.response.body.size", bytes);
            match result {
                Ok(status) => line.with("http.response.status_code", status),
                Err(failure) => line
                    .with_some("http.response.status_code", failure.status)
                    .with("attempts", failure.attempts.len())
                    .failure(failure),
            }
        });
    }

    /// Calls, and waits for what is promised where a promise is no answer.
    async fn answer_or_promise(&self, errand: Errand<'_>) -> Result<Answer, Failure> {
        let answer = self.prepare_and_run(errand).await?;
        match answer.payload {
            Payload::Promise(promise) if errand.call.operation.is_list() => {
                Box::pin(self.page_later(errand, promise)).await
            }
            payload => Ok(Answer { payload, ..answer }),
        }
    }

    pub(crate) async fn prepare_and_run(&self, errand: Errand<'_>) -> Result<Answer, Failure> {
        let answer = async |sending: &Sending<'_>, course: &mut Course| self.answer(sending, course).await;
        self.prepared(errand, answer).await
    }

    /// Finds everything that a call needs, checks the role, and goes on.
    pub(crate) async fn prepared<T>(
        &self,
        errand: Errand<'_>,
        then: impl AsyncFnOnce(&Sending<'_>, &mut Course) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let Errand { call, page, options, id, began } = errand;
        let vendor = call.operation.vendor;
        let open = async {
            let policy = self.policy(vendor, &options.account).await?;
            if !options.own {
                check_role(call.operation, policy.role)?;
            }
            let account = self.account(vendor, &options.account, &policy).await?;
            Ok((policy, account))
        };
        let (policy, account) = self.opened(options.deadline, open).await?;
        check_size(call, policy.max_file_bytes)?;
        let call = &*call.in_zone(&account.site.timezone)?;
        // Whoever names no deadline waits for the turn of a report.
        let waits = account.vendor.spacing(call, &account.site).map_or(Duration::ZERO, |rare| rare.interval);
        let late = if sabotage::on(Sabotage::SendLate) { 2 } else { 1 };
        // How long a file takes on its way depends on its size; that it moves is watched.
        let (usual, attempt_timeout) = match &call.upload {
            Some(_) => (policy.file_deadline, policy.file_deadline),
            None => (policy.deadline, policy.attempt_timeout),
        };
        let retry_policy = RetryPolicy {
            max_attempts: policy.attempts,
            attempt_timeout,
            deadline: options.deadline.unwrap_or(usual + waits) * late,
            ..RetryPolicy::DEFAULT
        };
        let allow_resend = options.allow_resend || sabotage::on(Sabotage::ResendWrites);
        let repeat = match call.operation.adds && !allow_resend {
            true => Repeat::IfNotApplied,
            false => Repeat::of(call.operation.method.as_str(), call.access(), allow_resend),
        };
        let mut course = Course {
            id: id.to_owned(),
            began,
            began_wall: self.host.wall_now(),
            retry: Retry::new(retry_policy, began, repeat),
            spent: Spent::default(),
            refusals: 0,
            ended: None,
        };
        let sending = Sending { call, page, account: &account, policy: &policy, options };
        then(&sending, &mut course).await
    }
}

fn check_role(operation: &Operation, role: Role) -> Result<(), Failure> {
    let needed = match operation.effect {
        Effect::Read => Role::ReadOnly,
        Effect::Update | Effect::Action => Role::Operator,
        Effect::Create | Effect::Delete => Role::Admin,
    };
    if role >= needed {
        return Ok(());
    }
    let name = if needed == Role::Admin { "admin" } else { "operator" };
    let message = format!("`{}` needs the role {name} (PENSTOCK_ROLE={name})", operation.name);
    Err(failure::refused(FailureKind::Role, message, Vec::new()))
}
