//! What a role may do.

use super::rig::{Rig, options};
use crate::contract::{Failure, FailureKind, Outcome};

/// An operation: its name, parameters and body, and the role that it needs.
type Case = (&'static str, &'static [(&'static str, &'static str)], Option<&'static str>, &'static str);

/// At least one of each effect.
const EFFECTS: [Case; 6] = [
    ("jpm.jobs-get", &[("id", "1")], None, "read-only"),
    ("jpm.jobs-update", &[("id", "1")], Some(r#"{"summary":"new"}"#), "operator"),
    ("jpm.jobs-cancel", &[("id", "1")], Some(r#"{"reasonId":1,"memo":"no"}"#), "operator"),
    ("jpm.jobs-create-note", &[("id", "1")], Some(r#"{"text":"hello"}"#), "operator"),
    ("jpm.job-types-create", &[], Some(r#"{"name":"Repair"}"#), "admin"),
    ("jpm.appointments-delete", &[("id", "1")], None, "admin"),
];

fn try_all(rig: &Rig) -> Vec<Option<Failure>> {
    let all = EFFECTS.map(|(name, parameters, body, _)| {
        rig.run(rig.invoke(name, parameters, body, Some(&options()))).err()
    });
    all.into()
}

#[test]
fn each_effect_needs_its_role() {
    for (role, allowed) in [(None, 1), (Some("read-only"), 1), (Some("operator"), 4), (Some("admin"), 6)] {
        let rig = Rig::new();
        rig.titan.holds(1);
        match role {
            Some(role) => rig.host.set("PENSTOCK_ROLE", role),
            None => rig.host.unset("PENSTOCK_ROLE"),
        }
        for (index, failure) in try_all(&rig).into_iter().enumerate() {
            let (name, _, _, needed) = EFFECTS[index];
            match failure {
                None => assert!(index < allowed, "{role:?} must not {name}"),
                Some(failure) => {
                    assert!(index >= allowed, "{role:?} must be allowed to {name}: {failure:?}");
                    assert_eq!((failure.kind, failure.outcome), (FailureKind::Role, Outcome::NotSent));
                    assert!(
                        failure.message.contains(&format!("PENSTOCK_ROLE={needed}")),
                        "{}",
                        failure.message
                    );
                }
            }
        }
        assert_eq!(rig.titan.writes().len(), allowed - 1);
    }
}

#[test]
fn a_refused_call_asks_the_host_for_no_secret_and_sends_nothing() {
    let rig = Rig::new();
    rig.host.set("PENSTOCK_ROLE", "read-only");
    rig.run(rig.post(&options())).unwrap_err();
    for name in ["SERVICETITAN_CLIENT_ID", "SERVICETITAN_CLIENT_SECRET", "SERVICETITAN_APP_KEY"] {
        assert_eq!(rig.host.reads(name), 0, "{name}");
    }
    assert!(rig.host.requests().is_empty());
}

#[test]
fn a_role_that_is_taken_away_is_gone_within_a_minute() {
    let rig = Rig::new();
    rig.run(async {
        rig.post(&options()).await.unwrap();
        rig.host.set("PENSTOCK_ROLE", "read-only");
        rig.host.wait(std::time::Duration::from_secs(61)).await;
        assert_eq!(rig.post(&options()).await.unwrap_err().kind, FailureKind::Role);
    });
    assert_eq!(rig.titan.writes().len(), 1);
}
