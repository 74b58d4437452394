//! Who is next: the caller that has waited longest since it came or had a turn, and within
//! one caller who came first.
//!
//! A caller with ten thousand waiting calls so delays another one by a single turn. A call
//! that rests before it has had anything of its turn (for want of a token, say) says since
//! when it waits, and so is not overtaken by those who came after it.

use crate::{
    failpoint::{Failpoint, on},
    time::Tick,
};
use std::collections::{BTreeMap, BTreeSet};

/// One read, one batch or one single call: what takes turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Caller(pub u64);

/// A call that waits. Later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

#[derive(Debug, Clone, Copy)]
struct Place {
    caller: Caller,
    deadline: Tick,
}

/// Since when a caller waits, and a number that tells those of one instant apart.
type Turn = (Tick, u64);

/// The waiting calls of one caller. Never empty.
#[derive(Clone, Debug)]
struct Line {
    turn: Turn,
    tickets: BTreeSet<Ticket>,
}

/// The waiting calls.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    places: BTreeMap<Ticket, Place>,
    lines: BTreeMap<Caller, Line>,
    /// The callers in the order of their turns.
    turns: BTreeMap<Turn, Caller>,
    deadlines: BTreeSet<(Tick, Ticket)>,
    tickets: u64,
    turns_given: u64,
}

impl Queue {
    /// Adds a call at the end of its caller's line. If it is the only one there, its caller
    /// goes before all who wait since later than `since`.
    pub fn join(&mut self, caller: Caller, since: Tick, deadline: Tick) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.places.insert(ticket, Place { caller, deadline });
        self.deadlines.insert((deadline, ticket));
        if let Some(line) = self.lines.get_mut(&caller) {
            line.tickets.insert(ticket);
        } else {
            let turn = self.give_turn(caller, since);
            self.lines.insert(caller, Line { turn, tickets: BTreeSet::from([ticket]) });
        }
        ticket
    }

    /// Whose turn it is.
    #[must_use]
    pub fn head(&self) -> Option<Ticket> {
        if on(Failpoint::LastComesFirst) {
            return self.last();
        }
        let (_, caller) = self.turns.first_key_value()?;
        self.lines.get(caller)?.tickets.first().copied()
    }

    /// The call that came last.
    #[must_use]
    pub fn last(&self) -> Option<Ticket> {
        self.places.last_key_value().map(|(ticket, _)| *ticket)
    }

    /// Removes a call that has its turn `now`; its caller's next turn comes after those of
    /// all who wait.
    pub fn served(&mut self, ticket: Ticket, now: Tick) {
        let Some(caller) = self.leave(ticket) else { return };
        let Some(turn) = self.lines.get(&caller).map(|line| line.turn) else { return };
        self.turns.remove(&turn);
        let turn = self.give_turn(caller, now);
        if let Some(line) = self.lines.get_mut(&caller) {
            line.turn = turn;
        }
    }

    /// Removes a call, wherever it stands; its caller keeps the turn for the others. Says
    /// whose it was, and none if it was not waiting.
    pub fn leave(&mut self, ticket: Ticket) -> Option<Caller> {
        let place = self.places.remove(&ticket)?;
        self.deadlines.remove(&(place.deadline, ticket));
        if let Some(line) = self.lines.get_mut(&place.caller) {
            line.tickets.remove(&ticket);
            if line.tickets.is_empty() {
                self.turns.remove(&line.turn);
                self.lines.remove(&place.caller);
            }
        }
        Some(place.caller)
    }

    /// The earliest deadline.
    #[must_use]
    pub fn deadline(&self) -> Option<Tick> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Removes a call whose deadline is at or before `instant`.
    pub fn expired(&mut self, instant: Tick) -> Option<Ticket> {
        let (_, ticket) = *self.deadlines.first().filter(|(deadline, _)| *deadline <= instant)?;
        self.leave(ticket);
        Some(ticket)
    }

    /// How many turns come before that of a call that would join now, at least.
    #[must_use]
    pub fn ahead(&self, caller: Caller, since: Tick) -> usize {
        match self.lines.get(&caller) {
            // Every other caller has at least one turn in between.
            Some(line) => line.tickets.len() + self.lines.len() - 1,
            None => self.turns.range(..=(since, u64::MAX)).count(),
        }
    }

    /// Whether a call still waits.
    #[must_use]
    pub fn contains(&self, ticket: Ticket) -> bool {
        self.places.contains_key(&ticket)
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    fn give_turn(&mut self, caller: Caller, since: Tick) -> Turn {
        self.turns_given += 1;
        let turn = (since, self.turns_given);
        self.turns.insert(turn, caller);
        turn
    }
}

#[cfg(test)]
mod tests;
