//! A webhook of a session that is complete makes what is kept of its user useless.

use super::model::{KEY, Rig};
use crate::{contract::AnswerSource, entry::webhooks::Received, host::simulated::Store, webhooks::Delivery};

const FIRST: &str = "20260100000001_abcde";

fn rig() -> Rig {
    let rig = Rig::new();
    rig.host.share(Store::default());
    rig
}

fn source(rig: &Rig, user: &str) -> AnswerSource {
    let asked = [("session_id", FIRST), ("user_id", user)];
    rig.run(rig.call("sessions-get", &asked)).unwrap().info.source
}

fn deliver(rig: &Rig, event: &str, user: &str) {
    let body = format!(r#"{{"event":"{event}","data":{{"session_id":"{FIRST}","seq_num":1}}}}"#);
    let headers = [("x-api-key".to_owned(), KEY.to_owned()), ("x-user-id".to_owned(), user.to_owned())];
    let delivery = Delivery { headers: &headers, body: body.as_bytes() };
    let received = rig.run(crate::entry::webhooks::receive(&rig.client, "asleep", None, &delivery));
    assert!(matches!(received, Ok(Received::Fresh { .. })), "{received:?}");
}

#[test]
fn a_completing_webhook_drops_everything_of_its_user_and_nothing_else() {
    let rig = rig();
    let pages = |user| rig.run(rig.call("sessions-page", &[("user_id", user)])).unwrap().info.source;
    for user in ["ann", "bob"] {
        assert_eq!((source(&rig, user), pages(user)), (AnswerSource::Vendor, AnswerSource::Vendor));
        assert_eq!((source(&rig, user), pages(user)), (AnswerSource::Cache, AnswerSource::Cache));
    }
    deliver(&rig, "SESSION_COMPLETE", "ann");
    assert_eq!((source(&rig, "bob"), pages("bob")), (AnswerSource::Cache, AnswerSource::Cache));
    assert_eq!((source(&rig, "ann"), pages("ann")), (AnswerSource::Vendor, AnswerSource::Vendor));
}

/// Plan come by the minute while somebody sleeps; what is kept is only of nights that are
/// over.
#[test]
fn a_part_of_a_session_outdates_nothing() {
    let rig = rig();
    assert_eq!(source(&rig, "ann"), AnswerSource::Vendor);
    deliver(&rig, "INFERENCE_COMPLETE", "ann");
    assert_eq!(source(&rig, "ann"), AnswerSource::Cache);
}
