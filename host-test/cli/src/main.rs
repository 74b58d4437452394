//! `penstock`, the command line. Each command is one file; this one reads the arguments.

mod asked;
mod batch;
mod call;
mod demo;
mod download;
mod import;
mod key;
mod list;
mod misfits;
mod operations;
mod part;
mod provider;
mod ready;
mod report;
mod result_line;
mod serve;
mod settings;
mod simulate;
mod target;
mod text;
mod upload;

use clap::{Parser, Subcommand};
use std::{process::ExitCode, time::Duration};

/// Typed calls to a vendor's API, through the Penstock component.
///
/// The credentials come from environment variables, files named by NAME_FILE, or
/// `.env` (or the file of --env-file): SERVICETITAN_CLIENT_ID, SERVICETITAN_CLIENT_SECRET, SERVICETITAN_APP_KEY,
/// SERVICETITAN_TENANT_ID, and if need be SERVICETITAN_API_ENVIRONMENT (production or
/// integration) and SERVICETITAN_TIMEZONE.
#[derive(Parser)]
#[command(name = "penstock", version, max_term_width = 100, after_help = EXAMPLES)]
struct Arguments {
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
  The recording of a phone call; a photo for a job (that needs a role):
    penstock download servicetitan telecom.calls-download-recording --param id=4711 \\
      --output call.mp3 --allow https://files.example.com
    penstock upload servicetitan forms.jobs-upload-attachment --param id=4711 \\
      --role operator --file photo.png --type image/png
  A simulated ServiceTitan for any client:
    penstock vendor --port 8080";

#[derive(Subcommand)]
enum Command {
    /// Streams 20,000 typed jobs out of a simulated ServiceTitan that fails on purpose.
    Demo(demo::Demo),
    /// Prints every record of a list, one JSON object a line.
    List(list::List),
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
    /// Runs the core through seeded schedules of faults in virtual time, and counts what did
    /// not hold.
    Simulate(simulate::Simulate),
    /// Runs a simulated ServiceTitan by itself.
    #[command(name = "vendor")]
    Provider(provider::Provider),
    /// Runs the Spin gateway in Wasmtime, against a simulated ServiceTitan.
    Serve(serve::Serve),
    /// Makes the contract's WIT from a vendor's OpenAPI documents, or compares the two.
    Import(import::Import),
    /// Makes an API key for the gateway, and the hash to configure.
    Key(key::Key),
}

/// How long the last log lines may take to be written.
const LAST_LINES: Duration = Duration::from_millis(500);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        match arguments.command {
            Command::Demo(command) => command.run().await,
            Command::List(command) => command.run().await,
            Command::Call(command) => command.run().await,
            Command::Download(command) => command.run().await,
            Command::Upload(command) => command.run().await,
            Command::Batch(command) => command.run().await,
            Command::Operations(command) => command.run().await,
            Command::Ready(command) => command.run().await,
            Command::Provider(command) => command.run().await,
            Command::Serve(command) => command.run().await,
            Command::Simulate(command) => command.run(),
            Command::Import(command) => command.run(),
            Command::Key(command) => command.run(),
        }
    });
    // A call that is still under way must not keep the process.
    runtime.shutdown_background();
    penstock_host::logs::flush_stderr(LAST_LINES);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report::failed(&error),
    }
}
