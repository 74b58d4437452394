//! The cap on requests under way.

use super::fleet::{APP, Instance, Load, SECOND, local, ms};
use crate::{
    client::transport::limiter::{GroupKey, LimiterConfig},
    host::Host,
    policy::limiter::{gcra::RateLimit, queue::Caller},
};
use futures_util::future::{join, join_all};
use std::{cell::Cell, time::Duration};

fn places(max_connections: usize) -> LimiterConfig {
    LimiterConfig { max_connections, ..local() }
}

const FAST: RateLimit = RateLimit { count: 1_000, window: SECOND, burst: 4 };

#[test]
fn there_are_never_more_under_way_and_never_fewer_than_can_be() {
    let instance = Instance::alone(places(7));
    let (under_way, most) = (Cell::new(0_usize), Cell::new(0));
    let groups = ["a", "b", "c"].map(GroupKey::new);
    let workers = (0..60).map(|number| {
        let (instance, groups, under_way, most) = (&instance, &groups, &under_way, &most);
        async move {
            while instance.host.elapsed() < 5 * SECOND {
                let group = &groups[number % 3];
                let permit =
                    instance.acquire(group, &FAST, Caller(number as u64), 60 * SECOND).await.unwrap();
                under_way.set(under_way.get() + 1);
                most.set(most.get().max(under_way.get()));
                assert_eq!(instance.limiter.in_flight(), under_way.get());
                instance.host.wait(ms(50 + instance.host.random() % 100)).await;
                under_way.set(under_way.get() - 1);
                drop(permit);
            }
        }
    });
    instance.host.run(join_all(workers));
    assert_eq!((most.get(), instance.limiter.in_flight()), (7, 0));
    // Seven at a time, 100 ms each.
    assert!(instance.sent().len() > 5 * 65, "{}", instance.sent().len());
}

#[test]
fn a_busy_group_does_not_starve_a_quiet_one() {
    let instance = Instance::alone(places(2));
    let busy = GroupKey::new("busy");
    let quiet = GroupKey::new("quiet");
    let load = Load { callers: 50, takes: ms(100), ..Load::until(5 * SECOND) };
    let calls = async {
        let mut longest = Duration::ZERO;
        for _ in 0..20 {
            instance.host.wait(ms(130)).await;
            let began = instance.host.elapsed();
            drop(instance.acquire(&quiet, &APP, Caller(999), 60 * SECOND).await.unwrap());
            longest = longest.max(instance.host.elapsed() - began);
        }
        longest
    };
    let (_, longest) = instance.host.run(join(instance.saturate(&busy, &FAST, load), calls));
    assert!(longest <= ms(200), "it waits for a place or two: {longest:?}");
}

#[test]
fn a_place_that_comes_free_goes_to_one_who_can_use_it() {
    let instance = Instance::alone(places(1));
    let [a, b] = ["a", "b"].map(GroupKey::new);
    instance.host.run(async {
        let holding = instance.acquire(&a, &APP, Caller(1), SECOND).await.unwrap();
        // Group a is first in line, but its gate closes before the place is free.
        let first = instance.acquire(&a, &APP, Caller(2), 60 * SECOND);
        let second = async {
            instance.host.wait(ms(100)).await;
            drop(instance.acquire(&b, &APP, Caller(3), 60 * SECOND).await.unwrap());
            instance.host.elapsed()
        };
        let provider = async {
            instance.host.wait(ms(500)).await;
            holding.throttled(instance.host.now(), Some(10 * SECOND));
            drop(holding);
        };
        let (first, second, ()) = futures_util::future::join3(first, second, provider).await;
        assert_eq!(second, ms(500));
        assert_eq!(first.unwrap().sent(), super::fleet::tick(10 * SECOND + ms(500)));
    });
}

#[test]
fn more_places_are_used_at_once() {
    let instance = Instance::alone(places(1));
    let group = GroupKey::new("a");
    instance.host.run(async {
        let _holding = instance.acquire(&group, &APP, Caller(1), SECOND).await.unwrap();
        let waiting = instance.acquire(&group, &APP, Caller(2), 60 * SECOND);
        let change = async {
            instance.host.wait(SECOND).await;
            instance.limiter.configure(places(2));
        };
        let (permit, ()) = join(waiting, change).await;
        assert_eq!(permit.unwrap().sent(), super::fleet::tick(SECOND));
    });
}

#[test]
fn who_leaves_the_line_is_not_waited_for() {
    let instance = Instance::alone(places(1));
    let [a, b] = ["a", "b"].map(GroupKey::new);
    instance.host.run(async {
        let holding = instance.acquire(&a, &APP, Caller(1), SECOND).await.unwrap();
        let gives_up = async {
            let admit = std::pin::pin!(instance.acquire(&a, &APP, Caller(2), 60 * SECOND));
            futures_util::future::select(admit, instance.host.wait(ms(300))).await;
        };
        let next = instance.acquire(&b, &APP, Caller(3), 60 * SECOND);
        let provider = async {
            instance.host.wait(ms(300)).await;
            drop(holding);
        };
        let ((), next, ()) = futures_util::future::join3(gives_up, next, provider).await;
        assert_eq!(next.unwrap().sent(), super::fleet::tick(ms(300)));
    });
}
