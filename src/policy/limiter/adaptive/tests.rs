use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn at(millis: u64) -> Tick {
    Tick::ZERO + Duration::from_millis(millis)
}

fn limit(count: u32) -> RateLimit {
    RateLimit::new(count, SECOND)
}

/// Sends evenly for some time; true for each instant at which it may.
fn send(adaptive: &mut Adaptive, from: u64, to: u64, every: usize) {
    for millis in (from..to).step_by(every) {
        adaptive.sent(at(millis));
    }
}

fn near(rate: Option<f64>, expected: f64) -> bool {
    rate.is_some_and(|rate| (rate - expected).abs() < 0.02 * expected)
}

#[test]
fn nothing_happens_before_the_first_throttled_request() {
    let mut adaptive = Adaptive::new(&limit(60), at(0));
    send(&mut adaptive, 0, 5_000, 10);
    adaptive.succeeded(at(5_000));
    assert_eq!((adaptive.rate(), adaptive.ready_at()), (None, Tick::ZERO));
}

#[test]
fn a_throttled_request_leaves_seven_tenths_of_what_was_sent() {
    let mut adaptive = Adaptive::new(&limit(60), at(0));
    send(&mut adaptive, 0, 10_000, 50);
    adaptive.throttled(at(10_000));
    assert!(near(adaptive.rate(), 14.0), "{:?}", adaptive.rate());
    // The next one: of the rate that it had come down to.
    adaptive.throttled(at(10_010));
    assert!(near(adaptive.rate(), 9.8), "{:?}", adaptive.rate());
    adaptive.sent(at(10_020));
    let gap = adaptive.ready_at().since(at(10_020)).as_secs_f64();
    assert!((gap - 1.0 / 9.8).abs() < 0.003, "{gap}");
}

#[test]
fn before_anything_is_measured_it_goes_by_the_limit() {
    let mut adaptive = Adaptive::new(&limit(60), at(0));
    adaptive.throttled(at(10));
    assert!(near(adaptive.rate(), 42.0), "{:?}", adaptive.rate());
}

/// The values of the curve that smithy-rs's own test has, for a rate of 10 a second.
#[test]
fn it_comes_back_along_the_cubic_curve() {
    let curve = [(5, 7.0), (6, 9.648_936), (7, 10.000_031), (8, 10.453_285), (9, 13.408_697)];
    for (second, expected) in curve {
        let mut adaptive = Adaptive::new(&limit(100), at(0));
        send(&mut adaptive, 0, 5_000, 100);
        adaptive.throttled(at(5_000));
        // Enough is sent that the measurement does not bound it.
        adaptive.measured = 1_000.0;
        adaptive.too_fast = 10.0;
        adaptive.succeeded(at(second * 1_000));
        let rate = adaptive.rate().unwrap();
        assert!((rate - expected).abs() < 1e-4, "{rate} after {second} s");
    }
}

#[test]
fn it_grows_no_faster_than_twice_what_is_used_and_never_over_the_limit() {
    let mut adaptive = Adaptive::new(&limit(60), at(0));
    send(&mut adaptive, 0, 10_000, 50);
    adaptive.throttled(at(10_000));
    adaptive.succeeded(at(60_000));
    assert!(near(adaptive.rate(), 40.0), "{:?}", adaptive.rate());
    adaptive.measured = 1_000.0;
    adaptive.succeeded(at(60_000));
    // Back at the limit, nothing is slowed down any more.
    assert_eq!(adaptive.rate(), None);
    adaptive.measured = 0.0;
    adaptive.succeeded(at(60_000));
    assert_eq!(adaptive.rate(), None);
    adaptive.throttled(at(61_000));
    adaptive.measured = 0.0;
    adaptive.succeeded(at(99_000));
    assert_eq!(adaptive.rate(), Some(1.0));
}

#[test]
fn it_never_stops() {
    let mut adaptive = Adaptive::new(&limit(60), at(0));
    for _ in 0..100 {
        adaptive.throttled(at(5));
    }
    assert_eq!(adaptive.rate(), Some(FLOOR));
    adaptive.sent(at(10));
    assert_eq!(adaptive.ready_at(), at(2_010));
    // A limit below the floor stays the only one.
    let mut adaptive = Adaptive::new(&RateLimit::new(1, SECOND * 60), at(0));
    adaptive.throttled(at(5));
    assert_eq!(adaptive.rate(), None);
}

#[test]
fn the_measurement_follows_what_is_sent() {
    let mut adaptive = Adaptive::new(&limit(1_000), at(0));
    send(&mut adaptive, 0, 3_000, 10);
    assert!((adaptive.measured - 100.0).abs() < 3.0, "{}", adaptive.measured);
    send(&mut adaptive, 3_000, 3_500, 100);
    send(&mut adaptive, 3_500, 3_501, 100);
    // Four fifths of 10 and one fifth of 100.
    assert!((adaptive.measured - 28.0).abs() < 3.0, "{}", adaptive.measured);
}
