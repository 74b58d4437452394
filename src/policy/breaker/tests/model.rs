//! Random courses of calls against what must always hold.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Ask { harmless: bool },
    End { which: usize, outcome: Outcome, took: u64, hint: Option<u64> },
    Abandon { which: usize },
    Lose { which: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        3 => Just(Outcome::Failure), 2 => Just(Outcome::Success), 1 => Just(Outcome::Ignored)
    ];
    let took = prop_oneof![4 => 0_u64..2_000, 1 => 0_u64..40_000];
    let hint = proptest::option::weighted(0.1, 0_u64..200_000);
    let end = (any::<usize>(), outcome, took, hint).prop_map(|(which, outcome, took, hint)| Step::End {
        which,
        outcome,
        took,
        hint,
    });
    prop_oneof![
        4 => prop_oneof![Just(0), 0_u64..300, 0_u64..10_000].prop_map(Step::Wait),
        8 => any::<bool>().prop_map(|harmless| Step::Ask { harmless }),
        8 => end,
        1 => any::<usize>().prop_map(|which| Step::Abandon { which }),
        1 => any::<usize>().prop_map(|which| Step::Lose { which }),
    ]
}

fn policy() -> impl Strategy<Value = BreakerPolicy> {
    (1_u32..12, 1_usize..4, 1_u32..5).prop_map(|(min_calls, probes_at_once, closing_successes)| {
        BreakerPolicy { min_calls, probes_at_once, closing_successes, ..BreakerPolicy::DEFAULT }
    })
}

proptest! {
    /// Open lets nothing through; half open at most the allowed probes within their
    /// patience; and it closes by the results of its own probes alone.
    #[test]
    fn any_course_keeps_the_rules(
        policy in policy(),
        steps in proptest::collection::vec(step(), 1..400),
        random in 0.0..1.0_f64,
    ) {
        let mut breaker = Breaker::new(policy);
        let mut now = at(0);
        let mut permits: BTreeMap<usize, (Permit, Tick)> = BTreeMap::new();
        let mut next = 0;
        // The probes of this half-open time, and their successes.
        let (mut probes, mut successes) = (0, 0);
        for step in steps {
            let before = breaker.state(now);
            let chosen = |permits: &BTreeMap<usize, (Permit, Tick)>, which: usize| {
                permits.keys().nth(which.checked_rem(permits.len())?).copied()
            };
            match step {
                Step::Wait(millis) => now += Duration::from_millis(millis),
                Step::Ask { harmless } => {
                    let asked = breaker.check(now, harmless);
                    let given = breaker.permit(now, harmless);
                    prop_assert_eq!(asked.is_ok(), given.is_ok());
                    match (before, given) {
                        (State::Closed, given) => {
                            let permit = given.unwrap();
                            prop_assert!(!permit.is_probe());
                            permits.insert(next, (permit, now));
                        }
                        (State::Open { until }, given) => prop_assert_eq!(given.unwrap_err(), Open { until }),
                        (State::HalfOpen, Ok(permit)) => {
                            prop_assert!(permit.is_probe());
                            probes += 1;
                            let held = permits.values().filter(|(held, began)| {
                                held.is_probe()
                                    && held.generation == breaker.generation
                                    && now < *began + policy.probe_patience
                            });
                            prop_assert!(held.count() < policy.probes_at_once);
                            permits.insert(next, (permit, now));
                        }
                        (State::HalfOpen, Err(open)) => {
                            prop_assert!(open.until > now && open.until <= now + SECOND);
                        }
                    }
                    next += 1;
                }
                Step::End { which, outcome, took, hint } => {
                    let Some(key) = chosen(&permits, which) else { continue };
                    let (permit, _) = permits.remove(&key).unwrap();
                    let own = permit.generation == breaker.generation;
                    let (took, hint) = (Duration::from_millis(took), hint.map(Duration::from_millis));
                    let transition = breaker.record(permit, now, outcome, took, hint, random);
                    prop_assert!(own || transition.is_none());
                    successes += u32::from(own && outcome == Outcome::Success);
                    match transition {
                        Some(Transition::Opened { until }) => {
                            prop_assert!(outcome == Outcome::Failure || took > policy.slow_call);
                            let least = policy.open_for - policy.open_for / 4;
                            prop_assert!(until >= now + least);
                            let most = policy.max_open_for.max(hint.unwrap_or_default().min(policy.max_hint));
                            prop_assert!(until <= now + most);
                            prop_assert_eq!(breaker.state(now), State::Open { until });
                        }
                        Some(Transition::Closed) => {
                            prop_assert_eq!(before, State::HalfOpen);
                            let enough = successes >= policy.closing_successes
                                || probes >= policy.closing_answers;
                            prop_assert!(enough);
                            prop_assert_eq!(breaker.state(now), State::Closed);
                        }
                        None => prop_assert_eq!(breaker.state(now), before),
                    }
                    if transition.is_some() {
                        (probes, successes) = (0, 0);
                    }
                }
                Step::Abandon { which } => {
                    let Some(key) = chosen(&permits, which) else { continue };
                    breaker.abandon(permits.remove(&key).unwrap().0);
                    prop_assert_eq!(breaker.state(now), before);
                }
                // Never handed back, which must not block it for ever.
                Step::Lose { which } => {
                    if let Some(key) = chosen(&permits, which) {
                        permits.remove(&key);
                    }
                }
            }
        }
        // Whatever happened, calls get through again when the time is over.
        let later = now + Duration::from_secs(200);
        prop_assert!(breaker.check(later, true).is_ok() && breaker.check(later, false).is_ok());
    }

    #[test]
    fn absurd_values_do_not_panic(
        nanos in any::<u64>(), millis in any::<u64>(), times in 1_u32..80, random in any::<f64>(),
    ) {
        let long = Duration::from_millis(millis);
        let policy = BreakerPolicy {
            window: long, min_calls: 0, slow_call: long, open_for: long, max_open_for: Duration::MAX,
            max_hint: Duration::MAX, probe_patience: long, harmless_first: long, ..BreakerPolicy::DEFAULT
        };
        let mut breaker = Breaker::new(policy);
        for _ in 0..times {
            let now = Tick::from_nanos(nanos);
            if let Ok(permit) = breaker.permit(now, true) {
                breaker.record(permit, now, Outcome::Failure, long, Some(long), random);
            }
        }
    }
}
