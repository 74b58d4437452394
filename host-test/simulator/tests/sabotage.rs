//! Deliberate defects: each must be found within a thousand schedules, and again by its
//! seed.

use penstock::engine::sabotage::{self, Sabotage};
use penstock_simulator::{Config, Invariant, Report, run_with, simulate_with};

/// Schedules within which a defect must be found.
const WITHIN: u64 = 1_000;

/// A defect that is on in this thread until this goes away.
struct On;

impl On {
    fn new(defect: Sabotage) -> On {
        sabotage::set(Some(defect));
        On
    }
}

impl Drop for On {
    fn drop(&mut self) {
        sabotage::set(None);
    }
}

/// The first schedule that shows the defect as a violation of this.
fn first(invariant: Invariant) -> Option<Report> {
    (0..WITHIN).map(|seed| run_with(seed, &Config::default())).find(|report| report.violates(invariant))
}

fn is_found(defect: Sabotage, invariant: Invariant) {
    let on = On::new(defect);
    let found = first(invariant);
    assert!(found.is_some(), "{defect:?} is not found");
    let Some(found) = found else { return };
    let again = run_with(found.seed, &Config { trace: true, ..Config::default() });
    assert!(again.violates(invariant), "{defect:?} is not found again");
    assert_eq!(again.figures.digest, found.figures.digest, "{defect:?} has another trace");
    let told = again.excerpt(5);
    assert!(told.contains(&format!("seed {}: {invariant}: ", found.seed)), "{told}");
    assert!(told.lines().count() > 5, "{told}");
    println!("{defect:?}: seed {}\n{told}", found.seed);
    drop(on);
    // It was the defect, and nothing else.
    assert!(
        !run_with(found.seed, &Config::default()).violates(invariant),
        "{invariant} is violated without it"
    );
}

#[test]
fn a_write_that_is_sent_again() {
    is_found(Sabotage::ResendWrites, Invariant::NoDoubleWrite);
}

#[test]
fn a_request_after_the_deadline() {
    is_found(Sabotage::SendLate, Invariant::NothingLate);
}

#[test]
fn token_fetches_at_once() {
    is_found(Sabotage::FetchTokensAtOnce, Invariant::OneTokenFetch);
}

#[test]
fn a_wait_without_an_end() {
    is_found(Sabotage::WaitForever, Invariant::EveryCallEnds);
}

#[test]
fn a_token_in_a_log_line() {
    is_found(Sabotage::LogTokens, Invariant::NoSecretSeen);
}

/// Its trace is another each time: that is what is found.
#[test]
fn chance_from_elsewhere() {
    let _on = On::new(Sabotage::ForeignChance);
    let outcome = simulate_with(0..WITHIN.min(20), 1, &Config::default(), 1, |_| ());
    let found = outcome.findings.first().expect("not found");
    assert!(found.violates(Invariant::SameTrace), "{}", found.excerpt(5));
    let again = simulate_with(found.seed..found.seed + 1, 1, &Config::default(), 1, |_| ());
    assert!(again.figures.violations.contains_key(&Invariant::SameTrace));
}

#[test]
fn a_page_that_is_thrown_away() {
    is_found(Sabotage::LoseRecords, Invariant::NothingLost);
}

#[test]
fn records_that_are_delivered_again() {
    is_found(Sabotage::RepeatRecords, Invariant::NothingRepeated);
}

#[test]
fn a_limiter_that_lets_all_through() {
    is_found(Sabotage::IgnoreLimit, Invariant::WithinLimit);
}

#[test]
fn the_last_who_comes_first() {
    is_found(Sabotage::LastComesFirst, Invariant::NobodyStarves);
}

#[test]
fn a_breaker_that_never_refuses() {
    is_found(Sabotage::IgnoreBreaker, Invariant::OnlyProbes);
}
