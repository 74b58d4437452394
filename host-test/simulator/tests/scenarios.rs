//! Courses that are too long or too special to be drawn from a seed.

use penstock_simulator::{
    Config, Invariant,
    scenarios::{Reading, kills, outage, rotations, saturation},
};
use std::time::Duration;

#[test]
fn a_read_by_pages_that_is_killed_at_any_host_call_is_whole_and_without_repeats() {
    let kills = kills(40, 20, Reading::Pages, 1, 2);
    assert!(kills.host_calls > 100 && kills.kills == kills.host_calls, "{kills:?}");
    assert_eq!((kills.incomplete, kills.repeated, kills.most_again), (0, 0, 0), "{kills:?}");
    assert_eq!(kills.records, kills.kills * 800);
    assert!(kills.violations.is_empty(), "{kills:?}");
}

#[test]
fn a_stream_that_is_killed_at_any_host_call_repeats_only_what_came_since_the_last_stop() {
    let kills = kills(40, 20, Reading::Stream { between: 130 }, 1, 2);
    assert!(kills.host_calls > 100 && kills.kills == kills.host_calls, "{kills:?}");
    assert_eq!((kills.incomplete, kills.repeated), (0, 0), "{kills:?}");
    assert!(kills.most_again > 0 && kills.most_again <= 130, "{kills:?}");
    assert!(kills.violations.is_empty(), "{kills:?}");
}

#[test]
#[ignore = "long: a read of a thousand pages for each of its host calls; run it in release"]
fn a_read_of_a_thousand_pages_may_be_killed_at_any_host_call() {
    // A stream has three times as many host calls.
    for (pages, reading) in [(1_000, Reading::Pages), (300, Reading::Stream { between: 500 })] {
        let kills = kills(pages, 20, reading, 1, 2);
        assert!(kills.host_calls > 1_000 && kills.kills == kills.host_calls, "{kills:?}");
        assert_eq!((kills.incomplete, kills.repeated), (0, 0), "{kills:?}");
        assert!(kills.violations.is_empty(), "{kills:?}");
    }
}

#[test]
fn instances_that_share_a_limit_use_it_and_never_more() {
    let saturation = saturation(1, &Config::default(), 8, 16);
    assert!(saturation.most_in_a_window <= 60, "{saturation:?}");
    assert!(saturation.used() >= 0.9, "{:.3} {saturation:?}", saturation.used());
    assert!(saturation.violations.is_empty(), "{saturation:?}");
}

#[test]
fn an_outage_does_not_make_a_storm_and_its_end_is_noticed() {
    for way in 0..4 {
        let outage = outage(1, &Config::default(), 50, Duration::from_secs(60), way);
        assert!(outage.calls > 2_900 && outage.calls_after > 1_000, "{outage:?}");
        assert!(outage.amplification() <= 1.10, "way {way}: {:.3} {outage:?}", outage.amplification());
        assert!(outage.recovered() >= 0.95, "way {way}: {:.3} {outage:?}", outage.recovered());
        // Who waited for the breaker is behind those who came to the line before it was back.
        let others = outage.violations.iter().filter(|found| found.invariant != Invariant::NobodyStarves);
        assert_eq!(others.count(), 0, "{outage:?}");
    }
}

#[test]
fn a_thousand_rotations_with_overlap_fail_no_call() {
    let rotations = rotations(1, &Config::default(), 1_000, 6, false);
    assert_eq!((rotations.rotations, rotations.failed), (1_000, 0), "{rotations:?}");
    assert!(rotations.calls > 10_000 && rotations.token_requests > 1_000, "{rotations:?}");
    assert!(rotations.violations.is_empty(), "{rotations:?}");
}

#[test]
fn a_thousand_rotations_with_two_slots_fail_no_call() {
    let rotations = rotations(1, &Config::default(), 1_000, 6, true);
    assert_eq!((rotations.rotations, rotations.failed), (1_000, 0), "{rotations:?}");
    assert!(rotations.calls > 10_000 && rotations.token_requests > 1_000, "{rotations:?}");
    assert!(rotations.violations.is_empty(), "{rotations:?}");
}
