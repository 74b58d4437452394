use super::*;
use crate::keys::Unit;
use penstock::host::simulated::{Conduct, Simulated, Store};

fn key(rates: &[&str]) -> Key {
    let rates = rates.iter().map(|text| Rate::parse(text).unwrap()).collect();
    Key { rates, ..Key::named("billing".to_owned()) }
}

/// What becomes of so many calls, one after the other: how many may go, and how long the first that
/// may not has to wait.
async fn go(quotas: &Quotas, host: &Simulated, key: &Key, calls: u32) -> (u32, Option<Duration>) {
    for number in 0..calls {
        if let Err(overrun) = quotas.take(host, key, &key.counted(&[], 1), true).await {
            return (number, Some(overrun.wait));
        }
    }
    (calls, None)
}

#[test]
fn instances_share_a_rate_through_the_store() {
    let one = Simulated::new(1);
    let other = one.sibling(2);
    let store = Store::default();
    one.share(store.clone());
    other.share(store.clone());
    let key = key(&["60/min"]);
    let (ours, theirs) = (Quotas::default(), Quotas::default());
    one.run(async {
        assert_eq!(go(&ours, &one, &key, 40).await, (40, None));
        let (went, wait) = go(&theirs, &other, &key, 40).await;
        assert_eq!(went, 20);
        let wait = wait.unwrap();
        assert!(wait > Duration::from_millis(900) && wait <= Duration::from_secs(1), "{wait:?}");
        assert_eq!(go(&ours, &one, &key, 1).await.0, 0);
        one.wait(Duration::from_secs(30)).await;
        assert_eq!(go(&ours, &one, &key, 50).await.0, 30);
    });
    let kept = store.contents();
    assert!(
        kept.len() == 1 && kept[0].starts_with("penstock/limit/{gateway/billing}/all/60/min="),
        "{kept:?}"
    );
}

#[test]
fn a_rate_that_is_used_up_is_not_asked_for_again_before_its_time() {
    let host = Simulated::new(1);
    let store = Store::default();
    host.share(store.clone());
    let (key, quotas) = (key(&["1/min"]), Quotas::default());
    host.run(async {
        assert_eq!(go(&quotas, &host, &key, 2).await.0, 1);
        // Whatever the store would say now.
        store.forget();
        let (went, wait) = go(&quotas, &host, &key, 1).await;
        assert_eq!(went, 0);
        host.wait(wait.unwrap()).await;
        assert_eq!(go(&quotas, &host, &key, 1).await.0, 1);
    });
}

#[test]
fn without_a_store_an_instance_counts_by_itself() {
    let host = Simulated::new(1);
    let store = Store::default();
    host.share(store.clone());
    store.behave(Conduct { down: true, ..Conduct::default() });
    let (key, quotas) = (key(&["10/s", "15/min"]), Quotas::default());
    host.run(async {
        assert_eq!(go(&quotas, &host, &key, 20).await, (10, Some(Duration::from_millis(100))));
        host.wait(Duration::from_secs(1)).await;
        // What the shorter one refused did not count in the longer one.
        assert_eq!(go(&quotas, &host, &key, 20).await.0, 5);
        // The store is asked again once it has rested.
        store.behave(Conduct::default());
        assert!(store.contents().is_empty());
        host.wait(REST).await;
        assert_eq!(go(&quotas, &host, &key, 1).await.0, 1);
        assert_eq!(store.contents().len(), 2);
    });
}

#[test]
fn a_store_that_does_not_answer_is_not_waited_for_by_everybody() {
    let host = Simulated::new(1);
    let store = Store::default();
    host.share(store.clone());
    store.behave(Conduct { latency: Duration::from_secs(60), ..Conduct::default() });
    let (key, quotas) = (key(&["10/s"]), Quotas::default());
    host.run(async {
        assert_eq!(go(&quotas, &host, &key, 10).await.0, 10);
        assert_eq!(host.elapsed(), PATIENCE);
    });
}

#[test]
fn several_calls_go_together_or_not_at_all() {
    for is_shared in [true, false] {
        let host = Simulated::new(1);
        host.share(Store::default());
        let (key, quotas) = (key(&["10/min"]), Quotas::default());
        host.run(async {
            let take = async |calls| quotas.take(&host, &key, &key.counted(&[], calls), is_shared).await;
            let stands = take(7).await.unwrap();
            assert_eq!((stands[0].remaining, stands[0].rate.unit), (3, Unit::Minute));
            assert!(stands[0].whole_in.abs_diff(Duration::from_secs(42)) <= Duration::from_millis(50));
            let refused = take(5).await.unwrap_err();
            assert!(
                refused.wait.abs_diff(Duration::from_secs(12)) <= Duration::from_millis(60),
                "{refused:?}"
            );
            // Fewer may go still.
            assert_eq!(take(3).await.unwrap()[0].remaining, 0);
            host.wait(Duration::from_secs(30)).await;
            assert_eq!(take(5).await.unwrap()[0].remaining, 0);
        });
    }
}

#[test]
fn what_nobody_uses_is_forgotten() {
    let host = Simulated::new(1);
    let quotas = Quotas::default();
    host.run(async {
        for number in 0..MANY {
            let key = Key { name: number.to_string(), ..key(&["1/s"]) };
            quotas.take(&host, &key, &key.counted(&[], 1), false).await.unwrap();
        }
        assert_eq!(quotas.paces.borrow().len(), MANY);
        host.wait(Duration::from_secs(2)).await;
        go(&quotas, &host, &key(&["1/s"]), 1).await;
        assert_eq!(quotas.paces.borrow().len(), 1);
    });
}
