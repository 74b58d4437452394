//! The checks themselves.

use crate::{
    defects::Defect,
    events::{Event, Events},
    model::{Kind, Model, QUANTUM},
    provider::{Answer, Issue},
    rules,
};
use penstock_policy::{
    breaker::BreakerPolicy,
    limiter::gcra::RateLimit,
    retry::{Repeat, RetryPolicy},
    time::Tick,
};
use stateright::{Checker, HasDiscoveries, Model as _};
use std::{num::NonZero, thread::available_parallelism, time::Instant};

const READ: Kind = Kind { repeat: Repeat::Harmless, patient: true };
const WRITE: Kind = Kind { repeat: Repeat::IfNotApplied, patient: false };

/// Waits are a few quanta long, and two failures open the breaker.
fn model(kinds: &[Kind], deadline: u32) -> Model {
    Model {
        kinds: kinds.to_vec(),
        limit: RateLimit { count: 2, window: QUANTUM * 2, burst: 2 },
        places: 2,
        breaker: BreakerPolicy {
            window: QUANTUM * 10,
            min_calls: 2,
            slow_call: QUANTUM * 2,
            open_for: QUANTUM * 2,
            max_open_for: QUANTUM * 2,
            probes_at_once: 1,
            closing_successes: 1,
            closing_answers: 2,
            probe_patience: QUANTUM * 2,
            harmless_first: QUANTUM,
            ..BreakerPolicy::DEFAULT
        },
        retry: RetryPolicy {
            max_attempts: 2,
            max_throttled: 1,
            base_transient: QUANTUM,
            base_throttled: QUANTUM,
            cap: QUANTUM,
            attempt_timeout: QUANTUM * 2,
            deadline: QUANTUM * deadline,
        },
        token_life: QUANTUM * 5,
        last_begin: Tick::ZERO + QUANTUM,
        give_ups: 0,
        answers: vec![Answer::Success, Answer::Failure, Answer::Unauthorized, Answer::TooManyRequests],
        issues: vec![Issue::Token, Issue::Down, Issue::InvalidClient],
        defect: None,
        events: Events::default(),
    }
}

fn threads() -> usize {
    available_parallelism().map_or(1, NonZero::get)
}

/// Three calls that are over before their token is.
fn short() -> Model {
    let issues = vec![Issue::Token, Issue::Down];
    Model { give_ups: 1, issues, ..model(&[READ, READ, WRITE], 3) }
}

/// Two calls that outlive their token.
fn long() -> Model {
    model(&[READ, READ], 5)
}

/// Three calls for one place; the token endpoint is well.
fn narrow() -> Model {
    Model { places: 1, issues: vec![Issue::Token], ..model(&[READ, READ, WRITE], 3) }
}

/// Three calls, one by one; the token endpoint is well.
fn slow() -> Model {
    let limit = RateLimit { burst: 1, ..short().limit };
    Model { limit, issues: vec![Issue::Token], ..model(&[READ, READ, WRITE], 3) }
}

/// Three calls with room to go at once, and a breaker that is soon half open; tokens are
/// had and taken.
fn roomy() -> Model {
    let model = model(&[READ, READ, WRITE], 4);
    Model {
        limit: RateLimit { count: 4, window: QUANTUM * 2, burst: 4 },
        places: 3,
        breaker: BreakerPolicy { open_for: QUANTUM, max_open_for: QUANTUM, ..model.breaker },
        answers: vec![Answer::Success, Answer::Failure],
        issues: vec![Issue::Token],
        ..model
    }
}

/// Visits all states of a model and says how many there are.
fn visit(name: &str, model: Model) -> usize {
    let began = Instant::now();
    let checked = model.checker().threads(threads()).spawn_dfs().join();
    let (unique, all, depth) = (checked.unique_state_count(), checked.state_count(), checked.max_depth());
    println!("{name}: {unique} states, {all} steps, depth {depth}, {:.1} s", began.elapsed().as_secs_f64());
    checked.assert_properties();
    assert!(checked.is_done());
    unique
}

#[test]
fn every_state_keeps_the_rules() {
    let events = Events::default();
    // Counted at the time of writing: 560, 961, 129, 168 and 62 thousand. Far fewer mean that
    // a bound or a mistake keeps the model from going where it should.
    for (name, model, least) in [
        ("short", short(), 500_000),
        ("long", long(), 700_000),
        ("narrow", narrow(), 90_000),
        ("slow", slow(), 120_000),
        ("roomy", roomy(), 50_000),
    ] {
        let states = visit(name, Model { events: events.clone(), ..model });
        assert!(states >= least, "{name} has {states} states");
    }
    println!("{:#?}", events.counts());
    let unseen: Vec<Event> = Event::ALL.into_iter().filter(|event| events.count(*event) == 0).collect();
    assert!(unseen.is_empty(), "it never came to {unseen:?}");
}

/// Whether a defect breaks this rule, and the model notices.
fn breaks(model: Model, defect: Defect, rule: &'static str) {
    let model = Model { defect: Some(defect), ..model };
    let found = HasDiscoveries::AnyOf([rule].into());
    let checked = model.checker().threads(threads()).finish_when(found).spawn_dfs().join();
    let path = checked.discovery(rule);
    let path = path.unwrap_or_else(|| panic!("{defect:?} goes unnoticed: {rule}"));
    println!("{defect:?} is found after {} steps: {rule}", path.into_actions().len());
}

#[test]
fn a_defect_of_the_calls_is_noticed() {
    breaks(short(), Defect::SendOldToken, rules::REFUSED_TOKEN);
    breaks(short(), Defect::FetchAtOnce, rules::ONE_FETCH);
    breaks(narrow(), Defect::LandEarly, rules::PLACES);
    breaks(short(), Defect::LandEarly, rules::ACCOUNTS);
    breaks(short(), Defect::KeepPlace, rules::ACCOUNTS);
    breaks(short(), Defect::KeepPlace, rules::LEFT);
    breaks(short(), Defect::KeepTurn, rules::LEFT);
    breaks(short(), Defect::KeepTurn, rules::GOES_ON);
    breaks(short(), Defect::KeepProbe, rules::PROBES_BACK);
    breaks(short(), Defect::ShareTickets, rules::TICKETS);
    breaks(short(), Defect::Spin, rules::CIRCLES);
    breaks(narrow(), Defect::ForgetToWake, rules::WOKEN);
}

#[cfg(feature = "failpoints")]
#[test]
fn a_defect_of_the_policies_is_noticed() {
    use penstock_policy::failpoint::Failpoint;
    breaks(short(), Defect::Policy(Failpoint::IgnoreLimit), rules::LIMIT);
    breaks(short(), Defect::Policy(Failpoint::IgnoreBreaker), rules::OPEN_BREAKER);
    breaks(roomy(), Defect::Policy(Failpoint::IgnoreBreaker), rules::PROBES);
}
