//! Writes, and whether what is said of them is true.

use super::Caller;
use crate::{
    calls::NewCall,
    cluster::{ACCOUNTS, Ended, millis, options},
    invariant::Invariant,
    staleness::Written,
    vendor::{FIRST_WRITE, KINDS, TENANTS, Verb, Write},
    world::World,
};
use penstock::{
    contract::{CallOptions, Outcome},
    entry::dynamic,
    policy::failpoint::{self, Failpoint},
};
use std::time::Duration;

const VERBS: [Verb; 7] =
    [Verb::Create, Verb::Update, Verb::Replace, Verb::Cancel, Verb::Attach, Verb::Rename, Verb::Delete];

/// Writes something once.
pub(crate) async fn write(
    mut caller: Caller,
    place: usize,
    deadline: Option<Duration>,
    patience: Option<Duration>,
) {
    let verb = VERBS.get(caller.chance.usize(..VERBS.len())).copied().unwrap_or(Verb::Create);
    write_one(&mut caller, verb, place, deadline, patience).await;
}

/// Makes one write.
pub(super) async fn write_one(
    caller: &mut Caller,
    verb: Verb,
    place: usize,
    deadline: Option<Duration>,
    patience: Option<Duration>,
) {
    let cluster = caller.cluster.clone();
    let kind = caller.chance.u64(1..=KINDS);
    let tenant = TENANTS.get(place).copied().unwrap_or_default();
    let allow_resend = caller.chance.u8(..4) == 0;
    let id = {
        let mut vendor = cluster.world.vendor.borrow_mut();
        let id = FIRST_WRITE + vendor.writes.len() as u64;
        vendor.writes.insert(id, Write { tenant, verb, allow_resend, applied: 0 });
        id
    };
    cluster.world.count(|figures| figures.writes += 1);
    let options = CallOptions {
        deadline_ms: deadline.map(millis),
        // The invariant knows what was drawn.
        allow_resend: allow_resend || failpoint::on(Failpoint::ResendWrites),
        ..options(ACCOUNTS.get(place).copied().flatten())
    };
    let id_is = |name: &str| vec![(name.to_owned(), id.to_string())];
    let note = format!(r#"{{"summary":"w{id}"}}"#);
    let (operation, parameters, body) = match verb {
        Verb::Create => ("jpm.jobs-create-note", id_is("id"), Some(r#"{"text":"a note"}"#)),
        Verb::Update => ("jpm.jobs-update", id_is("id"), Some(r#"{"summary":"changed"}"#)),
        Verb::Replace => (
            "jpm.appointments-update-special-instructions",
            id_is("id"),
            Some(r#"{"specialInstructions":"ring twice"}"#),
        ),
        Verb::Cancel => ("jpm.jobs-cancel", id_is("id"), Some(r#"{"reasonId":1,"memo":"not needed"}"#)),
        Verb::Attach => {
            let mut both = id_is("jobId");
            both.push(("id".to_owned(), "1".to_owned()));
            ("jpm.projects-attach-job", both, None)
        }
        Verb::Rename => {
            ("jpm.job-types-update", vec![("id".to_owned(), kind.to_string())], Some(note.as_str()))
        }
        Verb::Delete => ("jpm.appointments-delete", id_is("id"), None),
    };
    let index = cluster.up(caller.instance).await;
    let (began, life) = (cluster.world.now(), cluster.life(index));
    let new = NewCall::single(operation, tenant, deadline);
    let about = format!("{id}{}", if allow_resend { ", twice is as good" } else { "" });
    let ended = cluster
        .call(index, new, &about, patience, async move |client| {
            let operation = dynamic::operation("servicetitan", operation)?;
            dynamic::invoke(&client, operation, &parameters, body, Some(&options)).await
        })
        .await;
    if let Ended::Done(result) = ended {
        let reported = result.map_or_else(|failure| failure.outcome, |_| Outcome::Applied);
        check(&cluster.world, id, reported);
    }
    // However it ended: nobody may go on with what was before.
    let version = cluster.world.vendor.borrow().job_types.made_by(tenant, kind, id);
    if let Some(version) = version.filter(|_| verb == Verb::Rename) {
        let ended = cluster.world.now();
        let written = Written { tenant, id: kind, version, instance: index, life, began, ended };
        cluster.world.staleness.borrow_mut().written(written);
    }
}

/// Holds what a call says of its write against what it came to.
fn check(world: &World, id: u64, reported: Outcome) {
    let vendor = world.vendor.borrow();
    let Some(write) = vendor.writes.get(&id) else { return };
    let times = write.applied;
    let truly = match reported {
        Outcome::NotSent | Outcome::NotApplied => times == 0,
        Outcome::Applied if write.allow_resend => times >= 1,
        Outcome::Applied => times == 1,
        Outcome::Unknown => write.allow_resend || times <= 1,
    };
    let what = format!("{:?} of {id} reports {} and took effect {times} times", write.verb, reported.name());
    drop(vendor);
    if !truly {
        world.violate(Invariant::NoDoubleWrite, what);
    }
}
