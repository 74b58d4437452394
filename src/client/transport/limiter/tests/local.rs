//! One instance on its own.

use super::fleet::{APP, Instance, Load, SECOND, local, most_in_a_window, ms, shared, tick, used};
use crate::{
    client::transport::limiter::{GroupKey, Late, LimiterConfig, MANY_GROUPS},
    host::Host,
    policy::limiter::{gcra::RateLimit, queue::Caller, source::Mode},
};
use futures_util::{FutureExt, future::join_all};
use std::{cell::RefCell, time::Duration};

fn app() -> GroupKey {
    GroupKey::new("servicetitan/1234/app")
}

#[test]
fn a_call_that_need_not_wait_does_not() {
    let instance = Instance::alone(local());
    let app = app();
    instance.host.run(async {
        for _ in 0..2 {
            let admit = instance.limiter.acquire(
                &instance.host,
                &app,
                &APP,
                Caller(1),
                tick(Duration::ZERO),
                tick(SECOND),
            );
            assert!(admit.now_or_never().is_some_and(|result| result.is_ok()));
        }
        let admit = instance.limiter.acquire(
            &instance.host,
            &app,
            &APP,
            Caller(1),
            tick(Duration::ZERO),
            tick(SECOND),
        );
        assert!(admit.now_or_never().is_none(), "the burst is used up");
        assert_eq!(instance.snapshot().waiting, 0, "who is dropped does not wait");
    });
}

#[test]
fn the_limit_is_kept_and_used() {
    let instance = Instance::alone(local());
    instance.host.run(instance.saturate(&app(), &APP, Load::until(60 * SECOND)));
    let sent = instance.sent();
    assert!(most_in_a_window(&sent, SECOND) <= 60);
    let part = used(&sent, &APP, Duration::ZERO, 60 * SECOND);
    assert!(part >= 0.95, "used {part}");
    let snapshot = instance.snapshot();
    assert_eq!((snapshot.granted, snapshot.mode), (sent.len() as u64, Mode::Local));
    assert_eq!((snapshot.waiting, snapshot.in_flight, snapshot.throttled), (0, 0, 0));
}

#[test]
fn a_batch_delays_another_caller_by_one_turn() {
    let instance = Instance::alone(local());
    let order = RefCell::new(Vec::new());
    let call = async |caller: Caller, name: usize| {
        let permit = instance.acquire(&app(), &APP, caller, 3_600 * SECOND).await;
        order.borrow_mut().push((name, instance.host.elapsed()));
        drop(permit);
    };
    instance.host.run(async {
        let batch = instance.caller();
        let batch = join_all((0..10_000).map(|_| call(batch, 0)));
        let single = async {
            instance.host.wait(5 * SECOND).await;
            call(instance.caller(), 1).await;
            call(instance.caller(), 1).await;
        };
        futures_util::future::join(batch, single).await;
    });
    let order = order.into_inner();
    let singles: Vec<Duration> = order.iter().filter(|(name, _)| *name == 1).map(|(_, at)| *at).collect();
    let turn = APP.interval();
    assert!(singles[0] <= 5 * SECOND + turn * 2, "{singles:?}");
    assert!(singles[1] <= singles[0] + turn * 2, "{singles:?}");
    assert_eq!(order.len(), 10_002);
}

#[test]
fn all_callers_get_the_same_part() {
    let instance = Instance::alone(local());
    let counts = RefCell::new([0_usize; 5]);
    let group = app();
    let work = async |number: usize| {
        let caller = instance.caller();
        // The first callers have many more calls under way than the last.
        let calls = (0..[50, 20, 10, 5, 2][number]).map(|_| async {
            while instance.host.elapsed() < 10 * SECOND {
                let permit = instance.acquire(&group, &APP, caller, 60 * SECOND).await;
                counts.borrow_mut()[number] += usize::from(instance.host.elapsed() < 10 * SECOND);
                drop(permit);
            }
        });
        join_all(calls).await;
    };
    instance.host.run(join_all((0..5).map(work)));
    let counts = counts.into_inner();
    assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 10, "{counts:?}");
}

#[test]
fn who_cannot_be_sent_in_time_is_told_at_once_or_at_the_deadline() {
    let report = RateLimit::new(1, 60 * SECOND);
    let instance = Instance::alone(local());
    instance.host.run(async {
        let (reports, jobs) = (GroupKey::new("reports"), app());
        drop(instance.acquire(&reports, &report, Caller(1), SECOND).await.unwrap());
        instance.host.wait(10 * SECOND).await;
        let refused = instance.acquire(&reports, &report, Caller(1), 50 * SECOND).await;
        assert_eq!(refused.unwrap_err(), Late::Limited { hint: Some(50 * SECOND) });
        assert_eq!(instance.host.elapsed(), 10 * SECOND);
        let passed = instance.acquire(&jobs, &APP, Caller(1), Duration::ZERO).await;
        assert_eq!(passed.unwrap_err(), Late::TimeOver, "even when all is free");
        // Two callers with a single place: nobody knows when the first one is done.
        instance.limiter.configure(LimiterConfig { max_connections: 1, ..local() });
        let holding = instance.acquire(&jobs, &APP, Caller(1), SECOND).await.unwrap();
        let refused = instance.acquire(&jobs, &APP, Caller(2), 5 * SECOND).await;
        assert_eq!(refused.unwrap_err(), Late::Limited { hint: None });
        assert_eq!(instance.host.elapsed(), 15 * SECOND);
        drop(holding);
        drop(instance.acquire(&reports, &report, Caller(1), 50 * SECOND).await.unwrap());
        assert_eq!(instance.host.elapsed(), 60 * SECOND);
    });
}

#[test]
fn a_host_without_a_store_is_not_waited_for() {
    let instance = Instance::alone(LimiterConfig { instances: 1, ..shared() });
    instance.host.run(async {
        drop(instance.acquire(&app(), &APP, Caller(1), SECOND).await.unwrap());
        assert_eq!((instance.host.elapsed(), instance.snapshot().mode), (Duration::ZERO, Mode::Alone));
        instance.saturate(&app(), &APP, Load::until(10 * SECOND)).await;
        let part = used(&instance.sent(), &APP, Duration::ZERO, 10 * SECOND);
        assert!((0.94..=1.0).contains(&part), "all of it: {part}");
        // Asked again now and then, without a wait.
        for _ in 0..5 {
            instance.host.wait(31 * SECOND).await;
            let began = instance.host.elapsed();
            drop(instance.acquire(&app(), &APP, Caller(1), SECOND).await.unwrap());
            assert_eq!(instance.host.elapsed(), began);
        }
    });
}

#[test]
fn another_limit_holds_from_then_on() {
    let instance = Instance::alone(local());
    let slow = RateLimit::new(10, SECOND);
    instance.host.run(instance.saturate(&app(), &APP, Load::until(3 * SECOND)));
    let before = instance.sent().len();
    instance.host.run(instance.saturate(&app(), &slow, Load::until(10 * SECOND)));
    let after = instance.sent().split_off(before);
    assert!(most_in_a_window(&after, SECOND) <= 10);
    assert!(after[0] > 4 * SECOND, "a window of the new limit comes first");
    assert!(after.len() >= 40, "{}", after.len());
}

/// Accounts of one tenant count together, whatever each has for a limit.
#[test]
fn of_two_limits_that_alternate_the_lower_one_holds_and_something_is_sent() {
    let instance = Instance::alone(local());
    let slow = RateLimit::new(10, SECOND);
    let times = RefCell::new(Vec::new());
    let calls = async |limit: &RateLimit, until: Duration| {
        while instance.host.elapsed() < until {
            let (now, caller) = (instance.host.now(), instance.caller());
            let permit =
                instance.limiter.acquire(&instance.host, &app(), limit, caller, now, now + 60 * SECOND).await;
            times.borrow_mut().push(instance.host.elapsed());
            drop(permit.unwrap());
        }
    };
    instance.host.run(async {
        futures_util::future::join(calls(&APP, 30 * SECOND), calls(&slow, 30 * SECOND)).await;
        let sent = times.take();
        assert!(most_in_a_window(&sent, SECOND) <= 10);
        assert!(sent.len() > 200, "{}", sent.len());
        // It is forgotten when nobody asks for it any more.
        calls(&APP, 200 * SECOND).await;
        let sent = times.take();
        let of =
            |from: u32, to: u32| sent.iter().filter(|at| (from * SECOND..to * SECOND).contains(at)).count();
        assert!(of(130, 140) <= 100 && of(170, 180) > 500, "{} {}", of(130, 140), of(170, 180));
    });
}

#[test]
fn names_that_are_made_up_do_not_fill_the_memory() {
    let instance = Instance::alone(local());
    instance.host.run(async {
        let held = GroupKey::new("held");
        let _permit = instance.acquire(&held, &APP, Caller(1), SECOND).await;
        for number in 0..1_000 {
            let group = GroupKey::new(&format!("group {number}"));
            drop(instance.acquire(&group, &APP, Caller(1), SECOND).await.unwrap());
            instance.host.sleep(ms(20)).await;
        }
        let snapshot = instance.limiter.snapshot(instance.host.now());
        assert!(snapshot.len() <= MANY_GROUPS, "{}", snapshot.len());
        assert!(snapshot.iter().any(|(key, group)| *key == held && group.in_flight == 1));
    });
}
