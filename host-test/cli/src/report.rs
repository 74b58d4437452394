//! Says what went wrong, and how to go on.

use crate::{ready::NotReady, settings};
use penstock_host::{
    Error,
    bindings::types::{Failure, FailureKind, FieldError, Outcome, RetryAdvice},
};
use std::{error, fmt, process::ExitCode};

/// The exit code for input that does not fit, as of the argument parser.
const USAGE: u8 = 2;

/// Input of a command itself that does not fit: nothing was sent.
#[derive(Debug)]
pub(crate) struct Unfit(pub(crate) String);

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for Unfit {}

/// Tells on standard error, and chooses the exit code: 2 for input or settings that do
/// not fit, 1 for everything else.
pub(crate) fn failed(error: &anyhow::Error) -> ExitCode {
    // `penstock list ... | head` is no error.
    if error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    }) {
        return ExitCode::SUCCESS;
    }
    if let Some(NotReady(missing)) = error.downcast_ref() {
        eprintln!("error: {error}");
        missing.iter().for_each(tell_field);
        return ExitCode::from(USAGE);
    }
    if error.downcast_ref::<Unfit>().is_some() {
        eprintln!("error: {error:#}");
        return ExitCode::from(USAGE);
    }
    match error.downcast_ref::<Error>().and_then(Error::failure) {
        Some(failure) => tell(failure),
        None => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn tell_field(error: &FieldError) {
    eprintln!("  {}: {}", error.field, error.message);
}

fn tell(failure: &Failure) -> ExitCode {
    if failure.fields.is_empty() {
        eprintln!("error: {}", failure.message);
    } else {
        // Where the fields are what is wrong, the message repeats them behind its head.
        let repeats = matches!(
            failure.kind,
            FailureKind::BadInput | FailureKind::Configuration | FailureKind::Decode | FailureKind::Rejected
        );
        let head = failure.message.split(": ").next().filter(|_| repeats).unwrap_or(&failure.message);
        eprintln!("error: {head}");
        failure.fields.iter().for_each(tell_field);
    }
    for attempt in &failure.attempts {
        let status = attempt.status.map_or_else(|| "no answer".to_owned(), |status| format!("HTTP {status}"));
        eprintln!("  attempt {}: {status}, {}, {} ms", attempt.number, attempt.reason, attempt.elapsed_ms);
    }
    match failure.outcome {
        Outcome::Unknown => eprintln!("It may have taken effect. Look before you repeat it."),
        Outcome::Applied => eprintln!("It took effect, though the answer cannot be used."),
        Outcome::NotSent | Outcome::NotApplied => {}
    }
    match failure.retry {
        RetryAdvice::After(millis) => eprintln!("Try again in {:.1} s.", millis as f64 / 1000.0),
        RetryAdvice::Now | RetryAdvice::Later => eprintln!("Trying again may help."),
        RetryAdvice::Never => {}
    }
    if let Some(id) = &failure.vendor_trace_id {
        eprintln!("The vendor's id of the request: {id}");
    }
    let unread = failure.kind == FailureKind::Host && settings::failed();
    if unread
        || matches!(failure.kind, FailureKind::BadInput | FailureKind::Configuration | FailureKind::Role)
    {
        return ExitCode::from(USAGE);
    }
    if let Some(resume) = &failure.resume {
        eprintln!("Go on with: --resume {resume}");
    }
    ExitCode::FAILURE
}
