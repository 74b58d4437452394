//! For development: runs schedules and shows what they came to.

use penstock_simulator::{Config, Outcome, Wired, run_with, simulate_with};
use std::{env, process::ExitCode, time::Instant};

const USAGE: &str =
    "penstock-simulator [--seeds N] [--seed FIRST] [--threads N] [--json] [--trace] [--wired]";

fn main() -> ExitCode {
    let (mut seeds, mut first, mut threads, mut json, mut config) = (1_000, 0, 2, false, Config::default());
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse::<u64>().ok());
        let known = match argument.as_str() {
            "--seeds" => number().map(|number| seeds = number),
            "--seed" => number().map(|number| first = number),
            "--threads" => number().map(|number| threads = usize::try_from(number).unwrap_or(1)),
            "--json" => Some(json = true),
            "--trace" => Some(config.trace = true),
            // Asks of the driver what it may not have yet.
            "--wired" => {
                Some(config.wired = Wired { limiter: true, breaker: true, drift: true, ..config.wired })
            }
            _ => None,
        };
        if known.is_none() {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    }
    if config.trace {
        let report = run_with(first, &config);
        report.trace.iter().for_each(|line| println!("{line}"));
        println!("{}", report.excerpt(0));
        return ExitCode::SUCCESS;
    }
    let began = Instant::now();
    let outcome = simulate_with(first..first.saturating_add(seeds), threads, &config, 50, |_| ());
    show(&outcome, json);
    let took = began.elapsed().as_secs_f64();
    eprintln!("{took:.1} s, {:.0} schedules a second", seeds as f64 / took);
    if outcome.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn show(outcome: &Outcome, json: bool) {
    if json {
        match serde_json::to_string_pretty(outcome) {
            Ok(text) => println!("{text}"),
            Err(error) => eprintln!("{error}"),
        }
        return;
    }
    for found in &outcome.findings {
        println!("{}", found.excerpt(40));
    }
    println!("{}", outcome.figures);
}
