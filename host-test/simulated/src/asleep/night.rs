//! Sessions: what was recorded and what it comes to.

use super::Plan;
use crate::random::random;
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use strum::IntoStaticStr;

/// The provider has a number for each half minute.
const EPOCH: i64 = 30;

/// How far a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// It is being recorded.
    Open,
    /// It is being analysed.
    Closed,
    /// It is done.
    Complete,
}

/// What is odd about a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Oddity {
    /// Not analysed yet.
    InProgress,
    /// No sleep in it.
    NeverSlept,
    /// Less than 20 minutes.
    #[strum(serialize = "TOO_SHORT_FOR_ANALYSIS")]
    TooShort,
    /// More than a day.
    #[strum(serialize = "TOO_LONG_FOR_ANALYSIS")]
    TooLong,
    /// Much of it is missing.
    #[strum(serialize = "TOO_MANY_DEFECTS_IN_SLEEP_STAGES")]
    TooManyDefects,
    /// The contract has no breathing analysis.
    #[strum(serialize = "NO_BREATHING_STABILITY")]
    NoBreathing,
    /// The contract has no polling.
    #[strum(serialize = "NO_REALTIME_POLLING")]
    NoPolling,
}

impl Oddity {
    /// The provider's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// Whether there are statistics all the same.
    #[must_use]
    pub fn has_statistics(self) -> bool {
        matches!(self, Self::NeverSlept | Self::TooLong | Self::NoBreathing)
    }
}

impl State {
    /// The provider's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.into()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Night {
    pub(crate) id: String,
    pub(crate) state: State,
    pub(crate) oddity: Option<Oddity>,
    pub(crate) start: Timestamp,
    /// None while it is open.
    pub(crate) end: Option<Timestamp>,
    pub(crate) stages: Vec<i8>,
    pub(crate) snoring: Vec<i8>,
    pub(crate) missing: f64,
}

impl Night {
    /// The session before the `age` newer ones of a user, which end at `now`.
    pub(crate) fn new(seed: u64, user: u64, age: usize, now: Timestamp, plan: Plan) -> Self {
        let mut rng = random(seed, user, age as u64);
        let (state, oddity) = kind(age);
        let epochs: i64 = match oddity {
            Some(Oddity::TooShort) => 20,
            Some(Oddity::TooLong) => 2_900,
            // Ten hours and a bit, so that some hours of stages are there.
            _ => i64::from(rng.u16(700..1_000)),
        };
        let days = i64::try_from(age).unwrap_or(i64::MAX).saturating_add(1);
        let back = SignedDuration::from_hours(24).saturating_mul(i32::try_from(days).unwrap_or(i32::MAX));
        let start = now.saturating_sub(back).unwrap_or(now);
        let start =
            start.saturating_add(SignedDuration::from_secs(i64::from(rng.u16(0..3_600)))).unwrap_or(start);
        let length = SignedDuration::from_secs(epochs.saturating_mul(EPOCH));
        let end = (state != State::Open).then(|| start.saturating_add(length).unwrap_or(start));
        let stages = (0..epochs).map(|epoch| stage(&mut rng, epoch, epochs, oddity, plan)).collect();
        Self {
            id: id(start, &mut rng),
            state,
            oddity,
            start,
            end,
            stages,
            snoring: (0..epochs).map(|_| i8::from(rng.u8(0..10) == 0)).collect(),
            missing: if oddity == Some(Oddity::TooManyDefects) { 0.7 } else { 0.0 },
        }
    }

    /// Seconds in epochs that pass.
    pub(crate) fn seconds(&self, passes: impl Fn(i8) -> bool) -> i64 {
        let count = self.stages.iter().filter(|stage| passes(**stage)).count();
        i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(EPOCH)
    }

    /// Seconds from the beginning to the end, and before and after all sleep.
    pub(crate) fn spans(&self) -> (i64, i64, i64) {
        let asleep = |stage: &i8| *stage > 0;
        let all = self.stages.len();
        let before = self.stages.iter().position(asleep).unwrap_or(all);
        let after = self.stages.iter().rev().position(asleep).unwrap_or(0);
        let seconds = |epochs: usize| i64::try_from(epochs).unwrap_or(i64::MAX).saturating_mul(EPOCH);
        (seconds(all), seconds(before), seconds(after))
    }

    /// Whether it counts in an average.
    pub(crate) fn slept(&self) -> bool {
        let analysed = self.oddity.is_none_or(Oddity::has_statistics);
        self.state == State::Complete && analysed && self.stages.iter().any(|stage| *stage > 0)
    }
}

/// The newest sessions are one of each kind.
fn kind(age: usize) -> (State, Option<Oddity>) {
    match age {
        0 => (State::Open, Some(Oddity::InProgress)),
        1 => (State::Closed, Some(Oddity::InProgress)),
        2 => (State::Complete, Some(Oddity::NeverSlept)),
        3 => (State::Complete, Some(Oddity::TooShort)),
        4 => (State::Complete, Some(Oddity::TooLong)),
        5 => (State::Complete, Some(Oddity::TooManyDefects)),
        6 => (State::Complete, Some(Oddity::NoBreathing)),
        7 => (State::Complete, Some(Oddity::NoPolling)),
        _ => (State::Complete, None),
    }
}

fn stage(rng: &mut Rng, epoch: i64, epochs: i64, oddity: Option<Oddity>, plan: Plan) -> i8 {
    match oddity {
        Some(Oddity::NeverSlept) => return 0,
        Some(Oddity::TooManyDefects) if rng.u8(0..10) < 7 => return -1,
        _ => {}
    }
    // The first and the last half hour are awake.
    if epoch < 60.min(epochs / 4) || epoch >= epochs - 30.min(epochs / 4) {
        return 0;
    }
    match plan {
        Plan::TwoStage => i8::from(rng.u8(0..10) > 0),
        Plan::FourStage => rng.i8(0..=3),
    }
}

/// The time in UTC and five letters or digits.
fn id(start: Timestamp, rng: &mut Rng) -> String {
    let tail: String = (0..5).map(|_| rng.lowercase()).collect();
    format!("{}_{tail}", start.strftime("%Y%m%d%H%M%S"))
}
