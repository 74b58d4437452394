//! Instances that share a limit.

use super::fleet::{APP, Fleet, Load, SECOND, most_in_a_window, ms, shared, used};
use crate::{
    driver::admission::{AdmissionConfig, Refusal},
    engine::limiter::{gcra::RateLimit, source::Mode},
    host::simulated::Conduct,
};
use futures_util::future::join_all;
use std::time::Duration;

/// A new plan begins with a pause: the reach of an old one and a window.
const BEGIN: Duration = Duration::from_secs(4);

fn slow(refused_writes: f64) -> Conduct {
    Conduct { latency: ms(2), refused_writes, down: false }
}

fn saturated_minute(size: usize, seed: u64, conduct: Conduct, load: Load) -> Fleet {
    let fleet = Fleet::new(size, seed, shared());
    fleet.store.behave(conduct);
    fleet.host().run(fleet.saturate(&APP, load));
    let sent = fleet.sent();
    assert!(most_in_a_window(&sent, APP.window) <= 60, "seed {seed}");
    fleet
}

#[test]
fn eight_instances_keep_the_limit_and_use_it() {
    for seed in 1..4 {
        let fleet = saturated_minute(8, seed, slow(0.5), Load::until(BEGIN + 60 * SECOND));
        let part = used(&fleet.sent(), &APP, BEGIN, BEGIN + 60 * SECOND);
        eprintln!("8 instances: {part}");
        assert!(part >= 0.9, "used {part} with seed {seed}");
        let counts: Vec<usize> = fleet.instances.iter().map(|instance| instance.sent().len()).collect();
        eprintln!("{counts:?}");
        let fair = fleet.sent().len() / 8;
        assert!(counts.iter().all(|count| (fair * 2 / 3..fair * 3 / 2).contains(count)), "{counts:?}");
    }
}

#[test]
fn one_instance_uses_the_limit() {
    let fleet = saturated_minute(1, 1, slow(0.0), Load::until(BEGIN + 60 * SECOND));
    let part = used(&fleet.sent(), &APP, BEGIN, BEGIN + 60 * SECOND);
    eprintln!("1 instance: {part}");
    assert!(part >= 0.95, "used {part}");
}
