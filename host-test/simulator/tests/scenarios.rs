//! Courses that are too long or too special to be drawn from a seed.

use penstock_simulator::{
    Config,
    scenarios::{Commit, Kills, Outage, Reading, copies, kills, outage, rotations, saturation},
};
use std::time::Duration;

#[test]
fn a_read_by_pages_that_is_killed_at_any_host_call_is_whole_and_without_repeats() {
    let kills = kills(40, 20, Reading::Pages, 1, 2);
    assert!(kills.host_calls > 100, "{kills:?}");
    assert!(kills.is_good(Reading::Pages), "{kills:?}");
    assert_eq!(kills.records, kills.kills * 800);
}

#[test]
fn a_stream_that_is_killed_at_any_host_call_repeats_only_what_came_since_the_last_stop() {
    let reading = Reading::Stream { between: 130 };
    let kills = kills(40, 20, reading, 1, 2);
    assert!(kills.host_calls > 100 && kills.most_again > 0, "{kills:?}");
    assert!(kills.is_good(reading), "{kills:?}");
}

#[test]
fn a_copy_is_the_vendors_truth_whenever_its_reader_is_killed() {
    let right = copies(20, 10, 1, Commit::Together);
    assert!(right.host_calls > 50 && right.commits > 1_000 && right.is_good(1), "{right:?}");
    // It would be found.
    let wrong = copies(20, 10, 1, Commit::PositionFirst);
    assert!(wrong.wrong > 0 && !wrong.is_good(1), "{wrong:?}");
}

#[test]
fn a_figure_that_does_not_hold_is_no_good_one() {
    let good = Kills { host_calls: 200, kills: 200, most_again: 9, ..Kills::default() };
    assert!(good.is_good(Reading::Stream { between: 10 }));
    assert!(!good.is_good(Reading::Pages) && !good.is_good(Reading::Stream { between: 8 }));
    assert!(Kills { every: 3, kills: 67, ..good.clone() }.is_good(Reading::Stream { between: 10 }));
    for bad in [
        Kills { every: 3, kills: 66, ..good.clone() },
        Kills { kills: 199, ..good.clone() },
        Kills { incomplete: 1, ..good.clone() },
        Kills { repeated: 1, ..good },
        Kills::default(),
    ] {
        assert!(!bad.is_good(Reading::Stream { between: 10 }), "{bad:?}");
    }
    let good = Outage { calls: 100, sent: 110, calls_after: 100, succeeded_after: 95, ..Outage::default() };
    assert!(good.is_good());
    assert!(!Outage { sent: 111, ..good.clone() }.is_good());
    assert!(!Outage { succeeded_after: 94, ..good }.is_good() && !Outage::default().is_good());
}

#[test]
fn instances_that_share_a_limit_use_it_and_never_more() {
    let saturation = saturation(1, &Config::default(), 8, 16);
    assert!(saturation.is_good(), "{:.3} {saturation:?}", saturation.used());
}

#[test]
fn an_outage_does_not_make_a_storm_and_its_end_is_noticed() {
    for way in 0..4 {
        let outage = outage(1, &Config::default(), 50, Duration::from_secs(60), way);
        assert!(outage.calls > 2_900 && outage.calls_after > 1_000, "{outage:?}");
        assert!(outage.is_good(), "way {way}: {outage:?}");
    }
}

#[test]
fn a_thousand_rotations_with_overlap_fail_no_call() {
    let rotations = rotations(1, &Config::default(), 1_000, 6, false);
    assert!(rotations.rotations == 1_000 && rotations.calls > 10_000, "{rotations:?}");
    assert!(rotations.is_good(), "{rotations:?}");
}

#[test]
fn a_thousand_rotations_with_two_slots_fail_no_call() {
    let rotations = rotations(1, &Config::default(), 1_000, 6, true);
    assert!(rotations.rotations == 1_000 && rotations.calls > 10_000, "{rotations:?}");
    assert!(rotations.is_good(), "{rotations:?}");
}
