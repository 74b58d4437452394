use super::*;

mod model;

const SECOND: Duration = Duration::from_secs(1);
const APP: RateLimit = RateLimit { count: 60, window: SECOND, burst: 3 };
const REPORT: RateLimit = RateLimit { count: 1, window: Duration::from_secs(60), burst: 1 };

fn at(millis: u64) -> Tick {
    Tick::ZERO + Duration::from_millis(millis)
}

/// A lease with this record known at `now`.
fn reader(limit: RateLimit, now: Tick, record: Record) -> Lease {
    let mut lease = Lease::new(limit, 1);
    assert_eq!(lease.ask(now, 1, 0.0), Ask::Get);
    lease.reply(now, now, Reply::Got(Some(record.encode())), 0.0);
    lease
}

fn idle_record() -> Record {
    Record::Claim { writer: 9, number: 1, planned: at(0), arrival: at(0) }
}

/// The claim that is planned for so many.
fn claim(lease: &mut Lease, now: Tick, waiting: usize) -> (Vec<u8>, Record) {
    match lease.ask(now, waiting, 0.0) {
        Ask::Swap { expected, value, .. } => (expected, Record::decode(&value).unwrap()),
        other => panic!("{other:?}"),
    }
}

fn slots(lease: &Lease) -> Vec<Tick> {
    lease.slots.all()
}

#[test]
fn it_reads_claims_and_uses_what_it_won() {
    let mut lease = reader(APP, at(1_000), idle_record());
    let (expected, value) = claim(&mut lease, at(1_000), 5);
    assert_eq!(expected, idle_record().encode());
    let arrival = at(1_000) + lease.interval * 5;
    assert_eq!(value, Record::Claim { writer: 1, number: 1, planned: at(1_000), arrival });
    assert_eq!(lease.ready(at(1_000)), Err(None), "nothing is held before the swap is done");
    lease.reply(at(1_000), at(1_002), Reply::Swapped(true), 0.0);
    let t = lease.interval;
    let expected = [0, 0, 0, 1, 2].map(|steps| at(1_000) + t * steps);
    assert_eq!(slots(&lease), expected, "the burst, then one an interval");
    assert_eq!((0..9).filter(|_| lease.take(at(1_002))).count(), 3);
    assert_eq!(lease.ready(at(1_002)), Err(Some(at(1_000) + t)));
    assert_eq!(lease.ready_at(at(1_002), 1), at(1_000) + t * 2);
    assert_eq!(lease.ready_at(at(1_002), 2), at(1_000) + t * 3, "after its own, the next to claim");
    assert_eq!(lease.ready_at(at(1_002), 4), at(1_000) + t * 5);
    assert!(!lease.take(at(1_000) + t - Duration::from_nanos(1)));
    assert!(lease.take(at(1_000) + t));
}

#[test]
fn a_record_outlives_its_slots_by_an_hour() {
    let mut lease = reader(REPORT, at(1_000), idle_record());
    let Ask::Swap { ttl, .. } = lease.ask(at(1_000), 1, 0.0) else { panic!("it claims") };
    assert_eq!(ttl, SECOND * 3_600 + lease.interval * 2);
}

#[test]
fn the_slots_of_others_come_first() {
    // Planned 40 ms before it is seen, on a clock that is far ahead; 200 ms were taken.
    let other = Record::Claim { writer: 9, number: 7, planned: at(900_000), arrival: at(900_200) };
    let mut lease = reader(APP, at(1_000), other);
    claim(&mut lease, at(1_010), 1);
    lease.reply(at(1_010), at(1_012), Reply::Swapped(true), 0.0);
    assert_eq!(slots(&lease), [at(1_200) - lease.tolerance]);
}

#[test]
fn a_slot_lapses_shortly_after_its_time() {
    let mut lease = reader(REPORT, at(1_000), idle_record());
    claim(&mut lease, at(1_000), 1);
    lease.reply(at(1_000), at(1_000), Reply::Swapped(true), 0.0);
    let late = at(1_000) + lease.lateness();
    assert_eq!(lease.ready(late), Ok(()));
    let too_late = late + Duration::from_nanos(1);
    assert_eq!(lease.ready(too_late), Err(None));
    assert!(!lease.take(too_late));
    assert!(!lease.take(late), "what has lapsed does not come back");
}

#[test]
fn lateness_is_a_small_part_of_the_window() {
    let lateness = |window| Lease::new(RateLimit::new(60, window), 1).lateness();
    let ms = Duration::from_millis;
    assert_eq!(lateness(ms(100)), ms(2));
    assert_eq!(lateness(SECOND), ms(5));
    assert_eq!(lateness(SECOND * 10), ms(50));
    assert_eq!(lateness(SECOND * 3_600), ms(100));
}

#[test]
fn a_lost_race_is_read_again_after_a_moment() {
    let mut lease = reader(APP, at(1_000), idle_record());
    claim(&mut lease, at(1_000), 5);
    lease.reply(at(1_000), at(1_002), Reply::Swapped(false), 0.5);
    assert_eq!(lease.ask(at(1_002), 5, 0.0), Ask::Wait(at(1_008)));
    assert_eq!(lease.ask(at(1_008), 5, 0.0), Ask::Get);
    assert!(slots(&lease).is_empty());
    let won = Record::Claim { writer: 9, number: 2, planned: at(1_001), arrival: at(1_100) };
    lease.reply(at(1_008), at(1_010), Reply::Got(Some(won.encode())), 0.5);
    assert_eq!(claim(&mut lease, at(1_010), 5).0, won.encode());
}

#[test]
fn a_swap_whose_answer_was_lost_is_recognised() {
    let mut lease = reader(APP, at(1_000), idle_record());
    let (_, value) = claim(&mut lease, at(1_000), 2);
    lease.reply(at(1_000), at(1_003), Reply::Failed, 0.0);
    assert_eq!(lease.ask(at(1_003), 2, 0.0), Ask::Get);
    lease.reply(at(1_003), at(1_004), Reply::Got(Some(value.encode())), 0.0);
    assert_eq!(slots(&lease), [at(1_000), at(1_000)]);
    // And one that was not done is planned anew.
    let mut lease = reader(APP, at(1_000), idle_record());
    claim(&mut lease, at(1_000), 2);
    lease.reply(at(1_000), at(1_003), Reply::Failed, 0.0);
    assert_eq!(lease.ask(at(1_003), 2, 0.0), Ask::Get);
    lease.reply(at(1_003), at(1_004), Reply::Got(Some(idle_record().encode())), 0.0);
    let (_, value) = claim(&mut lease, at(1_004), 2);
    assert!(matches!(value, Record::Claim { number: 2, .. }));
    assert!(slots(&lease).is_empty());
}

#[test]
fn leases_are_small_and_renewed_before_they_end() {
    let mut lease = reader(APP, at(1_000), idle_record());
    claim(&mut lease, at(1_000), 10_000);
    lease.reply(at(1_000), at(1_002), Reply::Swapped(true), 0.0);
    assert_eq!(slots(&lease).len(), 14, "a quarter of a second's worth");
    let first_lapses = at(1_000) + lease.lateness() + Duration::from_nanos(1);
    assert_eq!(lease.ask(at(1_002), 10_000, 0.0), Ask::Wait(first_lapses));
    for _ in 0..7 {
        let next = slots(&lease)[0];
        assert!(lease.take(next));
    }
    let now = slots(&lease)[0] - Duration::from_millis(10);
    let mine = lease.known.as_ref().unwrap().record.clone();
    assert_eq!(lease.ask(now, 7, 0.0), Ask::Get, "it looks whether others write");
    lease.reply(now, now, Reply::Got(Some(mine)), 0.0);
    assert_eq!(
        lease.ask(now, 7, 0.0),
        Ask::Wait(slots(&lease)[0] + lease.lateness() + Duration::from_nanos(1))
    );
    // Its own record is known: no need to read it.
    let end = lease.known.as_ref().unwrap().arrival;
    claim(&mut lease, now, 9);
    lease.reply(now, now, Reply::Swapped(true), 0.0);
    assert_eq!(slots(&lease).len(), 9);
    assert_eq!(slots(&lease)[7..], [end - lease.tolerance, end - lease.tolerance + lease.interval]);
}

#[test]
fn it_watches_what_others_write_while_it_has_enough() {
    let mut lease = reader(APP, at(1_000), idle_record());
    let ahead = Record::Claim { writer: 9, number: 2, planned: at(1_000), arrival: at(1_900) };
    lease.reply(at(1_000), at(1_000), Reply::Got(Some(ahead.encode())), 0.0);
    claim(&mut lease, at(1_000), 5);
    lease.reply(at(1_000), at(1_000), Reply::Swapped(true), 0.0);
    let ms = Duration::from_millis;
    // Another one wrote lately: after 20 to 60 ms.
    assert_eq!(lease.ask(at(1_000), 5, 0.0), Ask::Wait(at(1_000) + ms(20)));
    assert_eq!(lease.ask(at(1_000), 5, 0.5), Ask::Wait(at(1_000) + ms(40)));
    assert_eq!(lease.ask(at(1_020), 5, 0.0), Ask::Get);
    let mine = lease.known.as_ref().unwrap().record.clone();
    lease.reply(at(1_020), at(1_022), Reply::Got(Some(mine)), 0.0);
    assert_eq!(lease.ask(at(1_022), 5, 0.0), Ask::Wait(at(1_042)));
    // Nobody else did for long: less often.
    lease.others = Some(at(0));
    lease.answered = at(0) + LONE;
    lease.slots.clear();
    lease.slots.add(vec![at(20_000)]);
    assert_eq!(lease.ask(lease.answered, 1, 0.0), Ask::Wait(lease.answered + ms(80)));
    lease.others = Some(at(1));
    assert_eq!(lease.ask(lease.answered, 1, 0.0), Ask::Wait(lease.answered + ms(20)));
}

#[test]
fn nothing_is_claimed_far_ahead() {
    let other = |taken| Record::Claim { writer: 9, number: 7, planned: at(0), arrival: at(taken) };
    let tolerance = Lease::new(APP, 1).tolerance;
    let mut lease = reader(APP, at(1_000), other(1_500));
    // The horizon is passed by 500 ms less the tolerance of the burst.
    let open = at(1_500) - tolerance;
    assert_eq!(lease.ask(at(1_000), 5, 0.0), Ask::Wait(at(1_000) + lease.poll(0.0)), "a poll");
    lease.reply(at(1_020), at(1_470), Reply::Got(Some(other(1_500).encode())), 0.0);
    let just_before = open - Duration::from_nanos(1);
    assert_eq!(lease.ask(just_before, 5, 0.0), Ask::Wait(open), "no longer than to the opening");
    assert_eq!(lease.ask(open, 5, 0.0), Ask::Get);
    lease.reply(open, open, Reply::Got(Some(other(1_500).encode())), 0.0);
    claim(&mut lease, open, 5);
}

#[test]
fn polls_are_spread_and_longer_where_slots_are_dear() {
    let lease = Lease::new(APP, 1);
    let ms = Duration::from_millis;
    assert!(lease.poll(0.0) >= ms(15) && lease.poll(1.0) <= ms(31));
    assert!(lease.poll(0.9) > lease.poll(0.1) + ms(5));
    let lease = Lease::new(REPORT, 1);
    assert_eq!((lease.poll(0.0), lease.poll(1.0)), (ms(750), ms(1_250)));
}

#[test]
fn a_slow_store_is_allowed_for() {
    let mut lease = reader(APP, at(1_000), idle_record());
    claim(&mut lease, at(1_000), 1);
    lease.reply(at(1_000), at(1_040), Reply::Swapped(true), 0.0);
    assert_eq!(lease.ready(at(1_040)), Err(None), "it has lapsed, which nobody could know");
    claim(&mut lease, at(1_040), 1);
    lease.reply(at(1_040), at(1_080), Reply::Swapped(true), 0.0);
    assert_eq!(lease.ready(at(1_080)), Ok(()));
    assert!(lease.take(at(1_080)));
    // The memory of it fades.
    let now = lease.known.as_ref().unwrap().arrival;
    claim(&mut lease, now, 1);
    lease.reply(now, now, Reply::Swapped(true), 0.0);
    assert_eq!(lease.swap_takes, Duration::from_millis(35));
    assert!(lease.take(slots(&lease)[0]));
    for _ in 0..40 {
        let now = lease.known.as_ref().unwrap().arrival;
        claim(&mut lease, now, 1);
        lease.reply(now, now, Reply::Swapped(true), 0.0);
        assert!(lease.take(slots(&lease)[0]));
    }
    assert!(lease.swap_takes < Duration::from_millis(1));
    // And it is never more than the horizon.
    let now = lease.known.as_ref().unwrap().arrival;
    claim(&mut lease, now, 1);
    lease.reply(now, now + SECOND * 50, Reply::Swapped(false), 0.0);
    assert_eq!(lease.swap_takes, HORIZON);
}

#[test]
fn what_lapses_is_not_claimed_again() {
    let mut lease = reader(APP, at(1_000), idle_record());
    claim(&mut lease, at(1_000), 100);
    lease.reply(at(1_000), at(1_000), Reply::Swapped(true), 0.0);
    // Two of fourteen are used: there is place for no more in flight.
    assert!(lease.take(at(1_000)) && lease.take(at(1_000)));
    let later = at(3_000);
    let mut sizes = Vec::new();
    for round in 0..5 {
        let now = later + SECOND * round;
        claim(&mut lease, now, 100);
        lease.reply(now, now, Reply::Swapped(true), 0.0);
        sizes.push(lease.slots.len());
        while let Some(slot) = slots(&lease).first().copied() {
            assert!(lease.take(slot.max(now)));
        }
    }
    assert_eq!(sizes, [2, 4, 8, 14, 14], "it grows again when all are used");
}

#[test]
fn exactly_one_creates_the_record() {
    let mut lease = Lease::new(APP, 1);
    assert_eq!(lease.ask(at(0), 1, 0.0), Ask::Get);
    lease.reply(at(0), at(0), Reply::Got(None), 0.0);
    assert_eq!(lease.ask(at(0), 1, 0.0), Ask::Count { ttl: CREATION });
    lease.reply(at(0), at(1), Reply::Counted(2), 0.0);
    let Ask::Wait(until) = lease.ask(at(1), 1, 0.0) else { panic!("somebody else creates it") };
    assert_eq!(lease.ask(until, 1, 0.0), Ask::Get);
    lease.reply(until, until, Reply::Got(None), 0.0);
    assert!(matches!(lease.ask(until, 1, 0.0), Ask::Count { .. }), "unless that one died");

    lease.reply(at(2_000), at(2_001), Reply::Counted(1), 0.0);
    let Ask::Set { value, ttl } = lease.ask(at(2_001), 1, 0.0) else { panic!("it is its turn") };
    let Some(Record::Birth { pause, nonce }) = Record::decode(&value) else { panic!("a new plan") };
    assert_eq!(pause, lease.grace_period());
    assert_eq!(ttl, pause + SECOND * 3_600, "an hour more than it takes");
    lease.reply(at(2_001), at(2_003), Reply::Failed, 0.5);
    assert_eq!(lease.ask(at(2_003), 1, 0.0), Ask::Wait(at(2_009)), "a write that fails is tried again");
    let Ask::Set { value, .. } = lease.ask(at(2_009), 1, 0.25) else { panic!("once more") };
    assert!(!matches!(Record::decode(&value), Some(Record::Birth { nonce: same, .. }) if same == nonce));
    // It reads its own record like everybody else: who knows when it arrived.
    lease.reply(at(2_009), at(2_011), Reply::Stored, 0.0);
    assert_eq!(lease.ask(at(2_011), 1, 0.0), Ask::Get);
    lease.reply(at(2_011), at(2_013), Reply::Got(Some(value)), 0.0);
    assert_eq!(lease.ready_at(at(2_013), 0), at(2_013) + pause);
    // The right to create passes.
    let mut lease = Lease::new(APP, 1);
    lease.reply(at(0), at(0), Reply::Got(None), 0.0);
    lease.reply(at(0), at(0), Reply::Counted(1), 0.0);
    assert!(matches!(lease.ask(at(999), 1, 0.0), Ask::Set { .. }));
    assert_eq!(lease.ask(at(1_000), 1, 0.0), Ask::Get);
}

#[test]
fn a_new_plan_waits_for_all_that_an_old_one_may_have_given_out() {
    let lease = Lease::new(APP, 1);
    let lease_worth = lease.interval * 13;
    assert_eq!(lease.reach(), HORIZON + lease_worth + lease.lateness());
    assert_eq!(lease.grace_period(), lease.reach() + SECOND);
    let lease = Lease::new(REPORT, 1);
    assert_eq!(lease.reach(), HORIZON + lease.lateness());
}

#[test]
fn a_broken_record_is_replaced_after_a_full_pause() {
    for broken in [b"nonsense".to_vec(), Vec::new(), vec![0xff]] {
        let mut lease = Lease::new(APP, 1);
        lease.reply(at(0), at(100), Reply::Got(Some(broken.clone())), 0.0);
        let begin = at(100) + lease.grace_period();
        assert_eq!(lease.ready_at(at(100), 0), begin);
        assert!(matches!(lease.ask(at(100), 1, 0.0), Ask::Wait(_)));
        lease.reply(at(100), begin - HORIZON, Reply::Got(Some(broken.clone())), 0.0);
        let (expected, _) = claim(&mut lease, begin - HORIZON, 1);
        assert_eq!(expected, broken);
    }
}

#[test]
fn a_record_that_tells_to_wait_for_ever_is_not_believed() {
    let absurd = [
        Record::Claim { writer: 9, number: 1, planned: at(5), arrival: Tick::MAX },
        Record::Birth { nonce: 1, pause: Duration::from_nanos(u64::MAX) },
    ];
    for record in absurd {
        let lease = reader(APP, at(1_000), record);
        let wait = lease.ready_at(at(1_000), 0).since(at(1_000));
        // A window and a lease longer than a new plan; the claim's burst counts, the birth's
        // is added to both.
        let longest = lease.grace_period() + SECOND + LEASE;
        assert!([longest, longest + lease.tolerance].contains(&wait), "{wait:?}");
    }
}

#[test]
fn what_was_seen_before_says_nothing_new() {
    let other = Record::Claim { writer: 9, number: 7, planned: at(0), arrival: at(5_000) };
    let mut lease = reader(APP, at(1_000), other);
    let before = lease.ready_at(at(1_000), 0);
    lease.reply(at(2_000), at(2_000), Reply::Got(Some(other.encode())), 0.0);
    assert_eq!(lease.ready_at(at(2_000), 0), before);
}

#[test]
fn it_asks_nothing_for_nobody_and_not_before_its_time() {
    let mut lease = Lease::new(APP, 1);
    assert_eq!(lease.ask(at(0), 0, 0.0), Ask::Nothing);
    lease.start_over(at(500));
    assert_eq!(lease.ask(at(0), 1, 0.0), Ask::Wait(at(500)));
    assert_eq!(lease.ready_at(at(0), 3), at(500));
    assert_eq!(lease.ask(at(500), 1, 0.0), Ask::Get);
    let mut lease = reader(APP, at(1_000), idle_record());
    claim(&mut lease, at(1_000), 5);
    lease.reply(at(1_000), at(1_000), Reply::Swapped(true), 0.0);
    lease.start_over(at(1_000));
    assert_eq!(lease.ready(at(1_000)), Err(None), "all slots are dropped");
    assert_eq!(lease.ask(at(1_000), 5, 0.0), Ask::Get);
}
