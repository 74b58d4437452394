//! Every kind of fault by itself: nothing is lost, nothing comes twice.

use super::{Scene, pages_of, sorted};
use penstock_host::bindings::types::CallOptions;
use penstock_simulated::{FaultKind, Faults, VariantArray, servicetitan::Config};
use serde_json::Value;
use std::time::Duration;

fn failing(kind: FaultKind) -> Config {
    let faults = Faults {
        retry_after: Duration::from_millis(10),
        delay: Duration::from_millis(50),
        ..Faults::only(kind)
    };
    Config { faults, ..Config::small(230) }
}

/// Reads, gets and exports while the first try of every request fails this way.
async fn survives(kind: FaultKind) {
    let scene = Scene::new(failing(kind), &[]).await;
    // A provider that revokes the token at the first try of every page leaves no token
    // alive that pages at the same time could share.
    let window = (kind == FaultKind::TokenRevoked).then_some(1);
    let (ids, end) = scene.read(CallOptions { window, ..pages_of(50) }).await;
    let truth = sorted(scene.provider.job_ids());
    assert!(end.complete);
    assert_eq!(end.items, truth.len() as u64, "{kind:?}");
    assert_eq!(sorted(ids), truth, "{kind:?}: the list");

    let id = scene.provider.job_ids()[7];
    let answer =
        scene.plugin.invoke("servicetitan", "jpm.jobs-get", [("id", id.to_string())], None, None).await;
    let job: Value = serde_json::from_str(&answer.unwrap().body.unwrap()).unwrap();
    assert_eq!(job["id"], id, "{kind:?}: the get");

    let exported = export(&scene).await;
    let truth = scene.provider.truth_exported(penstock_simulated::servicetitan::Resource::Jobs);
    assert_eq!(sorted(exported), sorted(truth), "{kind:?}: the export");

    let stats = scene.provider.stats();
    assert!(stats.faults.get(&kind).copied().unwrap_or_default() >= 3, "{kind:?} was never met: {stats:?}");
}

async fn export(scene: &Scene) -> Vec<i64> {
    use futures_util::TryStreamExt;
    let parameters: [(&str, &str); 0] = [];
    let records = scene.plugin.list("servicetitan", "jpm.export-jobs-list", parameters, None).await.unwrap();
    let records: Vec<String> = records.try_collect().await.unwrap();
    records
        .iter()
        .map(|record| serde_json::from_str::<Value>(record).unwrap()["id"].as_i64().unwrap())
        .collect()
}

macro_rules! each_kind {
    ($($name:ident: $kind:ident,)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                survives(FaultKind::$kind).await;
            }
        )*

        #[test]
        fn every_kind_has_a_test() {
            let tested = [$(FaultKind::$kind),*];
            for kind in FaultKind::VARIANTS.iter().copied() {
                assert!(tested.contains(&kind), "{kind:?}");
            }
        }
    };
}

each_kind! {
    too_many_requests: TooManyRequests,
    too_many_requests_by_date: TooManyRequestsDate,
    too_many_requests_without_a_hint: TooManyRequestsBare,
    internal_server_error: InternalServerError,
    bad_gateway_in_html: BadGateway,
    unavailable: Unavailable,
    unavailable_with_a_hint: UnavailableRetryAfter,
    gateway_timeout: GatewayTimeout,
    gateway_timeout_after_the_fact: GatewayTimeoutAfterApply,
    a_proxys_page_instead_of_the_answer: HtmlPage,
    slow_answers: Slow,
    reset_before_the_answer: ResetBeforeApply,
    reset_after_the_fact: ResetAfterApply,
    reset_within_the_body: ResetInBody,
    an_empty_body: EmptyBody,
    truncated_json: TruncatedJson,
    token_revoked_in_mid_list: TokenRevoked,
    an_error_with_secrets: SecretsInError,
    a_page_with_secrets_instead_of_the_answer: SecretsInPage,
}

#[tokio::test]
async fn all_of_them_at_once_and_an_expiring_token() {
    let faults = Faults {
        max_in_a_row: 2,
        retry_after: Duration::from_millis(10),
        delay: Duration::from_millis(20),
        ..Faults::mixed(0.3)
    };
    let config = Config { faults, token_lifetime: Duration::from_secs(1), seed: 7, ..Config::small(1_500) };
    let scene = Scene::new(config, &[("RETRY_ATTEMPTS", "6")]).await;
    let (ids, _) = scene.read(pages_of(50)).await;
    assert_eq!(sorted(ids), sorted(scene.provider.job_ids()));
    assert!(scene.provider.stats().all_faults() > 5);
}
