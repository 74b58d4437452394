//! A file on its way: its bytes, piece by piece, and whether all of them came.
//!
//! If it breaks off, its rest is asked for, where the server offers that and the file is
//! certainly the same one. If not, what came stays a part.

use super::find::{FoundFile, length};
use crate::{
    call::{Call, CallOptions},
    client::{CallContext, Client, attempt::Exchanged, call_state::CallState, transport::limiter::Permit},
    contract::{self, Failure, FailureKind, FileInfo, Outcome, RetryAdvice},
    failure::{bad_field, internal, refused},
    files::{Rest, disposition, validator},
    host::{BodyError, Host, Source, timeout::timeout},
    policy::time::Tick,
    providers::api::ResolvedCall,
    settings::common::LogLevel,
};
use std::{rc::Rc, time::Duration};

/// A file that was found. Dropping it cancels the rest.
pub struct Download<H> {
    client: Rc<Client<H>>,
    info: FileInfo,
    /// None once it has broken off.
    body: Option<Box<dyn Source>>,
    permits: Vec<Permit>,
    call: ResolvedCall,
    options: CallOptions,
    /// By which its rest can be asked for.
    validator: Option<String>,
    /// How often that may still be done.
    again: u32,
    context: CallContext,
    deadline: Tick,
    /// How long the provider may take over the next piece.
    patience: Duration,
    most: u64,
    received: u64,
    attempts: Vec<contract::Attempt>,
}

impl<H: Host> Download<H> {
    /// Finds the file of a call, with as many attempts as the policies allow.
    ///
    /// # Errors
    /// Everything that can go wrong before its first byte.
    pub async fn open(
        client: &Rc<Client<H>>,
        call: &ResolvedCall,
        options: &CallOptions,
    ) -> Result<Download<H>, Failure> {
        let context = CallContext::begin(client);
        let opened = match check(&call.call, options) {
            Ok(()) => Download::find(client, call, options, &context).await,
            Err(refused) => Err(refused),
        };
        let Err(failure) = opened else { return opened };
        client.read_level(call.provider, options, &failure).await;
        let name = call.call.operation.name;
        client.telemetry.call_ended(name, options, (&context.id, context.began), Err(&failure), None);
        Err(failure.of(name, &context.id, Vec::new()))
    }

    async fn find(
        client: &Rc<Client<H>>,
        call: &ResolvedCall,
        options: &CallOptions,
        context: &CallContext,
    ) -> Result<Download<H>, Failure> {
        let mut state = client.resolve(call, None, options, context).await?;
        let FoundFile { opened, permits } = found(client, &mut state).await?;
        let settings = &state.settings;
        let info = FileInfo {
            call_id: context.id.clone(),
            status: opened.status,
            content_type: opened.header("content-type").map(str::to_owned),
            // It is shown to people, and becomes the name of a file.
            file_name: opened
                .header("content-disposition")
                .and_then(disposition::file_name)
                .map(|name| client.accounts.redactor().clean(&name).into_owned()),
            length: length(&opened),
        };
        Ok(Download {
            client: client.clone(),
            info,
            validator: validator(&opened),
            again: settings.attempts.saturating_sub(1),
            body: Some(opened.body),
            permits,
            call: call.with(state.call.clone().into_owned()),
            options: options.clone(),
            context: context.clone(),
            deadline: context.began + options.deadline.unwrap_or(settings.file_deadline),
            patience: settings.attempt_timeout,
            most: settings.max_file_bytes,
            received: 0,
            attempts: state.attempts(),
        })
    }

    /// What is known of it.
    #[must_use]
    pub fn info(&self) -> &FileInfo {
        &self.info
    }

    /// The next piece; none after the last one, and then all of them came. Nothing is read
    /// ahead.
    ///
    /// # Errors
    /// The file broke off, or the time was over.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        loop {
            let why = match self.piece().await {
                Ok(piece) => return Ok(piece),
                Err(Stop::For(failure)) => return Err(failure),
                Err(Stop::Broken(why)) => why,
            };
            // Boxed: rare, and as large as a call.
            if !Box::pin(self.go_on()).await {
                return Err(why);
            }
        }
    }

    async fn piece(&mut self) -> Result<Option<Vec<u8>>, Stop> {
        let left = self.client.host.now().until(self.deadline);
        let time = left.min(self.patience);
        let Some(body) = &mut self.body else {
            return Err(Stop::For(self.broken(FailureKind::Transport, "it was told before")));
        };
        let piece = match timeout(&*self.client.host, time, body.next()).await {
            None if time == left => return Err(Stop::For(self.late())),
            None => {
                let message = format!("no byte came for {} s", self.patience.as_secs());
                return Err(Stop::Broken(self.broken(FailureKind::Timeout, &message)));
            }
            Some(Err(BodyError::Broken(why) | BodyError::TimedOut(why) | BodyError::Coded(why))) => {
                return Err(Stop::Broken(self.broken(FailureKind::Transport, &why)));
            }
            Some(Err(BodyError::TooLarge | BodyError::NoRoom { .. })) => {
                return Err(Stop::For(self.too_large()));
            }
            Some(Ok(piece)) => piece,
        };
        self.received = self.received.saturating_add(piece.as_ref().map_or(0, |piece| piece.len() as u64));
        if self.received > self.most {
            return Err(Stop::For(self.too_large()));
        }
        let wrong =
            |this: &Self| this.broken(FailureKind::Transport, "its length is not the one that was said");
        if piece.is_none() && self.received == 0 && self.info.length.is_none() {
            return Err(Stop::For(self.empty()));
        }
        match self.info.length {
            Some(length) if self.received > length => Err(Stop::For(wrong(self))),
            Some(length) if piece.is_none() && self.received < length => Err(Stop::Broken(wrong(self))),
            _ => Ok(piece),
        }
    }

    /// Asks for the rest, by the policies of any other call. False if that is not to be had.
    async fn go_on(&mut self) -> bool {
        let Some(etag) = self.validator.clone() else { return false };
        let Some(again) = self.again.checked_sub(1) else { return false };
        self.again = again;
        // Its place is given back first: another one is needed, and there may be no more.
        (self.body, self.permits) = (None, Vec::new());
        let now = self.client.host.now();
        let rest = Rest { from: self.received, etag };
        let call = self.call.with(Call { rest: Some(rest.clone()), ..self.call.call.clone() });
        let left = now.until(self.deadline);
        let options = CallOptions { deadline: Some(left), ..self.options.clone() };
        let client = self.client.clone();
        let context = self.context.further(now);
        let found = match client.resolve(&call, None, &options, &context).await {
            Ok(mut state) => found(&client, &mut state).await,
            Err(failure) => Err(failure),
        };
        let Ok(FoundFile { opened, permits }) = found else { return false };
        if !rest.is(&opened, self.info.length) {
            return false;
        }
        client.telemetry.counters.borrow_mut().retry("file-resumed");
        client.telemetry.log(LogLevel::Info, "file-resumed", |line| {
            line.with("call_id", self.info.call_id.as_str())
                .with("operation", self.call.call.operation.name)
                .with("from", self.received)
        });
        (self.body, self.permits) = (Some(opened.body), permits);
        true
    }

    /// Waits for whoever takes the bytes, within the file's deadline.
    ///
    /// # Errors
    /// The deadline passed.
    pub async fn in_time<T>(&self, taking: impl Future<Output = T>) -> Result<T, Failure> {
        let left = self.client.host.now().until(self.deadline);
        timeout(&*self.client.host, left, taking).await.ok_or_else(|| self.late())
    }

    /// Counts and logs how it ended, and names the call in a failure.
    ///
    /// # Errors
    /// The failure.
    pub fn ended(self, result: Result<(), Failure>) -> Result<(), Failure> {
        let result = result.map_err(|failure| {
            let failure = Failure { status: Some(self.info.status), ..failure };
            failure.of(self.call.call.operation.name, &self.info.call_id, self.attempts.clone())
        });
        let told = result.as_ref().map(|()| self.info.status);
        let name = self.call.call.operation.name;
        let telemetry = &self.client.telemetry;
        telemetry.call_ended(
            name,
            &self.options,
            (&self.context.id, self.context.began),
            told,
            Some(self.received),
        );
        result
    }

    /// The reader stopped before the end.
    #[must_use]
    pub fn abandoned(&self) -> Failure {
        let message = format!("the reader stopped after {}", self.so_far());
        ended_early(FailureKind::Transport, message, RetryAdvice::Never)
    }

    fn late(&self) -> Failure {
        let message = format!("the deadline passed after {}", self.so_far());
        ended_early(FailureKind::Timeout, message, RetryAdvice::Later)
    }

    fn empty(&self) -> Failure {
        let message = "the answer is empty, which is no file".to_owned();
        ended_early(FailureKind::Decode, message, RetryAdvice::Later)
    }

    fn too_large(&self) -> Failure {
        let message = format!("the file has more than {} bytes (PENSTOCK_MAX_FILE_BYTES)", self.most);
        ended_early(FailureKind::TooLarge, message, RetryAdvice::Never)
    }

    /// What came is a part of the file; the whole of it can be asked for again.
    fn broken(&self, kind: FailureKind, why: &str) -> Failure {
        let message = format!("the file broke off after {}: {why}; get it again as a whole", self.so_far());
        ended_early(kind, message, RetryAdvice::Now)
    }

    fn so_far(&self) -> String {
        match self.info.length {
            Some(length) => format!("{} of {length} bytes", self.received),
            None => format!("{} bytes", self.received),
        }
    }
}

/// Why no piece came.
enum Stop {
    /// The file broke off, with this failure if it does not go on.
    Broken(Failure),
    /// It does not go on.
    For(Failure),
}

async fn found<H: Host>(client: &Client<H>, state: &mut CallState<'_>) -> Result<FoundFile, Failure> {
    match Box::pin(client.attempts(state)).await {
        Ok(Exchanged::File(file)) => Ok(file),
        Ok(Exchanged::Answer(_)) => Err(state.named(internal("there is no file"))),
        Err(failure) => Err(state.named(failure)),
    }
}

fn check(call: &Call, options: &CallOptions) -> Result<(), Failure> {
    let name = call.operation.name;
    if !call.operation.file {
        return Err(bad_field("operation", format!("`{name}` answers with no file")));
    }
    if options.fallback.is_some() {
        return Err(bad_field("fallback", "is for operations with one answer, and this one has a file"));
    }
    call.check_any_of()
}

fn ended_early(kind: FailureKind, message: String, retry: RetryAdvice) -> Failure {
    Failure { outcome: Outcome::NotApplied, retry, ..refused(kind, message, Vec::new()) }
}
