//! What a group's record in the store says.

use crate::time::Tick;
use std::time::Duration;

/// A record. Each one ever written differs from all others, so that compare-and-swap on
/// it tells whether anything happened in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// A new plan: nothing may be sent for this long after the record was first seen.
    Birth { nonce: u64, pause: Duration },
    /// Slots up to `arrival` belong to somebody. Both times are the writer's.
    Claim {
        writer: u64,
        /// Counts the writer's claims.
        number: u64,
        /// When the writer planned it: before it could be seen.
        planned: Tick,
        /// The theoretical arrival time of the next slot.
        arrival: Tick,
    },
}

impl Record {
    /// As text: a letter for kind and version, then numbers.
    pub(super) fn encode(&self) -> Vec<u8> {
        let text = match self {
            Record::Birth { nonce, pause } => format!("b1 {nonce} {}", pause.as_nanos()),
            Record::Claim { writer, number, planned, arrival } => {
                format!("c1 {writer} {number} {} {}", planned.as_nanos(), arrival.as_nanos())
            }
        };
        text.into_bytes()
    }

    /// None when it is nothing that this version writes.
    pub(super) fn decode(bytes: &[u8]) -> Option<Record> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut words = text.split(' ');
        let kind = words.next()?;
        let mut number = || words.next()?.parse::<u64>().ok();
        let record = match kind {
            "b1" => Record::Birth { nonce: number()?, pause: Duration::from_nanos(number()?) },
            "c1" => Record::Claim {
                writer: number()?,
                number: number()?,
                planned: Tick::from_nanos(number()?),
                arrival: Tick::from_nanos(number()?),
            },
            _ => return None,
        };
        words.next().is_none().then_some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(a: u64, b: u64, c: u64, d: u64) {
            let birth = Record::Birth { nonce: a, pause: Duration::from_nanos(b) };
            let (planned, arrival) = (Tick::from_nanos(c), Tick::from_nanos(d));
            let claim = Record::Claim { writer: a, number: b, planned, arrival };
            for record in [birth, claim] {
                prop_assert_eq!(Record::decode(&record.encode()), Some(record));
            }
        }

        #[test]
        fn whatever_is_stored_is_read_or_refused(bytes: Vec<u8>) {
            _ = Record::decode(&bytes);
        }
    }

    #[test]
    fn what_others_wrote_is_refused() {
        for text in
            ["", "b1", "b1 1", "b1 1 2 3", "c1 1 2 3", "c1 1 2 3 4 5", "c2 1 2 3 4", "b1 1 -2", "b1  1 2"]
        {
            assert_eq!(Record::decode(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Record::decode(&[0xff, 0x20]), None);
    }
}
