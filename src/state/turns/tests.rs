use super::*;
use proptest::prelude::*;

const NOW: u64 = 1_790_000_000_000_000;

/// Ten a second, a burst of two.
fn want(wanted: u32, number: u64) -> TurnRequest {
    TurnRequest {
        owner: 1,
        number,
        interval: 100_000,
        tolerance: 100_000,
        horizon: 1_000_000,
        wanted,
        ..TurnRequest::default()
    }
}

fn ask(plan: &mut Option<Plan>, now: u64, request: &TurnRequest) -> Turns {
    let (turns, next) = Plan::ask(*plan, now, request, 0);
    if next.is_some() {
        *plan = next;
    }
    turns
}

#[test]
fn whoever_asks_gets_the_next_ones() {
    let mut plan = None;
    let first = ask(&mut plan, NOW, &want(3, 1));
    assert_eq!((first.arrival, first.count, first.since, first.closed), (NOW, 3, NOW, 0));
    let other = TurnRequest { owner: 2, ..want(2, 1) };
    let second = ask(&mut plan, NOW + 10, &other);
    assert_eq!((second.arrival, second.count, second.now), (NOW + 300_000, 2, NOW + 10));
    // After a pause nothing is owed.
    let third = ask(&mut plan, NOW + 9_000_000, &want(1, 2));
    assert_eq!((third.arrival, third.since), (NOW + 9_000_000, NOW));
}

#[test]
fn no_turn_comes_after_the_horizon() {
    let mut plan = None;
    // From now on, one each 100 ms, the burst one earlier: 0 0 100 ... 1,000 ms.
    assert_eq!(ask(&mut plan, NOW, &want(50, 1)).count, 12);
    let none = ask(&mut plan, NOW, &want(1, 2));
    assert_eq!((none.count, none.arrival), (0, NOW + 1_200_000));
    assert_eq!(ask(&mut plan, NOW + 100_000, &want(50, 9)).count, 1);
    let all = TurnRequest { least: 3, ..want(5, 3) };
    assert_eq!(ask(&mut plan, NOW + 300_000, &all).count, 0, "two would be free");
    assert_eq!(ask(&mut plan, NOW + 400_000, &all).count, 3);
    let late = TurnRequest { lead: 1_000_001, ..want(1, 4) };
    assert_eq!(ask(&mut plan, NOW + 400_000, &late).count, 0);
}

#[test]
fn the_same_request_again_is_given_the_same() {
    let mut plan = None;
    let first = ask(&mut plan, NOW, &want(3, 7));
    let again = ask(&mut plan, NOW + 50_000, &want(3, 7));
    assert_eq!(again, Turns { now: NOW + 50_000, ..first });
    assert_eq!(ask(&mut plan, NOW + 50_000, &want(1, 8)).arrival, NOW + 300_000);
    let other = TurnRequest { owner: 2, ..want(1, 8) };
    assert_eq!(ask(&mut plan, NOW + 50_000, &other).arrival, NOW + 400_000, "a number is its owner's");
}

#[test]
fn to_look_changes_nothing() {
    let mut plan = None;
    ask(&mut plan, NOW, &want(3, 1));
    let (turns, next) = Plan::ask(plan, NOW + 5, &want(0, 1), 0);
    assert_eq!((turns.count, turns.arrival, next), (0, NOW + 300_000, None));
    // But it begins a plan, so that the next one who looks sees the same.
    let (turns, next) = Plan::ask(None, NOW, &want(0, 1), 50_000);
    assert_eq!((turns.since, turns.arrival, turns.count), (NOW, NOW + 50_000, 0));
    assert!(next.is_some());
}

#[test]
fn a_pause_holds_for_everybody_and_only_grows() {
    let mut plan = None;
    ask(&mut plan, NOW, &want(3, 1));
    let pause = TurnRequest { pause: 600_000, ..want(0, 0) };
    assert_eq!(ask(&mut plan, NOW, &pause).closed, NOW + 600_000);
    let shorter = TurnRequest { owner: 2, pause: 10_000, ..want(2, 1) };
    let turns = ask(&mut plan, NOW + 1_000, &shorter);
    assert_eq!((turns.closed, turns.arrival, turns.count), (NOW + 600_000, NOW + 600_000, 2));
    // Longer than the horizon: nothing is given for so long.
    let long = TurnRequest { pause: 60_000_000, ..want(1, 9) };
    let turns = ask(&mut plan, NOW + 2_000, &long);
    assert_eq!((turns.count, turns.closed), (0, NOW + 60_002_000));
}

#[test]
fn a_gap_is_left_free() {
    let mut plan = None;
    ask(&mut plan, NOW, &TurnRequest { gap: 40_000, ..want(1, 1) });
    assert_eq!(ask(&mut plan, NOW, &want(1, 2)).arrival, NOW + 140_000);
}

#[test]
fn a_plan_from_a_clock_that_was_ahead_is_begun_anew_and_stays_closed() {
    let mut plan = None;
    ask(&mut plan, NOW, &want(12, 1));
    ask(&mut plan, NOW, &TurnRequest { pause: 90_000_000, ..want(0, 0) });
    let back = NOW - 5_000_000;
    let turns = ask(&mut plan, back, &want(0, 2));
    assert_eq!((turns.since, turns.closed), (back, NOW + 90_000_000));
    // As far as it can be explained it is believed.
    let mut plan = None;
    ask(&mut plan, NOW, &want(12, 1));
    assert_eq!(ask(&mut plan, NOW - EXCESS, &want(0, 2)).since, NOW);
}

#[test]
fn it_is_kept_for_an_hour_after_its_last_turn() {
    let (_, plan) = Plan::ask(None, NOW, &want(1, 1), 0);
    assert_eq!(plan.unwrap().ttl_ms(NOW), 100 + KEPT_MS);
    let (_, plan) = Plan::ask(None, NOW, &TurnRequest { pause: 9_000_001, ..want(0, 1) }, 0);
    assert_eq!(plan.unwrap().ttl_ms(NOW), 9_001 + KEPT_MS);
}

#[test]
fn absurd_numbers_do_no_harm() {
    let most = TurnRequest {
        owner: u64::MAX,
        number: u64::MAX,
        interval: u64::MAX,
        tolerance: u64::MAX,
        horizon: u64::MAX,
        wanted: u32::MAX,
        least: u32::MAX,
        lead: u64::MAX,
        gap: u64::MAX,
        pause: u64::MAX,
    };
    for request in [most, TurnRequest { interval: 0, ..most }, TurnRequest::default()] {
        let (_, plan) = Plan::ask(None, u64::MAX, &request, u64::MAX);
        let _ = Plan::ask(plan, 0, &request, 0);
        let _ = plan.map(|plan| plan.ttl_ms(0));
    }
}

#[test]
fn only_what_was_written_is_read() {
    for wrong in ["", "1 2 3 4 5 6", "1 2 3 4 5 6 7 8", "1 2 3 4 5 6 -7", "1 2 3 4 5 6 +7", "a 2 3 4 5 6 7"] {
        assert_eq!(Plan::parse(wrong.as_bytes()), None, "{wrong:?}");
    }
    assert_eq!(Plan::parse(&[0xff]), None);
}

proptest! {
    /// A script in another language reads the same text.
    #[test]
    fn what_is_written_is_read(numbers: [u64; 6], count: u32) {
        let [since, arrival, closed, owner, number, first] = numbers;
        let plan = Plan { since, arrival, closed, owner, number, given: Given { arrival: first, count } };
        prop_assert_eq!(Plan::parse(plan.to_string().as_bytes()), Some(plan));
    }

    /// Any `n + 1` turns span at least what the interval and the burst promise.
    #[test]
    fn turns_keep_their_distance(
        asks in prop::collection::vec((0_u64..400_000, 0_u32..20, 0_u64..50_000, 0_u64..300_000), 1..60),
        burst in 1_u64..5,
        count in 5_u64..30,
    ) {
        let interval = 1_000_000_u64.div_ceil(count - burst + 1);
        let (mut plan, mut now, mut turns) = (None, NOW, Vec::new());
        for (number, (later, wanted, lead, pause)) in asks.into_iter().enumerate() {
            now += later;
            let tolerance = (burst - 1) * interval;
            let pause = if pause < 50_000 { pause } else { 0 };
            let request = TurnRequest {
                owner: 1, number: number as u64, interval, tolerance, horizon: 1_000_000, wanted, least: 0, lead, gap: 0, pause,
            };
            let given = ask(&mut plan, now, &request);
            let start = (now + lead).max(given.closed);
            for turn in 0..u64::from(given.count) {
                turns.push((given.arrival + turn * interval - tolerance).max(start));
            }
        }
        for first in 0..turns.len() {
            if let Some(last) = turns.get(first + count as usize) {
                prop_assert!(last - turns[first] >= 1_000_000);
            }
        }
    }
}
