//! The operations over a store that has counters and compare-and-swap, and neither expiry nor
//! scripts, such as Spin's on SQLite.
//!
//! Values and claims live under prefixes of their own, since such a store does not forgive a
//! mix of counters and values. What is stored expires by the wall clock, which all instances
//! of one machine share: it is a store for one machine.

use crate::{
    cell,
    turns::{Plan, TurnRequest, Turns},
};

/// Before the name of a value.
pub const VALUE: &str = "v/";

/// Before the name of a [`cell`].
pub const CELL: &str = "c/";

/// How long something that has expired is left alone: an hour.
pub const SWEPT_AFTER_MS: u64 = 60 * 60 * 1000;

/// How often a swap is tried when others are faster. Each time, one of them got through.
const TRIES: u32 = 64;

/// A handle to swap a key's value, and the value as it was.
pub type Opened<H> = (H, Option<Vec<u8>>);

/// The store, as far as it is needed. Nothing here waits for anything else.
pub trait Bucket {
    /// A key's value as it was, to be swapped.
    type Handle;
    /// The store's trouble.
    type Error;

    /// The value under a key.
    ///
    /// # Errors
    /// The store's trouble.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Self::Error>;

    /// Stores a value.
    ///
    /// # Errors
    /// The store's trouble.
    fn set(&self, key: &str, value: &[u8]) -> Result<(), Self::Error>;

    /// Removes a key.
    ///
    /// # Errors
    /// The store's trouble.
    fn delete(&self, key: &str) -> Result<(), Self::Error>;

    /// All keys.
    ///
    /// # Errors
    /// The store's trouble.
    fn keys(&self) -> Result<Vec<String>, Self::Error>;

    /// Adds 0 to a counter: creates it if it is not there, atomically.
    ///
    /// # Errors
    /// The store's trouble.
    fn create(&self, key: &str) -> Result<(), Self::Error>;

    /// A key's value, and the handle to swap it.
    ///
    /// # Errors
    /// The store's trouble.
    fn open(&self, key: &str) -> Result<Opened<Self::Handle>, Self::Error>;

    /// Replaces the value that the handle was opened with. False if somebody was faster.
    ///
    /// # Errors
    /// The store's trouble.
    fn swap(&self, handle: Self::Handle, value: &[u8]) -> Result<bool, Self::Error>;
}

/// The operations on a bucket, at this time.
#[derive(Debug)]
pub struct Embedded<'b, B> {
    /// The bucket.
    pub bucket: &'b B,
    /// Microseconds since the Unix epoch.
    pub now: u64,
}

/// Why an operation was not done.
#[derive(Debug, PartialEq, Eq)]
pub enum Undone<E> {
    /// Others were always faster.
    Contended,
    /// The store's trouble.
    Store(E),
}

/// What becomes of a cell's content.
enum Change<T> {
    /// It stays, and this is the answer.
    Keep(T),
    /// It becomes this, until that millisecond since the Unix epoch, and then this is the answer.
    Put(Vec<u8>, u64, T),
    /// It is emptied, and then this is the answer.
    Empty(T),
}

impl<B: Bucket> Embedded<'_, B> {
    /// The value under a key.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Undone<B::Error>> {
        let kept = self.bucket.get(&format!("{VALUE}{key}")).map_err(Undone::Store)?;
        Ok(kept.and_then(|kept| cell::content(&kept, self.now_ms()).map(<[u8]>::to_vec)))
    }

    /// Stores a value.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn set(&self, key: &str, value: &[u8], ttl_ms: Option<u64>) -> Result<(), Undone<B::Error>> {
        let kept = cell::full(value, cell::expiry_ms(self.now_ms(), ttl_ms));
        self.bucket.set(&format!("{VALUE}{key}"), &kept).map_err(Undone::Store)
    }

    /// Removes a key, whatever it is used for. A claim that is changed at the same moment may be
    /// lost.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn delete(&self, key: &str) -> Result<(), Undone<B::Error>> {
        [VALUE, CELL]
            .into_iter()
            .try_for_each(|kind| self.bucket.delete(&format!("{kind}{key}")))
            .map_err(Undone::Store)
    }

    /// Keys in use that begin with `prefix`, at most so many.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn keys(&self, prefix: &str, most: usize) -> Result<Vec<String>, Undone<B::Error>> {
        let mut found = Vec::new();
        for kept in self.bucket.keys().map_err(Undone::Store)? {
            let Some(key) = kept.strip_prefix(VALUE).or_else(|| kept.strip_prefix(CELL)) else { continue };
            if found.len() >= most {
                break;
            }
            if key.starts_with(prefix)
                && let Some(content) = self.bucket.get(&kept).map_err(Undone::Store)?
                && cell::content(&content, self.now_ms()).is_some()
            {
                found.push(key.to_owned());
            }
        }
        Ok(found)
    }

    /// Removes what expired more than [`SWEPT_AFTER_MS`] ago, and looks at no more than `most` of the
    /// keys, from a place among them that `random` chooses. How many are gone.
    ///
    /// Such a store drops nothing by itself. A claim on a key that nobody has used for so long and
    /// that comes between the look and the removal is lost; both are a moment apart.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn sweep(&self, most: usize, random: u64) -> Result<usize, Undone<B::Error>> {
        let mut keys = self.bucket.keys().map_err(Undone::Store)?;
        keys.retain(|key| key.starts_with(VALUE) || key.starts_with(CELL));
        keys.sort_unstable();
        let from = usize::try_from(random.checked_rem(keys.len() as u64).unwrap_or(0)).unwrap_or(0);
        keys.rotate_left(from);
        let mut gone = 0;
        for key in keys.iter().take(most) {
            let kept = self.bucket.get(key).map_err(Undone::Store)?;
            let until = kept.as_deref().and_then(cell::until_ms);
            if until.is_some_and(|until| until.saturating_add(SWEPT_AFTER_MS) < self.now_ms()) {
                self.bucket.delete(key).map_err(Undone::Store)?;
                gone += 1;
            }
        }
        Ok(gone)
    }

    /// Claims a key: stores a value unless another one is there, which is returned.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn claim(&self, key: &str, value: &[u8], ttl_ms: u64) -> Result<Option<Vec<u8>>, Undone<B::Error>> {
        let until = cell::expiry_ms(self.now_ms(), Some(ttl_ms));
        self.change(key, |present| match present.filter(|present| *present != value) {
            Some(present) => Change::Keep(Some(present.to_vec())),
            None => Change::Put(value.to_vec(), until, None),
        })
    }

    /// Replaces a claim's value if it is the expected one.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn swap(
        &self,
        key: &str,
        expected: &[u8],
        value: &[u8],
        ttl_ms: u64,
    ) -> Result<bool, Undone<B::Error>> {
        let until = cell::expiry_ms(self.now_ms(), Some(ttl_ms));
        self.change(key, |present| match present {
            Some(present) if present == expected || present == value => {
                Change::Put(value.to_vec(), until, true)
            }
            _ => Change::Keep(false),
        })
    }

    /// Gives a claim up if its value is the expected one.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn release(&self, key: &str, expected: &[u8]) -> Result<(), Undone<B::Error>> {
        self.change(key, |present| match present {
            Some(present) if present == expected => Change::Empty(()),
            _ => Change::Keep(()),
        })
    }

    /// Takes turns of a limit. A file does not forget, so a new plan begins at once.
    ///
    /// # Errors
    /// [`Undone`].
    pub fn turns(&self, key: &str, request: &TurnRequest) -> Result<Turns, Undone<B::Error>> {
        self.change(key, |present| {
            let (turns, plan) = Plan::ask(present.and_then(Plan::parse), self.now, request, 0);
            match plan {
                None => Change::Keep(turns),
                Some(plan) => {
                    let until = cell::expiry_ms(self.now_ms(), Some(plan.ttl_ms(self.now)));
                    Change::Put(plan.to_string().into_bytes(), until, turns)
                }
            }
        })
    }

    /// Changes a cell by what it holds.
    fn change<T>(
        &self,
        key: &str,
        decide: impl Fn(Option<&[u8]>) -> Change<T>,
    ) -> Result<T, Undone<B::Error>> {
        let key = format!("{CELL}{key}");
        for _ in 0..TRIES {
            let (handle, kept) = self.bucket.open(&key).map_err(Undone::Store)?;
            let Some(kept) = kept else {
                // Swapping a key that is not there may succeed twice.
                self.bucket.create(&key).map_err(Undone::Store)?;
                continue;
            };
            let (next, answer) = match decide(cell::content(&kept, self.now_ms())) {
                Change::Keep(answer) => return Ok(answer),
                Change::Put(content, until, answer) => (cell::full(&content, until), answer),
                Change::Empty(answer) => (cell::empty(), answer),
            };
            if self.bucket.swap(handle, &next).map_err(Undone::Store)? {
                return Ok(answer);
            }
        }
        Err(Undone::Contended)
    }

    fn now_ms(&self) -> u64 {
        self.now / 1_000
    }
}

#[cfg(test)]
mod tests;
