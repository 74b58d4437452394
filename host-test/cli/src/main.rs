//! `penstock`, the command line. Each command is one file; this one reads the arguments.
#![deny(clippy::print_stdout, clippy::print_stderr, reason = "they panic where nothing can be printed")]

mod ask;
mod asked;
mod backing;
mod batch;
mod call;
mod credentials;
mod demo;
mod doctor;
mod download;
mod grace;
mod health;
mod import;
mod key;
mod list;
mod manual;
mod mcp;
mod misfits;
mod network;
mod operations;
mod output;
mod part;
mod position;
mod progress;
mod provider;
mod ready;
mod report;
mod reporting;
mod result_line;
mod serve;
mod settings;
mod shared_state;
mod simulate;
#[cfg(target_os = "linux")]
mod soak;
mod start;
mod state;
mod stats;
mod stopping;
mod sync;
mod tap;
mod target;
mod text;
mod told;
mod upload;
mod vendors;

use anyhow::{Context, Result};
use clap::{
    Arg, CommandFactory, FromArgMatches, Parser, Subcommand,
    error::{ContextKind, ContextValue, ErrorKind},
};
use futures_util::{FutureExt, future::BoxFuture};
use std::{
    env,
    ffi::OsString,
    panic::{self, AssertUnwindSafe},
    path::Path,
    process::ExitCode,
    time::Duration,
};
use stopping::Stopping;

/// Typed calls to a vendor's API, through the Penstock component.
///
/// The credentials come from environment variables, files named by NAME_FILE, or
/// `.env` (or the file of --env-file): SERVICETITAN_CLIENT_ID, SERVICETITAN_CLIENT_SECRET, SERVICETITAN_APP_KEY,
/// SERVICETITAN_TENANT_ID, and if need be SERVICETITAN_API_ENVIRONMENT (production or
/// integration) and SERVICETITAN_TIMEZONE.
#[derive(Parser)]
#[command(name = "penstock", version, max_term_width = 100, after_help = EXAMPLES)]
struct Arguments {
    /// Every line on standard error is one JSON object, for programs: an `error` with its `kind`,
    /// `message`, `outcome`, `retry`, `fields` and whatever else is known, a `warning` or a `note`.
    #[arg(long, global = true)]
    json_errors: bool,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  See it work against a simulated ServiceTitan that fails on purpose:
    penstock demo
  What can be called, and with which parameters:
    penstock operations jobs
  The first ten completed jobs, one JSON object a line:
    penstock list servicetitan jpm.jobs-list --param jobStatus=Completed --limit 10
  One job; a note on it (writes need a role):
    penstock call servicetitan jpm.jobs-get --param id=4711
    penstock call servicetitan jpm.jobs-create-note --param id=4711 \\
      --role operator --body '{\"text\": \"Gate code is 1234\"}'
  Everything that changed, and tomorrow what changed since:
    penstock list servicetitan jpm.export-jobs-list --resume-file jobs.resume > jobs.ndjson
  A copy of modules in a database; run it again for what has changed since:
    penstock sync servicetitan --modules jpm,crm --to sqlite:titan.db
  The same for a Singer target, and where it goes on the next time:
    penstock tap servicetitan --config tap.json --state state.json | target-jsonl
  The recording of a phone call; a photo for a job (that needs a role):
    penstock download servicetitan telecom.calls-download-recording --param id=4711 \\
      --output call.mp3 --allow https://files.example.com
    penstock upload servicetitan forms.jobs-upload-attachment --param id=4711 \\
      --role operator --file photo.png --type image/png
  All operations for an agent, reads only:
    penstock mcp --real
  A simulated ServiceTitan for any client:
    penstock vendor --port 8080";

#[derive(Subcommand)]
enum Command {
    /// Streams 20,000 typed jobs out of a simulated ServiceTitan that fails on purpose.
    Demo(demo::Demo),
    /// Prints every record of a list, one JSON object a line.
    List(list::List),
    /// Copies a vendor's records into a database, exactly once, and goes on there the next time.
    Sync(Box<sync::Sync>),
    /// Reads a vendor's records as a Singer tap does, for a target: discovery, SCHEMA, RECORD and STATE.
    Tap(tap::Tap),
    /// Calls one operation and prints its answer.
    Call(call::Call),
    /// Gets the file of an operation, whole or not at all.
    Download(download::Download),
    /// Sends a file with an operation that takes one.
    Upload(upload::Upload),
    /// Makes many calls, one JSON object a line, and prints their results in order.
    Batch(batch::Batch),
    /// Shows the operations: name, method, path, effect, parameters.
    Operations(operations::Operations),
    /// Checks the settings, and with --probe a call: exit code 0 when all is well, 2 when
    /// settings are missing, 1 when the call fails.
    Ready(ready::Ready),
    /// Looks at all that a deployment needs: settings, network, clock, credentials and their age, permissions, the
    /// shared store, a gateway that runs. Says what to do about each; exit code 1 when a check failed.
    Doctor(doctor::Doctor),
    /// Asks a gateway whether it is ready, or lives: for a container's HEALTHCHECK. Exit code 1 if not.
    Health(health::Health),
    /// How the operations of a gateway are doing: calls, mean and 95th percentile of their time, errors, success rate.
    Stats(stats::Stats),
    /// Runs the core through seeded schedules of faults in virtual time, and counts what did
    /// not hold.
    Simulate(simulate::Simulate),
    /// Minutes of all that goes wrong at once: faults, kills, readers that stall and vanish, changing
    /// credentials. Counts what was lost and looks whether anything grows.
    #[cfg(target_os = "linux")]
    Soak(soak::Soak),
    /// Runs a simulated ServiceTitan by itself.
    #[command(name = "vendor")]
    Provider(provider::Provider),
    /// Runs the Spin gateway in Wasmtime, against simulated vendors; with --real against the real ones, for the keys
    /// of PENSTOCK_API_KEYS or PENSTOCK_API_KEY_HASH.
    Serve(serve::Serve),
    /// Speaks the Model Context Protocol over standard input and output, for agents.
    Mcp(Box<mcp::Mcp>),
    /// Shows what instances share of a tenant (tokens, limits, answers, webhooks), or removes it: from the
    /// Redis of PENSTOCK_STATE_URL, the file of PENSTOCK_STATE_FILE, or the file of `serve --real`.
    State(state::Shared),
    /// Makes the contract's WIT from a vendor's OpenAPI documents, or compares the two.
    Import(import::Import),
    /// Prints the completions of a shell.
    Completions(manual::Completions),
    /// Prints the manual page of the program or of a command, for `man -l -`.
    Manual(manual::Manual),
    /// Makes an API key for the gateway, and the hash to configure.
    Key(key::Key),
}

/// How long the last log lines may take to be written.
const LAST_LINES: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let arguments = match parsed() {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() && env::args_os().any(|argument| argument == "--json-errors") => {
            return report::misused(error);
        }
        Err(error) => return report::by_parser(error),
    };
    if arguments.json_errors {
        told::set_for_program();
    }
    tell_faults();
    match panic::catch_unwind(AssertUnwindSafe(|| run(arguments.command))) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => report::failed(&error),
        // What it was is told already.
        Err(_) => ExitCode::FAILURE,
    }
}

/// The arguments. A negative number is a value that does not fit, and no option that is not known.
fn parsed() -> Result<Arguments, clap::Error> {
    let of_number = |argument: Arg| {
        let takes = argument.get_long().is_some() && argument.get_action().takes_values();
        argument.allow_negative_numbers(takes)
    };
    let mut program = Arguments::command().mut_subcommands(|command| command.mut_args(of_number));
    let mut matches = program
        .try_get_matches_from_mut(given())
        .map_err(|error| with_what_is_no_text(error, &mut program, given().into_iter()))?;
    Arguments::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut program))
}

/// What the program was given. Called by the name `tap-servicetitan`, as a link may have it, it is that tap: what
/// runs taps names a program, and no command of one.
fn given() -> Vec<OsString> {
    let mut all: Vec<OsString> = env::args_os().collect();
    let name = all.first().and_then(|first| Path::new(first).file_stem()?.to_str()?.strip_prefix("tap-"));
    if let Some(provider) = name.map(OsString::from) {
        all.splice(1..1, [OsString::from("tap"), provider]);
    }
    all
}

/// Names the argument that is no UTF-8: the parser says only that there is one.
fn with_what_is_no_text(
    error: clap::Error,
    program: &mut clap::Command,
    arguments: impl Iterator<Item = OsString>,
) -> clap::Error {
    let arguments: Vec<_> = arguments.collect();
    let Some(place) = arguments.iter().position(|argument| argument.to_str().is_none()) else { return error };
    if error.kind() != ErrorKind::InvalidUtf8 {
        return error;
    }
    let shown = |place: usize| arguments.get(place).map(|argument| argument.to_string_lossy().into_owned());
    let value = shown(place).unwrap_or_default();
    let option = shown(place.wrapping_sub(1)).filter(|option| option.starts_with('-'));
    let field = option.unwrap_or_else(|| value.clone());
    let mut error = program.error(ErrorKind::InvalidUtf8, format!("{field}: {value} is not UTF-8"));
    error.insert(ContextKind::InvalidArg, ContextValue::String(field));
    error
}

fn run(command: Command) -> Result<()> {
    let runtime = start::runtime()?;
    let done = runtime.block_on(async {
        let stopping = Stopping::listen().context("cannot listen to signals")?;
        command.run(&stopping).await
    });
    // A call that is still under way must not keep the process.
    runtime.shutdown_background();
    // Nobody is left to tell if they were not.
    _ = penstock_host::logs::flush_stderr(LAST_LINES);
    done
}

/// Tells of a defect in the form that standard error has.
fn tell_faults() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panicked| match told::is_for_program() {
        true => report::defect(panicked),
        false => usual(panicked),
    }));
}

impl Command {
    /// Whether it runs the component in this process.
    fn has_component(&self) -> bool {
        matches!(
            self,
            Command::List(_)
                | Command::Batch(_)
                | Command::Sync(_)
                | Command::Tap(_)
                | Command::Serve(_)
                | Command::Mcp(_)
                | Command::Call(_)
                | Command::Upload(_)
                | Command::Demo(_)
                | Command::Download(_)
                | Command::Operations(_)
                | Command::Ready(_)
                | Command::Doctor(_)
        )
    }

    async fn run(self, stopping: &Stopping) -> Result<()> {
        if self.has_component() {
            start::warn_without_cache()?;
        }
        let told = stopping.clone();
        let running: BoxFuture<'static, Result<()>> = match self {
            // These end by themselves when they are asked to.
            Command::List(command) => return command.run(stopping).await,
            Command::Sync(command) => return command.run(stopping).await,
            Command::Tap(command) => return command.run(stopping).await,
            Command::Batch(command) => return command.run(stopping).await,
            Command::Provider(command) => return command.run(stopping).await,
            Command::Serve(command) => return command.run(stopping).await,
            Command::Mcp(command) => return command.run(stopping).await,
            Command::Call(command) => return command.run(stopping).await,
            Command::Upload(command) => return command.run(stopping).await,
            Command::Demo(command) => command.run().boxed(),
            #[cfg(target_os = "linux")]
            Command::Soak(command) => command.run().boxed(),
            Command::Download(command) => async move { command.run(&told).await }.boxed(),
            Command::Operations(command) => command.run().boxed(),
            Command::Ready(command) => command.run().boxed(),
            Command::Doctor(command) => command.run().boxed(),
            Command::Health(command) => command.run().boxed(),
            Command::State(command) => command.run().boxed(),
            Command::Stats(command) => command.run().boxed(),
            Command::Simulate(command) => on_a_thread(|| command.run()).boxed(),
            Command::Import(command) => on_a_thread(|| command.run()).boxed(),
            Command::Completions(command) => on_a_thread(|| command.run::<Arguments>()).boxed(),
            Command::Manual(command) => on_a_thread(|| command.run::<Arguments>()).boxed(),
            Command::Key(command) => on_a_thread(|| command.run()).boxed(),
        };
        // A task of its own: a print to a pipe that nobody reads holds no other one up.
        let mut running = tokio::spawn(running);
        let done = stopping.unless_asked(&mut running).await;
        if done.is_err() {
            // What is dropped with the command removes the files that it has not finished.
            running.abort();
            _ = tokio::time::timeout(LAST_LINES, running).await;
        }
        done??
    }
}

/// Runs what computes, so that signals are heard meanwhile.
async fn on_a_thread(command: impl FnOnce() -> Result<()> + Send + 'static) -> Result<()> {
    tokio::task::spawn_blocking(command).await?
}
