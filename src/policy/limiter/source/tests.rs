use super::*;
use penstock_state::turns::Plan;
use std::{cell::Cell, ops::Range};

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);
const APP: RateLimit = RateLimit { count: 60, window: SECOND, burst: 3 };
const UNAVAILABLE: Result<Turns, Trouble> = Err(Trouble::Unavailable);
/// What the store's clock shows when ours shows nothing.
const STORE: u64 = 1_790_000_000_000_000;

fn at(millis: u64) -> Tick {
    Tick::ZERO + MS * u32::try_from(millis).unwrap()
}

/// An answer of a store that gives nothing just now.
fn nothing(now: Tick) -> Result<Turns, Trouble> {
    let now = STORE + u64::try_from(now.since(Tick::ZERO).as_micros()).unwrap();
    Ok(Turns { now, arrival: now, since: 1, ..Turns::default() })
}

/// Puts the next question and answers it at once.
fn answer(source: &mut Source, now: Tick, answer: Result<Turns, Trouble>) -> Ask {
    let ask = source.ask(now, 1, 0.0);
    source.answered(now, now, answer, 0.0);
    ask
}

fn wants(ask: Ask) -> (u32, u64) {
    match ask {
        Ask::Turns(request) => (request.wanted, request.pause),
        other => panic!("{other:?}"),
    }
}

/// Shared, and known to have a store.
fn up(instances: u32) -> Source {
    let mut source = Source::new(APP, instances, true, 1);
    answer(&mut source, at(0), nothing(at(0)));
    assert_eq!(source.mode(), Mode::Shared);
    source
}

/// Its store went down at one second.
fn down(instances: u32) -> Source {
    let mut source = up(instances);
    assert_eq!(wants(answer(&mut source, at(1_000), UNAVAILABLE)), (1, 0));
    assert_eq!(source.mode(), Mode::Share);
    source
}

/// How long all are held back when the store is back.
const HOLD: u64 = 1_000_000;
/// What is wanted, and for how long all are held back, by one who asks whether the store is back.
const PROBE: (u32, u64) = (0, 1);

fn sends(source: &mut Source, from: u64, to: u64) -> usize {
    (from..to).filter(|millis| source.take(at(*millis))).count()
}

#[test]
fn a_limit_that_is_not_shared_is_split_and_asks_nobody() {
    let mut source = Source::new(APP, 2, false, 1);
    assert_eq!(source.mode(), Mode::Local);
    assert_eq!(source.ask(at(0), 100, 0.0), Ask::Nothing);
    assert_eq!(sends(&mut source, 1_000, 2_000), 30);
    assert_eq!(source.ready(at(1_990)), Err(Some(source.ready_at(at(1_990), 0))));
    let next = source.ready_at(at(5_000), 0);
    assert_eq!((next, source.ready(next)), (at(5_000), Ok(())));
    assert_eq!(source.limit(), &APP);
    source.answered(at(0), at(0), UNAVAILABLE, 0.0);
    assert_eq!(source.mode(), Mode::Local);
}

#[test]
fn a_shared_limit_gives_nothing_before_the_store_has_spoken() {
    let mut source = Source::new(APP, 1, true, 1);
    assert_eq!((source.mode(), source.ready(at(5_000))), (Mode::Shared, Err(None)));
    assert!(!source.take(at(5_000)));
    assert_eq!(wants(source.ask(at(5_000), 1, 0.0)), (1, 0));
}

#[test]
fn one_among_several_that_finds_no_store_goes_to_its_share_like_the_others() {
    let mut source = Source::new(APP, 2, true, 1);
    answer(&mut source, at(7), UNAVAILABLE);
    assert_eq!(source.mode(), Mode::Share);
    assert!(source.ready(at(7)).is_err(), "others may still send by the plan");
}

#[test]
fn a_host_without_a_store_works_with_the_whole_limit_from_the_start() {
    let mut source = Source::new(APP, 1, true, 1);
    assert_eq!(wants(answer(&mut source, at(7), UNAVAILABLE)), (1, 0));
    assert_eq!(source.mode(), Mode::Alone);
    assert_eq!(source.ready(at(7)), Ok(()));
    assert_eq!(sends(&mut source, 7, 1_007), 60);
    // It is asked again after half a minute: early while calls wait, at the latest then.
    assert_eq!(source.ask(at(15_006), 1, 0.0), Ask::Wait(at(15_007)));
    assert_eq!(source.ask(at(15_007), 0, 0.0), Ask::Nothing);
    assert_eq!(wants(source.ask(at(15_007), 1, 0.0)), PROBE);
    assert_eq!(source.ready(at(30_006)), Ok(()));
    assert_eq!(source.ready(at(30_007)), Err(None));
    assert!(!source.take(at(30_007)));
    answer(&mut source, at(30_007), UNAVAILABLE);
    assert_eq!(source.ready(at(60_006)), Ok(()));
    assert_eq!(source.ready(at(60_007)), Err(None));
}

#[test]
fn a_store_that_goes_down_is_noticed_and_the_old_slots_are_waited_for() {
    let mut source = down(2);
    let begin = at(1_000) + TRUST + SECOND;
    assert_eq!(source.ready_at(at(1_000), 0), begin);
    let until = begin.since(Tick::ZERO).as_millis() as u64;
    let mut sent = 0;
    for millis in 1_000..=until + 1_000 {
        if matches!(source.ask(at(millis), 1, 0.0), Ask::Turns(_)) {
            source.answered(at(millis), at(millis), UNAVAILABLE, 0.0);
        }
        let taken = source.take(at(millis));
        assert!(!taken || at(millis) >= begin);
        sent += usize::from(taken);
    }
    assert!((28..=31).contains(&sent), "its share of a second: {sent}");
}

#[test]
fn a_share_serves_for_a_second_after_the_question() {
    let mut source = down(1);
    assert_eq!(source.ask(at(1_499), 1, 0.0), Ask::Wait(at(1_500)));
    assert_eq!(wants(source.ask(at(1_500), 1, 0.0)), PROBE);
    // Asked at 8 s, answered later: it counts from the question.
    source.answered(at(8_000), at(8_200), UNAVAILABLE, 0.0);
    assert_eq!(source.mode(), Mode::Share);
    assert_eq!(source.ready(at(8_999)), Ok(()));
    assert_eq!(source.ready(at(9_000)), Err(None));
    assert!(!source.take(at(9_000)));
    // Refusals and silence are no return either, and let it go on when there is nothing else for a second.
    for (now, ready) in [(9_000, Err(None)), (9_400, Err(None)), (9_800, Err(None)), (10_200, Ok(()))] {
        source.answered(at(now), at(now), Err(Trouble::Failed), 0.0);
        assert_eq!((source.mode(), source.ready(at(now + 1))), (Mode::Share, ready));
    }
}

#[test]
fn when_the_store_is_back_all_are_held_back_for_what_was_sent_from_a_share() {
    let mut source = down(1);
    assert_eq!(sends(&mut source, 2_250, 5_000), 0, "the share serves as long as the store is asked");
    answer(&mut source, at(5_000), UNAVAILABLE);
    assert!(source.take(at(5_400)));
    assert_eq!(wants(answer(&mut source, at(5_600), nothing(at(5_600)))), PROBE);
    assert_eq!((source.mode(), source.ready(at(5_600))), (Mode::Share, Err(None)));
    // What is refused is asked again.
    assert_eq!(wants(answer(&mut source, at(5_600), Err(Trouble::Failed))), (0, HOLD));
    assert_eq!(wants(answer(&mut source, at(5_700), nothing(at(5_700)))), (0, HOLD));
    assert_eq!(source.mode(), Mode::Shared);
    assert_eq!(wants(source.ask(at(5_700), 1, 0.0)), (1, 0), "and then it asks like everybody");
}

#[test]
fn who_sent_nothing_lately_holds_nobody_back_and_waits_until_all_must_have_noticed() {
    let mut source = down(1);
    assert_eq!(wants(answer(&mut source, at(60_000), nothing(at(60_000)))), PROBE);
    assert_eq!(source.mode(), Mode::Shared);
    assert_eq!(source.ask(at(60_000), 1, 0.0), Ask::Wait(at(61_000)));
    assert_eq!(wants(source.ask(at(61_000), 1, 0.0)), (1, 0));
    // Next time it goes down it had a store.
    let mut source = Source::new(APP, 1, true, 1);
    answer(&mut source, at(0), UNAVAILABLE);
    answer(&mut source, at(29_000), nothing(at(29_000)));
    assert_eq!(wants(answer(&mut source, at(31_000), UNAVAILABLE)), (1, 0));
    assert_eq!(source.mode(), Mode::Share);
}

#[test]
fn a_store_that_answers_and_is_away_again_leaves_the_share() {
    let mut source = down(1);
    answer(&mut source, at(5_000), UNAVAILABLE);
    assert!(source.take(at(5_500)));
    answer(&mut source, at(5_600), nothing(at(5_600)));
    assert_eq!(wants(answer(&mut source, at(5_900), UNAVAILABLE)), (0, HOLD));
    assert_eq!((source.mode(), source.ready(at(6_800))), (Mode::Share, Ok(())));
    assert_eq!(wants(source.ask(at(6_800), 1, 0.0)), PROBE, "once more");
}

#[test]
fn a_refused_request_is_no_outage_while_anything_works() {
    let mut source = up(1);
    for second in 0..20 {
        let now = second * 300;
        assert_eq!(wants(source.ask(at(now + 20), 1, 0.0)).0, 1);
        source.answered(at(now + 20), at(now + 21), Err(Trouble::Failed), 0.0);
        assert_eq!(source.mode(), Mode::Shared);
        assert_eq!(wants(source.ask(at(now + 50), 1, 0.0)).0, 1);
        source.answered(at(now + 50), at(now + 51), nothing(at(now + 50)), 0.0);
    }
}

#[test]
fn nothing_but_failures_for_a_second_is_an_outage() {
    for trouble in [Trouble::Failed, Trouble::Silent] {
        let mut source = up(1);
        source.answered(at(60_000), at(60_001), Err(trouble), 0.0);
        source.answered(at(60_500), at(60_999), Err(trouble), 0.0);
        assert_eq!(source.mode(), Mode::Shared, "it counts from the first failure, not the last success");
        source.answered(at(61_499), at(61_500), Err(trouble), 0.0);
        assert_eq!(source.mode(), Mode::Shared, "nobody asked for half a second");
        source.answered(at(61_900), at(62_000), Err(trouble), 0.0);
        source.answered(at(62_400), at(62_499), Err(trouble), 0.0);
        assert_eq!(source.mode(), Mode::Share);
    }
    // At the start as well. It is not taken for a host without a store: it did not say so.
    let mut source = Source::new(APP, 1, true, 1);
    source.answered(at(0), at(300), Err(Trouble::Silent), 0.0);
    source.answered(at(700), at(1_000), Err(Trouble::Silent), 0.0);
    assert_eq!(source.mode(), Mode::Share);
    let mut source = Source::new(APP, 1, true, 1);
    source.answered(at(0), at(300), Err(Trouble::Failed), 0.0);
    source.answered(at(300), at(301), UNAVAILABLE, 0.0);
    assert_eq!(source.mode(), Mode::Share);
}

#[test]
fn an_absurd_answer_is_a_failure() {
    let mut source = up(1);
    source.ask(at(60_000), 1, 0.0);
    let absurd = Turns { count: 9, ..nothing(at(60_000)).unwrap() };
    source.answered(at(60_000), at(61_000), Ok(absurd), 0.0);
    assert_eq!(source.mode(), Mode::Share);
}

#[test]
fn a_question_that_was_dropped_is_put_again() {
    let mut source = up(1);
    let asked = source.ask(at(6), 1, 0.0);
    source.abandoned(at(7));
    assert_eq!(source.ask(at(7), 1, 0.0), asked);
    let mut source = down(1);
    source.abandoned(at(1_600));
    assert_eq!(wants(source.ask(at(1_600), 1, 0.0)), PROBE);
}

#[test]
fn only_a_store_is_told_of_a_pause() {
    let mut source = up(1);
    source.pause(at(9_000));
    assert!(source.has_news(at(8_999)) && !source.has_news(at(9_000)));
    assert_eq!(wants(source.ask(at(1_000), 1, 0.0)), (0, 8_000_000));
    let mut source = Source::new(APP, 1, false, 1);
    source.pause(at(9_000));
    assert!(!source.has_news(at(1_000)));
}

#[test]
fn another_limit_begins_with_a_pause() {
    let slow = RateLimit::new(10, SECOND * 10);
    let mut source = Source::new(APP, 1, false, 1);
    assert!(source.take(at(1_000)));
    source.change(at(1_000), slow, 2);
    assert_eq!((source.limit(), source.ready_at(at(1_000), 0)), (&slow, at(11_000)));
    let mut source = up(1);
    source.change(at(1_000), slow, 2);
    assert_eq!(source.ask(at(1_000), 1, 0.0), Ask::Wait(at(11_000)));
}

#[test]
fn what_may_be_forgotten() {
    let mut source = Source::new(APP, 1, false, 1);
    assert!(source.is_idle(at(0)));
    source.take(at(5_000));
    assert!(!source.is_idle(at(5_000)) && source.is_idle(at(5_100)));
    assert!(up(1).is_idle(at(0)));
    assert!(!down(1).is_idle(at(100_000)));
    let names = [Mode::Local, Mode::Shared, Mode::Share, Mode::Alone].map(Mode::as_str);
    assert_eq!(names, ["local", "shared", "share", "alone"]);
}

/// Goes on for so many milliseconds on a store that refuses to write while `refuses` says so, and
/// answers what it need not write for. How much was sent.
fn on_a_store_that_refuses(source: &mut Source, from: u64, to: u64, refuses: impl Fn(u64) -> bool) -> usize {
    crowd(source, 1, from..to, refuses)
}

/// The same while so many wait at any time.
fn crowd(source: &mut Source, waiting: usize, time: Range<u64>, refuses: impl Fn(u64) -> bool) -> usize {
    let (mut sent, mut plan) = (0, None);
    for millis in time {
        let now = at(millis);
        if let Ask::Turns(request) = source.ask(now, waiting, 0.0) {
            let (turns, written) = Plan::ask(plan, STORE + millis * 1_000, &request, 0);
            let is_refused = written.is_some() && refuses(millis);
            plan = if is_refused { plan } else { written.or(plan) };
            source.answered(now, now, if is_refused { Err(Trouble::Failed) } else { Ok(turns) }, 0.0);
        }
        sent += usize::from(source.take(now));
    }
    sent
}

/// Others may go by the plan: a share that began long ago goes on only when all is refused for a while.
#[test]
fn one_refusal_is_no_reason_to_use_a_share() {
    let mut source = down(2);
    let refused: Result<Turns, Trouble> = Err(Trouble::Failed);
    assert_eq!(wants(answer(&mut source, at(30_000), refused)), PROBE);
    assert_eq!((source.mode(), sends(&mut source, 30_000, 30_300)), (Mode::Share, 0));
    let mut asked = Vec::new();
    for now in 30_001..31_100 {
        if let Ask::Turns(_) = source.ask(at(now), 1, 1.0) {
            source.answered(at(now), at(now), refused, 1.0);
            asked.push(now);
        }
        if source.take(at(now)) {
            assert!(now >= 31_000, "{now}");
            break;
        }
    }
    assert!((80..90).contains(&asked.len()), "every 12 ms, not on end: {asked:?}");
    // Anything that succeeds ends it.
    let mut source = down(2);
    answer(&mut source, at(30_000), refused);
    answer(&mut source, at(30_300), nothing(at(30_300)));
    assert_eq!((source.mode(), sends(&mut source, 30_300, 31_000)), (Mode::Shared, 0));
}

#[test]
fn a_store_that_refuses_to_write_is_down() {
    let mut source = up(2);
    let sent = on_a_store_that_refuses(&mut source, 1_000, 11_000, |_| true);
    assert_eq!(source.mode(), Mode::Share);
    assert!(sent >= 30 * 7, "its share of 30 a second, but for the first seconds: {sent}");
    // There is room for a moment, and none again while the instance comes back.
    let full_again = |millis| !(13_000..13_600).contains(&millis);
    let sent = on_a_store_that_refuses(&mut source, 11_000, 21_000, full_again);
    assert_eq!(source.mode(), Mode::Share);
    assert!(sent >= 30 * 5, "{sent}");
    let sent = on_a_store_that_refuses(&mut source, 21_000, 31_000, |_| false);
    assert_eq!(source.mode(), Mode::Shared);
    assert!(sent >= 60 * 7, "all of the limit again, but for the first second: {sent}");
}

/// Another instance, whose every write is refused, uses its share meanwhile.
#[test]
fn who_was_refused_for_long_uses_turns_at_the_shares_rate_until_the_store_is_proved() {
    let mut source = up(2);
    let sent = crowd(&mut source, 30, 1_000..4_000, |_| false);
    assert!((150..=183).contains(&sent), "{sent}");
    crowd(&mut source, 30, 4_000..4_600, |_| true);
    assert_eq!(source.mode(), Mode::Shared);
    // Every other write is taken, and gives many turns.
    let writes = Cell::new(0);
    let sent = crowd(&mut source, 30, 4_600..8_600, |_| writes.replace(writes.get() + 1) % 2 == 1);
    assert_eq!(source.mode(), Mode::Shared);
    assert!((90..=125).contains(&sent), "its share of 30 a second: {sent}");
    crowd(&mut source, 30, 8_600..9_600, |_| false);
    let sent = crowd(&mut source, 30, 9_600..12_600, |_| false);
    assert!((170..=183).contains(&sent), "all of the limit again: {sent}");
}
