//! Leases of several instances on one store, with clocks of their own, where everything takes
//! as long as it likes, may fail before or after it was done, and may come late.

use super::*;
use penstock_state::turns::Plan;
use proptest::prelude::*;

/// The store's delays and faults.
#[derive(Clone, Copy, Debug)]
struct Faults {
    /// The longest way there, and back, in milliseconds.
    delay: u64,
    /// In percent: refused, done but the answer is lost, and an answer that takes very long.
    refused: u64,
    lost: u64,
    stuck: u64,
    /// When the store loses everything, in milliseconds; 0 for never.
    wiped: u64,
    /// An instance gets to run once in so many milliseconds.
    turn: u64,
}

/// A question under way.
struct Question {
    request: TurnRequest,
    asked: Tick,
    /// When the store acts on it, and when the answer is back; in milliseconds.
    acts: u64,
    back: u64,
    refused: bool,
    reply: Option<Turns>,
}

struct Instance {
    lease: Lease,
    /// What its clock shows at the start, in milliseconds.
    clock: u64,
    waiting: usize,
    /// When it wanted to be woken.
    told: Option<Tick>,
    question: Option<Question>,
    /// Questions that it gave up on. The store acts on them all the same.
    forgotten: Vec<Question>,
}

#[derive(Default)]
struct Store(Option<Plan>);

impl Store {
    fn act(&mut self, now: u64, request: &TurnRequest) -> Turns {
        let (turns, plan) = Plan::ask(self.0, STORE + now * 1_000, request, 50_000);
        self.0 = plan.or(self.0);
        turns
    }
}

struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    fn unit(&mut self) -> f64 {
        (self.next() % 1_000) as f64 / 1_000.0
    }
}

impl Instance {
    fn new(limit: RateLimit, number: usize, chance: &mut Chance) -> Instance {
        Instance {
            lease: Lease::new(limit, number as u64 + 1),
            clock: chance.next() % 1_000_000,
            waiting: 0,
            told: None,
            question: None,
            forgotten: Vec::new(),
        }
    }

    fn acted(&mut self, now: u64, store: &mut Store) {
        for question in &self.forgotten {
            if question.acts == now && !question.refused {
                store.act(now, &question.request);
            }
        }
        self.forgotten.retain(|question| question.acts > now);
        if let Some(question) =
            self.question.as_mut().filter(|question| question.acts == now && !question.refused)
        {
            question.reply = Some(store.act(now, &question.request));
        }
    }

    fn hear(&mut self, now: u64, faults: Faults, chance: &mut Chance) {
        let clock = at(self.clock + now);
        let Some(question) = &mut self.question else { return };
        if question.back <= now {
            let reply = question.reply.filter(|_| !chance.percent(faults.lost));
            let asked = question.asked;
            self.question = None;
            match reply {
                Some(turns) => self.lease.reply(asked, clock, &turns).unwrap(),
                None => self.lease.failed(clock, chance.unit()),
            }
        } else if clock.since(question.asked) > MS * 300 {
            // It gives up waiting for an answer.
            self.lease.failed(clock, chance.unit());
            self.forgotten.extend(self.question.take());
        }
    }

    fn ask(&mut self, now: u64, faults: Faults, chance: &mut Chance) {
        let clock = at(self.clock + now);
        if self.question.is_some() {
            return;
        }
        if let Ask::Turns(request) = self.lease.ask(clock, self.waiting, chance.unit()) {
            let stuck = if chance.percent(faults.stuck) { chance.next() % 4_000 } else { 0 };
            let acts = now + 1 + stuck + chance.next() % (faults.delay + 1);
            let back = acts + chance.next() % (faults.delay + 1);
            let refused = chance.percent(faults.refused);
            self.question = Some(Question { request, asked: clock, acts, back, refused, reply: None });
        }
    }
}

/// Runs for so many milliseconds and returns when requests were sent, and by whom.
fn run(limit: RateLimit, instances: usize, faults: Faults, seed: u64, millis: u64) -> Vec<(u64, usize)> {
    let mut chance = Chance(seed);
    for _ in 0..5 {
        chance.next();
    }
    let mut store = Store::default();
    let mut sent = Vec::new();
    let mut all: Vec<Instance> =
        (0..instances).map(|number| Instance::new(limit, number, &mut chance)).collect();
    for now in 0..millis {
        if now == faults.wiped && now > 0 {
            store = Store::default();
        }
        for (number, instance) in all.iter_mut().enumerate() {
            if chance.percent(3) {
                instance.waiting = (chance.next() % 30) as usize;
            }
            instance.acted(now, &mut store);
            if !(now + instance.clock).is_multiple_of(faults.turn) {
                continue;
            }
            instance.hear(now, faults, &mut chance);
            instance.ask(now, faults, &mut chance);
            // It is not always on time.
            let clock = at(instance.clock + now);
            if let Some(told) = instance.told.take_if(|told| *told <= clock) {
                instance.lease.woken(clock.since(told));
            }
            while instance.waiting > 0
                && (faults.turn > 1 || chance.percent(80))
                && instance.lease.take(clock)
            {
                instance.waiting -= 1;
                sent.push((now, number));
            }
            instance.told = instance.lease.ready(clock).err().flatten();
        }
    }
    sent
}

fn most_in_a_window(sent: &[(u64, usize)], window: u64) -> usize {
    let (mut first, mut most) = (0, 0);
    for (index, (at, _)) in sent.iter().enumerate() {
        while sent[first].0 + window <= *at {
            first += 1;
        }
        most = most.max(index + 1 - first);
    }
    most
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_window_holds_more_than_the_limit(
        (count, burst, window) in (1_u32..80, 1_u32..5, 200_u64..2_000),
        instances in 1_usize..6,
        (delay, refused, lost, stuck) in (0_u64..40, 0_u64..50, 0_u64..20, 0_u64..5),
        turn in prop_oneof![Just(1), 1_u64..60],
        seed: u64,
    ) {
        let limit = RateLimit { count, window: Duration::from_millis(window), burst };
        let faults = Faults { delay, refused, lost, stuck, wiped: 0, turn };
        let sent = run(limit, instances, faults, seed, 14_000);
        let most = most_in_a_window(&sent, window);
        prop_assert!(most <= count as usize, "{} in a window", most);
    }

    /// A store that lost everything: for as long as an instance may not have noticed, what it
    /// still holds comes on top.
    #[test]
    fn a_store_that_forgets_costs_a_quarter_of_a_second(
        (count, window) in (20_u32..80, 500_u64..2_000),
        instances in 1_usize..6,
        (delay, lost) in (0_u64..10, 0_u64..10),
        wiped in 4_000_u64..9_000,
        seed: u64,
    ) {
        let limit = RateLimit { count, window: Duration::from_millis(window), burst: 1 };
        let faults = Faults { delay, refused: 0, lost, stuck: 0, wiped, turn: 1 };
        let sent = run(limit, instances, faults, seed, 14_000);
        let more = u64::from(count) * 250 / window + 1;
        let most = most_in_a_window(&sent, window);
        prop_assert!(most as u64 <= u64::from(count) + more, "{} in a window", most);
        let before: Vec<_> = sent.iter().copied().filter(|(at, _)| *at < wiped).collect();
        let after: Vec<_> = sent.iter().copied().filter(|(at, _)| *at >= wiped + 250).collect();
        prop_assert!(most_in_a_window(&before, window) <= count as usize);
        prop_assert!(most_in_a_window(&after, window) <= count as usize);
        prop_assert!(after.iter().any(|(at, _)| *at > 9_500), "it is used again");
    }
}

const GOOD: Faults = Faults { delay: 1, refused: 0, lost: 0, stuck: 0, wiped: 0, turn: 1 };

#[test]
fn the_limit_is_used_and_shared_fairly() {
    for (instances, part) in [(1, 0.75), (5, 0.75)] {
        let sent = run(APP, instances, GOOD, 7, 14_000);
        // Those that wait change their minds every 30 ms.
        let used = sent.iter().filter(|(at, _)| *at >= 4_000).count() as f64 / 600.0;
        assert!(used > part, "{instances} instances use {used}");
    }
    let sent = run(APP, 5, GOOD, 9, 60_000);
    for instance in 0..5 {
        let part = sent.iter().filter(|(_, by)| *by == instance).count() as f64 / sent.len() as f64;
        assert!((0.17..0.23).contains(&part), "instance {instance} has {part} of all");
    }
}

#[test]
fn who_is_woken_late_goes_on() {
    for (turn, part) in [(10, 0.45), (30, 0.35), (60, 0.25)] {
        let sent = run(APP, 4, Faults { turn, ..GOOD }, 7, 14_000);
        let used = sent.iter().filter(|(at, _)| *at >= 4_000).count() as f64 / 600.0;
        assert!(used > part, "{used} of the limit, where each runs once in {turn} ms");
        assert!(most_in_a_window(&sent, 1_000) <= 60);
    }
}
