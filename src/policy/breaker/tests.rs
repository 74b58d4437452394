use super::*;

mod model;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const QUICK: Duration = Duration::from_millis(80);

fn at(millis: u64) -> Tick {
    Tick::from_nanos(7_000_000_000) + Duration::from_millis(millis)
}

fn breaker() -> Breaker {
    Breaker::new(BreakerPolicy::DEFAULT)
}

/// Sends a call that ends at once, for a breaker that lets it through.
fn call(breaker: &mut Breaker, now: Tick, outcome: Outcome) -> Option<Transition> {
    let permit = breaker.permit(now, true).unwrap();
    breaker.record(permit, now, outcome, QUICK, None, 0.0)
}

/// Ten failures in a row, without jitter.
fn opened(now: Tick) -> (Breaker, Tick) {
    let mut breaker = breaker();
    for _ in 0..9 {
        assert_eq!(call(&mut breaker, now, Outcome::Failure), None);
    }
    match call(&mut breaker, now, Outcome::Failure) {
        Some(Transition::Opened { until }) => (breaker, until),
        other => panic!("{other:?}"),
    }
}

fn reopened(transition: Option<Transition>) -> Tick {
    match transition {
        Some(Transition::Opened { until }) => until,
        other => panic!("{other:?}"),
    }
}

#[test]
fn half_of_ten_calls_open_it_for_a_second() {
    let mut breaker = breaker();
    for outcome in [Outcome::Success, Outcome::Failure].repeat(4) {
        assert_eq!(call(&mut breaker, at(0), outcome), None);
    }
    assert_eq!(call(&mut breaker, at(0), Outcome::Success), None);
    assert_eq!(breaker.state(at(0)), State::Closed);
    let until = at(1_000);
    assert_eq!(call(&mut breaker, at(0), Outcome::Failure), Some(Transition::Opened { until }));
    assert_eq!(breaker.state(at(999)), State::Open { until });
    assert_eq!(breaker.check(at(999), true), Err(Open { until }));
    assert_eq!(breaker.permit(at(999), true).unwrap_err(), Open { until });
    assert_eq!(breaker.state(at(1_000)), State::HalfOpen);
    assert_eq!(breaker.check(at(1_000), true), Ok(()));
}

#[test]
fn a_success_that_makes_up_the_number_does_not_open_it() {
    let mut breaker = breaker();
    for outcome in [[Outcome::Failure; 9], [Outcome::Success; 9]].concat() {
        assert_eq!(call(&mut breaker, at(0), outcome), None);
    }
    assert!(call(&mut breaker, at(0), Outcome::Failure).is_some());
}

#[test]
fn what_is_ignored_never_counts() {
    let mut breaker = breaker();
    for _ in 0..9 {
        call(&mut breaker, at(0), Outcome::Failure);
    }
    for _ in 0..1_000 {
        let permit = breaker.permit(at(0), true).unwrap();
        assert_eq!(breaker.record(permit, at(0), Outcome::Ignored, 60 * SECOND, Some(SECOND), 0.0), None);
    }
    // Neither as a success, which would hide the failures.
    assert!(call(&mut breaker, at(0), Outcome::Failure).is_some());
}

#[test]
fn failures_that_are_a_minute_old_do_not_count() {
    let mut breaker = breaker();
    for _ in 0..9 {
        call(&mut breaker, at(0), Outcome::Failure);
    }
    assert_eq!(call(&mut breaker, at(60_000), Outcome::Failure), None);
}

#[test]
fn slow_calls_open_it_even_if_they_succeed() {
    let slow = |took: Duration, slow_ones: usize| {
        let mut breaker = breaker();
        let mut last = None;
        for number in 0..10 {
            let permit = breaker.permit(at(0), true).unwrap();
            let took = if number >= 10 - slow_ones { took } else { QUICK };
            last = breaker.record(permit, at(0), Outcome::Success, took, None, 0.0);
        }
        last.is_some()
    };
    assert!(slow(20 * SECOND + MS, 8));
    assert!(!slow(20 * SECOND + MS, 7));
    assert!(!slow(20 * SECOND, 10));
}

#[test]
fn each_failed_probe_doubles_the_open_time_to_four_seconds() {
    let (mut breaker, mut until) = opened(at(0));
    for expected in [2, 4, 4, 4] {
        let now = until;
        until = reopened(call(&mut breaker, now, Outcome::Failure));
        assert_eq!(now.until(until), expected * SECOND);
    }
    // Closed and opened again, it begins with a second.
    for _ in 0..3 {
        call(&mut breaker, until, Outcome::Success);
    }
    for _ in 0..9 {
        call(&mut breaker, until, Outcome::Failure);
    }
    let again = reopened(call(&mut breaker, until, Outcome::Failure));
    assert_eq!(until.until(again), SECOND);
}

#[test]
fn the_jitter_shortens_by_up_to_a_quarter() {
    for (random, expected) in [(0.0, 1_000), (0.5, 875), (1.0, 750), (f64::NAN, 750)] {
        let mut breaker = breaker();
        let mut last = None;
        for _ in 0..10 {
            let permit = breaker.permit(at(0), true).unwrap();
            last = breaker.record(permit, at(0), Outcome::Failure, QUICK, None, random);
        }
        assert_eq!(reopened(last), at(expected), "{random}");
    }
}

#[test]
fn a_hint_lengthens_the_open_time_up_to_a_minute() {
    for (hint, expected) in [(0, 1), (1, 1), (7, 7), (60, 60), (3_600, 60)] {
        let mut breaker = breaker();
        let mut last = None;
        for _ in 0..10 {
            let permit = breaker.permit(at(0), true).unwrap();
            let hint = Some(Duration::from_secs(hint));
            last = breaker.record(permit, at(0), Outcome::Failure, QUICK, hint, 0.0);
        }
        assert_eq!(reopened(last), at(expected * 1_000), "{hint}");
    }
    let (mut breaker, until) = opened(at(0));
    let probe = breaker.permit(until, true).unwrap();
    let again = breaker.record(probe, until, Outcome::Failure, QUICK, Some(30 * SECOND), 0.0);
    assert_eq!(until.until(reopened(again)), 30 * SECOND);
}

#[test]
fn three_successful_probes_one_at_a_time_close_it() {
    let (mut breaker, until) = opened(at(0));
    for number in 1..=3 {
        let probe = breaker.permit(until, true).unwrap();
        assert!(probe.is_probe());
        assert_eq!(breaker.check(until, true), Err(Open { until: until + 250 * MS }));
        assert_eq!(breaker.state(until), State::HalfOpen);
        let transition = breaker.record(probe, until, Outcome::Success, QUICK, None, 0.0);
        assert_eq!(transition, (number == 3).then_some(Transition::Closed));
    }
    assert_eq!(breaker.state(until), State::Closed);
    assert!(!breaker.permit(until, false).unwrap().is_probe());
    // The failures of before are forgotten.
    for _ in 0..9 {
        assert_eq!(call(&mut breaker, until, Outcome::Failure), None);
    }
}

#[test]
fn a_probe_that_fails_takes_back_the_successes_before_it() {
    let (mut breaker, until) = opened(at(0));
    call(&mut breaker, until, Outcome::Success);
    call(&mut breaker, until, Outcome::Success);
    let until = reopened(call(&mut breaker, until, Outcome::Failure));
    assert_eq!(call(&mut breaker, until, Outcome::Success), None);
    assert_eq!(breaker.state(until), State::HalfOpen);
}

#[test]
fn ten_probes_that_are_ignored_close_it_too() {
    let (mut breaker, until) = opened(at(0));
    for _ in 0..9 {
        assert_eq!(call(&mut breaker, until, Outcome::Ignored), None);
    }
    assert_eq!(call(&mut breaker, until, Outcome::Ignored), Some(Transition::Closed));
    // With one success among them it is ten all the same.
    let (mut breaker, until) = opened(at(0));
    call(&mut breaker, until, Outcome::Success);
    for _ in 0..8 {
        assert_eq!(call(&mut breaker, until, Outcome::Ignored), None);
    }
    assert_eq!(call(&mut breaker, until, Outcome::Ignored), Some(Transition::Closed));
}

#[test]
fn probes_that_are_slow_do_not_close_it() {
    for (policy, patience) in [
        (BreakerPolicy::DEFAULT, 4 * SECOND),
        (BreakerPolicy { probe_patience: 90 * SECOND, ..BreakerPolicy::DEFAULT }, 90 * SECOND),
    ] {
        let (mut breaker, until) = opened(at(0));
        breaker.policy = policy;
        for round in 0..20 {
            let began = until + patience * round;
            let probe = breaker.permit(began, true).unwrap();
            let ended = began + 21 * SECOND;
            assert_eq!(breaker.record(probe, ended, Outcome::Success, 21 * SECOND, None, 0.0), None);
        }
        assert_eq!(breaker.state(until + 9_999 * SECOND), State::HalfOpen);
    }
}

#[test]
fn an_abandoned_probe_gives_its_place_back() {
    let (mut breaker, until) = opened(at(0));
    for _ in 0..5 {
        let probe = breaker.permit(until, true).unwrap();
        breaker.abandon(probe);
    }
    assert_eq!(breaker.check(until, true), Ok(()));
    assert_eq!(breaker.state(until), State::HalfOpen);
}

#[test]
fn a_probe_that_hangs_gives_its_place_to_another_and_its_failure_counts_no_more() {
    let (mut breaker, until) = opened(at(0));
    let hanging = breaker.permit(until, true).unwrap();
    assert!(breaker.check(until + 4 * SECOND - MS, true).is_err());
    let next = until + 4 * SECOND;
    assert_eq!(call(&mut breaker, next, Outcome::Success), None);
    let late = until + 30 * SECOND;
    assert_eq!(breaker.record(hanging, late, Outcome::Failure, 30 * SECOND, None, 0.0), None);
    assert_eq!(breaker.state(late), State::HalfOpen);
    call(&mut breaker, late, Outcome::Success);
    assert_eq!(call(&mut breaker, late, Outcome::Success), Some(Transition::Closed));
}

#[test]
fn a_probe_that_hung_and_succeeds_after_all_counts() {
    let (mut breaker, until) = opened(at(0));
    let late: Vec<Permit> =
        (0..3).map(|round| breaker.permit(until + 4 * SECOND * round, true).unwrap()).collect();
    let now = until + 12 * SECOND;
    let ended =
        late.into_iter().map(|probe| breaker.record(probe, now, Outcome::Success, 12 * SECOND, None, 0.0));
    assert_eq!(ended.collect::<Vec<_>>(), [None, None, Some(Transition::Closed)]);
}

#[test]
fn a_lapsed_probe_that_is_abandoned_takes_no_place_from_the_next() {
    let (mut breaker, until) = opened(at(0));
    let hanging = breaker.permit(until, true).unwrap();
    let now = until + 4 * SECOND;
    let live = breaker.permit(now, true).unwrap();
    breaker.abandon(hanging);
    assert!(breaker.check(now, true).is_err());
    breaker.abandon(live);
    assert_eq!(breaker.check(now, true), Ok(()));
}

#[test]
fn late_results_from_before_it_opened_change_nothing() {
    let mut breaker = breaker();
    let early: Vec<Permit> = (0..40).map(|_| breaker.permit(at(0), true).unwrap()).collect();
    let mut early = early.into_iter();
    for permit in early.by_ref().take(10) {
        breaker.record(permit, at(0), Outcome::Failure, QUICK, None, 0.0);
    }
    let until = at(1_000);
    for outcome in [Outcome::Failure, Outcome::Success] {
        for permit in early.by_ref().take(10) {
            assert_eq!(breaker.record(permit, at(500), outcome, QUICK, Some(60 * SECOND), 0.0), None);
        }
    }
    assert_eq!(breaker.state(at(500)), State::Open { until });
    // And when it is half open neither.
    let probe = breaker.permit(until, true).unwrap();
    for (number, permit) in early.enumerate() {
        match number % 3 {
            0 => breaker.abandon(permit),
            1 => assert_eq!(breaker.record(permit, until, Outcome::Success, QUICK, None, 0.0), None),
            _ => assert_eq!(breaker.record(permit, until, Outcome::Failure, QUICK, None, 0.0), None),
        }
    }
    assert_eq!(breaker.state(until), State::HalfOpen);
    assert!(breaker.check(until, true).is_err(), "the probe still holds its place");
    breaker.abandon(probe);
}

#[test]
fn a_probe_of_an_earlier_opening_holds_no_place_in_a_later_one() {
    let policy = BreakerPolicy { probes_at_once: 2, ..BreakerPolicy::DEFAULT };
    let (mut breaker, until) = opened(at(0));
    breaker.policy = policy;
    let other = breaker.permit(until, true).unwrap();
    let until = reopened(call(&mut breaker, until, Outcome::Failure));
    let probe = breaker.permit(until, true).unwrap();
    breaker.abandon(other);
    let second = breaker.permit(until, true).unwrap();
    assert!(breaker.check(until, true).is_err());
    breaker.abandon(probe);
    assert_eq!(breaker.check(until, true), Ok(()));
    breaker.abandon(second);
}

#[test]
fn calls_whose_repeat_is_harmless_probe_first() {
    let (mut breaker, until) = opened(at(0));
    let all_from = until + 500 * MS;
    assert_eq!(breaker.check(until, false), Err(Open { until: all_from }));
    // A harmless one goes, and further ones may come.
    let now = until + 400 * MS;
    call(&mut breaker, now, Outcome::Success);
    assert_eq!(breaker.check(all_from, false), Err(Open { until: now + 500 * MS }));
}

#[test]
fn a_tenant_that_only_writes_is_not_locked_out() {
    let (mut breaker, until) = opened(at(0));
    let all_from = until + 500 * MS;
    assert!(breaker.check(all_from - MS, false).is_err());
    for number in 1..=3 {
        let probe = breaker.permit(all_from, false).unwrap();
        assert!(probe.is_probe() && breaker.check(all_from, false).is_err());
        let transition = breaker.record(probe, all_from, Outcome::Success, QUICK, None, 0.0);
        assert_eq!(transition, (number == 3).then_some(Transition::Closed));
    }
}

/// A provider that comes back while tenants ask five times a second: how long until a
/// breaker lets everything through.
#[test]
fn a_recovery_is_noticed_within_five_seconds() {
    for harmless in [true, false] {
        for recovery in (0..60_000).step_by(137) {
            let recovered = at(recovery);
            let mut breaker = breaker();
            let mut ended = Vec::new();
            for step in 0..400 {
                let now = at(step * 200);
                ended.retain_mut(|(end, permit): &mut (Tick, Option<Permit>)| {
                    if *end > now {
                        return true;
                    }
                    let outcome = if *end >= recovered { Outcome::Success } else { Outcome::Failure };
                    breaker.record(permit.take().unwrap(), *end, outcome, QUICK, None, 0.0);
                    false
                });
                if let Ok(permit) = breaker.permit(now, harmless) {
                    ended.push((now + QUICK, Some(permit)));
                } else {
                    assert!(now < recovered + 5 * SECOND, "{harmless} {recovery} {now:?}");
                }
            }
        }
    }
}

#[test]
fn who_has_seen_nothing_goes_by_what_another_instance_has_found() {
    let mut fresh = breaker();
    assert!(fresh.knows_nothing(at(0)));
    fresh.hear(at(0), at(3_000));
    assert_eq!(fresh.check(at(2_999), true), Err(Open { until: at(3_000) }));
    assert_eq!(fresh.state(at(3_000)), State::HalfOpen);
    // What is past, or too far away, says nothing.
    let mut late = breaker();
    late.hear(at(5), at(5));
    assert_eq!(late.state(at(5)), State::Closed);
    late.hear(at(5), Tick::MAX);
    assert_eq!(late.state(at(5)), State::Open { until: at(5) + BreakerPolicy::DEFAULT.max_hint });

    let mut seeing = breaker();
    call(&mut seeing, at(0), Outcome::Success);
    assert!(!seeing.knows_nothing(at(0)));
    seeing.hear(at(1), at(3_000));
    assert_eq!(seeing.state(at(1)), State::Closed, "one instance that is cut off does not stop all");
    assert!(seeing.knows_nothing(at(120_000)));
}
