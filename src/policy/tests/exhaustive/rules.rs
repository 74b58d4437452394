//! What must hold in every state.

use crate::{
    ledger::Rule,
    model::{Action, Model},
    state::{Call, Stage, State},
};
use penstock_policy::{breaker, limiter::group::Turn};
use stateright::{Model as _, Property};
use std::{collections::BTreeSet, fmt::Debug};

pub const LIMIT: &str = "no window holds more requests than the limit";
pub const OPEN_BREAKER: &str = "an open breaker lets nothing through";
pub const PROBES: &str = "a half-open breaker lets no more through than it may";
pub const ONE_FETCH: &str = "one token is fetched at a time";
pub const REFUSED_TOKEN: &str = "a refused token is not sent again";
pub const PLACES: &str = "no more requests are under way than there are places";
pub const TICKETS: &str = "no two calls hold one ticket";
pub const ACCOUNTS: &str = "the places that are taken are those of the requests under way";
pub const PROBES_BACK: &str = "with nothing under way a half-open breaker has room for a probe";
pub const LEFT: &str = "when all calls are over, nothing of theirs is left";
pub const GOES_ON: &str = "a call that has not ended can go on";
pub const WOKEN: &str = "nobody sleeps who could send";
pub const CIRCLES: &str = "a call that goes on gets somewhere";

/// All of them.
pub fn all() -> Vec<Property<Model>> {
    vec![
        Property::always(LIMIT, |_, state| keeps(state, Rule::Limit)),
        Property::always(OPEN_BREAKER, |_, state| keeps(state, Rule::OpenBreaker)),
        Property::always(PROBES, |_, state| keeps(state, Rule::Probes)),
        Property::always(ONE_FETCH, |_, state: &State| state.fetching() <= 1),
        Property::always(REFUSED_TOKEN, |_, state| keeps(state, Rule::RefusedToken)),
        Property::always(PLACES, |model: &Model, state: &State| state.under_way() <= model.places),
        Property::always(TICKETS, |_, state: &State| {
            state.tickets().collect::<BTreeSet<_>>().len() == state.tickets().count()
        }),
        Property::always(ACCOUNTS, |_, state: &State| {
            let (taken, counted) = (state.inflight.taken(), state.group.snapshot(state.now).in_flight);
            taken == state.under_way() && counted == taken
        }),
        Property::always(PROBES_BACK, |_, state: &State| state.under_way() > 0 || has_room(state)),
        Property::always(LEFT, |_, state: &State| !at_rest(state) || is_clean(state)),
        Property::always(GOES_ON, |model: &Model, state: &State| at_rest(state) || goes_on(model, state)),
        Property::always(WOKEN, |_, state: &State| state.calls.iter().all(|call| !oversleeps(state, call))),
        Property::always(CIRCLES, |_, state| keeps(state, Rule::Circles)),
    ]
}

/// All that the rules ask of a state in which all calls have ended.
pub fn decision(state: &State) -> impl Debug + '_ {
    (&state.ledger.broken, has_room(state), is_clean(state))
}

fn keeps(state: &State, rule: Rule) -> bool {
    !state.ledger.broken.contains(&rule)
}

fn has_room(state: &State) -> bool {
    match state.breaker.state(state.now) {
        breaker::State::Closed => true,
        breaker::State::HalfOpen => state.breaker.check(state.now, true).is_ok(),
        breaker::State::Open { until } => state.breaker.check(until, true).is_ok(),
    }
}

fn oversleeps(state: &State, call: &Call) -> bool {
    let Stage::Queued { ticket, .. } = call.stage else { return false };
    let (mut group, mut inflight) = (state.group.clone(), state.inflight.clone());
    !call.stage.is_due(state.now) && group.turn(state.now, ticket, &mut inflight) == Turn::Go
}

fn at_rest(state: &State) -> bool {
    state.calls.iter().all(|call| call.stage.at_rest())
}

fn is_clean(state: &State) -> bool {
    let snapshot = state.group.snapshot(state.now);
    (snapshot.waiting, snapshot.in_flight, state.inflight.taken()) == (0, 0, 0)
        && state.inflight.next().is_none()
        && state.calls.iter().all(|call| !matches!(call.stage, Stage::Running))
}

/// Nobody is helped by a caller that loses patience.
fn goes_on(model: &Model, state: &State) -> bool {
    let mut actions = Vec::new();
    model.actions(state, &mut actions);
    actions.iter().any(|action| !matches!(action, Action::GiveUp(_)))
}
