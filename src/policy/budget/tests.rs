use proptest::prelude::*;

use super::*;

fn at(seconds: u64) -> Tick {
    Tick::from_nanos(3_000_000_000) + Duration::from_secs(seconds)
}

fn budget() -> Budget {
    Budget::new(BudgetPolicy::DEFAULT)
}

/// Takes what it can.
fn drained(now: Tick) -> Budget {
    let mut budget = budget();
    let mut granted = 0;
    while budget.withdraw(now, Cost::Transient, &mut Spent::default()) {
        granted += 1;
    }
    assert_eq!((granted, budget.level(now)), (50, 0));
    budget
}

#[test]
fn a_thousand_calls_in_an_outage_are_at_most_eleven_hundred_requests() {
    for calls in [1_000_u64, 10_000, 100_000] {
        let mut budget = budget();
        let mut sends = 0;
        for number in 0..calls {
            // One a second, which would be 100 tokens by time alone.
            let now = at(number);
            budget.called(now);
            sends += 1;
            let mut spent = Spent::default();
            for _ in 0..3 {
                sends += u64::from(budget.withdraw(now, Cost::Transient, &mut spent));
            }
        }
        assert!(sends * 10 <= calls * 11, "{sends} requests for {calls} calls");
        // And what the reserve and the calls after the first pay for is granted.
        assert_eq!(sends, calls + 50 + (calls - 1) / 20);
    }
}

#[test]
fn throttling_and_a_new_token_cost_nothing() {
    let (mut budget, mut spent) = (budget(), Spent::default());
    assert!(budget.withdraw(at(0), Cost::Free, &mut spent));
    assert_eq!((budget.level(at(0)), spent), (50_000, Spent(0)));
    let mut budget = drained(at(0));
    assert!(budget.withdraw(at(0), Cost::Free, &mut Spent::default()));
    assert!(!budget.withdraw(at(0), Cost::Transient, &mut Spent::default()));
}

#[test]
fn what_a_fault_costs() {
    assert_eq!(Cost::of(Class::Transient), Cost::Transient);
    assert_eq!(Cost::of(Class::Throttled), Cost::Free);
    assert_eq!(Cost::of(Class::TokenRejected), Cost::Free);
}

#[test]
fn a_saved_call_gets_its_tokens_back_and_a_refused_one_nothing() {
    let (mut budget, mut spent) = (budget(), Spent::default());
    for cost in [Cost::Transient, Cost::Transient, Cost::Free] {
        assert!(budget.withdraw(at(0), cost, &mut spent));
    }
    assert_eq!(budget.level(at(0)), 48_000);
    budget.refund(at(0), spent);
    assert_eq!(budget.level(at(0)), 50_000);

    let (mut budget, mut spent) = (drained(at(0)), Spent::default());
    assert!(!budget.withdraw(at(0), Cost::Transient, &mut spent));
    budget.refund(at(0), spent);
    assert_eq!(budget.level(at(0)), 0);
}

#[test]
fn each_call_pays_in_a_twentieth() {
    let mut budget = drained(at(0));
    for _ in 0..19 {
        budget.called(at(0));
        assert!(!budget.withdraw(at(0), Cost::Transient, &mut Spent::default()));
    }
    budget.called(at(0));
    assert!(budget.withdraw(at(0), Cost::Transient, &mut Spent::default()));
}

#[test]
fn quiet_time_refills_one_token_in_ten_seconds() {
    let mut budget = drained(at(0));
    assert_eq!(budget.level(at(69)), 0);
    assert_eq!(budget.level(at(70)), 1_000);
    budget.called(at(75));
    // The half of the next ten seconds is not lost.
    assert_eq!((budget.level(at(79)), budget.level(at(80))), (1_050, 2_050));
    assert_eq!(budget.level(at(9_999)), 50_000);
    // After a long full time a refill begins anew.
    budget.called(at(9_999));
    let mut spent = Spent::default();
    assert!(budget.withdraw(at(9_999), Cost::Transient, &mut spent));
    assert_eq!((budget.level(at(10_068)), budget.level(at(10_069))), (49_000, 50_000));
}

#[test]
fn time_in_which_retries_are_wanted_is_not_quiet_even_if_they_are_refused() {
    let mut budget = drained(at(0));
    for second in (0..1_000).step_by(59) {
        assert!(!budget.withdraw(at(second), Cost::Transient, &mut Spent::default()));
    }
    // The last was at 944 s. New tokens after it do not count as wanting.
    for second in 945..1_014 {
        budget.withdraw(at(second), Cost::Free, &mut Spent::default());
    }
    assert_eq!((budget.level(at(1_013)), budget.level(at(1_014))), (0, 1_000));
}

#[test]
fn an_occasional_fault_never_uses_it_up() {
    let mut budget = budget();
    for number in 0..10_000_u64 {
        let now = at(number);
        budget.called(now);
        let mut spent = Spent::default();
        // One call in twenty needs a retry, and one in a hundred of those fails with it.
        if number % 20 == 0 {
            assert!(budget.withdraw(now, Cost::Transient, &mut spent));
        }
        if number % 2_000 != 0 {
            budget.refund(now, spent);
        }
    }
    assert!(budget.level(at(10_000)) >= 49_000);
}

proptest! {
    /// Whatever the calls do, it is never overdrawn nor more than full, and what it grants
    /// is bounded by the reserve, the calls and the quiet time.
    #[test]
    fn grants_are_bounded(
        steps in proptest::collection::vec((0_u64..100_000, 0_u8..4, any::<bool>()), 1..500),
    ) {
        let mut budget = budget();
        let (mut now, start) = (at(0), at(0));
        let (mut calls, mut taken) = (0_u64, 0_u64);
        for (millis, kind, saved) in steps {
            now += Duration::from_millis(millis);
            let mut spent = Spent::default();
            match kind {
                0 => {
                    budget.called(now);
                    calls += 1;
                }
                1 => _ = budget.withdraw(now, Cost::Transient, &mut spent),
                _ => prop_assert!(budget.withdraw(now, Cost::Free, &mut spent)),
            }
            taken += spent.0;
            if saved {
                taken -= spent.0;
                budget.refund(now, spent);
            }
            let level = budget.level(now);
            prop_assert!(level <= 50_000);
            let time = now.since(start).as_secs() / 10 * 1_000;
            prop_assert!(taken + level <= 50_000 + 50 * calls + time);
        }
    }

    #[test]
    fn absurd_values_do_not_panic(amount in any::<u64>(), nanos in any::<u64>(), every in any::<u64>()) {
        let policy = BudgetPolicy {
            capacity: u64::MAX, deposit: amount, transient: amount,
            refill_every: Duration::from_nanos(every), quiet: Duration::from_nanos(nanos),
        };
        let mut budget = Budget::new(policy);
        for now in [0, nanos, u64::MAX] {
            let now = Tick::from_nanos(now);
            let mut spent = Spent::default();
            budget.called(now);
            budget.withdraw(now, Cost::Transient, &mut spent);
            budget.refund(now, spent);
            _ = budget.level(now);
        }
        let none = BudgetPolicy { refill_every: Duration::ZERO, ..BudgetPolicy::DEFAULT };
        Budget::new(none).called(Tick::MAX);
    }
}
