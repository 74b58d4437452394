//! What a 429 does.

use super::fleet::{APP, Instance, SECOND, local, ms};
use crate::{
    client::transport::limiter::{GroupKey, Late, LimiterConfig},
    host::Host,
    policy::limiter::queue::Caller,
};
use futures_util::future::join_all;
use std::time::Duration;

fn app() -> GroupKey {
    GroupKey::new("app")
}

#[test]
fn nothing_is_sent_before_the_hinted_time() {
    let instance = Instance::alone(local());
    let workers = (0..50).map(|number| {
        let instance = &instance;
        async move {
            for _ in 0..5 {
                let permit = instance.acquire(&app(), &APP, Caller(number), 60 * SECOND).await.unwrap();
                instance.host.wait(ms(200)).await;
                // The provider refuses everything that comes between 1 s and 3 s.
                let sent = permit.sent().as_nanos();
                if (1_000_000_000..3_000_000_000).contains(&sent) {
                    let left = Duration::from_nanos(3_000_000_000) - instance.host.elapsed();
                    permit.throttled(instance.host.now(), Some(left));
                } else {
                    permit.succeeded(instance.host.now());
                }
            }
        }
    });
    instance.host.run(join_all(workers));
    let sent = instance.sent();
    assert_eq!(sent.len(), 250);
    let held = sent.iter().filter(|at| (SECOND + ms(210)..3 * SECOND).contains(at)).count();
    assert_eq!(held, 0, "but for those in flight when the first 429 came");
    let refused = sent.iter().filter(|at| (SECOND..3 * SECOND).contains(at)).count() as u64;
    assert!((10..=15).contains(&refused), "{refused}");
    assert_eq!(instance.snapshot().throttled, refused);
    // It goes on at the pace and not with all that waited.
    let first = sent.iter().filter(|at| (3 * SECOND..3 * SECOND + ms(10)).contains(at)).count();
    assert_eq!(first, 2);
}

#[test]
fn who_cannot_wait_that_long_is_told_at_once() {
    let instance = Instance::alone(LimiterConfig { max_connections: 1, ..local() });
    instance.host.run(async {
        let app = app();
        let permit = instance.acquire(&app, &APP, Caller(1), SECOND).await.unwrap();
        let waiting = instance.acquire(&app, &APP, Caller(2), 60 * SECOND);
        let patient = instance.acquire(&app, &APP, Caller(3), 3 * 3_600 * SECOND);
        let provider = async {
            instance.host.wait(ms(100)).await;
            permit.throttled(instance.host.now(), Some(2 * 3_600 * SECOND));
            drop(permit);
        };
        let told = async {
            let refused = waiting.await.unwrap_err();
            assert_eq!(refused, Late::Limited { hint: Some(7_200 * SECOND) });
            assert_eq!(instance.host.elapsed(), ms(100));
            let refused = instance.acquire(&app, &APP, Caller(4), 60 * SECOND).await.unwrap_err();
            assert_eq!(refused, Late::Limited { hint: Some(7_200 * SECOND) });
            let open = Some(7_200 * SECOND);
            assert_eq!(instance.snapshot().closed_for, open);
            assert_eq!(instance.host.elapsed(), ms(100));
        };
        let (_, _, patient) = futures_util::future::join3(told, provider, patient).await;
        assert_eq!(patient.unwrap().sent(), instance.host.now());
        assert_eq!(instance.host.elapsed(), 7_200 * SECOND + ms(100));
    });
}

#[test]
fn other_groups_go_on() {
    let instance = Instance::alone(local());
    instance.host.run(async {
        let permit = instance.acquire(&app(), &APP, Caller(1), SECOND).await.unwrap();
        permit.throttled(instance.host.now(), None);
        assert!(instance.acquire(&app(), &APP, Caller(1), SECOND).await.is_err());
        let other = GroupKey::new("other");
        assert!(instance.acquire(&other, &APP, Caller(1), SECOND).await.is_ok());
        assert!(instance.acquire(&app(), &APP, Caller(1), 2 * SECOND).await.is_ok());
        assert_eq!(instance.host.elapsed(), SECOND, "the first wait without a hint");
    });
}
