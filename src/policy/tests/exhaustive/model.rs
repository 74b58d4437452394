//! The model: what may happen next.

use crate::{
    calls::Step,
    defects::Defect,
    events::Events,
    ledger::Ledger,
    provider::{Answer, Issue},
    rules,
    state::{Attempts, Call, Stage, State},
};
use penstock_policy::{
    breaker::{Breaker, BreakerPolicy},
    limiter::{
        gcra::RateLimit,
        group::{Group, Setup},
        inflight::{GroupId, Inflight},
    },
    retry::{Repeat, Retry, RetryPolicy},
    time::Tick,
    token::TokenCell,
};
use stateright::Property;
use std::time::Duration;

/// The clock's step. No wait of the policies' is much shorter, and several are not whole
/// quanta: what is due between two is seen at the second.
pub const QUANTUM: Duration = Duration::from_secs(2);

/// A caller that makes one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Whether repeating the request is harmless.
    pub repeat: Repeat,
    /// Whether it waits for an open breaker.
    pub patient: bool,
}

/// The model and its bounds.
#[derive(Clone, Debug)]
pub struct Model {
    pub kinds: Vec<Kind>,
    pub limit: RateLimit,
    pub places: usize,
    pub breaker: BreakerPolicy,
    pub retry: RetryPolicy,
    pub token_life: Duration,
    /// No call begins after this.
    pub last_begin: Tick,
    /// How many callers may lose patience.
    pub give_ups: usize,
    /// What the provider may answer.
    pub answers: Vec<Answer>,
    /// How a fetch of a token may end.
    pub issues: Vec<Issue>,
    pub defect: Option<Defect>,
    pub events: Events,
}

/// What may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A quantum passes.
    Pass,
    /// A call begins.
    Begin(usize),
    /// A call goes on that was woken or whose wait is over.
    Resume(usize),
    /// The provider answers a call.
    Answer(usize, Answer),
    /// The token endpoint answers a call.
    Issue(usize, Issue),
    /// A call has waited for as long as it may.
    TimeOut(usize),
    /// A caller loses patience: its call is dropped.
    GiveUp(usize),
}

impl Model {
    /// By then all calls have ended.
    pub fn horizon(&self) -> Tick {
        self.last_begin + self.retry.deadline + QUANTUM
    }

    /// A call that begins now.
    pub fn call(&self, kind: Kind, now: Tick, stage: Stage) -> Call {
        Call { stage, attempts: Attempts(Retry::new(self.retry, now, kind.repeat)), refreshed: false }
    }

    fn may_begin(&self, state: &State, index: usize) -> bool {
        // Of callers that are alike, the first begins first.
        let before = self.kinds.iter().zip(&state.calls).take(index);
        let passed_over = before
            .into_iter()
            .any(|(kind, call)| *kind == self.kinds[index] && matches!(call.stage, Stage::Idle));
        state.now <= self.last_begin && !passed_over
    }
}

impl stateright::Model for Model {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let now = Tick::ZERO + QUANTUM;
        let setup = Setup { limit: self.limit, instances: 1, shared: false, adaptive: false };
        let call = |kind: &Kind| self.call(*kind, Tick::ZERO, Stage::Idle);
        vec![State {
            now,
            breaker: Breaker::new(self.breaker),
            cell: TokenCell::new(),
            group: Group::new(GroupId(1), &setup, now, 0),
            inflight: Inflight::new(self.places),
            calls: self.kinds.iter().map(call).collect(),
            no_token: None,
            ledger: Ledger::default(),
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let now = state.now;
        if now < self.horizon() && !state.calls.iter().all(|call| matches!(call.stage, Stage::Ended)) {
            actions.push(Action::Pass);
        }
        for (index, call) in state.calls.iter().enumerate() {
            match &call.stage {
                Stage::Idle if self.may_begin(state, index) => actions.push(Action::Begin(index)),
                stage if stage.is_due(now) => actions.push(Action::Resume(index)),
                Stage::TokenAwaited { .. } => {
                    if state.fetching() == 0 {
                        actions.push(Action::Resume(index));
                    }
                    if now >= call.attempts.0.deadline() {
                        actions.push(Action::TimeOut(index));
                    }
                }
                Stage::Fetching { until, .. } => {
                    actions.extend(self.issues.iter().map(|issue| Action::Issue(index, *issue)));
                    if now >= *until {
                        actions.push(Action::TimeOut(index));
                    }
                }
                Stage::Sent { until, .. } => {
                    actions.extend(self.answers.iter().map(|answer| Action::Answer(index, *answer)));
                    if now >= *until {
                        actions.push(Action::TimeOut(index));
                    }
                }
                _ => {}
            }
            if !call.stage.at_rest() && state.ledger.given_up < self.give_ups {
                actions.push(Action::GiveUp(index));
            }
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        Defect::set(self.defect);
        let mut step = Step { model: self, state: state.clone() };
        match action {
            Action::Pass => step.pass(),
            Action::Begin(index) => step.begin(index),
            Action::Resume(index) => step.resume(index),
            Action::Answer(index, answer) => step.answered(index, answer),
            Action::Issue(index, issue) => step.issued(index, issue),
            Action::TimeOut(index) => step.timed_out(index),
            Action::GiveUp(index) => step.give_up(index),
        }
        Some(step.state)
    }

    fn properties(&self) -> Vec<Property<Model>> {
        rules::all()
    }
}
