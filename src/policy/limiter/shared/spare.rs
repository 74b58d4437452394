//! Turns for calls that are not there yet.
//!
//! While a limit holds nobody back, one request to the store serves several calls. What is
//! not used lapses, and nobody had waited for it: where the plan reaches into the future there
//! is no spare.

/// How many turns to ask for beyond those that calls wait for.
#[derive(Clone, Debug)]
pub(super) struct Spare {
    most: usize,
    size: usize,
}

impl Spare {
    /// None at first. `most` is how many can be used before the first of them lapses.
    pub(super) fn new(most: usize) -> Spare {
        Spare { most, size: 0 }
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Before turns are asked for: so many have lapsed since the last time. All used: twice as
    /// many may be.
    pub(super) fn learn(&mut self, lapsed: usize) {
        self.size = match lapsed {
            0 => (self.size * 2).clamp(self.most.min(1), self.most),
            lapsed => self.size.saturating_sub(lapsed.max(self.size / 2)),
        };
    }

    /// Somebody waits for turns: all that there are.
    pub(super) fn none(&mut self) {
        self.size = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_are_used_and_none_where_somebody_waits() {
        let mut spare = Spare::new(6);
        let sizes: Vec<_> = [0, 0, 0, 0, 1, 5, 0]
            .map(|lapsed| {
                spare.learn(lapsed);
                spare.size()
            })
            .into();
        assert_eq!(sizes, [1, 2, 4, 6, 3, 0, 1]);
        spare.none();
        assert_eq!(spare.size(), 0);
    }

    #[test]
    fn none_where_one_would_lapse_at_once() {
        let mut spare = Spare::new(0);
        spare.learn(0);
        spare.learn(3);
        assert_eq!(spare.size(), 0);
    }
}
