use super::*;
use Slot::{Primary, Secondary};

/// A rotation that works with a slot, both being there.
fn working(slot: Slot) -> Rotation {
    let mut rotation = Rotation::default();
    rotation.begin(true);
    rotation.worked(slot);
    rotation.served();
    rotation
}

#[test]
fn it_begins_with_the_primary_slot_and_stays_with_the_one_that_worked() {
    let mut rotation = Rotation::default();
    assert_eq!(rotation.begin(true), Primary);
    rotation.refused(Primary);
    assert_eq!(rotation.begin(true), Secondary);
    assert_eq!(rotation.worked(Secondary), Some(SlotChange { from: Primary, to: Secondary }));
    for _ in 0..3 {
        assert_eq!(rotation.begin(true), Secondary);
        assert_eq!(rotation.worked(Secondary), None);
    }
}

#[test]
fn when_the_secondary_slot_is_emptied_or_repeats_the_primary_one_that_is_used() {
    let mut rotation = working(Secondary);
    assert_eq!(rotation.begin(false), Primary);
    assert_eq!(rotation.worked(Primary), Some(SlotChange { from: Secondary, to: Primary }));
    assert_eq!(rotation.begin(true), Primary);
}

#[test]
fn with_one_slot_there_is_no_other() {
    let mut rotation = Rotation::default();
    assert_eq!(rotation.begin(false), Primary);
    rotation.refused(Primary);
    assert_eq!(rotation.begin(false), Primary);
    rotation.refused(Primary);
    assert_eq!(rotation.begin(true), Primary, "it was refused when there was nothing else");
    rotation.begin(false);
    assert!(!rotation.give_up());
    assert_eq!(rotation.begin(true), Primary);
}

#[test]
fn when_both_are_refused_the_next_fetch_begins_where_this_one_did() {
    for slot in [Primary, Secondary] {
        let mut rotation = working(slot);
        assert_eq!(rotation.begin(true), slot);
        rotation.refused(slot);
        assert_eq!(rotation.begin(true), slot.other());
        rotation.refused(slot.other());
        assert_eq!(rotation.begin(true), slot);
    }
}

#[test]
fn a_slot_whose_tokens_the_api_refuses_is_given_up_once() {
    for slot in [Primary, Secondary] {
        let mut rotation = working(slot);
        assert!(rotation.give_up());
        assert_eq!(rotation.begin(true), slot.other());
        assert_eq!(rotation.worked(slot.other()), Some(SlotChange { from: slot, to: slot.other() }));
        // The other one is no better: not at once, but they take turns from now on.
        assert!(!rotation.give_up());
        assert_eq!(rotation.begin(true), slot);
        rotation.worked(slot);
        assert!(!rotation.give_up());
        assert_eq!(rotation.begin(true), slot.other());
        rotation.worked(slot.other());
        // Until one serves.
        rotation.served();
        assert!(rotation.give_up());
    }
}

#[test]
fn slots_have_names() {
    assert_eq!((Primary.as_str(), Secondary.as_str()), ("primary", "secondary"));
    assert_eq!((Primary.other(), Secondary.other()), (Secondary, Primary));
}
