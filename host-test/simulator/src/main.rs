//! For development: runs schedules and shows what they came to.

use penstock_simulator::{
    Config, Outcome, Wired, run_with,
    scenarios::{Reading, kills, outage, rotations, saturation},
    simulate_with,
};
use std::{
    env,
    process::ExitCode,
    time::{Duration, Instant},
};

const USAGE: &str = "penstock-simulator [--seeds N] [--seed FIRST] [--threads N] [--json] [--trace] [--wired] [--strict] [--scenarios]";

fn main() -> ExitCode {
    let (mut seeds, mut first, mut threads, mut json, mut config) = (1_000, 0, 2, false, Config::default());
    let mut courses = false;
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|text| text.parse::<u64>().ok());
        match argument.as_str() {
            "--seeds" => seeds = number().unwrap_or(seeds),
            "--seed" => first = number().unwrap_or(first),
            "--threads" => threads = number().and_then(|many| usize::try_from(many).ok()).unwrap_or(threads),
            "--json" => json = true,
            "--trace" => config.trace = true,
            "--scenarios" => courses = true,
            // Asks of the driver what it may not have yet.
            "--wired" => {
                let wired =
                    Wired { limiter: true, breaker: true, drift: true, page_numbers: true, ..config.wired };
                config.wired = wired;
            }
            "--strict" => config.wired = Wired { own_orders: true, sure_ends: true, ..config.wired },
            _ => {
                eprintln!("{USAGE}");
                return ExitCode::from(2);
            }
        }
    }
    if config.trace {
        let report = run_with(first, &config);
        report.trace.iter().for_each(|line| println!("{line}"));
        println!("{}", report.excerpt(0));
        return ExitCode::SUCCESS;
    }
    if courses {
        scenarios(&config, threads);
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

/// Plays all scenarios and shows their figures.
fn scenarios(config: &Config, threads: usize) {
    let minute = Duration::from_secs(60);
    for (pages, reading) in [(1_000, Reading::Pages), (300, Reading::Stream { between: 500 })] {
        let began = Instant::now();
        let kills = kills(pages, 20, reading, 1, threads);
        println!("{reading:?}: {kills:?} in {:.0} s", began.elapsed().as_secs_f64());
    }
    let saturation = saturation(1, config, 8, 16);
    println!("{:.1} % of the limit used: {saturation:?}", saturation.used() * 100.0);
    for way in 0..4 {
        let outage = outage(1, config, 50, minute, way);
        println!(
            "{:.3} requests a call, {:.1} % after: {outage:?}",
            outage.amplification(),
            outage.recovered() * 100.0
        );
    }
    for two_slots in [false, true] {
        println!("{:?}", rotations(1, config, 1_000, 6, two_slots));
    }
}
