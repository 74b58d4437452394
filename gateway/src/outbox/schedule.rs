//! When a delivery that failed is tried again.

use super::progress::{Progress, Standing};
use penstock::policy::time::{share, unit};
use std::time::Duration;

/// The delays after the first attempt, the second and so on, as Standard Webhooks 1.0.0 suggests them ("Deliverability
/// and reliability"): 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.
const DELAYS: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// An event that waited so long behind others is given up after [`FEW`] attempts, so that those behind it get their turn
/// before they expire: a week.
const OLD_MS: i64 = 7 * 24 * 60 * 60 * 1000;
const FEW: u32 = 3;

/// What a delivery came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The destination has it.
    Delivered,
    /// It wants no more (410).
    Refused(String),
    /// It could not take it, and perhaps says when it will.
    Failed(String, Option<Duration>),
}

/// How far a destination is after an attempt that failed at `now_ms`, with an event that came at `received_ms`.
pub(super) fn next(
    before: Option<&Progress>,
    outcome: Outcome,
    (received_ms, now_ms): (i64, i64),
    random: u64,
) -> Progress {
    let attempts = before.map_or(0, |before| before.attempts).saturating_add(1);
    let (why, hint) = match outcome {
        Outcome::Delivered => return Progress { attempts, ..Progress::done() },
        Outcome::Refused(why) => return Progress { state: Standing::Dead, attempts, due_ms: 0, why },
        Outcome::Failed(why, hint) => (why, hint),
    };
    let delay = usize::try_from(attempts).ok().and_then(|attempts| DELAYS.get(attempts.checked_sub(1)?));
    let is_old = now_ms.saturating_sub(received_ms) >= OLD_MS && attempts >= FEW;
    let Some(delay) = delay.filter(|_| !is_old) else {
        return Progress { state: Standing::Dead, attempts, due_ms: 0, why };
    };
    let delay = Duration::from_secs(*delay);
    // A tenth more at most, so that a thousand that failed together do not come back together.
    let delay = (delay + share(delay / 10, unit(random))).max(hint.unwrap_or_default());
    let due_ms = now_ms.saturating_add(i64::try_from(delay.as_millis()).unwrap_or(i64::MAX));
    Progress { state: Standing::Waiting, attempts, due_ms, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed() -> Outcome {
        Outcome::Failed("500".to_owned(), None)
    }

    #[test]
    fn the_delays_are_those_of_the_specification_and_then_it_is_dead() {
        let (mut progress, mut waits) = (None, Vec::new());
        loop {
            let next = next(progress.as_ref(), failed(), (0, 1_000), 0);
            if next.state == Standing::Dead {
                assert_eq!(next.attempts, 10);
                break;
            }
            waits.push((next.due_ms - 1_000) / 1_000);
            progress = Some(next);
        }
        assert_eq!(waits, [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
        assert_eq!(next(None, failed(), (0, 0), u64::MAX).due_ms, 5_500);
    }

    #[test]
    fn a_destination_may_ask_for_more_time_and_not_for_less() {
        let hinted = |seconds| Outcome::Failed("503".to_owned(), Some(Duration::from_secs(seconds)));
        assert_eq!(next(None, hinted(90), (0, 0), 0).due_ms, 90_000);
        assert_eq!(next(None, hinted(1), (0, 0), 0).due_ms, 5_000);
        assert_eq!(next(None, Outcome::Refused("410".to_owned()), (0, 0), 0).state, Standing::Dead);
    }

    #[test]
    fn an_old_event_gets_three_attempts() {
        let before =
            |attempts| Progress { state: Standing::Waiting, attempts, due_ms: 0, why: String::new() };
        assert_eq!(next(Some(&before(1)), failed(), (0, OLD_MS), 0).state, Standing::Waiting);
        assert_eq!(next(Some(&before(2)), failed(), (0, OLD_MS), 0).state, Standing::Dead);
        assert_eq!(next(Some(&before(2)), failed(), (1, OLD_MS), 0).state, Standing::Waiting);
    }
}
