//! Reads of what rarely changes, from the cache when it has them, with writes in between.

use super::{Caller, writes::write_one};
use crate::{
    calls::NewCall,
    cluster::{ACCOUNTS, Cluster, Ended, millis, options},
    invariant::Invariant,
    staleness::Read,
    vendor::{KINDS, TENANTS, Verb},
};
use penstock::{
    contract::{AnswerInfo, AnswerSource, CallOptions},
    entry::dynamic,
};
use serde_json::Value;
use std::time::Duration;

/// Asks for kinds of job again and again, and changes some.
pub(crate) async fn keep(mut caller: Caller, place: usize, longest_pause: Duration) {
    let cluster = caller.cluster.clone();
    for _ in 0..caller.chance.u8(4..12) {
        let deadline = caller.deadline();
        match caller.chance.u8(..8) {
            0 | 1 => write_one(&mut caller, Verb::Rename, place, deadline, None).await,
            2 | 3 => read(&mut caller, place, deadline, None).await,
            _ => {
                let id = caller.chance.u64(1..=KINDS);
                read(&mut caller, place, deadline, Some(id)).await;
            }
        }
        if caller.chance.u8(..3) == 0 {
            caller.move_on();
        }
        if caller.chance.bool() {
            let most = u64::try_from(longest_pause.as_millis()).unwrap_or(u64::MAX).max(1);
            cluster.world.wait(Duration::from_millis(caller.chance.u64(..most))).await;
        }
    }
}

/// Reads one kind of job, or the page of all.
async fn read(caller: &mut Caller, place: usize, deadline: Option<Duration>, id: Option<u64>) {
    let cluster = caller.cluster.clone();
    let tenant = TENANTS.get(place).copied().unwrap_or_default();
    let (fresh, accept_stale) = (caller.chance.u8(..6) == 0, caller.chance.bool());
    let options = CallOptions {
        deadline_ms: deadline.map(millis),
        fresh,
        accept_stale,
        ..options(ACCOUNTS.get(place).copied().flatten())
    };
    let instance = cluster.up(caller.instance).await;
    let asked = Read {
        tenant,
        instance,
        life: cluster.life(instance),
        began: cluster.world.now(),
        fresh,
        accept_stale,
    };
    let operation = if id.is_some() { "jpm.job-types-get" } else { "jpm.job-types-list" };
    let new = NewCall { joins: !fresh, ..NewCall::single(operation, tenant, deadline) };
    let about = format!("{} of {tenant}", id.map_or("all".to_owned(), |id| id.to_string()));
    let ended = cluster
        .call(instance, new, &about, None, async move |client| {
            let operation = dynamic::operation("servicetitan", operation)?;
            let parameters: Vec<_> = id.iter().map(|id| ("id".to_owned(), id.to_string())).collect();
            dynamic::invoke(&client, operation, &parameters, None, Some(&options)).await
        })
        .await;
    if let Ended::Done(Ok(answer)) = ended {
        cluster.world.count(|figures| {
            figures.kept_answers += u64::from(answer.info.source == AnswerSource::Cache);
            figures.degraded_answers += u64::from(answer.info.degraded);
        });
        let body = answer.body.unwrap_or_default();
        check(&cluster, &asked, id, &body, &answer.info);
    }
}

/// Holds an answer against what was asked, and against what was written before.
fn check(cluster: &Cluster, asked: &Read, id: Option<u64>, body: &str, info: &AnswerInfo) {
    let parsed = serde_json::from_str::<Value>(body).unwrap_or_default();
    let found: &[Value] = match &parsed {
        Value::Array(all) => all,
        one => std::slice::from_ref(one),
    };
    let wanted: Vec<u64> = id.map_or_else(|| (1..=KINDS).collect(), |id| vec![id]);
    let right = found.len() == wanted.len()
        && found.iter().zip(&wanted).all(|(found, id)| {
            let name = format!("T{}-{id}", asked.tenant);
            found.get("id").and_then(Value::as_u64) == Some(*id)
                && found.get("name").and_then(Value::as_str) == Some(&name)
        });
    if !right {
        let what = format!("asked for job types {wanted:?} of {}, got {body}", asked.tenant);
        return cluster.world.violate(Invariant::RightAnswer, what);
    }
    for (found, id) in found.iter().zip(wanted) {
        let version = found.get("duration").and_then(Value::as_u64).unwrap_or_default();
        cluster.world.check_age(asked, id, version, info, cluster.store.is_some());
    }
}
