use proptest::prelude::*;

use super::*;
use crate::rotation::Slot;

fn at(seconds: u64) -> Tick {
    Tick::from_nanos(1_000_000) + secs(seconds)
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

/// A cell whose token was requested at 0 and lives for 900 s, without jitter.
fn fresh() -> (TokenCell, Generation) {
    let mut cell = TokenCell::new();
    let generation = cell.stored(secret("first"), at(0), Some(secs(900)), 0.0);
    (cell, generation)
}

fn cooling(cell: &TokenCell, now: u64) -> Option<Duration> {
    match cell.need(at(now)) {
        Need::CoolingDown { until } => Some(at(now).until(until)),
        _ => None,
    }
}

#[test]
fn an_empty_cell_fetches() {
    assert_eq!(TokenCell::new().need(at(0)), Need::Fetch);
}

#[test]
fn used_then_refreshed_early_then_fetched() {
    let (cell, generation) = fresh();
    // A fifth of 900 s is less than 5 min: refresh at 720 s, stop 30 s before the end.
    assert_eq!(cell.need(at(719)), Need::Use(generation));
    assert_eq!(cell.need(at(720)), Need::Refresh(generation));
    assert_eq!(cell.need(at(869)), Need::Refresh(generation));
    assert_eq!(cell.need(at(870)), Need::Fetch);
    assert_eq!(cell.secret(generation).unwrap().expose(), "first");
}

#[test]
fn a_long_lived_token_is_refreshed_five_minutes_early() {
    let mut cell = TokenCell::new();
    let generation = cell.stored(secret("t"), at(0), Some(secs(3600)), 0.0);
    assert_eq!(cell.need(at(3299)), Need::Use(generation));
    assert_eq!(cell.need(at(3300)), Need::Refresh(generation));
}

#[test]
fn jitter_only_moves_the_refresh_ahead() {
    let mut cell = TokenCell::new();
    let generation = cell.stored(secret("t"), at(0), Some(secs(900)), 1.0);
    assert_eq!(cell.need(at(674)), Need::Use(generation));
    assert_eq!(cell.need(at(675)), Need::Refresh(generation));
}

#[test]
fn a_missing_life_is_fifteen_minutes() {
    let (mut cell, (stated, _)) = (TokenCell::new(), fresh());
    let generation = cell.stored(secret("t"), at(0), None, 0.0);
    for now in [0, 719, 720, 869, 870] {
        assert_eq!(
            std::mem::discriminant(&cell.need(at(now))),
            std::mem::discriminant(&stated.need(at(now))),
            "{now}"
        );
    }
    assert_eq!(cell.need(at(0)), Need::Use(generation));
}

#[test]
fn a_life_of_zero_does_not_fetch_for_every_call() {
    let mut cell = TokenCell::new();
    let generation = cell.stored(secret("t"), at(0), Some(Duration::ZERO), 0.0);
    assert_eq!(cell.need(at(0)), Need::Use(generation));
    assert_eq!(cell.need(at(8)), Need::Refresh(generation));
    assert_eq!(cell.need(at(9)), Need::Fetch);
}

#[test]
fn a_huge_life_ends_after_a_day() {
    let mut cell = TokenCell::new();
    let generation = cell.stored(secret("t"), at(0), Some(Duration::MAX), 0.0);
    assert_eq!(cell.need(at(24 * 3600 - 301)), Need::Use(generation));
    assert_eq!(cell.need(at(24 * 3600 - 31)), Need::Refresh(generation));
    assert_eq!(cell.need(at(24 * 3600 - 30)), Need::Fetch);
}

#[test]
fn a_slow_answer_does_not_lengthen_the_life() {
    let mut cell = TokenCell::new();
    // Asked at 0, answered at 100: the life still counts from 0.
    let generation = cell.stored(secret("t"), at(0), Some(secs(900)), 0.0);
    assert_eq!(cell.need(at(820)), Need::Refresh(generation));
}

#[test]
fn a_late_401_for_an_old_token_does_not_kill_the_new_one() {
    let (mut cell, old) = fresh();
    let new = cell.stored(secret("second"), at(10), Some(secs(900)), 0.0);
    cell.rejected(old, at(11));
    assert_eq!(cell.need(at(11)), Need::Use(new));
    assert!(cell.secret(old).is_none());
}

#[test]
fn many_401s_of_one_token_count_as_one() {
    let (mut cell, generation) = fresh();
    for _ in 0..100 {
        cell.rejected(generation, at(5));
    }
    assert_eq!(cell.need(at(5)), Need::Fetch);
    assert!(cell.secret(generation).is_none());
    let new = cell.stored(secret("second"), at(5), Some(secs(900)), 0.0);
    assert!(new > generation);
    assert_eq!(cell.need(at(6)), Need::Use(new));
}

#[test]
fn tokens_that_never_work_start_a_cool_down_that_grows() {
    let (mut cell, first) = fresh();
    cell.rejected(first, at(1));
    assert_eq!(cell.need(at(1)), Need::Fetch);
    for (now, expected) in [(2, 5), (100, 10), (200, 20), (300, 40), (400, 60), (500, 60)] {
        let generation = cell.stored(secret("t"), at(now), Some(secs(900)), 0.0);
        cell.rejected(generation, at(now));
        assert_eq!(cooling(&cell, now), Some(secs(expected)));
    }
}

#[test]
fn a_token_that_worked_makes_good() {
    let (mut cell, first) = fresh();
    cell.rejected(first, at(1));
    let second = cell.stored(secret("t"), at(1), Some(secs(900)), 0.0);
    cell.accepted(second, at(2));
    cell.rejected(second, at(2));
    assert_eq!(cell.need(at(2)), Need::Fetch);
    // An answer to the old token says nothing about the next.
    let third = cell.stored(secret("t"), at(2), Some(secs(900)), 0.0);
    cell.accepted(second, at(2));
    cell.rejected(third, at(3));
    assert!(cooling(&cell, 3).is_none(), "one before it served a moment ago");
    // But not for ever.
    let mut now = 12;
    for _ in 0..2 {
        let generation = cell.stored(secret("t"), at(now), Some(secs(900)), 0.0);
        cell.rejected(generation, at(now));
        now += 1;
    }
    assert!(cooling(&cell, now).is_some());
}

#[test]
fn refused_credentials_cool_down_from_5_to_60_seconds() {
    let mut cell = TokenCell::new();
    let mut now = 0;
    for expected in [5, 10, 20, 40, 60, 60] {
        cell.fetch_failed(at(now), FetchFailure::InvalidClient);
        assert_eq!(cooling(&cell, now), Some(secs(expected)));
        now += expected;
        assert_eq!(cell.need(at(now)), Need::Fetch);
    }
    cell.stored(secret("t"), at(now), Some(secs(10)), 0.0);
    cell.fetch_failed(at(now + 100), FetchFailure::InvalidClient);
    assert_eq!(cooling(&cell, now + 100), Some(secs(5)));
}

#[test]
fn the_old_token_serves_while_refreshing_fails() {
    let (mut cell, generation) = fresh();
    cell.fetch_failed(at(730), FetchFailure::Transient { hint: None });
    assert_eq!(cell.need(at(739)), Need::Use(generation));
    assert_eq!(cell.need(at(740)), Need::Refresh(generation));
    cell.fetch_failed(at(740), FetchFailure::InvalidClient);
    assert_eq!(cell.need(at(741)), Need::Use(generation));
    assert_eq!(cell.need(at(745)), Need::Refresh(generation));
    cell.fetch_failed(at(869), FetchFailure::InvalidClient);
    assert_eq!(cooling(&cell, 870), Some(secs(9)));
}

#[test]
fn a_transient_failure_without_a_token_may_be_tried_again_at_once_unless_hinted() {
    let mut cell = TokenCell::new();
    cell.fetch_failed(at(0), FetchFailure::Transient { hint: None });
    assert_eq!(cell.need(at(0)), Need::Fetch);
    cell.fetch_failed(at(0), FetchFailure::Transient { hint: Some(secs(7)) });
    assert_eq!(cooling(&cell, 0), Some(secs(7)));
    // A shorter hint later does not shorten a wait.
    cell.fetch_failed(at(1), FetchFailure::Transient { hint: Some(secs(1)) });
    assert_eq!(cooling(&cell, 1), Some(secs(6)));
    assert_eq!(cell.need(at(7)), Need::Fetch);
}

#[test]
fn clear_forgets_all_but_the_count() {
    let (mut cell, generation) = fresh();
    cell.fetch_failed(at(0), FetchFailure::InvalidClient);
    cell.clear();
    assert_eq!(cell.need(at(0)), Need::Fetch);
    assert!(cell.stored(secret("t"), at(0), None, 0.0) > generation);
}

#[test]
fn debug_shows_no_secret() {
    let mut cell = TokenCell::new();
    cell.stored(secret("canary"), at(0), None, 0.0);
    assert!(!format!("{cell:?}").contains("canary"));
}

proptest! {
    #[test]
    fn a_token_is_used_and_ends_within_its_stated_life(
        life in 10_u64..200_000, random in any::<f64>(), age in 0_u64..200_000,
    ) {
        let mut cell = TokenCell::new();
        let generation = cell.stored(secret("t"), at(0), Some(secs(life)), random);
        prop_assert_eq!(cell.need(at(0)), Need::Use(generation));
        if age >= life {
            prop_assert_eq!(cell.need(at(age)), Need::Fetch);
        }
        if age * 4 < life.min(86_400) * 3 && life <= 1_500 {
            prop_assert_eq!(cell.need(at(age)), Need::Use(generation));
        }
    }
}

/// Two tokens in a row that never served, of the slot that is tried first.
fn twice_refused(cell: &mut TokenCell, now: u64) -> (Rejection, Rejection) {
    let mut refuse = || {
        let generation = cell.stored(secret("t"), at(now), Some(secs(900)), 0.0);
        cell.rejected(generation, at(now))
    };
    (refuse(), refuse())
}

#[test]
fn new_tokens_that_are_refused_twice_lead_to_the_other_credentials_before_a_cool_down() {
    let mut cell = TokenCell::new();
    assert_eq!(cell.rotation().begin(true), Slot::Primary);
    assert_eq!(twice_refused(&mut cell, 0), (Rejection::Unserved, Rejection::Rotated));
    // No cool-down yet: the other credentials may do.
    assert_eq!(cell.need(at(0)), Need::Fetch);
    assert_eq!(cell.rotation().begin(true), Slot::Secondary);
    let generation = cell.stored(secret("t"), at(0), Some(secs(900)), 0.0);
    assert_eq!(cell.rejected(generation, at(0)), Rejection::Unserved);
    assert_eq!(cooling(&cell, 0), Some(secs(5)));
    assert_eq!(cell.rotation().begin(true), Slot::Primary);
    // One that serves makes good for both.
    let generation = cell.stored(secret("t"), at(10), Some(secs(900)), 0.0);
    cell.accepted(generation, at(10));
    assert_eq!(twice_refused(&mut cell, 20), (Rejection::Unserved, Rejection::Rotated));
}

#[test]
fn a_late_acceptance_of_an_old_token_makes_nothing_good() {
    let mut cell = TokenCell::new();
    cell.rotation().begin(true);
    let old = cell.stored(secret("t"), at(0), Some(secs(900)), 0.0);
    assert_eq!(twice_refused(&mut cell, 0), (Rejection::Unserved, Rejection::Rotated));
    let new = cell.stored(secret("t"), at(0), Some(secs(900)), 0.0);
    cell.accepted(old, at(0));
    assert_eq!(cell.rejected(new, at(0)), Rejection::Unserved);
    assert!(cooling(&cell, 0).is_some());
}

#[test]
fn clear_keeps_which_credentials_work() {
    let mut cell = TokenCell::new();
    cell.rotation().begin(true);
    cell.rotation().worked(Slot::Secondary);
    cell.clear();
    assert_eq!(cell.rotation().begin(true), Slot::Secondary);
}

#[test]
fn a_refusal_says_what_it_means_for_the_call() {
    let mut cell = TokenCell::new();
    let first = cell.stored(secret("t"), at(0), Some(secs(900)), 0.0);
    cell.accepted(first, at(0));
    assert_eq!(cell.rejected(first, at(5)), Rejection::Revoked);
    // Others that were sent with it learn nothing new, before and after it is replaced.
    assert_eq!(cell.rejected(first, at(5)), Rejection::Outdated);
    let second = cell.stored(secret("t"), at(6), Some(secs(900)), 0.0);
    assert_eq!(cell.rejected(first, at(7)), Rejection::Outdated);
    assert_eq!(cell.rejected(second, at(9)), Rejection::Revoked, "one before it served a moment ago");
    let third = cell.stored(secret("t"), at(30), Some(secs(900)), 0.0);
    assert_eq!(cell.rejected(third, at(30)), Rejection::Unserved);
}

/// A cell of two slots whose first token was accepted at 0.
fn of_two() -> (TokenCell, Generation) {
    let mut cell = TokenCell::new();
    cell.rotation().begin(true);
    let generation = cell.stored(secret("first"), at(0), Some(secs(900)), 0.0);
    cell.rotation().worked(Slot::Primary);
    cell.accepted(generation, at(0));
    (cell, generation)
}

#[test]
fn after_a_403_the_others_are_tried_and_left_where_they_do_no_better() {
    let (mut cell, first) = of_two();
    assert_eq!(cell.forbidden(first, at(1)), Forbidden::Look);
    assert!(cell.try_others(first, at(1), Some(Slot::Secondary)));
    assert_eq!(cell.need(at(1)), Need::Fetch);
    assert_eq!(cell.rotation().begin(true), Slot::Secondary);
    // One that comes late goes with the others.
    assert_eq!(cell.forbidden(first, at(1)), Forbidden::Others);
    let second = cell.stored(secret("second"), at(1), Some(secs(900)), 0.0);
    cell.rotation().worked(Slot::Secondary);
    assert_eq!(cell.forbidden(second, at(2)), Forbidden::Others);
    assert_eq!((cell.need(at(2)), cell.rotation().begin(true)), (Need::Fetch, Slot::Primary));
    let third = cell.stored(secret("third"), at(2), Some(secs(900)), 0.0);
    cell.rotation().worked(Slot::Primary);
    for now in [2, 60] {
        assert_eq!(cell.forbidden(third, at(now)), Forbidden::Stands);
    }
    assert_eq!(cell.forbidden(third, at(61)), Forbidden::Look);
}

#[test]
fn credentials_that_served_after_a_403_stay() {
    let (mut cell, first) = of_two();
    assert!(cell.try_others(first, at(1), Some(Slot::Secondary)));
    let second = cell.stored(secret("second"), at(1), Some(secs(900)), 0.0);
    cell.rotation().worked(Slot::Secondary);
    cell.accepted(second, at(2));
    assert_eq!(cell.forbidden(second, at(3)), Forbidden::Stands);
    assert_eq!(cell.rotation().begin(true), Slot::Secondary);
}

#[test]
fn with_one_slot_a_403_stands() {
    let (mut cell, first) = fresh();
    assert_eq!(cell.forbidden(first, at(1)), Forbidden::Look);
    assert!(!cell.try_others(first, at(1), None));
    assert_eq!(cell.forbidden(first, at(5)), Forbidden::Stands);
    assert_eq!(cell.need(at(5)), Need::Use(first));
    assert_eq!(cell.forbidden(first, at(6)), Forbidden::Look);
    // One that is about a token before it says nothing of this one.
    cell.stored(secret("second"), at(7), Some(secs(900)), 0.0);
    assert_eq!(cell.forbidden(first, at(8)), Forbidden::Stands);
}

#[test]
fn credentials_that_a_401_refuses_while_they_are_tried_are_left() {
    let (mut cell, first) = of_two();
    assert!(cell.try_others(first, at(1), Some(Slot::Secondary)));
    let second = cell.stored(secret("second"), at(1), Some(secs(900)), 0.0);
    cell.rotation().worked(Slot::Secondary);
    assert_eq!(cell.rejected(second, at(2)), Rejection::Rotated);
    assert_eq!((cell.need(at(2)), cell.rotation().begin(true)), (Need::Fetch, Slot::Primary));
}
