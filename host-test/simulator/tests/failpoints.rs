//! Deliberate defects: each must be found within four thousand schedules, and again by its
//! seed.

use penstock::policy::failpoint::{self, Failpoint};
use penstock_simulator::{Config, Invariant, Report, run_with, simulate_with};

/// Schedules within which a defect must be found.
const WITHIN: u64 = 4_000;

/// A defect that is on in this thread until this goes away.
struct On;

impl On {
    fn new(defect: Failpoint) -> On {
        failpoint::set(Some(defect));
        On
    }
}

impl Drop for On {
    fn drop(&mut self) {
        failpoint::set(None);
    }
}

/// The first schedule that shows the defect as a violation of this.
fn first(invariant: Invariant) -> Option<Report> {
    (0..WITHIN).map(|seed| run_with(seed, &Config::default())).find(|report| report.violates(invariant))
}

fn is_found(defect: Failpoint, invariant: Invariant) {
    let on = On::new(defect);
    let found = first(invariant);
    assert!(found.is_some(), "{defect:?} is not found");
    let Some(found) = found else { return };
    let again = run_with(found.seed, &Config { trace: true });
    assert!(again.violates(invariant), "{defect:?} is not found again");
    assert_eq!(again.figures.trace(), found.figures.trace(), "{defect:?} has another trace");
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

/// A test for each defect, and the list of what they break.
macro_rules! defects {
    ($($name:ident: $Defect:ident breaks $Invariant:ident;)+) => {
        $(
            #[test]
            fn $name() {
                is_found(Failpoint::$Defect, Invariant::$Invariant);
            }
        )+

        /// What the defects above break.
        const BROKEN: &[Invariant] = &[$(Invariant::$Invariant,)+];
    };
}

defects! {
    a_page_that_is_thrown_away: LoseRecords breaks NothingLost;
    records_that_are_delivered_again: RepeatRecords breaks NothingRepeated;
    a_record_that_is_left_out_although_it_is_wanted: LoseMisfits breaks MisfitsAreTold;
    a_read_that_always_says_it_drifted: SayDrifted breaks DriftIsTrue;
    an_answer_of_another_tenant: ShareAnswers breaks RightAnswer;
    an_answer_from_before_a_write: KeepAfterWrites breaks RightAnswer;
    a_429_that_counts_as_an_attempt: CountThrottled breaks ThrottledIsNoAttempt;
    a_secret_in_another_spelling: KeepSpellings breaks NoSecretSeen;
    a_host_that_is_believed: BelieveHosts breaks NoDoubleWrite;
    a_write_that_is_sent_again: ResendWrites breaks NoDoubleWrite;
    a_request_after_the_deadline: SendLate breaks NothingLate;
    a_limiter_that_lets_all_through: IgnoreLimit breaks WithinLimit;
    token_fetches_at_once: FetchTokensAtOnce breaks OneTokenFetch;
    answers_that_nobody_charges: ChargeNothing breaks WithinMemory;
    a_position_of_another_tenant: MixPositions breaks PositionsOfTenant;
    a_breaker_that_never_refuses: IgnoreBreaker breaks OnlyProbes;
    probes_that_nobody_counts: ProbeFreely breaks OnlyProbes;
    the_last_who_comes_first: LastComesFirst breaks NobodyStarves;
    a_call_that_was_sent_once_and_then_waits: RetriesComeLast breaks NobodyStarves;
    a_wait_without_an_end: WaitForever breaks EveryCallEnds;
    a_token_in_a_log_line: LogTokens breaks NoSecretSeen;
    a_panic: Panic breaks NoPanic;
}

/// Its trace is another each time: that is what is found.
#[test]
fn chance_from_elsewhere() {
    let _on = On::new(Failpoint::ForeignChance);
    let outcome = simulate_with(0..WITHIN.min(20), 1, &Config::default(), 1, |_| ());
    let found = outcome.findings.first().expect("not found");
    assert!(found.violates(Invariant::SameTrace), "{}", found.excerpt(5));
    let again = simulate_with(found.seed..found.seed + 1, 1, &Config::default(), 1, |_| ());
    assert!(again.figures.violations.contains_key(&Invariant::SameTrace));
}

#[test]
fn every_invariant_is_broken_by_a_defect() {
    // The one that takes two runs of a seed has a test of its own, and that of copies one among the scenarios.
    let tested = [BROKEN, &[Invariant::SameTrace, Invariant::CopyIsTruth]].concat();
    let missing: Vec<_> = Invariant::ALL.iter().filter(|invariant| !tested.contains(invariant)).collect();
    assert!(missing.is_empty(), "nothing shows that these can be found: {missing:?}");
}
