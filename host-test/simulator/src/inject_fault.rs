//! What happens at a time of its own.

use crate::{
    cluster::Cluster,
    fault::Fault,
    fault_window::FaultWindow,
    instance::Instance,
    trace::Who,
    vendor::{BrownOut, Kind, List, Outage, Rotation, Style, TENANTS},
    world::World,
};
use fastrand::Rng;
use penstock::host::simulated::Conduct;
use std::{rc::Rc, time::Duration};

/// Lets one thing happen at its time, and ends it at its end.
pub(crate) async fn inject_fault(cluster: Rc<Cluster>, fault: Fault, at: Duration, mut chance: Rng) {
    let world = &cluster.world;
    world.wait(at).await;
    let instance = chance.usize(..cluster.instances.len().max(1));
    let tenant = TENANTS.get(chance.usize(..TENANTS.len())).copied().unwrap_or_default();
    match fault {
        Fault::Revoked
        | Fault::TokenDown
        | Fault::TokenSlow
        | Fault::TokenInvalidClient
        | Fault::TokenAbsurdLife => token(world, fault, tenant, &mut chance),
        Fault::InsertHead | Fault::InsertEnd | Fault::Deletion | Fault::Modification => {
            shift(&cluster, fault, &mut chance).await;
        }
        Fault::TotalLies => {
            let lie = chance.i64(-50..50);
            world.vendor.borrow_mut().lists.iter_mut().for_each(|list| list.lie = lie);
        }
        Fault::LookupSlow => {
            let takes = Duration::from_millis(chance.u64(50..8_000));
            let window = FaultWindow::until(world.now() + for_seconds(&mut chance, 90));
            if let Some(instance) = cluster.instances.get(instance) {
                instance.slow_lookups(window, takes);
            }
        }
        Fault::LookupFails => {
            let window = FaultWindow::until(world.now() + for_seconds(&mut chance, 90));
            if let Some(instance) = cluster.instances.get(instance) {
                instance.fail_lookups(window);
            }
        }
        Fault::StateForgets => forget(&cluster),
        Fault::StateRefused | Fault::StateDown | Fault::StateSlow | Fault::StateLate | Fault::StateLies => {
            store(&cluster, fault, for_seconds(&mut chance, 60), &mut chance).await;
        }
        Fault::ClockJump => {
            let jump = chance.i64(-7_200_000..7_200_000);
            if let Some(host) = cluster.instances.get(instance) {
                world.fault(Who { instance: Some(instance), call: None }, Fault::ClockJump);
                host.host().skew(jump);
                world.staleness.borrow_mut().jump(jump);
            }
        }
        Fault::Killed => kill(&cluster, instance, &mut chance).await,
        Fault::Outage => {
            let style = [Style::Refuses, Style::Unavailable, Style::Silent, Style::Breaks];
            let style = style.get(chance.usize(..style.len())).copied().unwrap_or(Style::Refuses);
            let longest = if chance.u8(..8) == 0 { 900 } else { 60 };
            let window = FaultWindow::until(world.now() + for_seconds(&mut chance, longest));
            let of_all = chance.bool();
            world.vendor.borrow_mut().fault_profile.outage = Some(Outage { window, style, of_all });
        }
        Fault::BrownOut => {
            let window = FaultWindow::until(world.now() + for_seconds(&mut chance, 60));
            let slower = for_seconds(&mut chance, 25);
            world.vendor.borrow_mut().fault_profile.brown_out = Some(BrownOut { window, slower });
        }
        Fault::SecretRotated => rotate(&cluster, &mut chance).await,
        _ => {}
    }
}

/// Up to so many seconds.
fn for_seconds(chance: &mut Rng, most: u64) -> Duration {
    Duration::from_millis(chance.u64(500..most * 1000))
}

/// Something happens to the tokens of a tenant, or to the token endpoint.
fn token(world: &World, fault: Fault, tenant: u64, chance: &mut Rng) {
    match fault {
        Fault::Revoked => {
            world.tell(None, "the vendor revokes its tokens");
            if let Some(door) = world.vendor.borrow_mut().door(tenant) {
                door.revoke();
            }
        }
        Fault::TokenDown => {
            let down = FaultWindow::until(world.now() + for_seconds(chance, 40));
            world.vendor.borrow_mut().token_endpoint.down = down;
        }
        Fault::TokenSlow => {
            let slow = FaultWindow::until(world.now() + for_seconds(chance, 60));
            world.vendor.borrow_mut().token_endpoint.slow = slow;
        }
        // Nobody asks for a token just now: those that are there end.
        Fault::TokenInvalidClient | Fault::TokenAbsurdLife => {
            world.tell(None, "the next token is a strange one");
            let mut vendor = world.vendor.borrow_mut();
            match fault {
                Fault::TokenInvalidClient => vendor.token_endpoint.invalid_once = true,
                _ => vendor.token_endpoint.absurd_once = true,
            }
            if let Some(door) = vendor.door(tenant) {
                door.revoke();
            }
        }
        _ => {}
    }
}

/// A list that is being read gets or loses records.
async fn shift(cluster: &Cluster, fault: Fault, chance: &mut Rng) {
    let world = &cluster.world;
    for _ in 0..chance.u8(1..6) {
        if shift_one(&mut world.vendor.borrow_mut().lists, fault, chance) {
            world.fault(Who::default(), fault);
        }
        world.wait(Duration::from_millis(chance.u64(..2_000))).await;
    }
}

/// Whether there was a list that is being read and can change so.
fn shift_one(lists: &mut [List], fault: Fault, chance: &mut Rng) -> bool {
    let read: Vec<&mut List> =
        lists.iter_mut().filter(|list| list.readers > 0 && can(list.kind, fault)).collect();
    let which = chance.usize(..read.len().max(1));
    let Some(list) = read.into_iter().nth(which) else { return false };
    match fault {
        Fault::InsertHead => list.insert(true),
        Fault::InsertEnd => list.insert(false),
        // Most often where somebody reads.
        Fault::Modification if chance.u8(..4) > 0 => {
            list.modify(list.asked + chance.usize(..list.feed_page.max(1)));
        }
        Fault::Modification => list.modify(chance.usize(..list.len().max(1))),
        _ => list.delete(chance.usize(..list.len().max(1))),
    }
    true
}

/// Whether lists of this kind can change so. A feed is in the order of its changes: what
/// changes goes to its end. In numbered lists, nobody sees a record change.
fn can(kind: Kind, fault: Fault) -> bool {
    match fault {
        Fault::Modification => kind == Kind::Feed,
        Fault::InsertEnd => true,
        _ => kind != Kind::Feed,
    }
}

/// The shared store behaves badly.
async fn store(cluster: &Cluster, fault: Fault, time: Duration, chance: &mut Rng) {
    let Some(store) = &cluster.store else { return };
    let usual = Conduct { latency: Duration::from_millis(1), ..Conduct::default() };
    store.behave(match fault {
        Fault::StateRefused => Conduct { refused_writes: 0.3 + 0.7 * chance.f64(), ..usual },
        Fault::StateDown => Conduct { down: true, ..usual },
        Fault::StateLate => Conduct { late: Duration::from_millis(chance.u64(100..5_000)), ..usual },
        Fault::StateLies => Conduct { lies: 0.05 + 0.95 * chance.f64(), ..usual },
        _ => Conduct { latency: Duration::from_millis(chance.u64(100..5_000)), ..usual },
    });
    let window = FaultWindow::until(cluster.world.now() + time);
    cluster.instances.iter().for_each(|instance| instance.store_suffers(fault, window));
    if fault != Fault::StateDown {
        // It may have been down until now.
        cluster.instances.iter().for_each(Instance::store_returns);
    }
    cluster.world.staleness.borrow_mut().trouble(cluster.world.now() + time);
    if fault == Fault::StateLies {
        // Who believes it, sends when it says so.
        cluster.world.vendor.borrow_mut().excuse(cluster.world.now() + time);
    }
    cluster.world.wait(time).await;
    store.behave(usual);
    cluster.instances.iter().for_each(Instance::store_returns);
}

/// The shared store is started again, and empty.
fn forget(cluster: &Cluster) {
    let Some(store) = &cluster.store else { return };
    store.forget();
    cluster.world.fault(Who::default(), Fault::StateForgets);
    cluster.world.staleness.borrow_mut().trouble(cluster.world.now());
}

/// An instance dies, at once or between two of its next steps, and starts again.
async fn kill(cluster: &Cluster, index: usize, chance: &mut Rng) {
    let world = &cluster.world;
    let Some(instance) = cluster.instances.get(index) else { return };
    let life = instance.life();
    if chance.bool() {
        instance.die();
    } else {
        let question = instance.asked() + chance.u64(1..40);
        instance.die_at(Some(question));
        for _ in 0..30 {
            if life.is_over() {
                break;
            }
            world.wait(Duration::from_secs(1)).await;
        }
        instance.die_at(None);
        if !life.is_over() {
            return;
        }
    }
    world.wait(Duration::from_millis(chance.u64(10..5_000))).await;
    cluster.restart(index);
}

/// A tenant's secret is replaced, and each host learns of it in its own time.
async fn rotate(cluster: &Cluster, chance: &mut Rng) {
    let world = &cluster.world;
    let place = chance.usize(..TENANTS.len());
    let tenant = TENANTS.get(place).copied().unwrap_or_default();
    let overlap = Duration::from_millis(if chance.bool() { chance.u64(1_000..60_000) } else { 0 });
    world.fault(Who::default(), Fault::SecretRotated);
    let secret = {
        let mut vendor = world.vendor.borrow_mut();
        let Some(door) = vendor.door(tenant) else { return };
        let secret = door.next_secret(tenant);
        door.rotate(world.now(), Rotation { secret: secret.clone(), revokes: chance.bool(), overlap });
        secret
    };
    let prefix = if place == 0 { "SERVICETITAN" } else { "PENSTOCK_ACCOUNT_NORTH" };
    for instance in &cluster.instances {
        world.wait(Duration::from_millis(chance.u64(..4_000))).await;
        instance.host().set_secret(&format!("{prefix}_CLIENT_SECRET"), &secret);
    }
}
