//! Webhooks through the real component: every scheme, and a crowd of deliveries.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use penstock_host::{
    Environment, Error, Plugin,
    bindings::{
        types::FailureKind,
        webhooks::{Happening, Received, ServicetitanEvent, Trust},
    },
    http::{Outbound, OutboundPolicy},
    sources::Map,
    state::MemoryState,
};
use sha2::Sha256;

use crate::support::server::{self, Server};

const SECRET: &str = "an-hmac-key-of-32-to-64-characters";

pub type Headers = Vec<(String, String)>;

fn tag(parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// A CloudEvent as ServiceTitan sends it.
pub fn cloud_event(delivery: usize, event: usize) -> Vec<u8> {
    serde_json::json!({
        "specversion": "1.0", "id": format!("delivery-{delivery}"), "type": "tn.jpm.job-completed",
        "time": "2026-11-20T10:00:00Z", "source": "https://webhooks.servicetitan.io",
        "userassignedid": format!("event-{event}"), "datacontenttype": "application/json",
        "data": {"tenantId": 1, "tenantName": "North", "job": {"id": event, "jobStatus": "Completed"}},
    })
    .to_string()
    .into_bytes()
}

pub fn hex_signed(body: &[u8]) -> Headers {
    let hex = tag(&[body]).iter().map(|byte| format!("{byte:02x}")).collect();
    vec![
        ("X-ServiceTitan-Signature".to_owned(), hex),
        ("content-type".to_owned(), "application/json".to_owned()),
    ]
}

/// Credentials and settings, with further ones.
pub fn values(extra: &[(&str, &str)]) -> Map {
    let base = [
        ("SERVICETITAN_CLIENT_ID", "cid"),
        ("SERVICETITAN_CLIENT_SECRET", "s3cr3t-of-the-client"),
        ("SERVICETITAN_APP_KEY", "ak1"),
        ("SERVICETITAN_TENANT_ID", "1"),
        ("SERVICETITAN_WEBHOOK_SECRET", SECRET),
        ("LOG_LEVEL", "error"),
    ];
    let mut values: HashMap<&str, &str> = base.into_iter().collect();
    values.extend(extra.iter().copied());
    Map::new(values)
}

async fn plugin(state: &Arc<MemoryState>, extra: &[(&str, &str)]) -> Plugin {
    let environment = Environment::empty()
        .secrets(values(extra))
        .config(values(extra))
        .state(state.clone())
        .outbound(Outbound::with_policy(OutboundPolicy::none().allow_loopback()));
    Plugin::start(environment).await.unwrap()
}

fn kind<T: std::fmt::Debug>(result: Result<T, Error>) -> FailureKind {
    match result {
        Err(Error::Failure(failure)) => failure.kind,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_servicetitan_event_is_typed() {
    let plugin = plugin(&Arc::default(), &[]).await;
    let body = cloud_event(1, 4711);
    let event = plugin.verify_webhook("servicetitan", None, hex_signed(&body), body.clone()).await.unwrap();
    assert_eq!(
        (event.id.as_str(), event.trust, event.tenant.as_deref()),
        ("event-4711", Trust::Signed, Some("1"))
    );
    let Happening::Servicetitan(change) = event.happening else { panic!("{event:?}") };
    assert!(matches!(change.event, ServicetitanEvent::JobCompleted));
    assert_eq!((change.subjects[0].name.as_str(), change.subjects[0].id.as_str()), ("job", "4711"));
    let data: serde_json::Value = serde_json::from_str(&event.data).unwrap();
    assert_eq!(data["job"]["jobStatus"], "Completed");

    let mut forged = body.clone();
    forged[20] ^= 1;
    assert_eq!(
        kind(plugin.verify_webhook("servicetitan", None, hex_signed(&body), forged).await),
        FailureKind::Authentication
    );
    assert_eq!(
        kind(plugin.verify_webhook("servicetitan", None, Vec::new(), body).await),
        FailureKind::Authentication
    );
}

#[tokio::test]
async fn header_and_encoding_can_be_set() {
    let settings = [("SERVICETITAN_WEBHOOK_HEADER", "x-hook"), ("SERVICETITAN_WEBHOOK_ENCODING", "base64")];
    let plugin = plugin(&Arc::default(), &settings).await;
    let body = cloud_event(1, 1);
    let headers = vec![("X-Hook".to_owned(), STANDARD.encode(tag(&[&body])))];
    assert!(plugin.verify_webhook("servicetitan", None, headers, body.clone()).await.is_ok());
    assert_eq!(
        kind(plugin.verify_webhook("servicetitan", None, hex_signed(&body), body).await),
        FailureKind::Authentication
    );
}

#[tokio::test]
async fn a_relay_may_sign_as_standard_webhooks() {
    let secret = format!("whsec_{}", STANDARD.encode(SECRET));
    let settings =
        [("SERVICETITAN_WEBHOOK_SCHEME", "standard"), ("SERVICETITAN_WEBHOOK_SECRET", secret.as_str())];
    let plugin = plugin(&Arc::default(), &settings).await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let body = cloud_event(1, 1);
    for (sent, fits) in [(now, true), (now - 3600, false), (now + 3600, false)] {
        let stamp = sent.to_string();
        let signature = STANDARD.encode(tag(&[b"msg_1.", stamp.as_bytes(), b".", &body]));
        let headers = vec![
            ("webhook-id".to_owned(), "msg_1".to_owned()),
            ("webhook-timestamp".to_owned(), stamp),
            ("webhook-signature".to_owned(), format!("v1,{signature}")),
        ];
        let verified = plugin.verify_webhook("servicetitan", None, headers, body.clone()).await;
        match fits {
            true => assert_eq!(verified.unwrap().delivery_id.as_deref(), Some("msg_1")),
            false => assert_eq!(kind(verified), FailureKind::Authentication),
        }
    }
}

#[tokio::test]
async fn without_a_secret_nothing_is_accepted() {
    let plugin = plugin(&Arc::default(), &[("SERVICETITAN_WEBHOOK_SECRET", "")]).await;
    let body = cloud_event(1, 1);
    assert_eq!(
        kind(plugin.receive_webhook("servicetitan", None, hex_signed(&body), body).await),
        FailureKind::Configuration
    );
}

/// Asleep's settings, with a server that answers for it.
async fn asleep(scheme: &str, server: &Server) -> Plugin {
    let origin = server.origin();
    let settings = [
        ("ASLEEP_API_KEY", "asleep-key"),
        ("ASLEEP_API_KEY_SECONDARY", "asleep-key-2"),
        ("ASLEEP_BASE_URL", origin.as_str()),
        ("ASLEEP_WEBHOOK_SECRET", SECRET),
        ("ASLEEP_WEBHOOK_SCHEME", scheme),
        ("PENSTOCK_ALLOW_HTTP", "true"),
    ];
    plugin(&Arc::default(), &settings).await
}

fn from_asleep(key: &str) -> (Headers, Vec<u8>) {
    let headers = [("x-api-key", key), ("x-user-id", "G-1")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let body = serde_json::json!({
        "event": "SESSION_COMPLETE", "version": "V3",
        "data": {"timezone": "UTC", "session": {"id": "s1", "state": "FORGED"}},
    });
    (headers, body.to_string().into_bytes())
}

/// The session, complete and with its end.
async fn night() -> Server {
    Server::start(|request| async move {
        let user = request.headers().get("x-user-id").and_then(|user| user.to_str().ok());
        match (request.uri().path(), user) {
            ("/data/v3/sessions/s1", Some("G-1")) => server::json(
                200,
                &serde_json::json!({"detail": "OK", "result": {
                    "timezone": "UTC", "peculiarities": ["NEVER_SLEPT"], "missing_data_ratio": 0.0,
                    "session": {"id": "s1", "state": "COMPLETE", "start_time": "2026-11-20T22:00:00+00:00",
                        "end_time": "2026-11-21T06:00:00+00:00", "created_timezone": "UTC"},
                    "stat": null,
                }}),
            ),
            _ => server::json(404, &serde_json::json!({"detail": "session does not exist"})),
        }
    })
    .await
}

#[tokio::test]
async fn a_session_of_asleep_comes_with_either_key_and_with_no_other() {
    let server = night().await;
    let plugin = asleep("key", &server).await;
    for key in ["asleep-key", "asleep-key-2"] {
        let (headers, body) = from_asleep(key);
        let event = plugin.verify_webhook("asleep", None, headers, body).await.unwrap();
        assert_eq!((event.id.as_str(), event.trust), ("SESSION_COMPLETE:s1", Trust::Key));
        let Happening::SessionComplete(session) = event.happening else { panic!("{event:?}") };
        assert_eq!((session.session_id.as_str(), session.user_id.as_deref()), ("s1", Some("G-1")));
    }
    for key in ["", "asleep-key-3", "Asleep-Key"] {
        let (headers, body) = from_asleep(key);
        let refused = plugin.receive_webhook("asleep", None, headers, body).await;
        assert_eq!(kind(refused), FailureKind::Authentication);
    }
    assert_eq!(server.requests(), 0, "nothing of that asks the vendor");
}

#[tokio::test]
async fn a_hint_of_asleep_is_read_again_and_what_it_says_itself_is_not_believed() {
    let server = night().await;
    let plugin = asleep("hint", &server).await;
    let (headers, body) = from_asleep("asleep-key");
    let Received::Fresh(fresh) = plugin.receive_webhook("asleep", None, headers, body).await.unwrap() else {
        panic!("it is new")
    };
    let data: serde_json::Value = serde_json::from_str(&fresh.event.data).unwrap();
    assert!(fresh.event.reread);
    assert_eq!((fresh.event.trust, &data["session"]["state"]), (Trust::Hint, &"COMPLETE".into()));

    // A hint to what is not there hands nothing out.
    let (headers, body) = from_asleep("asleep-key");
    let body = String::from_utf8(body).unwrap().replace("s1", "s2").into_bytes();
    let nothing = plugin.receive_webhook("asleep", None, headers, body).await;
    assert_eq!(kind(nothing), FailureKind::NotFound);
}

#[tokio::test]
async fn a_relay_of_asleep_may_sign() {
    let server = night().await;
    let plugin = asleep("hmac", &server).await;
    let (_, body) = from_asleep("asleep-key");
    let hex = tag(&[&body]).iter().map(|byte| format!("{byte:02x}")).collect();
    let headers = vec![("X-Signature".to_owned(), hex), ("x-user-id".to_owned(), "G-1".to_owned())];
    let event = plugin.verify_webhook("asleep", None, headers, body.clone()).await.unwrap();
    assert_eq!(event.trust, Trust::Signed);
    // The key alone is then not enough.
    let (headers, _) = from_asleep("asleep-key");
    assert_eq!(kind(plugin.verify_webhook("asleep", None, headers, body).await), FailureKind::Authentication);
}

/// Handles an event: one time in five it fails.
async fn deliver(
    plugin: &Plugin,
    handled: &Mutex<HashMap<usize, u32>>,
    delivery: usize,
    event: usize,
) -> bool {
    let body = cloud_event(delivery, event);
    match plugin.receive_webhook("servicetitan", None, hex_signed(&body), body).await.unwrap() {
        Received::Fresh(fresh) => {
            let ticket = fresh.ticket.unwrap();
            // Others run meanwhile.
            tokio::task::yield_now().await;
            if delivery.is_multiple_of(5) {
                plugin.webhook_released(&ticket).await.unwrap();
                return false;
            }
            *handled.lock().unwrap().entry(event).or_default() += 1;
            plugin.webhook_done(&ticket).await.unwrap();
            true
        }
        Received::Duplicate(_) => true,
        // The provider comes again.
        Received::InHand(_) => false,
    }
}

/// 2,000 events, each delivered five times and more by eight senders, in another order by each,
/// through four instances with one store.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_deliveries_hand_each_event_out_once() {
    const EVENTS: usize = 2_000;
    const DELIVERIES: usize = 10_000;
    const SENDERS: usize = 8;
    let state = Arc::new(MemoryState::with_capacity(64 << 20));
    let mut plugins = Vec::new();
    for _ in 0..4 {
        plugins.push(Arc::new(plugin(&state, &[]).await));
    }
    let handled = Arc::new(Mutex::new(HashMap::new()));
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..SENDERS {
        let (plugin, handled) = (plugins[sender % plugins.len()].clone(), handled.clone());
        senders.spawn(async move {
            // A step that has no factor in common with the number of events visits all of them.
            let step = [1, 3, 7, 11, 13, 17, 19, 23][sender];
            let mut open: Vec<usize> = Vec::new();
            for index in 0..DELIVERIES / SENDERS {
                let event = (sender * 251 + index * step) % EVENTS;
                if !deliver(&plugin, &handled, sender * DELIVERIES + index, event).await {
                    open.push(event);
                }
            }
            open
        });
    }
    let mut open: Vec<usize> = senders.join_all().await.into_iter().flatten().collect();
    // What was not settled is delivered again, until it is.
    for round in 1.. {
        assert!(round < 20, "{} events are never settled", open.len());
        let mut left = Vec::new();
        for event in open {
            if !deliver(&plugins[event % 4], &handled, DELIVERIES * 100 * round + event * 5 + 1, event).await
            {
                left.push(event);
            }
        }
        open = left;
        if open.is_empty() {
            break;
        }
    }
    let handled = handled.lock().unwrap();
    let twice: Vec<_> = handled.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "handed out again: {twice:?}");
    let delivered: std::collections::HashSet<usize> = (0..SENDERS)
        .flat_map(|sender| {
            let step = [1, 3, 7, 11, 13, 17, 19, 23][sender];
            (0..DELIVERIES / SENDERS).map(move |index| (sender * 251 + index * step) % EVENTS)
        })
        .collect();
    assert_eq!(handled.len(), delivered.len(), "lost");
}
