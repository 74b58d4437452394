//! What happens at a time of its own.

use crate::{
    fault::Fault,
    instance::Instance,
    spell::Spell,
    stage::Stage,
    trace::Who,
    vendor::{BrownOut, Kind, List, Outage, Rotation, Style, TENANTS},
};
use fastrand::Rng;
use penstock::host::simulated::Conduct;
use std::{rc::Rc, time::Duration};

/// Lets one thing happen at its time, and ends it at its end.
pub(crate) async fn disturb(stage: Rc<Stage>, fault: Fault, at: Duration, mut chance: Rng) {
    let world = &stage.world;
    world.wait(at).await;
    let instance = chance.usize(..stage.instances.len().max(1));
    let for_seconds = |chance: &mut Rng, most: u64| Duration::from_millis(chance.u64(500..most * 1000));
    let tenant = TENANTS.get(chance.usize(..TENANTS.len())).copied().unwrap_or_default();
    match fault {
        Fault::Revoked => {
            world.tell(None, "the vendor revokes its tokens");
            if let Some(door) = world.vendor.borrow_mut().door(tenant) {
                door.revoke();
            }
        }
        Fault::TokenDown => {
            let down = Spell::until(world.now() + for_seconds(&mut chance, 40));
            world.vendor.borrow_mut().desk.down = down;
        }
        Fault::TokenSlow => {
            let slow = Spell::until(world.now() + for_seconds(&mut chance, 60));
            world.vendor.borrow_mut().desk.slow = slow;
        }
        // Nobody asks for a token just now: those that are there end.
        Fault::TokenInvalidClient | Fault::TokenAbsurdLife => {
            world.tell(None, "the next token is a strange one");
            let mut vendor = world.vendor.borrow_mut();
            match fault {
                Fault::TokenInvalidClient => vendor.desk.invalid_once = true,
                _ => vendor.desk.absurd_once = true,
            }
            if let Some(door) = vendor.door(tenant) {
                door.revoke();
            }
        }
        Fault::InsertHead | Fault::InsertEnd | Fault::Deletion | Fault::Modification => {
            shift(&stage, fault, &mut chance).await;
        }
        Fault::TotalLies => {
            let lie = chance.i64(-50..50);
            world.vendor.borrow_mut().lists.iter_mut().for_each(|list| list.lie = lie);
        }
        Fault::LookupSlow => {
            let takes = Duration::from_millis(chance.u64(50..8_000));
            let spell = Spell::until(world.now() + for_seconds(&mut chance, 90));
            if let Some(instance) = stage.instances.get(instance) {
                instance.slow_lookups(spell, takes);
            }
        }
        Fault::LookupFails => {
            let spell = Spell::until(world.now() + for_seconds(&mut chance, 90));
            if let Some(instance) = stage.instances.get(instance) {
                instance.fail_lookups(spell);
            }
        }
        Fault::StateRefused | Fault::StateDown | Fault::StateSlow => {
            store(&stage, fault, for_seconds(&mut chance, 60), &mut chance).await;
        }
        Fault::ClockJump => {
            let jump = chance.i64(-7_200_000..7_200_000);
            if let Some(host) = stage.instances.get(instance) {
                world.fault(Who { instance: Some(instance), call: None }, Fault::ClockJump);
                host.host().skew(jump);
                world.staleness.borrow_mut().jump(jump);
            }
        }
        Fault::Killed => kill(&stage, instance, &mut chance).await,
        Fault::Outage => {
            let style = [Style::Refuses, Style::Unavailable, Style::Silent, Style::Breaks];
            let style = style.get(chance.usize(..style.len())).copied().unwrap_or(Style::Refuses);
            let longest = if chance.u8(..8) == 0 { 900 } else { 60 };
            let spell = Spell::until(world.now() + for_seconds(&mut chance, longest));
            let of_all = chance.bool();
            world.vendor.borrow_mut().weather.outage = Some(Outage { spell, style, of_all });
        }
        Fault::BrownOut => {
            let spell = Spell::until(world.now() + for_seconds(&mut chance, 60));
            let slower = for_seconds(&mut chance, 25);
            world.vendor.borrow_mut().weather.brown_out = Some(BrownOut { spell, slower });
        }
        Fault::SecretRotated => rotate(&stage, &mut chance).await,
        _ => {}
    }
}

/// A list that is being read gets or loses records.
async fn shift(stage: &Stage, fault: Fault, chance: &mut Rng) {
    let world = &stage.world;
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
async fn store(stage: &Stage, fault: Fault, time: Duration, chance: &mut Rng) {
    let Some(store) = &stage.store else { return };
    let usual = Conduct { latency: Duration::from_millis(1), ..Conduct::default() };
    store.behave(match fault {
        Fault::StateRefused => Conduct { refused_writes: 0.3 + 0.7 * chance.f64(), ..usual },
        Fault::StateDown => Conduct { down: true, ..usual },
        _ => Conduct { latency: Duration::from_millis(chance.u64(100..5_000)), ..usual },
    });
    let spell = Spell::until(stage.world.now() + time);
    stage.instances.iter().for_each(|instance| instance.store_suffers(fault, spell));
    if fault != Fault::StateDown {
        // It may have been down until now.
        stage.instances.iter().for_each(Instance::store_returns);
    }
    stage.world.staleness.borrow_mut().trouble(stage.world.now() + time);
    stage.world.wait(time).await;
    store.behave(usual);
    stage.instances.iter().for_each(Instance::store_returns);
}

/// An instance dies, at once or between two of its next steps, and starts again.
async fn kill(stage: &Stage, index: usize, chance: &mut Rng) {
    let world = &stage.world;
    let Some(instance) = stage.instances.get(index) else { return };
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
    stage.restart(index);
}

/// A tenant's secret is replaced, and each host learns of it in its own time.
async fn rotate(stage: &Stage, chance: &mut Rng) {
    let world = &stage.world;
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
    for instance in &stage.instances {
        world.wait(Duration::from_millis(chance.u64(..4_000))).await;
        instance.host().set_secret(&format!("{prefix}_CLIENT_SECRET"), &secret);
    }
}
