//! The records that do not fit the contract, and did not end the call.

use crate::contract::{AnswerInfo, Misfit};

/// How many are named. The others are counted: a consumer that is told of a hundred has seen
/// what is wrong, and the list must not grow with the read.
const MOST_NAMED: usize = 100;

/// Counts them, and remembers the first.
#[derive(Debug, Clone, Default)]
pub struct Misfits {
    count: u64,
    first: Vec<Misfit>,
}

impl Misfits {
    /// One more.
    pub fn add(&mut self, misfit: Misfit) {
        self.count = self.count.saturating_add(1);
        if self.names_more() {
            self.first.push(misfit);
        }
    }

    /// The same with other texts.
    #[must_use]
    pub fn map(self, text: impl Fn(String) -> String) -> Misfits {
        Misfits { first: self.first.into_iter().map(|misfit| with_texts(misfit, &text)).collect(), ..self }
    }

    /// Whether the next one would be named.
    #[must_use]
    pub fn names_more(&self) -> bool {
        self.first.len() < MOST_NAMED
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The first of them.
    #[must_use]
    pub fn first(&self) -> &[Misfit] {
        &self.first
    }

    /// What is known of an answer that holds them.
    #[must_use]
    pub fn of(self, info: AnswerInfo) -> AnswerInfo {
        AnswerInfo { misfits: self.count, first_misfits: self.first, ..info }
    }
}

/// A misfit whose texts went through this.
#[must_use]
pub fn with_texts(misfit: Misfit, text: impl Fn(String) -> String) -> Misfit {
    Misfit { id: misfit.id.map(&text), path: text(misfit.path), reason: text(misfit.reason) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_and_the_first_hundred_named() {
        let mut misfits = Misfits::default();
        for number in 0..101 {
            let id = Some(number.to_string());
            misfits.add(Misfit { id, path: "$".to_owned(), reason: String::new() });
        }
        assert_eq!((misfits.count(), misfits.first().len()), (101, 100));
        assert_eq!(misfits.first()[99].id.as_deref(), Some("99"));
    }
}
