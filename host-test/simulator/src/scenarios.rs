//! Courses that are too long or too special to be drawn from a seed.
//!
//! Each is a function with figures of its own. What must hold in every schedule is checked
//! in these as well.

mod copies;
mod kills;
mod outage;
mod rotations;
mod saturation;

pub use self::{
    copies::{Commit, Copies, copies},
    kills::{Kills, Reading, kills},
    outage::{Outage, outage},
    rotations::{Rotations, rotations},
    saturation::{Saturation, saturation},
};

use crate::{
    Config, Violation,
    calls::NewCall,
    cluster::{ACCOUNTS, Cluster, Ended, options},
    schedule::until_done,
    vendor::{TENANTS, Vendor},
    world::World,
};
use futures_util::future::LocalBoxFuture;
use penstock::{contract::Failure, entry::dynamic, host::simulated::Store};
use std::rc::Rc;

/// So many instances in a world of their own.
fn set_up(seed: u64, config: &Config, instances: usize, store: Option<Store>) -> Rc<Cluster> {
    let world = Rc::new(World::new(seed, config, Vendor::new(seed)));
    Rc::new(Cluster::new(world, instances, seed, store))
}

/// Runs callers to their end; what did not hold.
fn play(cluster: &Cluster, callers: Vec<LocalBoxFuture<'static, ()>>) -> Vec<Violation> {
    cluster.world.run(until_done(&cluster.world, callers, Vec::new()));
    cluster.inspect();
    cluster.world.close().1
}

/// Gets a job on an instance.
async fn get(cluster: &Cluster, instance: usize, id: u64) -> Result<(), Option<Failure>> {
    let tenant = TENANTS.first().copied().unwrap_or_default();
    let new = NewCall::single("jpm.jobs-get", tenant, None);
    let options = options(ACCOUNTS.first().copied().flatten());
    let ended = cluster
        .call(instance, new, "", None, async move |client| {
            let operation = dynamic::operation("servicetitan", "jpm.jobs-get")?;
            dynamic::invoke(&client, operation, &[("id".to_owned(), id.to_string())], None, Some(&options))
                .await
        })
        .await;
    match ended {
        Ended::Done(Ok(_)) => Ok(()),
        Ended::Done(Err(failure)) => Err(Some(failure)),
        Ended::Killed | Ended::Cancelled => Err(None),
    }
}

/// Ids of jobs that are there.
fn job(number: u64) -> u64 {
    number % 16 + 1
}
