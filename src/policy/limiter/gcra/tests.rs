use super::*;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn at(millis: u64) -> Tick {
    Tick::ZERO + Duration::from_millis(millis)
}

/// The most instants in any half-open window.
fn most_in_a_window(sent: &[Tick], window: Duration) -> usize {
    let in_window = |first: &Tick| sent.iter().filter(|at| (*first..*first + window).contains(at)).count();
    sent.iter().map(in_window).max().unwrap_or(0)
}

#[test]
fn a_burst_goes_at_once_and_then_one_an_interval() {
    let limit = RateLimit { count: 60, window: SECOND, burst: 4 };
    let mut pace = Gcra::new(limit);
    let now = at(5_000);
    assert_eq!((0..10).filter(|_| pace.take(now)).count(), 4);
    assert_eq!(limit.interval(), Duration::from_nanos(17_543_860));
    assert_eq!(pace.ready_at(0), now + limit.interval());
    assert_eq!(pace.ready_at(3), now + limit.interval() * 4);
    assert!(!pace.take(now + limit.interval() - Duration::from_nanos(1)));
    assert!(pace.take(now + limit.interval()));
}

#[test]
fn it_says_how_many_slots_are_free() {
    // Sixty a minute, all of which may go at once.
    let mut pace = Gcra::new(RateLimit { count: 119, window: MINUTE, burst: 60 });
    assert_eq!((pace.free(Tick::ZERO), pace.free(at(7))), (60, 60));
    for taken in 1..=60 {
        assert!(pace.take(at(7)));
        assert_eq!(pace.free(at(7)), 60 - taken);
    }
    assert!(!pace.take(at(1_006)));
    assert_eq!((pace.free(at(1_006)), pace.free(at(1_007)), pace.free(at(30_007))), (0, 1, 30));
    assert_eq!((pace.idle_at(), pace.free(at(900_000))), (at(60_007), 60));
}

#[test]
fn one_a_minute_is_one_a_minute() {
    let mut pace = Gcra::new(RateLimit::new(1, MINUTE));
    assert!(pace.take(at(7)));
    assert!(!pace.take(at(60_006)));
    assert!(pace.take(at(60_007)));
    assert_eq!(pace.ready_at(0), at(120_007));
    assert_eq!(pace.ready_at(2), at(240_007));
}

#[test]
fn idle_time_is_no_credit() {
    let mut pace = Gcra::new(RateLimit { count: 10, window: SECOND, burst: 2 });
    assert!(pace.is_idle(at(0)));
    assert!(pace.take(at(0)));
    assert!(!pace.is_idle(at(111)) && pace.is_idle(at(112)));
    assert_eq!((0..10).filter(|_| pace.take(at(3_600_000))).count(), 2);
}

#[test]
fn nothing_goes_while_it_is_held() {
    let mut pace = Gcra::new(RateLimit { count: 10, window: SECOND, burst: 2 });
    pace.hold_until(at(900));
    assert!(!pace.take(at(899)));
    assert_eq!((0..10).filter(|_| pace.take(at(900))).count(), 1);
    pace.hold_until(at(100));
    assert_eq!(pace.ready_at(0), at(900) + pace.limit().interval(), "a hold brings nothing forward");
}

#[test]
fn the_default_burst_leaves_the_rate_usable() {
    let bursts = [(0, 1), (1, 1), (59, 1), (60, 2), (120, 3), (180, 4), (1_000, 4), (2_000, 8), (10_000, 40)];
    for (count, burst) in bursts {
        assert_eq!(RateLimit::new(count, SECOND).burst, burst, "{count}");
    }
    for count in 1..500 {
        let used = 1.0 / RateLimit::new(count, SECOND).interval().as_secs_f64();
        assert!(used >= 0.98 * f64::from(count), "{used} of {count}");
    }
}

#[test]
fn odd_limits_are_put_right() {
    let none = RateLimit { count: 0, window: SECOND, burst: 0 };
    assert_eq!((none.burst(), none.interval(), none.tolerance()), (1, SECOND, Duration::ZERO));
    assert_eq!(none.per_second(), 1.0);
    let wide = RateLimit { count: 3, window: SECOND, burst: 9 };
    assert_eq!((wide.burst(), wide.interval(), wide.tolerance()), (3, SECOND, SECOND * 2));
    let endless = RateLimit { count: 1, window: Duration::MAX, burst: 1 };
    assert_eq!(endless.interval(), Duration::from_nanos(u64::MAX));
    assert!(RateLimit::new(5, Duration::ZERO).per_second().is_finite());
}

#[test]
fn a_share_is_a_part_in_every_window_or_on_average() {
    let limit = RateLimit { count: 60, window: SECOND, burst: 4 };
    assert_eq!(limit.share(0), limit);
    assert_eq!(limit.share(1), limit);
    assert_eq!(limit.share(8), RateLimit { count: 7, window: SECOND, burst: 1 });
    assert_eq!(limit.share(2), RateLimit { count: 30, window: SECOND, burst: 1 });
    assert_eq!(limit.share(60), RateLimit { count: 1, window: SECOND, burst: 1 });
    assert_eq!(limit.share(61), RateLimit { count: 1, window: SECOND * 2, burst: 1 });
    assert_eq!(RateLimit::new(1, MINUTE).share(8), RateLimit { count: 1, window: MINUTE * 8, burst: 1 });
    assert_eq!(RateLimit { count: 0, ..limit }.share(2).window, SECOND * 2);
}

proptest! {
    /// Whenever calls come, and whatever the burst.
    #[test]
    fn no_window_holds_more_than_the_count(
        count in 1_u32..40,
        burst in 0_u32..50,
        window in 1_u64..5_000_000,
        gaps in prop::collection::vec(prop_oneof![0_u64..10, 0_u64..200_000, 0_u64..20_000_000], 1..400),
    ) {
        let limit = RateLimit { count, window: Duration::from_nanos(window), burst };
        let mut pace = Gcra::new(limit);
        let (mut now, mut sent) = (Tick::ZERO, Vec::new());
        for gap in gaps {
            now += Duration::from_nanos(gap);
            let at_least = pace.ready_at(0);
            let taken = pace.take(now);
            prop_assert_eq!(taken, now >= at_least);
            if taken {
                sent.push(now);
            }
        }
        prop_assert!(most_in_a_window(&sent, limit.window) <= count as usize);
    }

    /// One who never has enough gets all that the interval allows, in the best case with
    /// the whole count in one window.
    #[test]
    fn the_rate_is_used(count in 1_u32..100, burst in 1_u32..10) {
        let limit = RateLimit { count, window: SECOND, burst };
        let mut pace = Gcra::new(limit);
        let (mut now, mut sent) = (at(1), Vec::new());
        while sent.len() < 300 {
            now = now.max(pace.ready_at(0));
            prop_assert!(pace.take(now));
            sent.push(now);
        }
        let most = most_in_a_window(&sent, SECOND);
        prop_assert!(most <= count as usize);
        // Rounded up intervals may push the last one out of its window.
        prop_assert!(most + 1 >= count as usize);
    }

    /// Slots that are used late, each by its own delay.
    #[test]
    fn no_window_holds_more_although_slots_are_used_late(
        count in 1_u32..40,
        burst in 1_u32..10,
        delays in prop::collection::vec(0_u64..=5_000_000, 200),
    ) {
        let limit = RateLimit { count, window: SECOND, burst };
        let lateness = Duration::from_millis(5);
        let interval = limit.interval_late(lateness);
        let slots = delays.iter().enumerate().map(|(index, delay)| {
            let index = u32::try_from(index).unwrap();
            // A burst at the start, then at the pace.
            let slot = interval * index.saturating_sub(limit.burst() - 1);
            at(1) + slot + Duration::from_nanos(*delay)
        });
        let sent: Vec<Tick> = slots.collect();
        prop_assert!(most_in_a_window(&sent, SECOND) <= count as usize);
    }
}

#[test]
fn a_limit_is_below_another_if_it_lets_through_less_in_the_long_run_or_at_once() {
    let limit = |count, seconds, burst| RateLimit { count, window: Duration::from_secs(seconds), burst };
    let below = |one: RateLimit, other: RateLimit| (one.is_below(&other), other.is_below(&one));
    assert_eq!(below(limit(10, 1, 1), limit(60, 1, 1)), (true, false));
    // One a second is below two a second, whatever the windows.
    assert_eq!(below(limit(60, 60, 1), limit(2, 1, 1)), (true, false));
    assert_eq!(below(limit(60, 1, 1), limit(60, 1, 4)), (true, false));
    assert_eq!(below(limit(60, 1, 4), limit(60, 1, 4)), (false, false));
    // A larger burst does not make up for a lower rate.
    assert_eq!(below(limit(10, 1, 4), limit(60, 1, 1)), (true, false));
}
