//! Leases of several instances on one store, with clocks of their own, where everything
//! takes as long as it likes and may fail before or after it was done.

use super::*;
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
}

/// A question under way.
struct Question {
    ask: Ask,
    asked: Tick,
    /// When the store acts on it, and when the answer is back; in milliseconds.
    acts: u64,
    back: u64,
    reply: Option<Reply>,
}

struct Instance {
    lease: Lease,
    /// What its clock shows at the start, in milliseconds.
    clock: u64,
    waiting: usize,
    question: Option<Question>,
    /// Questions that it gave up on. The store acts on them all the same.
    forgotten: Vec<Question>,
}

#[derive(Default)]
struct Store {
    record: Option<Vec<u8>>,
    counter: i64,
    counter_until: u64,
}

impl Store {
    fn act(&mut self, now: u64, ask: &Ask) -> Reply {
        match ask {
            Ask::Get => Reply::Got(self.record.clone()),
            Ask::Swap { expected, value, .. } => {
                let done = self.record.as_ref() == Some(expected);
                if done {
                    self.record = Some(value.clone());
                }
                Reply::Swapped(done)
            }
            Ask::Count { ttl } => {
                if now >= self.counter_until {
                    self.counter = 0;
                    self.counter_until = now + ttl.as_millis() as u64;
                }
                self.counter += 1;
                Reply::Counted(self.counter)
            }
            Ask::Set { value, .. } => {
                self.record = Some(value.clone());
                Reply::Stored
            }
            Ask::Nothing | Ask::Wait(_) => unreachable!("no question"),
        }
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

/// Runs for so many milliseconds and returns when requests were sent.
fn run(limit: RateLimit, instances: usize, faults: Faults, seed: u64, millis: u64) -> Vec<u64> {
    let mut chance = Chance(seed);
    for _ in 0..5 {
        chance.next();
    }
    let mut store = Store::default();
    let mut sent = Vec::new();
    let mut all: Vec<Instance> = (0..instances)
        .map(|number| Instance {
            lease: Lease::new(limit, number as u64 + 1),
            clock: chance.next() % 1_000_000,
            waiting: 0,
            question: None,
            forgotten: Vec::new(),
        })
        .collect();
    for now in 0..millis {
        if now == faults.wiped && now > 0 {
            store = Store::default();
        }
        for instance in &mut all {
            let clock = at(instance.clock + now);
            if chance.percent(3) {
                instance.waiting = (chance.next() % 30) as usize;
            }
            for question in &instance.forgotten {
                if question.acts == now {
                    store.act(now, &question.ask);
                }
            }
            instance.forgotten.retain(|question| question.acts > now);
            if let Some(question) = &mut instance.question {
                if question.acts == now {
                    question.reply.get_or_insert_with(|| store.act(now, &question.ask));
                }
                if question.back <= now {
                    let reply = question.reply.take().unwrap_or(Reply::Failed);
                    let reply = if chance.percent(faults.lost) { Reply::Failed } else { reply };
                    let asked = question.asked;
                    instance.question = None;
                    instance.lease.reply(asked, clock, reply, chance.unit());
                } else if clock.since(question.asked) > Duration::from_millis(300) {
                    // It gives up waiting for an answer.
                    instance.lease.reply(question.asked, clock, Reply::Failed, chance.unit());
                    instance.forgotten.extend(instance.question.take());
                }
            }
            if instance.question.is_none() {
                let ask = instance.lease.ask(clock, instance.waiting, chance.unit());
                if !matches!(ask, Ask::Nothing | Ask::Wait(_)) {
                    let stuck = if chance.percent(faults.stuck) { chance.next() % 4_000 } else { 0 };
                    let acts = now + 1 + stuck + chance.next() % (faults.delay + 1);
                    let back = acts + chance.next() % (faults.delay + 1);
                    let reply = chance.percent(faults.refused).then_some(Reply::Failed);
                    instance.question = Some(Question { ask, asked: clock, acts, back, reply });
                }
            }
            // It is not always on time.
            while instance.waiting > 0 && chance.percent(80) && instance.lease.take(clock) {
                instance.waiting -= 1;
                sent.push(now);
            }
        }
    }
    sent
}

fn most_in_a_window(sent: &[u64], window: u64) -> usize {
    let (mut first, mut most) = (0, 0);
    for (index, at) in sent.iter().enumerate() {
        while sent[first] + window <= *at {
            first += 1;
        }
        most = most.max(index + 1 - first);
    }
    most
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_window_holds_more_than_the_limit(
        (count, burst, window) in (1_u32..80, 1_u32..5, 200_u64..2_000),
        instances in 1_usize..6,
        (delay, refused, lost, stuck) in (0_u64..40, 0_u64..50, 0_u64..20, 0_u64..5),
        wiped in prop_oneof![Just(0), 4_000_u64..9_000],
        seed: u64,
    ) {
        let limit = RateLimit { count, window: Duration::from_millis(window), burst };
        let faults = Faults { delay, refused, lost, stuck, wiped };
        let sent = run(limit, instances, faults, seed, 14_000);
        let most = most_in_a_window(&sent, window);
        prop_assert!(most <= count as usize, "{} in a window", most);
    }
}

#[test]
fn the_limit_is_used() {
    let good = Faults { delay: 2, refused: 0, lost: 0, stuck: 0, wiped: 0 };
    for (instances, part) in [(1, 0.8), (5, 0.8)] {
        let sent = run(APP, instances, good, 7, 14_000);
        let used = sent.iter().filter(|at| **at >= 4_000).count() as f64 / 600.0;
        assert!(used > part, "{instances} instances use {used}");
    }
}

#[test]
fn a_store_that_lost_everything_is_used_again() {
    let wiped = Faults { delay: 2, refused: 10, lost: 5, stuck: 0, wiped: 6_000 };
    let sent = run(APP, 4, wiped, 11, 14_000);
    assert!(sent.iter().any(|at| *at > 9_500));
    assert!(most_in_a_window(&sent, 1_000) <= 60);
}
