//! Says what went wrong, and how to go on.

use crate::{
    credentials::hidden,
    output::Unwritten,
    ready::NotReady,
    result_line, settings,
    stopping::{Signal, Stopped},
    told::{self, is_for_program, line, note, tell, unprinted},
};
use clap::error::{ContextKind, ContextValue};
use penstock::policy::shown::{is_obeyed, visible};
use penstock_host::{
    Error,
    bindings::types::{Failure, FailureKind, FieldError, Outcome, RetryAdvice},
    sources::HostError,
};
use serde_json::{Value, json};
use std::{
    error, fmt,
    io::{self, Write},
    panic::PanicHookInfo,
    process::ExitCode,
};

/// The exit code for input that does not fit, as of the argument parser.
const USAGE: u8 = 2;

/// The exit code for whatever else goes wrong.
const FAILURE: u8 = 1;

/// Input of a command itself that does not fit: nothing was sent.
#[derive(Debug)]
pub(crate) struct Unfit(pub(crate) String);

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for Unfit {}

/// A setting that the sources of settings could not be asked for, which says nothing of its value.
pub(crate) fn unread(name: &str, error: &HostError) -> Unfit {
    Unfit(format!("{name} cannot be looked up: {error}"))
}

/// A call that succeeded, whose answer cannot be printed.
#[derive(Debug)]
pub(crate) struct Unprinted {
    outcome: Outcome,
}

impl Unprinted {
    /// Of an operation of a provider.
    pub(crate) fn of(provider: &str, operation: &str) -> Unprinted {
        let read = penstock_host::is_read(provider, operation);
        Unprinted { outcome: if read { Outcome::NotApplied } else { Outcome::Applied } }
    }
}

impl fmt::Display for Unprinted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the call succeeded, but its answer is lost")
    }
}

/// Tells on standard error, and chooses the exit code: 2 for input or settings that do
/// not fit, 1 for everything else.
pub(crate) fn failed(error: &anyhow::Error) -> ExitCode {
    // `penstock list ... | head` is no error.
    if is_nobody_there(error) {
        return ExitCode::SUCCESS;
    }
    let code = exit_code(error);
    if is_for_program() {
        told::document(&document(error, code));
        return ExitCode::from(code);
    }
    if let Some(stopped) = error.downcast_ref::<Stopped>() {
        tell!("{stopped}");
        if let Some(resume) = &stopped.resume {
            tell_resume(resume);
        }
    } else if let Some(NotReady(missing)) = error.downcast_ref() {
        tell!("error: {error}");
        missing.iter().for_each(tell_field);
    } else if let Some(failure) = error.downcast_ref::<Error>().and_then(Error::failure) {
        tell(failure, code);
    } else {
        tell!("error: {}", explained(error));
        if let Some(Unprinted { outcome: Outcome::Applied }) = error.downcast_ref() {
            tell!("It took effect. Do not repeat it.");
        }
    }
    ExitCode::from(code)
}

/// What the argument parser has to say: help, or what it refuses.
pub(crate) fn by_parser(error: clap::Error) -> ExitCode {
    let error = with_visible_arguments(error);
    if error.use_stderr() {
        // There is nobody to tell that nobody can be told.
        drop(error.print());
        return ExitCode::from(USAGE);
    }
    match error.print().and_then(|()| io::stdout().flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&unprinted(error)),
    }
}

/// What the argument parser refuses, for programs.
pub(crate) fn misused(error: clap::Error) -> ExitCode {
    let error = with_visible_arguments(error);
    let about = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    };
    let arguments = about(ContextKind::InvalidArg).into_iter().chain(about(ContextKind::InvalidSubcommand));
    let why = error::Error::source(&error).map_or_else(|| error.kind().to_string(), ToString::to_string);
    let fields = arguments.map(|argument| json!({ "field": argument, "message": why }));
    let told = json!({ "error": {
        "kind": "usage",
        "message": error.to_string().trim(),
        "outcome": Outcome::NotSent.name(),
        "fields": fields.collect::<Vec<Value>>(),
        "exitCode": USAGE,
    } });
    told::document(&told);
    ExitCode::from(USAGE)
}

/// What is quoted of the arguments is shown, and not obeyed, and credentials are not shown; the colours are
/// ours.
fn with_visible_arguments(mut error: clap::Error) -> clap::Error {
    let quoted = error.context().filter_map(|(kind, value)| match value {
        ContextValue::String(text) => Some((kind, ContextValue::String(visible(&hidden(text)).into_owned()))),
        ContextValue::Strings(texts) => {
            let shown = texts.iter().map(|text| visible(&hidden(text)).into_owned());
            Some((kind, ContextValue::Strings(shown.collect())))
        }
        // A hint that repeats an argument in its own colours.
        ContextValue::StyledStrs(hints) => {
            let is_clean = |hint: &str| !hint.contains(is_obeyed) && hidden(hint) == hint;
            let clean = hints.iter().filter(|hint| is_clean(&hint.to_string()));
            Some((kind, ContextValue::StyledStrs(clean.cloned().collect())))
        }
        _ => None,
    });
    for (kind, value) in quoted.collect::<Vec<_>>() {
        error.insert(kind, value);
    }
    error
}

/// A defect of the program itself, for programs.
pub(crate) fn defect(panicked: &PanicHookInfo) {
    let message = panicked.to_string();
    let told = json!({ "error": { "kind": "internal", "message": message, "exitCode": FAILURE } });
    told::document(&told);
}

/// That a second signal ended the command, while so many writes were under way.
pub(crate) fn stopped_at_once(signal: Signal, writes: usize) {
    let (rest, code) = (cut_off(writes), signal.exit_code());
    let message = format!("stopped at once by {signal}{rest}");
    if !is_for_program() {
        return line(format_args!("{message}"));
    }
    let mut told = json!({ "kind": "stopped", "message": message, "exitCode": code });
    if writes > 0 {
        set(&mut told, "outcome", Outcome::Unknown.name().into());
        set(&mut told, "underWay", writes.into());
    }
    told::document(&json!({ "error": told }));
}

/// What there is to say of writes that nobody waits for any more.
fn cut_off(writes: usize) -> String {
    match writes {
        0 => String::new(),
        1 => "; a call was under way and may have taken effect. Look before you repeat it".to_owned(),
        _ => {
            format!("; {writes} calls were under way and may have taken effect. Look before you repeat them")
        }
    }
}

/// Where a list goes on.
pub(crate) fn tell_resume(resume: &str) {
    note("resume", json!({ "resume": resume }), format_args!("Go on with: --resume {resume}"));
}

fn is_nobody_there(error: &anyhow::Error) -> bool {
    let broken = |cause: &(dyn error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    matches!(error.downcast_ref(), Some(Unwritten::Gone)) || error.chain().any(broken)
}

fn exit_code(error: &anyhow::Error) -> u8 {
    if let Some(Unwritten::Stopped(signal)) = error.downcast_ref() {
        return signal.exit_code();
    }
    if let Some(stopped) = error.downcast_ref::<Stopped>() {
        return stopped.signal.exit_code();
    }
    if error.is::<NotReady>() || error.is::<Unfit>() {
        return USAGE;
    }
    let Some(failure) = error.downcast_ref::<Error>().and_then(Error::failure) else { return FAILURE };
    let unread = failure.kind == FailureKind::Host && settings::failed();
    let unfit =
        matches!(failure.kind, FailureKind::BadInput | FailureKind::Configuration | FailureKind::Role);
    // What was sent may have an effect, whatever is wrong with it.
    let without_effect = matches!(failure.outcome, Outcome::NotSent | Outcome::NotApplied);
    if (unread || unfit) && without_effect { USAGE } else { FAILURE }
}

/// What goes wrong as a program reads it.
fn document(error: &anyhow::Error, code: u8) -> Value {
    let mut told = match error.downcast_ref::<Error>() {
        Some(failed @ Error::Failure(_)) => result_line::failed(failed),
        Some(failed) => {
            let mut told = result_line::failed(failed);
            set(&mut told, "message", explained(error).into());
            told
        }
        None => {
            let kind = match code {
                USAGE => "bad-input",
                FAILURE => "failed",
                _ => "stopped",
            };
            json!({ "kind": kind, "message": explained(error) })
        }
    };
    if let Some(Stopped { resume: Some(resume), .. }) = error.downcast_ref() {
        set(&mut told, "resume", resume.as_str().into());
    }
    if let Some(Stopped { outcome: Some(outcome), .. }) = error.downcast_ref() {
        set(&mut told, "outcome", outcome.name().into());
    }
    if let Some(Unprinted { outcome }) = error.downcast_ref() {
        set(&mut told, "outcome", outcome.name().into());
    }
    if let Some(NotReady(missing)) = error.downcast_ref() {
        let fields = missing.iter().map(|wrong| json!({ "field": wrong.field, "message": wrong.message }));
        set(&mut told, "kind", "configuration".into());
        set(&mut told, "fields", fields.collect());
    }
    if let Some(failure) = error.downcast_ref::<Error>().and_then(Error::failure) {
        let retry = match failure.retry {
            RetryAdvice::After(millis) => json!({ "advice": "after", "millis": millis }),
            RetryAdvice::Now => json!({ "advice": "now" }),
            RetryAdvice::Later => json!({ "advice": "later" }),
            RetryAdvice::Never => json!({ "advice": "never" }),
        };
        set(&mut told, "retry", retry);
        set(&mut told, "resume", failure.resume.clone().into());
        set(&mut told, "vendorTraceId", failure.vendor_trace_id.clone().into());
    }
    set(&mut told, "exitCode", code.into());
    json!({ "error": told })
}

/// The error, with the limit that it is of where the system's words name none.
fn explained(error: &anyhow::Error) -> String {
    let message = format!("{error:#}");
    match message.contains(FILE_TOO_LARGE) {
        true => format!("{message}: this process may write no larger file (see `ulimit -f`)"),
        false => message,
    }
}

/// How `EFBIG` is shown, wherever it comes from: of the component there is no more than its text.
const FILE_TOO_LARGE: &str = "File too large (os error 27)";

fn set(told: &mut Value, name: &str, value: Value) {
    if let Some(members) = told.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

fn tell_field(error: &FieldError) {
    tell!("  {}: {}", error.field, error.message);
}

fn tell(failure: &Failure, code: u8) {
    if failure.fields.is_empty() {
        tell!("error: {}", failure.message);
    } else {
        // Where the fields are what is wrong, the message repeats them behind its head.
        let repeats = matches!(
            failure.kind,
            FailureKind::BadInput | FailureKind::Configuration | FailureKind::Decode | FailureKind::Rejected
        );
        let head = failure.message.split(": ").next().filter(|_| repeats).unwrap_or(&failure.message);
        tell!("error: {head}");
        failure.fields.iter().for_each(tell_field);
    }
    for attempt in &failure.attempts {
        let status = attempt.status.map_or_else(|| "no answer".to_owned(), |status| format!("HTTP {status}"));
        tell!("  attempt {}: {status}, {}, {} ms", attempt.number, attempt.reason, attempt.elapsed_ms);
    }
    match failure.outcome {
        Outcome::Unknown => tell!("It may have taken effect. Look before you repeat it."),
        Outcome::Applied => tell!("It took effect, though the answer cannot be used."),
        Outcome::NotSent | Outcome::NotApplied => {}
    }
    match failure.retry {
        // What is wrong with the input or the settings stays wrong.
        _ if code == USAGE => {}
        RetryAdvice::After(millis) => tell!("Try again in {:.1} s.", millis as f64 / 1000.0),
        RetryAdvice::Now | RetryAdvice::Later => tell!("Trying again may help."),
        RetryAdvice::Never => {}
    }
    if let Some(id) = &failure.vendor_trace_id {
        tell!("The vendor's id of the request: {id}");
    }
    if let Some(resume) = failure.resume.as_ref().filter(|_| code != USAGE) {
        tell_resume(resume);
    }
}
