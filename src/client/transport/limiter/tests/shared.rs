//! Instances that share a limit.

use super::fleet::{APP, Fleet, Load, SECOND, most_in_a_window, ms, shared, used};
use crate::{
    client::transport::limiter::{Late, LimiterConfig},
    host::simulated::Conduct,
    policy::limiter::{gcra::RateLimit, source::Mode},
};
use futures_util::future::join_all;
use std::time::Duration;

/// When everything is under way.
const BEGIN: Duration = Duration::from_secs(1);

fn slow(refused_writes: f64) -> Conduct {
    Conduct { latency: ms(2), refused_writes, ..Conduct::default() }
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
        assert!(part >= 0.9, "used {part} with seed {seed}");
        let counts: Vec<usize> = fleet.instances.iter().map(|instance| instance.sent().len()).collect();
        let fair = fleet.sent().len() / 8;
        assert!(counts.iter().all(|count| (fair * 2 / 3..fair * 3 / 2).contains(count)), "{counts:?}");
    }
}

#[test]
fn one_instance_uses_the_limit() {
    let fleet = saturated_minute(1, 1, slow(0.0), Load::until(BEGIN + 60 * SECOND));
    let part = used(&fleet.sent(), &APP, BEGIN, BEGIN + 60 * SECOND);
    assert!(part >= 0.95, "used {part}");
}

#[test]
fn many_instances_and_a_slower_store() {
    let conduct = Conduct { latency: ms(10), refused_writes: 0.2, ..Conduct::default() };
    let load = Load { callers: 20, ..Load::until(BEGIN + 20 * SECOND) };
    let fleet = saturated_minute(32, 5, conduct, load);
    let part = used(&fleet.sent(), &APP, BEGIN, load.end);
    assert!(part >= 0.85, "used {part}");
    assert!(fleet.instances.iter().all(|instance| !instance.sent().is_empty()));
}

#[test]
fn calls_that_are_cancelled_cost_nobody_the_limit() {
    for seed in 1..4 {
        let load = Load { impatient: 0.7, ..Load::until(BEGIN + 20 * SECOND) };
        let fleet = saturated_minute(4, seed, slow(0.3), load);
        let part = used(&fleet.sent(), &APP, BEGIN, load.end);
        assert!(part >= 0.8, "used {part}");
        let instances = &fleet.instances;
        assert!(instances.iter().all(|instance| instance.snapshot().waiting == 0));
        assert!(instances.iter().all(|instance| instance.limiter.in_flight() == 0));
    }
}

#[test]
fn one_a_minute_is_shared_too() {
    let report = RateLimit::new(1, 60 * SECOND);
    let fleet = Fleet::new(3, 1, shared());
    fleet.store.behave(slow(0.5));
    fleet.host().run(fleet.saturate(&report, Load { callers: 2, ..Load::until(15 * 60 * SECOND) }));
    let sent = fleet.sent();
    assert_eq!(most_in_a_window(&sent, report.window), 1);
    // The pause at the start, and then one a minute.
    assert!(sent.len() >= 13, "{sent:?}");
}

#[test]
fn a_lone_call_waits_for_one_answer_of_the_store() {
    let fleet = Fleet::new(2, 1, shared());
    fleet.store.behave(slow(0.0));
    let call = async |number: usize| {
        let instance = &fleet.instances[number];
        let began = instance.host.elapsed();
        let permit = instance.acquire(&fleet.group, &APP, instance.caller(), 10 * SECOND).await;
        drop(permit.unwrap());
        instance.host.elapsed() - began
    };
    fleet.host().run(async {
        let first = call(0).await;
        assert!(first <= ms(53), "a new plan begins with a moment of grace: {first:?}");
        fleet.host().wait(5 * SECOND).await;
        assert_eq!(call(0).await, ms(2));
        // The other one does not know the store's clock so well yet.
        let other = call(1).await;
        assert!(other <= ms(5), "{other:?}");
        fleet.host().wait(SECOND).await;
        assert!(call(1).await <= ms(4));
    });
    // And nobody talks to the store for nothing.
    assert_eq!(fleet.store.contents().len(), 1);
}

/// 200 calls wait at four instances for a vendor of 60 a second: each goes when it came.
#[test]
fn calls_go_in_the_order_in_which_they_came_whatever_the_instance() {
    let fleet = Fleet::new(4, 1, shared());
    fleet.store.behave(slow(0.0));
    let waits = fleet.host().run(async {
        drop(fleet.instances[0].acquire(&fleet.group, &APP, fleet.instances[0].caller(), SECOND).await);
        fleet.host().wait(SECOND).await;
        let fleet = &fleet;
        join_all((0..200_u32).map(|number| async move {
            // Three quarters come to one instance.
            let instance = &fleet.instances[if number % 4 == 0 { number as usize / 4 % 4 } else { 0 }];
            fleet.host().wait(ms(u64::from(number))).await;
            let began = fleet.host().elapsed();
            drop(instance.acquire(&fleet.group, &APP, instance.caller(), 20 * SECOND).await.unwrap());
            (began, fleet.host().elapsed())
        }))
        .await
    });
    // How far a call went out of its turn: by position.
    let mut order: Vec<usize> = (0..waits.len()).collect();
    order.sort_by_key(|call| waits[*call].1);
    let furthest = order.iter().enumerate().map(|(at, call)| at.abs_diff(*call)).max().unwrap();
    assert!(furthest <= 20, "a tenth of them at most: {furthest}");
    let longest = waits.iter().map(|(from, to)| *to - *from).max().unwrap();
    assert!(longest <= 200 * SECOND / 57, "{longest:?}");
}

#[test]
fn the_deadline_holds_while_the_store_is_asked() {
    let fleet = Fleet::new(1, 1, shared());
    fleet.store.behave(Conduct { latency: ms(200), refused_writes: 1.0, ..Conduct::default() });
    let instance = &fleet.instances[0];
    fleet.host().run(async {
        let refused = instance.acquire(&fleet.group, &APP, instance.caller(), ms(900)).await;
        assert!(matches!(refused, Err(Late::TimeOver)));
        assert_eq!(fleet.host().elapsed(), ms(900));
    });
}

#[test]
fn a_deadline_before_the_next_slot_of_the_plan_is_told_at_once() {
    let report = RateLimit::new(1, 60 * SECOND);
    let fleet = Fleet::new(1, 1, shared());
    fleet.store.behave(slow(0.0));
    let instance = &fleet.instances[0];
    fleet.host().run(async {
        let acquire = |within| instance.acquire(&fleet.group, &report, instance.caller(), within);
        drop(acquire(100 * SECOND).await.unwrap());
        let began = fleet.host().elapsed();
        let Err(Late::Limited { hint: Some(hint) }) = acquire(30 * SECOND).await else { panic!("no hint") };
        assert_eq!(fleet.host().elapsed(), began);
        assert!(hint > 59 * SECOND && hint < 61 * SECOND, "{hint:?}");
    });
}

#[test]
fn when_the_store_goes_down_each_has_its_share_and_comes_back() {
    for seed in 1..4 {
        let fleet = Fleet::new(8, seed, LimiterConfig { instances: 8, ..shared() });
        let up = slow(0.2);
        fleet.store.behave(up);
        let modes = || -> Vec<Mode> { fleet.instances.iter().map(|one| one.snapshot().mode).collect() };
        let outage = async {
            fleet.host().wait(10 * SECOND).await;
            assert_eq!(modes(), [Mode::Shared; 8]);
            fleet.store.behave(Conduct { down: true, ..up });
            fleet.host().wait(15 * SECOND).await;
            assert_eq!(modes(), [Mode::Share; 8]);
            fleet.store.behave(up);
            fleet.host().wait(10 * SECOND).await;
            assert_eq!(modes(), [Mode::Shared; 8]);
        };
        let load = Load::until(40 * SECOND);
        fleet.host().run(futures_util::future::join(fleet.saturate(&APP, load), outage));
        let sent = fleet.sent();
        assert!(most_in_a_window(&sent, SECOND) <= 60, "seed {seed}");
        let [shared, share, again] =
            [(4, 10), (13, 25), (30, 40)].map(|(from, to)| used(&sent, &APP, from * SECOND, to * SECOND));
        assert!(shared >= 0.9 && again >= 0.9, "{shared} {again}");
        assert!((0.85..=56.0 / 60.0 + 0.01).contains(&share), "seven eighths of what is left of 60: {share}");
    }
}

#[test]
fn a_store_that_does_not_answer_is_down_too() {
    let fleet = Fleet::new(2, 1, LimiterConfig { instances: 2, ..shared() });
    fleet.store.behave(slow(0.0));
    let outage = async {
        fleet.host().wait(10 * SECOND).await;
        fleet.store.behave(Conduct { latency: 3_600 * SECOND, ..Conduct::default() });
        fleet.host().wait(15 * SECOND).await;
        fleet.store.behave(slow(0.0));
    };
    let load = Load::until(40 * SECOND);
    fleet.host().run(futures_util::future::join(fleet.saturate(&APP, load), outage));
    let sent = fleet.sent();
    assert!(most_in_a_window(&sent, SECOND) <= 60);
    let [share, again] = [(16, 25), (30, 40)].map(|(from, to)| used(&sent, &APP, from * SECOND, to * SECOND));
    assert!(share >= 0.9 && again >= 0.9, "{share} {again}");
}

#[test]
fn all_instances_may_start_at_once_and_die_at_once() {
    let fleet = Fleet::new(8, 3, shared());
    fleet.store.behave(slow(0.5));
    let load = Load { callers: 5, ..Load::until(8 * SECOND) };
    // Half of them stop in the middle of whatever they do.
    let group = &fleet.group;
    let all = fleet.instances.iter().enumerate().map(|(number, instance)| async move {
        let work = std::pin::pin!(instance.saturate(group, &APP, load));
        let life = if number % 2 == 0 { ms(3_000 + 100 * number as u64) } else { 60 * SECOND };
        futures_util::future::select(work, instance.host.wait(life)).await;
    });
    fleet.host().run(join_all(all));
    let sent = fleet.sent();
    assert!(most_in_a_window(&sent, SECOND) <= 60);
    let part = used(&sent, &APP, 5 * SECOND, 8 * SECOND);
    assert!(part > 0.85, "the others have it all: {part}");
}
