//! Single records.

use super::Caller;
use crate::{
    calls::NewCall,
    cluster::{ACCOUNTS, Ended, millis, options},
    invariant::Invariant,
    vendor::TENANTS,
};
use penstock::{contract::CallOptions, entry::dynamic};
use std::time::Duration;

/// Gets a job.
pub(crate) async fn get(
    mut caller: Caller,
    place: usize,
    deadline: Option<Duration>,
    patience: Option<Duration>,
) {
    let cluster = caller.cluster.clone();
    let id = caller.chance.u64(1..60);
    let tenant = TENANTS.get(place).copied().unwrap_or_default();
    let options =
        CallOptions { deadline_ms: deadline.map(millis), ..options(ACCOUNTS.get(place).copied().flatten()) };
    let index = cluster.up(caller.instance).await;
    let new = NewCall::single("jpm.jobs-get", tenant, deadline);
    let about = format!("{id} of {tenant}");
    let ended = cluster
        .call(index, new, &about, patience, async move |client| {
            let operation = dynamic::operation("servicetitan", "jpm.jobs-get")?;
            let parameters = [("id".to_owned(), id.to_string())];
            dynamic::invoke(&client, operation, &parameters, None, Some(&options)).await
        })
        .await;
    if let Ended::Done(Ok(answer)) = ended {
        let body = answer.body.unwrap_or_default();
        if !body.contains(&format!("\"id\":{id},")) || !body.contains(&format!("\"J{tenant}-{id}\"")) {
            cluster
                .world
                .violate(Invariant::RightAnswer, format!("asked for job {id} of {tenant}, got {body}"));
        }
    }
}
