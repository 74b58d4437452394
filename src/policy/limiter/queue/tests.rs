use super::*;
use proptest::prelude::*;
use std::{collections::VecDeque, time::Duration};

const A: Caller = Caller(1);
const B: Caller = Caller(2);
const C: Caller = Caller(3);

fn at(seconds: u64) -> Tick {
    Tick::ZERO + Duration::from_secs(seconds)
}

fn order(queue: &mut Queue) -> Vec<Ticket> {
    let mut order = Vec::new();
    while let Some(head) = queue.head() {
        queue.served(head, at(0));
        order.push(head);
    }
    order
}

#[test]
fn callers_take_turns_and_one_callers_calls_keep_their_order() {
    let mut queue = Queue::default();
    let [a1, a2, a3] = [A; 3].map(|caller| queue.join(caller, at(0), at(9)));
    let [b1, b2] = [B; 2].map(|caller| queue.join(caller, at(0), at(9)));
    let c1 = queue.join(C, at(0), at(9));
    assert_eq!(queue.len(), 6);
    assert_eq!(order(&mut queue), [a1, b1, c1, a2, b2, a3]);
    assert!(queue.is_empty() && queue.head().is_none() && queue.last().is_none());
}

#[test]
fn ten_thousand_calls_delay_another_caller_by_one_turn() {
    let mut queue = Queue::default();
    let batch: Vec<Ticket> = (0..10_000).map(|_| queue.join(A, at(0), Tick::MAX)).collect();
    assert_eq!(queue.ahead(B, at(0)), 1);
    let single = queue.join(B, at(0), Tick::MAX);
    assert_eq!(order(&mut queue)[..4], [batch[0], single, batch[1], batch[2]]);
}

#[test]
fn one_who_comes_back_stands_behind_those_who_wait() {
    let mut queue = Queue::default();
    let a1 = queue.join(A, at(0), at(9));
    let b1 = queue.join(B, at(0), at(9));
    queue.served(a1, at(0));
    let a2 = queue.join(A, at(0), at(9));
    let c1 = queue.join(C, at(0), at(9));
    assert_eq!(order(&mut queue), [b1, a2, c1]);
}

#[test]
fn leaving_costs_nobody_a_turn() {
    let mut queue = Queue::default();
    let [a1, a2] = [A; 2].map(|caller| queue.join(caller, at(0), at(9)));
    let [b1, b2] = [B; 2].map(|caller| queue.join(caller, at(0), at(9)));
    assert_eq!(queue.leave(a1), Some(A));
    assert_eq!(queue.leave(a1), None);
    assert_eq!(queue.head(), Some(a2), "A's other call has A's turn");
    assert!(queue.contains(a2) && !queue.contains(a1));
    assert_eq!(queue.leave(b1), Some(B));
    assert_eq!(queue.leave(b2), Some(B));
    assert_eq!(order(&mut queue), [a2]);
    queue.served(a1, at(0));
    assert!(queue.is_empty());
}

#[test]
fn deadlines_pass_in_order() {
    let mut queue = Queue::default();
    let [late, soon, later] = [(A, 8), (A, 2), (B, 9)].map(|(caller, by)| queue.join(caller, at(0), at(by)));
    assert_eq!(queue.deadline(), Some(at(2)));
    assert_eq!(queue.expired(at(1)), None);
    assert_eq!(queue.expired(at(2)), Some(soon));
    assert_eq!(queue.expired(at(7)), None);
    queue.leave(late);
    assert_eq!(queue.deadline(), Some(at(9)));
    assert_eq!((queue.expired(at(20)), queue.expired(at(20))), (Some(later), None));
    assert!(queue.is_empty() && queue.deadline().is_none());
}

#[test]
fn the_turns_ahead_are_never_more_than_there_are() {
    let mut queue = Queue::default();
    assert_eq!((queue.ahead(A, at(0)), queue.is_empty()), (0, true));
    for _ in 0..5 {
        queue.join(A, at(0), at(9));
    }
    queue.join(B, at(0), at(9));
    assert_eq!([A, B, C].map(|caller| queue.ahead(caller, at(0))), [6, 2, 2]);
    let mine = queue.join(A, at(0), at(9));
    let position = order(&mut queue).iter().position(|ticket| *ticket == mine);
    assert_eq!(position, Some(6));
}

#[derive(Clone, Debug)]
enum Act {
    Join(u64, u64),
    Serve,
    Leave(usize),
    Expire(u64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => (0_u64..5, 0_u64..50).prop_map(|(caller, deadline)| Act::Join(caller, deadline)),
        3 => Just(Act::Serve),
        2 => any::<usize>().prop_map(Act::Leave),
        1 => (0_u64..50).prop_map(Act::Expire),
    ];
    prop::collection::vec(act, 0..200)
}

proptest! {
    /// Against a model: a ring of callers, each with a list of calls.
    #[test]
    fn it_is_a_ring_of_lines(acts in acts()) {
        let mut queue = Queue::default();
        let mut ring: VecDeque<(Caller, Vec<Ticket>)> = VecDeque::new();
        let mut waiting: BTreeMap<Ticket, u64> = BTreeMap::new();
        let remove = |ring: &mut VecDeque<(Caller, Vec<Ticket>)>, ticket: Ticket| {
            ring.iter_mut().for_each(|(_, line)| line.retain(|waiting| *waiting != ticket));
            ring.retain(|(_, line)| !line.is_empty());
        };
        for act in acts {
            match act {
                Act::Join(caller, deadline) => {
                    let caller = Caller(caller);
                    let before = queue.ahead(caller, at(0));
                    let ticket = queue.join(caller, at(0), at(deadline));
                    prop_assert_eq!(queue.last(), Some(ticket));
                    waiting.insert(ticket, deadline);
                    match ring.iter_mut().find(|(known, _)| *known == caller) {
                        Some((_, line)) => line.push(ticket),
                        None => ring.push_back((caller, vec![ticket])),
                    }
                    prop_assert!(before < queue.len());
                }
                Act::Serve => {
                    let head = ring.front().map(|(_, line)| line[0]);
                    prop_assert_eq!(queue.head(), head);
                    if let (Some(head), Some((caller, mut line))) = (head, ring.pop_front()) {
                        queue.served(head, at(0));
                        waiting.remove(&head);
                        line.remove(0);
                        if !line.is_empty() {
                            ring.push_back((caller, line));
                        }
                    }
                }
                Act::Leave(index) => {
                    if let Some(ticket) = waiting.keys().copied().nth(index % waiting.len().max(1)) {
                        prop_assert!(queue.leave(ticket).is_some());
                        waiting.remove(&ticket);
                        remove(&mut ring, ticket);
                    }
                }
                Act::Expire(instant) => {
                    let expired = queue.expired(at(instant));
                    let first = waiting.iter().map(|(ticket, by)| (*by, *ticket)).min();
                    prop_assert_eq!(expired, first.filter(|(by, _)| *by <= instant).map(|(_, ticket)| ticket));
                    if let Some(ticket) = expired {
                        waiting.remove(&ticket);
                        remove(&mut ring, ticket);
                    }
                }
            }
            prop_assert_eq!(queue.len(), waiting.len());
            prop_assert_eq!(queue.is_empty(), waiting.is_empty());
            prop_assert_eq!(queue.head(), ring.front().map(|(_, line)| line[0]));
            prop_assert_eq!(queue.deadline(), waiting.values().min().map(|by| at(*by)));
        }
    }
}

#[test]
fn who_waits_since_earlier_goes_first_whenever_it_joined() {
    let mut queue = Queue::default();
    let younger = queue.join(A, at(5), at(90));
    let youngest = queue.join(B, at(7), at(90));
    assert_eq!([at(4), at(5), at(6), at(7)].map(|since| queue.ahead(C, since)), [0, 1, 1, 2]);
    let oldest = queue.join(C, at(1), at(90));
    // It keeps its place until it is served, and only then stands behind the others.
    let behind = queue.join(C, at(1), at(90));
    assert_eq!(queue.head(), Some(oldest));
    queue.served(oldest, at(8));
    let back = queue.join(Caller(4), at(8), at(90));
    assert_eq!(order(&mut queue), [younger, youngest, behind, back]);
}
