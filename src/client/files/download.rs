//! A file on its way: its bytes, piece by piece, and whether all of them came.
//!
//! If it breaks off, its rest is asked for, where the server offers that and the file is
//! certainly the same one. If not, what came stays a part.

use super::find::{Found, length};
use crate::{
    client::{
        Connector, Options,
        call_state::Course,
        pipeline::{Call, Errand},
        transport::{limiter::Permit, request::Sending},
    },
    contract::{self, Failure, FailureKind, FileInfo, Outcome, RetryAdvice},
    failure::{self, bad_field},
    files::{Rest, disposition, validator},
    host::{BodyError, Host, Source},
    policy::time::Tick,
    settings::common::LogLevel,
};
use std::{rc::Rc, time::Duration};

/// A file that was found. Dropping it cancels the rest.
pub struct Download<H> {
    connector: Rc<Connector<H>>,
    info: FileInfo,
    /// None once it has broken off.
    body: Option<Box<dyn Source>>,
    places: Vec<Permit>,
    call: Call,
    options: Options,
    /// By which its rest can be asked for.
    validator: Option<String>,
    /// How often that may still be done.
    again: u32,
    began: Tick,
    deadline: Tick,
    /// How long the vendor may take over the next piece.
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
        connector: &Rc<Connector<H>>,
        call: &Call,
        options: &Options,
    ) -> Result<Download<H>, Failure> {
        let (began, name) = (connector.host.now(), call.operation.name);
        let id = format!("{:016x}", connector.host.random());
        let find = async |sending: &Sending<'_>, course: &mut Course| {
            let found = found(connector, sending, course).await?;
            Ok(Download::new(connector, sending, course, found))
        };
        let opened = match check(call, options) {
            Ok(()) => connector.prepared(Errand { call, page: None, options, id: &id, began }, find).await,
            Err(refused) => Err(refused),
        };
        opened.map_err(|failure| {
            connector.ended(name, options, &id, began, Err(&failure), None);
            failure.of(name, &id, Vec::new())
        })
    }

    fn new(
        connector: &Rc<Connector<H>>,
        sending: &Sending<'_>,
        course: &Course,
        found: Found,
    ) -> Download<H> {
        let Found { opened, places } = found;
        let Sending { call, policy, options, .. } = *sending;
        let info = FileInfo {
            call_id: course.id.clone(),
            status: opened.status,
            content_type: opened.header("content-type").map(str::to_owned),
            file_name: opened.header("content-disposition").and_then(disposition::file_name),
            length: length(&opened),
        };
        Download {
            connector: connector.clone(),
            info,
            validator: validator(&opened),
            again: policy.attempts.saturating_sub(1),
            body: Some(opened.body),
            places,
            call: call.clone(),
            options: options.clone(),
            began: course.began,
            deadline: course.began + options.deadline.unwrap_or(policy.file_deadline),
            patience: policy.attempt_timeout,
            most: policy.max_file_bytes,
            received: 0,
            attempts: course.attempts(),
        }
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
        let left = self.connector.host.now().until(self.deadline);
        let time = left.min(self.patience);
        let Some(body) = &mut self.body else {
            return Err(Stop::For(self.broken(FailureKind::Transport, "it was told before")));
        };
        let piece = match self.connector.within(time, body.next()).await {
            None if time == left => return Err(Stop::For(self.late())),
            None => {
                let message = format!("no byte came for {} s", self.patience.as_secs());
                return Err(Stop::Broken(self.broken(FailureKind::Timeout, &message)));
            }
            Some(Err(BodyError::Broken(why))) => {
                return Err(Stop::Broken(self.broken(FailureKind::Transport, &why)));
            }
            Some(Err(BodyError::TooLarge)) => return Err(Stop::For(self.too_large())),
            Some(Ok(piece)) => piece,
        };
        self.received = self.received.saturating_add(piece.as_ref().map_or(0, |piece| piece.len() as u64));
        if self.received > self.most {
            return Err(Stop::For(self.too_large()));
        }
        let wrong =
            |this: &Self| this.broken(FailureKind::Transport, "its length is not the one that was said");
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
        (self.body, self.places) = (None, Vec::new());
        let now = self.connector.host.now();
        let rest = Rest { from: self.received, etag };
        let call = Call { rest: Some(rest.clone()), ..self.call.clone() };
        let options = Options { deadline: Some(now.until(self.deadline)), ..self.options.clone() };
        let connector = self.connector.clone();
        let find =
            async |sending: &Sending<'_>, course: &mut Course| found(&connector, sending, course).await;
        let errand =
            Errand { call: &call, page: None, options: &options, id: &self.info.call_id, began: now };
        let found = connector.prepared(errand, find).await;
        let Ok(Found { opened, places }) = found else { return false };
        if !rest.is(&opened, self.info.length) {
            return false;
        }
        connector.stats.borrow_mut().retry("file-resumed");
        connector.log(LogLevel::Info, "file-resumed", |line| {
            line.with("call_id", self.info.call_id.as_str())
                .with("operation", self.call.operation.name)
                .with("from", self.received)
        });
        (self.body, self.places) = (Some(opened.body), places);
        true
    }

    /// Waits for whoever takes the bytes, within the file's deadline.
    ///
    /// # Errors
    /// The deadline passed.
    pub async fn in_time<T>(&self, taking: impl Future<Output = T>) -> Result<T, Failure> {
        let left = self.connector.host.now().until(self.deadline);
        self.connector.within(left, taking).await.ok_or_else(|| self.late())
    }

    /// Counts and logs how it ended, and names the call in a failure.
    ///
    /// # Errors
    /// The failure.
    pub fn ended(self, result: Result<(), Failure>) -> Result<(), Failure> {
        let result = result.map_err(|failure| {
            let failure = Failure { status: Some(self.info.status), ..failure };
            failure.of(self.call.operation.name, &self.info.call_id, self.attempts.clone())
        });
        let told = result.as_ref().map(|()| self.info.status);
        let id = &self.info.call_id;
        let name = self.call.operation.name;
        self.connector.ended(name, &self.options, id, self.began, told, Some(self.received));
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

async fn found<H: Host>(
    connector: &Connector<H>,
    sending: &Sending<'_>,
    course: &mut Course,
) -> Result<Found, Failure> {
    let found = Box::pin(connector.run(sending, course)).await.and_then(|success| {
        let missing = || failure::refused(FailureKind::Internal, "there is no file", Vec::new());
        success.file.ok_or_else(missing)
    });
    found.map_err(|failure| failure.of(sending.call.operation.name, &course.id, course.attempts()))
}

fn check(call: &Call, options: &Options) -> Result<(), Failure> {
    let name = call.operation.name;
    if !call.operation.file {
        return Err(bad_field("operation", format!("`{name}` answers with no file: invoke it")));
    }
    if options.fallback.is_some() {
        return Err(bad_field("fallback", "is for operations with one answer, and this one has a file"));
    }
    call.check_needs()
}

fn ended_early(kind: FailureKind, message: String, retry: RetryAdvice) -> Failure {
    Failure { outcome: Outcome::NotApplied, retry, ..failure::refused(kind, message, Vec::new()) }
}
