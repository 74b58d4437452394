use super::*;

mod model;

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);
const APP: RateLimit = RateLimit { count: 60, window: SECOND, burst: 3 };
/// What the store's clock shows when ours shows nothing.
const STORE: u64 = 1_790_000_000_000_000;

fn at(millis: u64) -> Tick {
    Tick::ZERO + MS * u32::try_from(millis).unwrap()
}

/// A lease that knows the store's clock.
fn lease(me: u64) -> Lease {
    let mut lease = Lease::new(APP, me);
    lease.clock.learn(at(0), at(0), STORE);
    lease
}

fn request(lease: &mut Lease, now: Tick, waiting: usize) -> TurnRequest {
    match lease.ask(now, waiting, 0.0) {
        Ask::Turns(request) => request,
        other => panic!("{other:?}"),
    }
}

/// A store that gives all that is wanted, from `first` ms on, and shows the same time as we do.
fn turns(request: &TurnRequest, now: u64, first: u64) -> Turns {
    Turns {
        now: STORE + now * 1_000,
        arrival: STORE + first * 1_000,
        count: request.wanted,
        closed: 0,
        since: 1,
    }
}

/// A lease that has just been given so many slots.
fn holding(now: u64, slots: usize) -> Lease {
    let mut lease = lease(1);
    let asked = request(&mut lease, at(now), slots);
    assert_eq!(lease.reply(at(now), at(now), &turns(&asked, now, now)), Ok(()));
    assert_eq!(lease.slots.len(), slots);
    lease
}

fn interval() -> Duration {
    Duration::from_micros(micros(APP.interval_late(Lease::new(APP, 1).lateness())))
}

#[test]
fn it_asks_for_what_waits_and_uses_what_it_is_given() {
    let mut lease = lease(7);
    let asked = request(&mut lease, at(1_000), 5);
    let expected = TurnRequest {
        owner: 7,
        number: 1,
        interval: interval().as_micros() as u64,
        tolerance: 2 * interval().as_micros() as u64,
        horizon: 5_000_000,
        wanted: 5,
        least: 5,
        ..TurnRequest::default()
    };
    assert_eq!(asked, expected);
    assert_eq!(lease.ready(at(1_000)), Err(None), "nothing is held before the answer");
    lease.reply(at(1_000), at(1_000), &turns(&asked, 1_000, 1_000)).unwrap();
    assert_eq!((0..9).filter(|_| lease.take(at(1_000))).count(), 3, "the burst");
    let next = lease.ready(at(1_000)).unwrap_err().unwrap();
    assert_eq!(next, at(1_000) + interval());
    assert_eq!(lease.ready_at(at(1_000), 1), next + interval());
    assert_eq!(lease.ready_at(at(1_000), 2).since(next + interval()), interval() - Duration::from_micros(1));
    assert!(!lease.take(next - Duration::from_nanos(1)));
    assert!(lease.take(next));
    assert_eq!(request(&mut lease, next, 3).wanted, 2, "one is still held");
}

#[test]
fn a_slot_lapses_shortly_after_its_time() {
    let mut lease = holding(1_000, 1);
    let until = lease.slots.all()[0].until;
    assert_eq!(until.since(at(1_000)), lease.lateness() - Duration::from_micros(1));
    assert_eq!(lease.ready(until), Ok(()));
    let too_late = until + Duration::from_nanos(1);
    assert_eq!(lease.ready(too_late), Err(None));
    assert!(!lease.take(too_late) && !lease.take(until), "what has lapsed does not come back");
}

#[test]
fn who_is_woken_late_has_slots_that_can_be_used_as_late() {
    let mut lease = holding(1_000, 1);
    lease.slots.clear();
    lease.woken(MS * 5);
    let asked = request(&mut lease, at(1_000), 1);
    assert_eq!(
        (asked.interval, asked.gap),
        (interval().as_micros() as u64, 0),
        "that is within the lateness"
    );
    lease.woken(MS * 40);
    lease.pending = None;
    let asked = request(&mut lease, at(1_000), 1);
    assert_eq!(asked.interval, micros(APP.interval_late(lease.late())));
    assert_eq!(asked.gap, 32_001, "a microsecond more, since the store shows whole ones");
    lease.reply(at(1_000), at(1_000), &turns(&asked, 1_000, 1_500)).unwrap();
    let slot = lease.slots.all()[0];
    assert_eq!(slot.until.since(slot.from), MS * 40);
    // The gap is shared: whoever comes while that costs nothing waits for others.
    assert!(matches!(lease.ask(at(1_001), 9, 0.0), Ask::Wait(until) if until < lease.collects));
    let before = lease.collects - Duration::from_nanos(1);
    assert_eq!(request(&mut lease, before, 9).wanted, 0, "it looks at the plan");
    lease.pending = None;
    let after = lease.collects;
    assert!(after > at(1_000) && after < lease.next);
    assert_eq!(request(&mut lease, after, 9).wanted, 8);
    lease.woken(SECOND);
    assert_eq!(lease.late(), MOST_WOKEN + lease.clock.uncertainty(), "no more than that");
    for _ in 0..20 {
        lease.woken(Duration::ZERO);
    }
    assert_eq!(lease.late(), lease.lateness());
}

#[test]
fn lateness_is_a_small_part_of_the_window() {
    let lateness = |window| Lease::new(RateLimit::new(60, window), 1).lateness();
    assert_eq!(lateness(MS * 100), MS * 2);
    assert_eq!(lateness(SECOND), MS * 8);
    assert_eq!(lateness(SECOND * 10), MS * 80);
    assert_eq!(lateness(SECOND * 3_600), MS * 100);
}

#[test]
fn who_is_given_less_comes_back_when_there_is_more() {
    let mut lease = lease(1);
    let asked = request(&mut lease, at(1_000), 5);
    let none = Turns { count: 0, ..turns(&asked, 1_000, 7_000) };
    lease.reply(at(1_000), at(1_001), &none).unwrap();
    let next = at(7_000) - Duration::from_micros(asked.tolerance + 1);
    let Ask::Wait(until) = lease.ask(at(1_001), 5, 0.0) else { panic!("it waits") };
    assert_eq!(lease.ready_at(at(1_001), 0), next);
    assert_eq!(until, next + lease.interval() * 4 - HORIZON, "not for each one of the five");
    assert_eq!(request(&mut lease, until, 5).wanted, 5);
    // A moment at least: the answer is never "at once".
    let soon = Turns { count: 0, ..turns(&asked, 3_000, 3_000) };
    lease.reply(at(3_000), at(3_000), &soon).unwrap();
    assert_eq!(lease.ask(at(3_000), 5, 0.0), Ask::Wait(at(3_001)));
}

#[test]
fn a_request_whose_answer_was_lost_is_made_again_and_what_is_over_lapses() {
    let mut lease = lease(1);
    let asked = request(&mut lease, at(1_000), 3);
    lease.failed(at(1_300), 0.5);
    assert_eq!(lease.ask(at(1_300), 3, 0.0), Ask::Wait(at(1_306)));
    assert_eq!(request(&mut lease, at(1_306), 9), asked, "the same, whoever waits by now");
    lease.reply(at(1_309), at(1_309), &turns(&asked, 1_309, 1_300)).unwrap();
    // The burst lets the third one come when the first would have: even that is over.
    assert_eq!((0..9).filter(|_| lease.take(at(1_309))).count(), 0);
    let asked = request(&mut lease, at(1_309), 3);
    assert_eq!(asked.number, 2);
    // One that only looked is not repeated.
    let mut lease = holding(1_000, 50);
    let looked = request(&mut lease, at(1_030), 50);
    assert_eq!((looked.wanted, looked.number), (0, 2));
    lease.failed(at(1_030), 0.0);
    assert_eq!(request(&mut lease, at(1_030), 50).number, 3);
}

#[test]
fn what_it_holds_is_void_unless_the_plan_was_seen_lately() {
    let mut lease = holding(1_000, 50);
    let slot = lease.slots.all().into_iter().find(|slot| slot.from > at(1_300)).unwrap().from;
    assert!(lease.ready(slot).is_err(), "not seen for more than a quarter of a second");
    assert!(!lease.take(slot));
    let asked = request(&mut lease, at(1_250), 40);
    assert_eq!(asked.wanted, 0, "it looks");
    lease.reply(at(1_250), at(1_251), &turns(&asked, 1_251, 2_000)).unwrap();
    assert_eq!(lease.ready(slot), Ok(()));
}

/// A store that has begun a new plan gives turns of it after its grace, and whoever holds old ones cannot know.
#[test]
fn while_questions_fail_what_it_holds_is_void_within_the_grace_of_a_new_plan() {
    let (mut lease, confirmed) = (holding(1_000, 20), 1_000);
    lease.failed(at(confirmed + 10), 0.0);
    let held = |lease: &Lease, millis: u64| lease.trusts(at(confirmed + millis));
    assert!(held(&lease, 50) && !held(&lease, 51));
    let asked = request(&mut lease, at(confirmed + 60), 30);
    lease.reply(at(confirmed + 60), at(confirmed + 60), &turns(&asked, 1_060, 1_400)).unwrap();
    assert!(held(&lease, 60 + 250) && !held(&lease, 60 + 251));
}

#[test]
fn it_looks_at_the_plan_every_20_to_40_ms_or_when_a_slot_lapses() {
    let mut lease = lease(1);
    let asked = request(&mut lease, at(1_000), 2);
    lease.reply(at(1_000), at(1_001), &turns(&asked, 1_000, 3_000)).unwrap();
    assert_eq!(lease.ask(at(1_001), 2, 0.0), Ask::Wait(at(1_020)));
    assert_eq!(lease.ask(at(1_001), 2, 0.5), Ask::Wait(at(1_030)));
    assert_eq!(request(&mut lease, at(1_020), 2).wanted, 0);
    let mut lease = holding(1_000, 1);
    assert_eq!(lease.ask(at(1_000), 1, 0.9), Ask::Wait(lease.slots.first_lapses().unwrap()));
}

#[test]
fn another_plan_makes_all_slots_void() {
    let mut lease = holding(1_000, 50);
    let asked = request(&mut lease, at(1_030), 50);
    lease.reply(at(1_030), at(1_030), &Turns { since: 2, ..turns(&asked, 1_030, 2_000) }).unwrap();
    assert_eq!(lease.slots.len(), 0);
    // So does a clock that was set.
    let mut lease = holding(1_000, 50);
    let asked = request(&mut lease, at(1_030), 50);
    lease.reply(at(1_030), at(1_030), &turns(&asked, 5_030, 5_030)).unwrap();
    assert_eq!(lease.slots.len(), 0);
}

#[test]
fn a_pause_is_told_once_and_heeded_by_all() {
    let mut teller = holding(1_000, 10);
    teller.pause(at(3_000));
    assert!(teller.has_news(at(1_000)) && !teller.has_news(at(3_000)));
    let told = request(&mut teller, at(1_000), 10);
    assert_eq!((told.pause, told.wanted), (2_000_000, 0));
    let closed = Turns { closed: STORE + 3_000_000, ..turns(&told, 1_000, 3_000) };
    teller.reply(at(1_000), at(1_000), &closed).unwrap();
    assert!(!teller.has_news(at(1_000)));
    assert_eq!(teller.slots.len(), 0);
    // Another one sees it when it looks.
    let mut other = holding(1_000, 50);
    let asked = request(&mut other, at(1_030), 50);
    let closed = Turns { closed: STORE + 1_300_000, ..turns(&asked, 1_030, 1_900) };
    other.reply(at(1_030), at(1_030), &closed).unwrap();
    assert!(other.slots.all().iter().all(|slot| slot.from >= at(1_300)));
    assert!(!other.slots.all().is_empty());
}

#[test]
fn turns_that_a_pause_made_void_are_not_used_once_it_is_over() {
    let mut lease = lease(1);
    let asked = request(&mut lease, at(1_000), 3);
    lease.failed(at(1_000), 0.0);
    assert_eq!(request(&mut lease, at(1_001), 3), asked);
    // They were given, the answer was lost, and another instance told a pause.
    let closed = Turns { closed: STORE + 2_000_000, ..turns(&asked, 1_001, 1_900) };
    lease.reply(at(1_001), at(1_001), &closed).unwrap();
    assert_eq!(lease.slots.len(), 0);
}

#[test]
fn a_clock_that_was_not_seen_for_long_bounds_no_slot() {
    let mut lease = lease(1);
    let asked = request(&mut lease, at(1_000), 2);
    // The store's clock was an hour behind, and is right half a minute later.
    let hour_behind = STORE - 3_600_000_000;
    let late = Turns { now: hour_behind, arrival: hour_behind + 4_000_000, ..turns(&asked, 1_000, 1_000) };
    lease.reply(at(1_000), at(1_000), &late).unwrap();
    assert_eq!((lease.slots.len(), lease.since), (2, Some(1)));
    let looked = lease.look();
    assert!(matches!(looked, Ask::Turns(_)), "{looked:?}");
    let none = Turns { count: 0, ..turns(&asked, 40_000, 40_000) };
    lease.reply(at(40_000), at(40_000), &none).unwrap();
    assert_eq!(lease.slots.len(), 0);
}

#[test]
fn a_store_that_takes_long_is_asked_for_later_turns() {
    let mut lease = Lease::new(APP, 1);
    let asked = request(&mut lease, at(1_000), 30);
    assert_eq!((asked.lead, asked.gap, asked.wanted), (0, 0, 1), "one to learn its clock");
    // 40 ms there and back: nobody knows when.
    lease.reply(at(1_000), at(1_040), &turns(&asked, 1_020, 1_020)).unwrap();
    assert_eq!(lease.slots.len(), 0, "its slot would be over before it is sure to have begun");
    let asked = request(&mut lease, at(1_040), 1);
    assert_eq!(asked.lead, 36_000);
    assert_eq!(asked.gap, 40_001 + 2_000 - 8_000);
    assert!(asked.interval > interval().as_micros() as u64, "its own slots lie further apart");
    lease.reply(at(1_040), at(1_080), &turns(&asked, 1_060, 1_060)).unwrap();
    let slot = lease.slots.all()[0];
    assert!(slot.from >= at(1_096) && slot.until > slot.from, "{slot:?}");
    // One short exchange tells the clock, and the memory of the long ones fades.
    let mut now = 1_100;
    for _ in 0..60 {
        lease.slots.clear();
        let asked = request(&mut lease, at(now), 1);
        lease.reply(at(now), at(now), &turns(&asked, now, now)).unwrap();
        now += 50;
    }
    lease.slots.clear();
    let asked = request(&mut lease, at(now), 1);
    assert_eq!((asked.lead, asked.gap), (0, 0));
}

#[test]
fn an_answer_that_cannot_be_right_counts_as_none() {
    let mut lease = lease(1);
    let before = lease.clock.uncertainty();
    let asked = request(&mut lease, at(1_000), 2);
    let more = Turns { count: 3, ..turns(&asked, 1_000, 1_000) };
    assert_eq!(lease.reply(at(1_000), at(1_000), &more), Err(Absurd));
    let far = turns(&asked, 1_000, 9_000);
    assert_eq!(lease.reply(at(1_000), at(1_000), &far), Err(Absurd));
    // Nor are turns given for after a pause that lasts for longer than the horizon.
    let paused = Turns { closed: far.arrival, ..far };
    assert_eq!(lease.reply(at(1_000), at(1_000), &paused), Err(Absurd));
    // Nobody is held back for longer than a day, and no store's clock comes to the end of what can be counted.
    let (none, day) = (Turns { count: 0, ..turns(&asked, 1_000, 1_000) }, 24 * 60 * 60 * 1_000_000);
    for closed in [none.now + day + 2_000_000, u64::MAX] {
        assert_eq!(lease.reply(at(1_000), at(1_000), &Turns { closed, ..none }), Err(Absurd));
    }
    for now in [u64::MAX / 2, u64::MAX] {
        let end = Turns { now, arrival: now, closed: now, ..none };
        assert_eq!(lease.reply(at(1_000), at(1_000), &end), Err(Absurd));
    }
    assert_eq!((lease.slots.len(), lease.clock.uncertainty()), (0, before));
    assert_eq!(request(&mut lease, at(1_000), 2), asked, "it was not answered");
    // An answer that nobody waits for says nothing.
    let mut lease = Lease::new(APP, 1);
    assert_eq!(lease.reply(at(1_000), at(1_000), &more), Ok(()));
    assert_eq!(lease.slots.len(), 0);
}

#[test]
fn it_asks_nothing_for_nobody_and_not_before_its_time() {
    let mut lease = lease(1);
    assert_eq!(lease.ask(at(0), 0, 0.0), Ask::Nothing);
    lease.start_over(at(500));
    assert_eq!(lease.ask(at(0), 1, 0.0), Ask::Wait(at(500)));
    assert_eq!(lease.ready_at(at(0), 3), at(500) + lease.interval() * 3);
    request(&mut lease, at(500), 1);
    let mut lease = holding(1_000, 5);
    lease.start_over(at(1_000));
    assert_eq!(lease.ready(at(1_000)), Err(None), "all slots are dropped");
    assert_eq!(request(&mut lease, at(1_000), 5).wanted, 5);
}

#[test]
fn where_nobody_is_held_back_one_request_serves_calls_to_come() {
    let mut lease = Lease::new(RateLimit { count: 10_000, window: SECOND, burst: 50 }, 1);
    lease.clock.learn(at(0), at(0), STORE);
    let (mut now, mut asked) = (1_000, Vec::new());
    // One call a millisecond.
    for _ in 0..40 {
        now += 1;
        if lease.take(at(now)) {
            continue;
        }
        let question = request(&mut lease, at(now), 1);
        assert_eq!(question.least, 1, "what is spare is not insisted on");
        lease.reply(at(now), at(now), &turns(&question, now, now)).unwrap();
        assert!(lease.take(at(now)));
        asked.push(question.wanted);
    }
    assert_eq!(asked[..4], [2, 3, 5, 9]);
    assert!(asked.len() < 12, "{asked:?}");
    assert!(asked.iter().all(|wanted| *wanted <= 14), "what lapses is not asked for again: {asked:?}");
    // Others use all of the limit.
    let question = request(&mut lease, at(now + 100), 1);
    lease.reply(at(now + 100), at(now + 100), &turns(&question, now + 100, now + 150)).unwrap();
    lease.slots.clear();
    assert_eq!(request(&mut lease, at(now + 200), 1).wanted, 2);
}

#[test]
fn a_limit_whose_turns_are_far_apart_has_none_to_spare() {
    let mut lease = holding(1_000, 1);
    for now in (1_000..3_000).step_by(20) {
        if !lease.take(at(now)) {
            let asked = request(&mut lease, at(now), 1);
            assert_eq!(asked.wanted, 1);
            lease.reply(at(now), at(now), &turns(&asked, now, now)).unwrap();
        }
    }
}
