//! One schedule, drawn from its seed.

use crate::{
    Config,
    cluster::Cluster,
    fault::Fault,
    inject_fault::inject_fault,
    vendor::{Kind, Sorting, Vendor},
    workload::{Caller, Stream, Target, Walk, get, keep, write},
    world::World,
};
use fastrand::Rng;
use futures_util::{
    future::{Either, LocalBoxFuture, select},
    stream::{FuturesUnordered, StreamExt},
};
use penstock::{
    contract::OnMisfit,
    host::simulated::{Conduct, Store},
};
use std::{pin::pin, rc::Rc, time::Duration};

/// Nothing in a schedule takes so long, in virtual time.
const BOUND: Duration = Duration::from_secs(24 * 3600);

/// The fewest full pages of a list.
const FEWEST_PAGES: u64 = 40;

/// PENSTOCK_MEMORY_BYTES where it is little, in bytes: the least that it may be.
const LITTLE_MEMORY: u64 = 1 << 20;

/// Full pages of a list whose pages are long.
const HEAVY_PAGES: u64 = 12;

type Task = LocalBoxFuture<'static, ()>;

/// The world of a schedule, and what all else of it is drawn from.
pub(crate) fn world(seed: u64, config: &Config) -> (Rc<World>, Rng) {
    let mut chance = Rng::with_seed(seed);
    (Rc::new(World::new(seed, config, Vendor::new(chance.u64(..)))), chance)
}

/// Runs it.
pub(crate) fn run(world: &Rc<World>, mut chance: Rng) {
    let store = (chance.u8(..4) > 0).then(Store::default);
    let cluster = Rc::new(Cluster::new(world.clone(), chance.usize(1..5), chance.u64(..), store));
    settle(&cluster, &mut chance);
    fault_profile(&cluster, &mut chance);

    let horizon = Duration::from_secs(match chance.u8(..10) {
        0 => chance.u64(1_000..8_000),
        _ => chance.u64(5..90),
    });
    let mut callers = callers(&cluster, horizon, &mut chance);
    if chance.u8(..48) == 0 {
        callers.extend(heavy(&cluster, horizon, &mut chance));
    }
    let disturbances = disturbances(&cluster, horizon, &mut chance);
    world.run(until_done(world, callers, disturbances));
    cluster.inspect();
}

/// Runs callers to their end, and disturbances until then.
pub(crate) async fn until_done(world: &World, callers: Vec<Task>, disturbances: Vec<Task>) {
    let mut callers: FuturesUnordered<Task> = callers.into_iter().collect();
    let mut disturbances: FuturesUnordered<Task> = disturbances.into_iter().collect();
    let all = pin!(async { while callers.next().await.is_some() {} });
    let meanwhile = pin!(async {
        while disturbances.next().await.is_some() {}
        std::future::pending::<()>().await;
    });
    let played = select(all, meanwhile);
    let bound = pin!(world.wait(BOUND));
    if let Either::Right(_) = select(played, bound).await {
        world.hanging();
    }
}

/// Settings, clocks and the store.
fn settle(cluster: &Cluster, chance: &mut Rng) {
    cluster.set("LOG_LEVEL", if chance.u8(..6) == 0 { "debug" } else { "info" });
    cluster.set("REQUEST_TIMEOUT", &chance.u64(2..31).to_string());
    let attempts = chance.usize(1..7);
    cluster.world.attempts.set(attempts);
    cluster.set("RETRY_ATTEMPTS", &attempts.to_string());
    let deadline = Duration::from_secs(chance.u64(10..121));
    cluster.set("PENSTOCK_DEADLINE", &deadline.as_secs().to_string());
    cluster.world.usual_deadline.set(deadline);
    cluster.set("PENSTOCK_WINDOW", &chance.u64(1..9).to_string());
    for instance in &cluster.instances {
        instance.host().skew(chance.i64(-5_000..=5_000));
    }
    if let Some(store) = &cluster.store {
        store.behave(Conduct { latency: Duration::from_millis(1), ..Conduct::default() });
    }
    let life = Duration::from_secs(if chance.bool() { 900 } else { chance.u64(20..900) });
    let mut vendor = cluster.world.vendor.borrow_mut();
    for tenant in crate::vendor::TENANTS {
        if let Some(door) = vendor.door(tenant) {
            door.life = life;
        }
    }
}

/// Which faults befall requests, and how often.
fn fault_profile(cluster: &Cluster, chance: &mut Rng) {
    let mut vendor = cluster.world.vendor.borrow_mut();
    let kinds = chance.usize(3..13);
    let pick = |_| Fault::OF_A_REQUEST.get(chance.usize(..Fault::OF_A_REQUEST.len())).copied();
    let palette: Vec<Fault> = (0..kinds).filter_map(pick).collect();
    let often = [0.0, 0.01, 0.03, 0.08, 0.2];
    vendor.fault_profile.chance = often.get(chance.usize(..often.len())).copied().unwrap_or_default();
    vendor.fault_profile.palette = palette;
}

fn disturbances(cluster: &Rc<Cluster>, horizon: Duration, chance: &mut Rng) -> Vec<Task> {
    let many = chance.usize(3..12);
    let pick = |_| {
        let fault = Fault::OF_A_TIME.get(chance.usize(..Fault::OF_A_TIME.len())).copied()?;
        let at = time_within(horizon, chance);
        let (cluster, chance) = (cluster.clone(), Rng::with_seed(chance.u64(..)));
        Some(Box::pin(inject_fault(cluster, fault, at, chance)) as Task)
    };
    (0..many).filter_map(pick).collect()
}

fn callers(cluster: &Rc<Cluster>, horizon: Duration, chance: &mut Rng) -> Vec<Task> {
    let mut callers: Vec<Task> = Vec::new();
    for _ in 0..chance.u8(1..3) {
        callers.push(streaming(cluster, horizon, chance));
    }
    for _ in 0..chance.u8(1..3) {
        callers.push(walking(cluster, horizon, chance));
    }
    for _ in 0..chance.u8(6..24) {
        callers.push(single(cluster, horizon, chance, true));
    }
    for _ in 0..chance.u8(4..20) {
        callers.push(single(cluster, horizon, chance, false));
    }
    for _ in 0..chance.u8(1..4) {
        callers.push(keeping(cluster, horizon, chance));
    }
    if chance.u8(..8) == 0 {
        callers.extend(crowd(cluster, horizon, chance));
    }
    callers
}

fn streaming(cluster: &Rc<Cluster>, horizon: Duration, chance: &mut Rng) -> Task {
    let target = target(cluster, chance);
    let stream = Stream {
        target,
        pause: pause(chance),
        room: (chance.u8(..5) == 0).then(|| chance.usize(..300)),
        window: (chance.u8(..4) == 0).then(|| chance.u32(1..9)),
        deadline: (chance.u8(..4) == 0).then(|| Duration::from_millis(chance.u64(2_000..60_000))),
        patience: (chance.u8(..8) == 0).then(|| Duration::from_millis(chance.u64(10..20_000))),
        on_misfit: match chance.u8(..3) {
            0 => OnMisfit::Fail,
            1 => OnMisfit::Skip,
            _ => OnMisfit::Raw,
        },
    };
    let caller = caller(cluster, chance);
    later(cluster, time_within(horizon / 4, chance), stream.read(caller))
}

/// Many at once read lists whose pages are long, where answers may take little.
fn heavy(cluster: &Rc<Cluster>, horizon: Duration, chance: &mut Rng) -> Vec<Task> {
    cluster.set("PENSTOCK_MEMORY_BYTES", &LITTLE_MEMORY.to_string());
    cluster.set("PENSTOCK_MAX_BODY_BYTES", &(LITTLE_MEMORY / 4).to_string());
    cluster.world.memory.limit.set(Some(LITTLE_MEMORY));
    let from = time_within(horizon / 4, chance);
    let one = |_| {
        let (place, page_size) = (place(chance), chance.u32(5..9));
        let target = Target::new(cluster, Kind::Numbered, place, HEAVY_PAGES, page_size, 0);
        if let Some(list) = cluster.world.vendor.borrow_mut().lists.get_mut(target.list) {
            list.padding = chance.usize(5_000..10_000);
        }
        let stream = Stream {
            target,
            pause: Duration::from_millis(chance.u64(100..1_000)),
            room: None,
            window: Some(8),
            deadline: None,
            patience: None,
            on_misfit: OnMisfit::Raw,
        };
        later(
            cluster,
            from + time_within(Duration::from_secs(1), chance),
            stream.read(caller(cluster, chance)),
        )
    };
    (0..8).map(one).collect()
}

fn walking(cluster: &Rc<Cluster>, horizon: Duration, chance: &mut Rng) -> Task {
    let walk = Walk {
        target: target(cluster, chance),
        pause: pause(chance),
        include_total: chance.bool(),
        deadlines: chance.bool(),
    };
    let caller = caller(cluster, chance);
    later(cluster, time_within(horizon / 4, chance), walk.read(caller))
}

fn single(cluster: &Rc<Cluster>, horizon: Duration, chance: &mut Rng, writes: bool) -> Task {
    let mut caller = caller(cluster, chance);
    let (place, deadline) = (place(chance), caller.deadline());
    let patience = (chance.u8(..10) == 0).then(|| Duration::from_millis(chance.u64(1..3_000)));
    let at = time_within(horizon, chance);
    match writes {
        true => later(cluster, at, write(caller, place, deadline, patience)),
        false => later(cluster, at, get(caller, place, deadline, patience)),
    }
}

/// Asks for what rarely changes, throughout.
fn keeping(cluster: &Rc<Cluster>, horizon: Duration, chance: &mut Rng) -> Task {
    let caller = caller(cluster, chance);
    let place = place(chance);
    let pause = if chance.bool() { Duration::from_secs(3) } else { horizon / 4 };
    later(cluster, time_within(horizon / 4, chance), keep(caller, place, pause))
}

/// Many at once: more than the vendor's limit allows within seconds.
fn crowd(cluster: &Rc<Cluster>, horizon: Duration, chance: &mut Rng) -> Vec<Task> {
    let (from, place) = (time_within(horizon, chance), place(chance));
    let for_seconds = Duration::from_secs(chance.u64(1..5));
    let one = |_| {
        let caller = caller(cluster, chance);
        let deadline = (chance.u8(..4) == 0).then(|| Duration::from_millis(chance.u64(100..20_000)));
        let at = from + time_within(for_seconds, chance);
        later(cluster, at, get(caller, place, deadline, None))
    };
    (0..300).map(one).collect()
}

fn target(cluster: &Cluster, chance: &mut Rng) -> Target {
    let kind = match chance.u8(..5) {
        0 | 1 => Kind::Numbered,
        2 | 3 => Kind::Feed,
        _ => Kind::DataOnly,
    };
    let page_size = chance.u32(2..9);
    let part = chance.u64(..u64::from(page_size));
    let target = Target::new(cluster, kind, place(chance), FEWEST_PAGES + chance.u64(..20), page_size, part);
    // Some lists of the vendor's do not sort, and some refuse to.
    let sorting = match chance.u8(..5) {
        0 => Sorting::Ignores,
        1 => Sorting::Refuses,
        _ => Sorting::Obeys,
    };
    if let Some(list) = cluster.world.vendor.borrow_mut().lists.get_mut(target.list) {
        list.sorting = sorting;
    }
    target
}

/// The second tenant is the rarer one.
fn place(chance: &mut Rng) -> usize {
    usize::from(chance.u8(..4) == 0)
}

fn pause(chance: &mut Rng) -> Duration {
    match chance.u8(..3) {
        0 => Duration::ZERO,
        1 => Duration::from_millis(chance.u64(1..200)),
        _ => Duration::from_millis(chance.u64(200..2_000)),
    }
}

fn caller(cluster: &Rc<Cluster>, chance: &mut Rng) -> Caller {
    let instance = chance.usize(..cluster.instances.len().max(1));
    Caller { cluster: cluster.clone(), chance: Rng::with_seed(chance.u64(..)), instance }
}

fn time_within(horizon: Duration, chance: &mut Rng) -> Duration {
    Duration::from_micros(chance.u64(..u64::try_from(horizon.as_micros()).unwrap_or(u64::MAX).max(1)))
}

fn later(cluster: &Rc<Cluster>, at: Duration, task: impl Future<Output = ()> + 'static) -> Task {
    let cluster = cluster.clone();
    Box::pin(async move {
        cluster.world.wait(at).await;
        task.await;
    })
}
