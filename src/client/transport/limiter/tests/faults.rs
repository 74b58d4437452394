//! Calls that are dropped at any moment.

use super::fleet::{APP, Fleet, Instance, Load, SECOND, local, most_in_a_window, ms, shared, used};
use crate::{
    client::transport::limiter::GroupKey,
    host::{
        Host,
        simulated::{Conduct, Simulated},
    },
};
use futures_util::future::{Either, join_all, select};
use std::{cell::RefCell, pin::pin, time::Duration};

#[test]
fn cancellations_lose_no_turn_and_leave_nothing_behind() {
    for seed in 0..20 {
        let instance = Instance::new(Simulated::new(seed), local());
        let group = GroupKey::new("a");
        let load = Load { impatient: 0.8, ..Load::until(10 * SECOND) };
        instance.host.run(instance.saturate(&group, &APP, load));
        let sent = instance.sent();
        assert!(most_in_a_window(&sent, SECOND) <= 60);
        let part = used(&sent, &APP, Duration::ZERO, 10 * SECOND);
        assert!(part > 0.94, "used {part}");
        let snapshot = instance.snapshot();
        assert_eq!((snapshot.waiting, snapshot.in_flight, instance.limiter.in_flight()), (0, 0, 0));
    }
}

/// Everybody who stays is served, in a time that fits the number of those who wait,
/// whoever else comes, goes, or asks the store.
#[test]
fn nobody_starves() {
    for seed in 1..6 {
        let fleet = Fleet::new(2, seed, shared());
        fleet.store.behave(Conduct { latency: ms(2), refused_writes: 0.4, ..Conduct::default() });
        let longest = RefCell::new(Vec::new());
        let patient = fleet.instances.iter().map(|instance| async {
            let caller = instance.caller();
            instance.host.wait(4 * SECOND).await;
            for _ in 0..20 {
                let began = instance.host.elapsed();
                drop(instance.acquire(&fleet.group, &APP, caller, 60 * SECOND).await.unwrap());
                longest.borrow_mut().push(instance.host.elapsed() - began);
            }
        });
        let restless = fleet.instances.iter().map(|instance| async {
            let calls = (0..30).map(|_| async {
                let caller = instance.caller();
                while instance.host.elapsed() < 20 * SECOND {
                    let admit = pin!(instance.acquire(&fleet.group, &APP, caller, 60 * SECOND));
                    let patience = instance.host.wait(ms(instance.host.random() % 1_000));
                    match select(admit, patience).await {
                        Either::Left((permit, _)) => drop(permit),
                        Either::Right(_) => {}
                    }
                }
            });
            join_all(calls).await;
        });
        let all = futures_util::future::join(join_all(patient), join_all(restless));
        fleet.host().run(all);
        let longest = longest.borrow().iter().max().copied().unwrap();
        // Two instances with 31 callers each: a round takes a second.
        assert!(longest < 3 * SECOND, "{longest:?}");
        assert!(most_in_a_window(&fleet.sent(), SECOND) <= 60);
    }
}
