//! Schedules of many seeds hold, and are what they should be.

use penstock_simulator::{Fault, Figures, Outcome, Seed, simulate};

fn good(outcome: &Outcome) {
    let told: String = outcome.findings.iter().map(|found| found.excerpt(30)).collect();
    assert!(outcome.is_good(), "{told}\n{}", outcome.figures);
}

/// Faults that need the shared store to be used.
const OF_THE_STORE: [Fault; 3] = [Fault::StateRefused, Fault::StateDown, Fault::StateSlow];

fn is_rich(figures: &Figures) {
    let kinds = figures.faults.len() as u64;
    assert!(kinds >= 20, "{figures}");
    assert!(figures.all_faults() >= 3 * figures.schedules, "{figures}");
    for fault in Fault::ALL.iter().filter(|fault| !OF_THE_STORE.contains(fault)) {
        assert!(figures.faults.contains_key(fault), "{fault} never takes place\n{figures}");
    }
    assert_eq!(figures.distinct_traces, figures.schedules);
    // Most of what callers want succeeds, or nothing would be proved.
    assert!(figures.calls_ok * 2 > figures.calls, "{figures}");
    assert!(figures.reads > 50 * figures.abandoned_reads && figures.reads >= figures.schedules, "{figures}");
    assert!(figures.writes_applied * 2 > figures.writes, "{figures}");
}

#[test]
fn hundreds_of_schedules_hold() {
    let outcome = simulate(0..400, 2, |_| ());
    good(&outcome);
    is_rich(&outcome.figures);
}

#[test]
fn threads_do_not_matter() {
    let (one, two) = (simulate(1_000..1_040, 1, |_| ()), simulate(1_000..1_040, 2, |_| ()));
    assert_eq!((one.figures.port, one.figures.texts), (two.figures.port, two.figures.texts));
    assert_eq!(one.seeds, two.seeds);
    assert_eq!(one.figures.requests, two.figures.requests);
}

#[test]
fn the_digests_of_all_are_those_of_each() {
    let outcome = simulate(2_000..2_020, 2, |_| ());
    let seeds: Vec<u64> = outcome.seeds.iter().map(|seed| seed.seed).collect();
    assert_eq!(seeds, (2_000..2_020).collect::<Vec<_>>());
    let sum = |of: fn(&Seed) -> u64| outcome.seeds.iter().map(of).fold(0, u64::wrapping_add);
    assert_eq!(sum(|seed| seed.port), outcome.figures.port);
    assert_eq!(sum(|seed| seed.texts), outcome.figures.texts);
    let again = penstock_simulator::run(2_007).figures;
    assert_eq!(Seed { seed: 2_007, port: again.port, texts: again.texts }, outcome.seeds[7]);
}

#[test]
fn figures_are_json_and_a_table() {
    let outcome = simulate(0..3, 1, |_| ());
    let json = serde_json::to_value(&outcome).unwrap();
    assert_eq!(json["figures"]["schedules"], 3);
    assert!(json["figures"]["faults"].as_object().is_some_and(|faults| !faults.is_empty()));
    assert!(outcome.figures.to_string().contains("nothing lost                         0"));
}
