//! A secret of known text appears nowhere but at the provider.

use super::{Scene, pages_of};
use futures_util::StreamExt;
use penstock_simulated::{
    FaultKind, Faults, VariantArray,
    servicetitan::{Account, Config},
};
use std::time::Duration;

const CANARIES: [&str; 3] = ["canary-client-id-5b1f", "canary-client-secret-9e2d", "canary-app-key-77aa"];

#[tokio::test]
async fn no_log_line_error_or_debug_print_shows_one() {
    let account = Account {
        client_id: CANARIES[0].to_owned(),
        client_secrets: vec![CANARIES[1].to_owned()],
        app_keys: vec![CANARIES[2].to_owned()],
        ..Account::default()
    };
    let mut seen = String::new();
    for kind in FaultKind::VARIANTS.iter().copied() {
        let faults = Faults {
            max_in_a_row: 9,
            retry_after: Duration::from_millis(5),
            delay: Duration::from_millis(5),
            tokens: true,
            ..Faults::only(kind)
        };
        let config = Config { accounts: vec![account.clone()], faults, ..Config::small(60) };
        let settings = [("RETRY_ATTEMPTS", "2"), ("PENSTOCK_MAX_THROTTLED", "1"), ("PENSTOCK_ROLE", "admin")];
        let scene = Scene::new(config, &settings).await;
        let mut jobs = scene.stream(pages_of(20)).await;
        while let Some(job) = jobs.next().await {
            if let Err(error) = job {
                seen += &format!("{error} {error:?}");
            }
        }
        let body = Some(r#"{"text":"x"}"#.to_owned());
        let written =
            scene.plugin.invoke("servicetitan", "jpm.jobs-create-note", [("id", "1")], body, None).await;
        seen += &format!("{written:?}");
        seen += &format!("{:?}", scene.plugin.ready("servicetitan", None).await);
        seen += &scene.plugin.metrics().await.unwrap();
        seen += &scene.plugin.snapshot().await.unwrap();
        seen += &scene.captured.lines().join("\n");
    }
    assert!(seen.contains("\"event\":\"call\""), "nothing was logged, so nothing was tested");
    for canary in CANARIES {
        assert!(!seen.contains(canary), "{canary} was shown");
    }
    assert!(!seen.contains("Bearer"), "a token was shown");
}

#[tokio::test]
async fn refused_credentials_are_not_repeated() {
    let scene = Scene::new(Config::small(5), &[("SERVICETITAN_CLIENT_SECRET", CANARIES[1])]).await;
    let error =
        scene.plugin.invoke("servicetitan", "jpm.jobs-get", [("id", "1")], None, None).await.unwrap_err();
    let failure = error.failure().unwrap();
    assert_eq!(failure.kind, penstock_host::bindings::types::FailureKind::Authentication);
    let shown = format!("{error} {error:?} {}", scene.captured.lines().join("\n"));
    assert!(!shown.contains(CANARIES[1]), "{shown}");
}
