//! An answer that is kept.

use bytes::Bytes;
use std::{fmt, time::Duration};

use crate::digest::Digest;
use crate::time::{WallTime, millis};

/// The first byte of a stored entry. A change of its shape gets a new one.
const VERSION: u8 = 1;

/// An answer, and when it was fetched.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// HTTP status.
    pub status: u16,
    /// The body as the provider sent it; for a refusal what is needed to repeat it.
    pub body: Bytes,
    /// When it was fetched. Instances share it, so it is wall time.
    pub stored_at: WallTime,
    /// How long it is fresh.
    pub fresh: Duration,
}

impl Entry {
    /// How old it is: zero if the clock went back since.
    #[must_use]
    pub fn age(&self, now: WallTime) -> Duration {
        self.stored_at.until(now)
    }

    /// For the store: version, checksum, time, life, status, body.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (stored_at, fresh) = (self.stored_at.as_millis().to_be_bytes(), millis(self.fresh).to_be_bytes());
        let rest = [&stored_at[..], &fresh, &self.status.to_be_bytes(), &self.body].concat();
        [&[VERSION][..], &checksum(&rest).to_be_bytes(), &rest].concat()
    }

    /// From the store; none if it is damaged or of another version.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let bytes = Bytes::from(bytes);
        let (version, rest) = bytes.split_first()?;
        let (sum, rest) = rest.split_first_chunk::<8>()?;
        if *version != VERSION || u64::from_be_bytes(*sum) != checksum(rest) {
            return None;
        }
        let (stored_at, rest) = rest.split_first_chunk::<8>()?;
        let (fresh, rest) = rest.split_first_chunk::<8>()?;
        let (status, body) = rest.split_first_chunk::<2>()?;
        Some(Self {
            status: u16::from_be_bytes(*status),
            body: bytes.slice_ref(body),
            stored_at: WallTime::from_millis(i64::from_be_bytes(*stored_at)),
            fresh: Duration::from_millis(u64::from_be_bytes(*fresh)),
        })
    }
}

fn checksum(bytes: &[u8]) -> u64 {
    Digest::new().bytes(&[VERSION]).bytes(bytes).finish()
}

/// Without the body: it is the customer's data.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, body, stored_at, fresh } = self;
        write!(f, "Entry({status}, {} bytes, at {}, fresh for {fresh:?})", body.len(), stored_at.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_entry() -> impl Strategy<Value = Entry> {
        (any::<u16>(), proptest::collection::vec(any::<u8>(), 0..40), any::<i64>(), any::<u64>()).prop_map(
            |(status, body, stored_at, fresh)| Entry {
                status,
                body: body.into(),
                stored_at: WallTime::from_millis(stored_at),
                fresh: Duration::from_millis(fresh),
            },
        )
    }

    proptest! {
        #[test]
        fn stored_and_read_back(entry in any_entry()) {
            prop_assert_eq!(Entry::from_bytes(entry.to_bytes()), Some(entry));
        }

        #[test]
        fn any_damage_is_found(entry in any_entry(), at in any::<prop::sample::Index>(), to in any::<u8>()) {
            let bytes = entry.to_bytes();
            let mut other = bytes.clone();
            other[at.index(bytes.len())] = to;
            prop_assert_eq!(Entry::from_bytes(other.clone()).is_some(), other == bytes);
            let mut cut = bytes;
            cut.truncate(at.index(cut.len()));
            prop_assert_eq!(Entry::from_bytes(cut), None);
        }

        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            prop_assert_eq!(Entry::from_bytes(bytes), None);
        }
    }

    #[test]
    fn it_shows_no_data_and_no_negative_age() {
        let entry = Entry {
            status: 200,
            body: Bytes::from_static(b"Ann"),
            stored_at: WallTime::from_millis(5_000),
            fresh: Duration::from_secs(1),
        };
        assert_eq!(format!("{entry:?}"), "Entry(200, 3 bytes, at 5000, fresh for 1s)");
        assert_eq!(entry.age(WallTime::from_millis(5_700)), Duration::from_millis(700));
        assert_eq!(entry.age(WallTime::from_millis(0)), Duration::ZERO);
    }
}
