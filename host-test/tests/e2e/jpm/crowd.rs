//! Many calls on one instance.

use super::{Scene, pages_of};
use futures_util::future::join_all;
use penstock_simulated::servicetitan::Config;

async fn gets(scene: &Scene, count: usize) {
    let ids = scene.provider.job_ids();
    let calls = (0..count).map(|index| {
        let id = ids[index % ids.len()].to_string();
        scene.plugin.invoke("servicetitan", "jpm.jobs-get", [("id", id)], None, None)
    });
    for answer in join_all(calls).await {
        answer.unwrap();
    }
}

#[tokio::test]
async fn a_thousand_calls_at_start_fetch_one_token() {
    let scene = Scene::new(Config::small(50), &[]).await;
    gets(&scene, 1_000).await;
    let stats = scene.provider.stats();
    assert_eq!((stats.token_requests, stats.tokens), (1, 1));
    assert_eq!(stats.operation("Jobs_Get"), 1_000);
    assert_eq!(scene.plugin.instances_started(), 1);
}

#[tokio::test]
async fn two_hundred_calls_and_a_revoked_token() {
    let scene = Scene::new(Config::small(50), &[]).await;
    gets(&scene, 1).await;
    scene.provider.revoke_all();
    gets(&scene, 200).await;
    assert_eq!(scene.provider.stats().tokens, 2);
    assert_eq!(scene.plugin.instances_started(), 1);
}

#[tokio::test]
async fn dropped_streams_leave_the_instance_well() {
    let scene = Scene::new(Config::small(400), &[]).await;
    for _ in 0..20 {
        let mut jobs = scene.stream(pages_of(20)).await;
        futures_util::StreamExt::next(&mut jobs).await.unwrap().unwrap();
        drop(jobs);
    }
    gets(&scene, 5).await;
    assert_eq!(scene.plugin.instances_started(), 1);
    // Each of them stopped reading soon: far from the 20 times 20 pages of whole reads.
    let pages = scene.provider.stats().operation("Jobs_GetList");
    assert!(pages < 200, "{pages}");
}
