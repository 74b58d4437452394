use super::*;

const SECOND: Duration = Duration::from_secs(1);
const A: Caller = Caller(1);
const B: Caller = Caller(2);
/// One each 100 ms.
const SLOW: RateLimit = RateLimit { count: 10, window: SECOND, burst: 1 };

fn at(millis: u64) -> Tick {
    Tick::ZERO + Duration::from_millis(millis)
}

fn setup(shared: bool) -> Setup {
    Setup { limit: SLOW, instances: 1, shared, adaptive: false }
}

struct Rig {
    group: Group,
    inflight: Inflight,
}

impl Rig {
    fn new(setup: Setup, places: usize) -> Rig {
        Rig { group: Group::new(GroupId(1), &setup, at(0), 1), inflight: Inflight::new(places) }
    }

    fn local() -> Rig {
        Rig::new(setup(false), 100)
    }

    fn at_once(&mut self, now: u64) -> bool {
        self.group.at_once(at(now), &mut self.inflight)
    }

    fn join(&mut self, now: u64, caller: Caller, deadline: u64) -> Ticket {
        self.group.join(at(now), caller, at(now), at(deadline)).unwrap()
    }

    fn turn(&mut self, now: u64, ticket: Ticket) -> Turn {
        self.group.turn(at(now), ticket, &mut self.inflight)
    }

    fn leave(&mut self, now: u64, ticket: Ticket) {
        self.group.leave(ticket, at(now), &mut self.inflight);
    }

    fn wakes(&mut self) -> Vec<Ticket> {
        let mut wakes: Vec<_> = self.group.wakes().collect();
        wakes.sort_unstable();
        wakes.dedup();
        wakes
    }

    fn snapshot(&self, now: u64) -> GroupSnapshot {
        self.group.snapshot(at(now))
    }
}

/// Whether this call now has a question for the store.
fn asks(rig: &mut Rig, now: u64, ticket: Ticket) -> bool {
    matches!(rig.group.ask(at(now), ticket, 0.0), Ask::Turns(_))
}

fn hint(millis: u64) -> Late {
    Late::Limited { hint: Some(Duration::from_millis(millis)) }
}

#[test]
fn a_call_that_finds_everything_free_goes_at_once() {
    let mut rig = Rig::local();
    assert!(rig.at_once(1_000));
    assert!(!rig.at_once(1_099), "the next slot is not yet there");
    assert!(rig.at_once(1_100));
    assert_eq!((rig.snapshot(1_100).granted, rig.snapshot(1_100).in_flight, rig.inflight.taken()), (2, 2, 2));
    rig.group.landed(&mut rig.inflight);
    assert_eq!((rig.snapshot(1_100).in_flight, rig.inflight.taken()), (1, 1));
}

#[test]
fn who_comes_late_to_a_turn_is_given_turns_that_last_longer() {
    let mut rig = Rig::new(setup(true), 100);
    let a = rig.join(1_000, A, 9_000);
    let Ask::Turns(asked) = rig.group.ask(at(1_000), a, 0.0) else { panic!("it asks") };
    assert_eq!(asked.gap, 0);
    let turns = Turns { now: 1_000_000, arrival: 1_050_000, count: 1, closed: 0, since: 1 };
    rig.group.answered(at(1_000), a, Ok(turns), 0.0);
    let Turn::Wait(until) = rig.turn(1_000, a) else { panic!("it waits") };
    assert_eq!(until.since(at(1_050)), Duration::ZERO);
    assert!(!matches!(rig.turn(1_090, a), Turn::Go), "40 ms later that has lapsed");
    let Ask::Turns(asked) = rig.group.ask(at(1_090), a, 0.0) else { panic!("it asks again") };
    assert_eq!(asked.gap, 32_001, "and a microsecond, since the store shows whole ones");
}

#[test]
fn nobody_overtakes_those_who_wait() {
    let mut rig = Rig::local();
    assert!(rig.at_once(1_000));
    let a = rig.join(1_010, A, 9_000);
    assert!(!rig.at_once(1_100), "somebody waits");
    assert_eq!(rig.turn(1_010, a), Turn::Wait(at(1_100)));
    let b = rig.join(1_020, B, 9_000);
    assert_eq!(rig.turn(1_020, b), Turn::Sleep);
    rig.wakes();
    assert_eq!(rig.turn(1_100, a), Turn::Go);
    assert_eq!(rig.wakes(), [b], "its turn has come");
    assert_eq!(rig.turn(1_100, b), Turn::Wait(at(1_200)));
    assert_eq!(rig.snapshot(1_100).waiting, 1);
    assert_eq!(rig.group.head(), Some(b));
}

#[test]
fn who_cannot_be_in_time_is_told_so_at_once() {
    let mut rig = Rig::local();
    assert_eq!(rig.group.join(at(1_000), A, at(1_000), at(1_000)), Err(Late::TimeOver));
    assert!(rig.at_once(1_000));
    assert_eq!(rig.group.join(at(1_000), A, at(1_000), at(1_100)), Err(hint(100)));
    rig.join(1_000, A, 1_101);
    // The second of this caller comes an interval later.
    assert_eq!(rig.group.join(at(1_000), A, at(1_000), at(1_200)), Err(hint(200)));
    rig.join(1_000, A, 1_201);
}

#[test]
fn deadlines_of_all_pass_at_the_head() {
    let mut rig = Rig::new(setup(false), 1);
    assert!(rig.at_once(1_000));
    let a = rig.join(1_000, A, 5_000);
    assert_eq!(rig.wakes(), [], "one who comes is awake");
    let b = rig.join(1_000, B, 2_000);
    assert_eq!(rig.wakes(), [a], "the head sleeps for all");
    assert_eq!(rig.turn(1_000, a), Turn::Wait(at(1_100)));
    assert_eq!(rig.turn(1_100, a), Turn::Wait(at(2_000)), "no place in flight: until the first deadline");
    assert_eq!(rig.turn(2_000, a), Turn::Wait(at(5_000)));
    assert_eq!(rig.wakes(), [b]);
    assert_eq!(rig.turn(2_000, b), Turn::Late(Late::Limited { hint: None }));
    rig.leave(2_000, b);
    assert_eq!(rig.turn(5_000, a), Turn::Late(Late::Limited { hint: None }));
    assert!(rig.snapshot(5_000).waiting == 0 && rig.group.head().is_none());
    assert_eq!(rig.inflight.next(), None, "it has left the line for a place");
    rig.group.landed(&mut rig.inflight);
    assert_eq!(rig.inflight.next(), None);
}

#[test]
fn a_rate_slot_is_not_taken_while_there_is_no_place() {
    let mut rig = Rig::new(setup(false), 1);
    assert!(rig.at_once(1_000));
    let a = rig.join(1_000, A, 9_000);
    assert_eq!(rig.turn(1_500, a), Turn::Wait(at(9_000)));
    assert!(!rig.at_once(1_500));
    rig.group.landed(&mut rig.inflight);
    assert_eq!(rig.inflight.next(), Some(GroupId(1)));
    assert_eq!(rig.turn(1_600, a), Turn::Go);
    // Taken at 1,600 and not at 1,500.
    let b = rig.join(1_600, B, 9_000);
    rig.group.landed(&mut rig.inflight);
    assert_eq!(rig.turn(1_600, b), Turn::Wait(at(1_700)));
}

#[test]
fn a_place_is_not_held_while_there_is_no_rate_slot() {
    let mut rig = Rig::new(setup(false), 1);
    assert!(rig.at_once(1_000));
    let a = rig.join(1_000, A, 9_000);
    assert_eq!(rig.turn(1_100, a), Turn::Wait(at(9_000)));
    rig.group.throttled(at(1_150), at(1_000), Some(SECOND));
    rig.group.landed(&mut rig.inflight);
    assert_eq!(rig.turn(1_160, a), Turn::Wait(at(2_150)), "the backoff window is closed");
    assert_eq!((rig.inflight.next(), rig.inflight.taken()), (None, 0), "others may go");
    // One that goes without waiting leaves no trace in the line either.
    let mut rig = Rig::new(setup(false), 1);
    assert!(rig.inflight.take(GroupId(7)));
    assert!(!rig.at_once(1_000));
    rig.inflight.release();
    assert_eq!(rig.inflight.next(), None);
}

#[test]
fn a_429_holds_all_and_refuses_those_who_cannot_wait() {
    let mut rig = Rig::local();
    assert!(rig.at_once(1_000));
    let [a, b] = [(A, 9_000), (B, 3_000)].map(|(caller, by)| rig.join(1_000, caller, by));
    rig.wakes();
    rig.group.throttled(at(1_050), at(1_000), Some(SECOND * 4));
    assert_eq!(rig.wakes(), [b]);
    assert_eq!(rig.turn(1_050, b), Turn::Late(hint(4_000)));
    assert_eq!(rig.turn(1_050, a), Turn::Wait(at(5_050)));
    assert_eq!(rig.group.join(at(1_050), B, at(1_050), at(5_050)), Err(hint(4_000)));
    let snapshot = rig.snapshot(1_050);
    assert_eq!((snapshot.throttled, snapshot.closed_for, snapshot.waiting), (1, Some(SECOND * 4), 1));
    assert_eq!(rig.turn(5_049, a), Turn::Wait(at(5_050)));
    assert_eq!(rig.turn(5_050, a), Turn::Go);
    assert_eq!(rig.snapshot(5_050).closed_for, None);
}

#[test]
fn success_ends_the_growing_wait() {
    let mut rig = Rig::local();
    rig.group.throttled(at(1_000), at(900), None);
    rig.group.throttled(at(2_500), at(2_400), None);
    assert_eq!(rig.snapshot(2_500).closed_for, Some(SECOND * 2));
    rig.group.succeeded(at(4_600), at(4_550));
    rig.group.throttled(at(5_000), at(4_900), None);
    assert_eq!(rig.snapshot(5_000).closed_for, Some(SECOND));
}

#[test]
fn leaving_passes_the_turn_on() {
    let mut rig = Rig::new(setup(false), 1);
    assert!(rig.at_once(1_000));
    let [a, b] = [A, B].map(|caller| rig.join(1_000, caller, 9_000));
    assert_eq!(rig.turn(1_100, a), Turn::Wait(at(9_000)));
    rig.wakes();
    rig.leave(1_110, a);
    assert_eq!(rig.wakes(), [b]);
    rig.leave(1_110, b);
    rig.group.landed(&mut rig.inflight);
    assert_eq!((rig.inflight.next(), rig.snapshot(1_110).waiting), (None, 0));
}

#[test]
fn the_last_comer_asks_the_store_and_passes_it_on() {
    let mut rig = Rig::new(setup(true), 100);
    assert!(!rig.at_once(1_000), "nothing is known yet");
    let a = rig.join(1_000, A, 90_000);
    assert_eq!(rig.wakes(), [a]);
    assert!(asks(&mut rig, 1_000, a));
    assert_eq!(rig.group.ask(at(1_000), a, 0.0), Ask::Nothing, "one question at a time");
    let b = rig.join(1_000, B, 90_000);
    assert!(rig.group.is_leader(a) && !rig.group.is_leader(b));
    assert_eq!(rig.group.ask(at(1_000), b, 0.0), Ask::Nothing);
    rig.wakes();
    // The leader goes away while the question is under way.
    rig.leave(1_001, a);
    assert!(rig.group.is_leader(b));
    assert_eq!(rig.wakes(), [b]);
    rig.group.answered(at(1_002), a, Err(Trouble::Unavailable), 0.0);
    assert_eq!(rig.snapshot(1_002).mode, Mode::Shared, "an answer to somebody who has left");
    assert!(asks(&mut rig, 1_002, b));
    rig.group.answered(at(1_003), b, Err(Trouble::Unavailable), 0.0);
    assert_eq!(rig.snapshot(1_003).mode, Mode::Alone);
    assert_eq!(rig.wakes(), [b], "the head hears of it");
}

#[test]
fn an_answer_is_taken_once() {
    let mut rig = Rig::new(setup(true), 100);
    let a = rig.join(1_000, A, 90_000);
    assert!(asks(&mut rig, 1_000, a));
    rig.group.answered(at(1_001), a, Err(Trouble::Unavailable), 0.0);
    assert_eq!(rig.snapshot(1_001).mode, Mode::Alone);
    rig.group.answered(at(1_001), a, Ok(Turns::default()), 0.0);
    assert_eq!(rig.snapshot(1_001).mode, Mode::Alone);
    assert_eq!(rig.turn(1_001, a), Turn::Go);
}

#[test]
fn an_answer_may_show_that_a_deadline_cannot_be_kept() {
    let mut rig = Rig::new(Setup { limit: RateLimit::new(1, SECOND * 60), ..setup(true) }, 100);
    let a = rig.join(1_000, A, 31_000);
    assert_eq!(rig.turn(1_000, a), Turn::Wait(at(31_000)));
    rig.group.ask(at(1_000), a, 0.0);
    rig.wakes();
    // The next turn comes in 40 seconds, by a clock that shows 500 seconds.
    let none = Turns { now: 500_000_000, arrival: 540_000_000, since: 1, ..Turns::default() };
    rig.group.answered(at(1_000), a, Ok(none), 0.0);
    assert_eq!(rig.wakes(), [a]);
    let Turn::Late(Late::Limited { hint: Some(hint) }) = rig.turn(1_000, a) else { panic!("it is late") };
    assert!(hint > SECOND * 39 && hint <= SECOND * 40, "{hint:?}");
}

#[test]
fn others_are_told_of_a_429_and_then_nothing_is_asked_until_it_is_over() {
    let mut rig = Rig::new(setup(true), 100);
    let a = rig.join(1_000, A, 90_000);
    rig.wakes();
    rig.group.throttled(at(1_000), at(900), Some(SECOND * 5));
    assert_eq!(rig.wakes(), [a]);
    let Ask::Turns(told) = rig.group.ask(at(1_000), a, 0.0) else { panic!("it tells") };
    assert_eq!((told.pause, told.wanted), (5_000_000, 0));
    let closed = Turns { now: 9_000_000, arrival: 9_000_000, closed: 14_000_000, since: 1, count: 0 };
    rig.group.answered(at(1_000), a, Ok(closed), 0.0);
    assert_eq!(rig.group.ask(at(1_000), a, 0.0), Ask::Wait(at(6_000)));
    assert!(asks(&mut rig, 6_000, a));
}

#[test]
fn the_slow_down_is_on_only_when_asked_for() {
    let mut rig = Rig::new(Setup { adaptive: true, ..setup(false) }, 100);
    rig.group.throttled(at(1_000), at(900), Some(Duration::ZERO));
    assert!(rig.at_once(2_000));
    // Seven tenths of ten a second.
    let a = rig.join(2_000, A, 9_000);
    let Turn::Wait(next) = rig.turn(2_000, a) else { panic!("it is slowed down") };
    assert!(next > at(2_140) && next < at(2_145), "{next:?}");
    assert_eq!(rig.group.turn(next, a, &mut rig.inflight), Turn::Go);
    let a = rig.join(2_150, A, 90_000);
    assert!(!rig.group.is_idle(at(900_000)));
    rig.group.succeeded(at(60_000), at(59_000));
    rig.leave(60_000, a);
    assert!(rig.at_once(60_000));
    assert_eq!(
        rig.group.join(at(60_000), A, at(60_000), at(60_900)),
        Err(hint(1_000)),
        "it sent next to nothing lately"
    );
    rig.group.change(at(70_000), SLOW, 1);
    assert!(rig.at_once(71_000) && rig.at_once(71_100), "another limit, another pace");

    let mut rig = Rig::local();
    rig.group.throttled(at(1_000), at(900), Some(Duration::ZERO));
    assert!(rig.at_once(2_000) && rig.at_once(2_100));
}

#[test]
fn another_limit_wakes_the_head() {
    let mut rig = Rig::local();
    assert!(rig.at_once(1_000));
    let a = rig.join(1_000, A, 90_000);
    rig.wakes();
    let limit = RateLimit::new(1, SECOND * 2);
    rig.group.change(at(1_000), limit, 1);
    assert_eq!((*rig.group.limit(), rig.wakes()), (limit, vec![a]));
    assert_eq!(rig.turn(1_100, a), Turn::Wait(at(3_000)));
}

#[test]
fn what_may_be_forgotten() {
    let mut rig = Rig::local();
    assert!(rig.group.is_idle(at(0)));
    assert!(rig.at_once(1_000));
    assert!(!rig.group.is_idle(at(9_000)), "a request is under way");
    rig.group.landed(&mut rig.inflight);
    assert!(!rig.group.is_idle(at(1_099)) && rig.group.is_idle(at(1_100)));
    rig.group.throttled(at(2_000), at(1_000), Some(SECOND));
    assert!(!rig.group.is_idle(at(2_999)) && rig.group.is_idle(at(3_000)));
    let a = rig.join(3_000, A, 3_500);
    assert!(!rig.group.is_idle(at(3_000)), "somebody waits");
    rig.group.throttled(at(3_000), at(2_999), Some(SECOND));
    assert!(!rig.group.is_idle(at(9_000)), "somebody has not been told yet");
    rig.leave(3_000, a);
    assert!(rig.group.is_idle(at(9_000)));
}

#[test]
fn only_a_limit_is_blamed_that_left_no_time() {
    let mut rig = Rig::new(setup(true), 1);
    let a = rig.join(1_000, A, 2_000);
    assert!(asks(&mut rig, 1_000, a));
    assert_eq!(rig.turn(2_000, a), Turn::Late(Late::TimeOver), "the store has said nothing yet");
    // With a slot of its own and no place in flight it is the cap.
    let mut rig = Rig::new(setup(false), 1);
    assert!(rig.at_once(1_000));
    let b = rig.join(1_050, B, 2_000);
    assert_eq!(rig.turn(1_100, b), Turn::Wait(at(2_000)));
    assert_eq!(rig.turn(2_000, b), Turn::Late(Late::Limited { hint: None }));
}
