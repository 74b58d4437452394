//! Decides whether a request fails, and how.

use crate::faults::{FaultKind, Faults, Matcher};
use crate::random::random;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// The faults of a run: those by chance, and those that a test asked for.
#[derive(Debug)]
pub(crate) struct Plan {
    seed: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    faults: Faults,
    /// By request: how often it was seen, and how often it failed since it last did not.
    seen: HashMap<u64, (u64, u32)>,
    scripts: Vec<Script>,
}

#[derive(Debug)]
struct Script {
    matcher: Matcher,
    kind: FaultKind,
    left: u32,
}

/// A request as a plan looks at it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// None for a token.
    pub(crate) operation: Option<&'a str>,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) body: &'a [u8],
}

impl Plan {
    pub(crate) fn new(seed: u64, faults: Faults) -> Self {
        Self { seed, state: Mutex::new(State { faults, seen: HashMap::new(), scripts: Vec::new() }) }
    }

    /// Makes the next requests of a kind fail, before chance is asked.
    pub(crate) fn script(&self, matcher: Matcher, kind: FaultKind, times: u32) {
        self.lock().scripts.push(Script { matcher, kind, left: times });
    }

    /// Changes what goes wrong by chance from now on.
    pub(crate) fn set(&self, faults: Faults) {
        self.lock().faults = faults;
    }

    pub(crate) fn faults(&self) -> Faults {
        self.lock().faults.clone()
    }

    /// Whether and how this request fails. Counts it.
    pub(crate) fn next(&self, asked: Asked<'_>) -> Option<FaultKind> {
        let mut state = self.lock();
        let Asked { operation, method, path, query, .. } = asked;
        let script = state
            .scripts
            .iter_mut()
            .find(|script| script.left > 0 && script.matcher.matches(operation, method, path, query));
        if let Some(script) = script {
            script.left -= 1;
            return Some(script.kind);
        }
        let State { faults, seen, .. } = &mut *state;
        if faults.rate <= 0.0 || (operation.is_none() && !faults.tokens) {
            return None;
        }
        let request = identity(asked);
        let (times, in_a_row) = seen.entry(request).or_default();
        let mut rng = random(self.seed, request, *times);
        *times += 1;
        let kinds: Vec<FaultKind> = faults
            .kinds
            .iter()
            .filter(|kind| operation.is_some() || **kind != FaultKind::TokenRevoked)
            .copied()
            .collect();
        let fails = *in_a_row < faults.max_in_a_row && rng.f64() < faults.rate;
        let kind = fails.then(|| rng.choice(kinds)).flatten();
        *in_a_row = if kind.is_some() { *in_a_row + 1 } else { 0 };
        kind
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// FNV-1a: the same in every run and on every machine, which `std`'s hashers do not
/// promise.
fn identity(asked: Asked<'_>) -> u64 {
    let parts = [asked.method.as_bytes(), asked.path.as_bytes(), asked.query.as_bytes(), asked.body];
    let bytes = parts.iter().flat_map(|part| part.iter().chain(std::iter::once(&0)));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(path: &str) -> Asked<'_> {
        Asked { operation: Some("Jobs_Get"), method: "GET", path, query: "", body: b"" }
    }

    fn run(seed: u64, paths: &[&str]) -> Vec<Option<FaultKind>> {
        let plan = Plan::new(seed, Faults { max_in_a_row: 3, ..Faults::mixed(0.7) });
        paths.iter().map(|path| plan.next(asked(path))).collect()
    }

    #[test]
    fn the_order_of_requests_changes_nothing() {
        let apart = run(7, &["a", "a", "a", "b", "b", "b"]);
        let mixed = run(7, &["b", "a", "b", "a", "b", "a"]);
        let of = |all: &[Option<FaultKind>], at: [usize; 3]| at.map(|at| all[at]);
        assert_eq!(of(&apart, [0, 1, 2]), of(&mixed, [1, 3, 5]));
        assert_eq!(of(&apart, [3, 4, 5]), of(&mixed, [0, 2, 4]));
        assert_ne!(run(7, &["a"; 50]), run(8, &["a"; 50]), "another seed, other faults");
    }

    #[test]
    fn never_more_in_a_row_than_allowed() {
        for seed in 0..50 {
            let all = run(seed, &["a"; 200]);
            let longest = all.split(Option::is_none).map(<[_]>::len).max();
            assert_eq!(longest, Some(3), "seed {seed}");
        }
    }
}
