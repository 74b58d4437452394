//! The simulator alone, without the Wasmtime that `penstock simulate` comes with: builds
//! in a minute.

use penstock_simulator::command::Command;
use std::{env, path::PathBuf, process::ExitCode};

const USAGE: &str = "penstock-simulator [--seeds N] [--seed FIRST] [--threads N] [--json] [--trace] [--scenarios [--kill-every N]] [--digests FILE]";

fn main() -> ExitCode {
    let mut command = Command {
        first: 0,
        seeds: 1_000,
        threads: 2,
        json: false,
        trace: false,
        scenarios: false,
        kill_every: 1,
        digests: None,
    };
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--digests" {
            command.digests = arguments.next().map(PathBuf::from);
            if command.digests.is_some() {
                continue;
            }
        }
        let mut number = || arguments.next().and_then(|text| text.parse::<u64>().ok());
        let known = match argument.as_str() {
            "--seeds" => number().map(|seeds| command.seeds = seeds),
            "--kill-every" => number().map(|every| command.kill_every = every),
            "--seed" => number().map(|first| command.first = first),
            "--threads" => number()
                .and_then(|threads| usize::try_from(threads).ok())
                .map(|threads| command.threads = threads),
            "--json" | "--trace" | "--scenarios" => Some(()),
            _ => None,
        };
        match argument.as_str() {
            "--json" => command.json = true,
            "--trace" => command.trace = true,
            "--scenarios" => command.scenarios = true,
            _ => {}
        }
        if known.is_none() {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    }
    if command.run(&|line| eprintln!("{line}")) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
