use proptest::prelude::*;

use super::*;

const NONE: Duration = Duration::ZERO;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn fault(class: Class, effect: Effect) -> Fault {
    Fault { reason: Reason::ServerError, effect, class, status: Some(500), hint: None }
}

fn transient() -> Fault {
    fault(Class::Transient, Effect::NotApplied)
}

fn throttled(hint: Duration) -> Fault {
    Fault { hint: Some(hint), ..fault(Class::Throttled, Effect::NotApplied) }
}

fn retry(repeat: Repeat) -> Retry {
    let mut retry = Retry::new(RetryPolicy::DEFAULT, Tick::ZERO, repeat);
    assert!(retry.begin(Tick::ZERO).is_some());
    retry
}

fn wait(decision: Decision) -> Duration {
    match decision {
        Decision::Resend { after, refresh_token: false } => after,
        other => panic!("{other:?}"),
    }
}

fn why(decision: Decision) -> Why {
    match decision {
        Decision::GiveUp(give_up) => give_up.why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_ceiling_doubles_and_the_jitter_is_full() {
    let policy = RetryPolicy { max_attempts: 20, deadline: secs(9_999), ..RetryPolicy::DEFAULT };
    let mut high = Retry::new(policy, Tick::ZERO, Repeat::Harmless);
    let mut low = high.clone();
    for ceiling in [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 20_000, 20_000] {
        assert_eq!(wait(high.next(Tick::ZERO, &transient(), 1.0)), ms(ceiling));
        assert_eq!(wait(low.next(Tick::ZERO, &transient(), 0.0)), NONE);
    }
    let mut half = Retry::new(policy, Tick::ZERO, Repeat::Harmless);
    assert_eq!(wait(half.next(Tick::ZERO, &fault(Class::Throttled, Effect::NotApplied), 0.5)), ms(500));
}

#[test]
fn four_attempts_then_exhausted() {
    let mut retry = retry(Repeat::Harmless);
    for _ in 0..3 {
        wait(retry.next(Tick::ZERO, &transient(), 0.0));
    }
    assert_eq!(why(retry.next(Tick::ZERO, &transient(), 0.0)), Why::Exhausted);
    assert_eq!(retry.attempts().len(), 4);
}

#[test]
fn a_429_is_no_failed_attempt_and_has_a_cap_of_its_own() {
    let policy = RetryPolicy { deadline: secs(9_999), ..RetryPolicy::DEFAULT };
    for repeat in [Repeat::Harmless, Repeat::IfNotApplied] {
        let mut retry = Retry::new(policy, Tick::ZERO, repeat);
        for _ in 0..20 {
            wait(retry.next(Tick::ZERO, &throttled(NONE), 0.5));
        }
        // Not one of its four attempts is gone.
        if repeat == Repeat::Harmless {
            let mut other = retry.clone();
            for _ in 0..3 {
                assert!(wait(other.next(Tick::ZERO, &transient(), 1.0)) <= ms(400), "nor do its waits grow");
            }
            assert_eq!(why(other.next(Tick::ZERO, &transient(), 0.0)), Why::Exhausted);
        }
        assert_eq!(why(retry.next(Tick::ZERO, &throttled(NONE), 0.5)), Why::Exhausted);
    }
}

#[test]
fn a_cap_of_zero_or_one_is_one_attempt() {
    for max_attempts in [0, 1] {
        let policy = RetryPolicy { max_attempts, ..RetryPolicy::DEFAULT };
        let mut retry = Retry::new(policy, Tick::ZERO, Repeat::Harmless);
        assert_eq!(why(retry.next(Tick::ZERO, &transient(), 0.0)), Why::Exhausted);
    }
}

#[test]
fn a_hint_is_waited_for_with_a_spread_on_top() {
    assert_eq!(wait(retry(Repeat::Harmless).next(Tick::ZERO, &throttled(secs(5)), 0.0)), secs(5));
    assert_eq!(wait(retry(Repeat::Harmless).next(Tick::ZERO, &throttled(secs(5)), 1.0)), ms(5_500));
    assert_eq!(wait(retry(Repeat::Harmless).next(Tick::ZERO, &throttled(secs(60)), 1.0)), secs(61));
    // A backoff that is longer than the hint is kept.
    assert_eq!(wait(retry(Repeat::Harmless).next(Tick::ZERO, &throttled(NONE), 1.0)), ms(1_050));
}

#[test]
fn a_wait_beyond_the_deadline_fails_now_and_carries_the_hint() {
    let mut retry = retry(Repeat::Harmless);
    let Decision::GiveUp(give_up) = retry.next(Tick::ZERO, &throttled(secs(300)), 0.5) else { panic!() };
    assert_eq!((give_up.why, give_up.hint), (Why::NoTime, Some(secs(300))));
}

#[test]
fn a_wait_that_leaves_no_time_for_an_attempt_does_not_fit() {
    let exactly = RetryPolicy { deadline: secs(5), ..RetryPolicy::DEFAULT };
    let mut retry = Retry::new(exactly, Tick::ZERO, Repeat::Harmless);
    assert_eq!(why(retry.next(Tick::ZERO, &throttled(secs(5)), 0.0)), Why::NoTime);
    let a_bit_more = RetryPolicy { deadline: ms(5_001), ..RetryPolicy::DEFAULT };
    let mut retry = Retry::new(a_bit_more, Tick::ZERO, Repeat::Harmless);
    assert_eq!(wait(retry.next(Tick::ZERO, &throttled(secs(5)), 0.0)), secs(5));
}

#[test]
fn an_attempt_gets_its_timeout_or_what_is_left() {
    let mut retry = retry(Repeat::Harmless);
    assert_eq!(retry.attempt_timeout(Tick::ZERO), Some(secs(30)));
    assert_eq!(retry.begin(Tick::ZERO + secs(115)), Some(secs(5)));
    assert_eq!(retry.begin(Tick::ZERO + secs(120)), None);
    assert_eq!(retry.given_up(Why::NoTime, None).why, Why::NoTime);
}

#[test]
fn a_refused_token_is_replaced_once_outside_the_cap() {
    let policy = RetryPolicy { max_attempts: 1, ..RetryPolicy::DEFAULT };
    let mut retry = Retry::new(policy, Tick::ZERO, Repeat::IfNotApplied);
    let refused = fault(Class::TokenRejected, Effect::NotApplied);
    assert_eq!(retry.next(Tick::ZERO, &refused, 0.9), Decision::Resend { after: NONE, refresh_token: true });
    assert_eq!(why(retry.next(Tick::ZERO, &refused, 0.9)), Why::AuthRejected);
}

#[test]
fn one_refresh_a_call_even_with_other_faults_between() {
    let mut retry = retry(Repeat::Harmless);
    let refused = fault(Class::TokenRejected, Effect::NotApplied);
    assert!(matches!(retry.next(Tick::ZERO, &refused, 0.0), Decision::Resend { refresh_token: true, .. }));
    wait(retry.next(Tick::ZERO, &transient(), 0.0));
    assert_eq!(why(retry.next(Tick::ZERO, &refused, 0.0)), Why::AuthRejected);
}

#[test]
fn what_may_have_taken_effect_is_not_repeated_blindly() {
    let unknown = fault(Class::Transient, Effect::Unknown);
    assert_eq!(why(retry(Repeat::IfNotApplied).next(Tick::ZERO, &unknown, 0.0)), Why::NotRepeatable);
    wait(retry(Repeat::Harmless).next(Tick::ZERO, &unknown, 0.0));
    for effect in [Effect::NotSent, Effect::NotApplied] {
        wait(retry(Repeat::IfNotApplied).next(Tick::ZERO, &fault(Class::Transient, effect), 0.0));
    }
    let applied = fault(Class::Transient, Effect::Applied);
    assert_eq!(why(retry(Repeat::Harmless).next(Tick::ZERO, &applied, 0.0)), Why::NotRepeatable);
}

#[test]
fn a_final_fault_is_final() {
    let rejected = fault(Class::Final, Effect::NotApplied);
    assert_eq!(why(retry(Repeat::Harmless).next(Tick::ZERO, &rejected, 0.0)), Why::Final);
}

#[test]
fn the_effect_is_the_greatest_of_all_attempts() {
    let mut delete = retry(Repeat::Harmless);
    wait(delete.next(Tick::ZERO, &fault(Class::Transient, Effect::Unknown), 0.0));
    let not_found = fault(Class::Final, Effect::NotApplied);
    let Decision::GiveUp(give_up) = delete.next(Tick::ZERO, &not_found, 0.0) else { panic!() };
    assert_eq!((give_up.why, give_up.effect), (Why::Final, Effect::Unknown));
    assert_eq!(retry(Repeat::Harmless).effect(), Effect::NotSent);
}

#[test]
fn attempts_are_recorded() {
    let mut retry = retry(Repeat::Harmless);
    wait(retry.next(Tick::ZERO + ms(40), &throttled(NONE), 0.0));
    retry.begin(Tick::ZERO + secs(1));
    let lost = Fault { status: None, reason: Reason::Connection, ..transient() };
    wait(retry.next(Tick::ZERO + ms(1_250), &lost, 0.0));
    let seen: Vec<_> =
        retry.attempts().iter().map(|a| (a.number, a.started, a.elapsed, a.status, a.reason)).collect();
    assert_eq!(
        seen,
        [
            (1, Tick::ZERO, ms(40), Some(500), Reason::ServerError),
            (2, Tick::ZERO + secs(1), ms(250), None, Reason::Connection),
        ]
    );
}

#[test]
fn repeatability_by_method() {
    let write = |method| Repeat::of(method, Access::Write, false);
    for method in ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"] {
        assert_eq!(write(method), Repeat::Harmless, "{method}");
    }
    for method in ["POST", "PATCH", "put", "LOCK", ""] {
        assert_eq!(write(method), Repeat::IfNotApplied, "{method}");
    }
    assert_eq!(Repeat::of("POST", Access::Read, false), Repeat::Harmless);
    assert_eq!(Repeat::of("POST", Access::Write, true), Repeat::Harmless);
}

fn any_fault() -> impl Strategy<Value = Fault> {
    let class = prop_oneof![
        Just(Class::Transient),
        Just(Class::Throttled),
        Just(Class::TokenRejected),
        Just(Class::Final)
    ];
    let effect = prop_oneof![
        Just(Effect::NotSent),
        Just(Effect::NotApplied),
        Just(Effect::Unknown),
        Just(Effect::Applied)
    ];
    let hint = proptest::option::of((0_u64..200_000).prop_map(ms));
    (class, effect, hint).prop_map(|(class, effect, hint)| Fault { hint, ..fault(class, effect) })
}

/// Any number at all: the source of randomness may be broken.
fn any_random() -> impl Strategy<Value = f64> {
    prop_oneof![8 => 0.0..1.0, 1 => any::<f64>()]
}

proptest! {
    #[test]
    fn any_call_keeps_the_rules(
        faults in proptest::collection::vec((any_fault(), any_random(), 0_u64..40_000), 1..40),
        max_attempts in 0_u32..8,
        deadline in 0_u64..300_000,
        harmless in any::<bool>(),
        start in any::<u32>(),
    ) {
        let policy = RetryPolicy { max_attempts, deadline: ms(deadline), ..RetryPolicy::DEFAULT };
        let repeat = if harmless { Repeat::Harmless } else { Repeat::IfNotApplied };
        let start = Tick::from_nanos(u64::from(start));
        let end = start + policy.deadline;
        let mut retry = Retry::new(policy, start, repeat);
        let (mut now, mut sends, mut refreshes, mut ended) = (start, 0_usize, 0, false);
        let mut throttled = 0_usize;
        for (fault, random, took) in &faults {
            let Some(timeout) = retry.begin(now) else {
                prop_assert!(now >= end);
                ended = true;
                break;
            };
            prop_assert!(now + timeout <= end && timeout <= policy.attempt_timeout);
            sends += 1;
            throttled += usize::from(fault.class == Class::Throttled);
            now += ms(*took).min(timeout);
            match retry.next(now, fault, *random) {
                Decision::Resend { after, refresh_token } => {
                    prop_assert!(after >= fault.hint.unwrap_or_default());
                    prop_assert!(after <= fault.hint.unwrap_or_default().max(policy.cap) + secs(1));
                    prop_assert!(fault.class != Class::Final && fault.effect != Effect::Applied);
                    prop_assert!(harmless || fault.effect != Effect::Unknown);
                    now += after;
                    prop_assert!(now < end);
                    refreshes += u32::from(refresh_token);
                }
                Decision::GiveUp(give_up) => {
                    prop_assert_eq!(give_up.hint, fault.hint);
                    prop_assert!(give_up.effect >= fault.effect);
                    ended = true;
                    break;
                }
            }
        }
        prop_assert!(refreshes <= 1);
        prop_assert!(throttled <= policy.max_throttled as usize + 1);
        prop_assert!(sends - throttled <= max_attempts.max(1) as usize + 1);
        prop_assert!(ended || sends == faults.len());
        prop_assert_eq!(retry.attempts().len(), sends);
    }

    #[test]
    fn absurd_policies_do_not_panic(
        base in any::<u64>(), cap in any::<u64>(), random in any::<f64>(), steps in 1_u32..200, hint in any::<Option<u64>>(),
    ) {
        let huge = |seconds| Duration::from_secs(seconds);
        let policy = RetryPolicy {
            max_attempts: u32::MAX, max_throttled: u32::MAX, base_transient: huge(base), base_throttled: huge(base), cap: huge(cap),
            attempt_timeout: Duration::MAX, deadline: Duration::MAX,
        };
        let mut retry = Retry::new(policy, Tick::ZERO, Repeat::Harmless);
        for _ in 0..steps {
            let fault = Fault { hint: hint.map(huge), ..transient() };
            retry.next(Tick::ZERO, &fault, random);
        }
    }
}
