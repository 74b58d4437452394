//! What is kept from one record to the next, so that none of it is allocated anew.

use crate::fields::Orders;

/// Whoever reads many records keeps one for all of them.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) orders: Orders,
    /// The members of `extra` of the records that are being read, one behind the other.
    pub(crate) extra: Vec<u8>,
    /// The fields of the records that are being written, and where each stands.
    pub(crate) written: Vec<Written>,
    /// Whatever is put together anew.
    pub(crate) spare: Vec<u8>,
}

/// Where a field stands in what was written, or some that follow one another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    pub(crate) field: usize,
    pub(crate) last: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

impl Scratch {
    /// Forgets what was left of a record that was not plain.
    pub(crate) fn begin(&mut self) {
        self.extra.clear();
        self.written.clear();
    }

    /// Adds an unknown member to `extra`.
    pub(crate) fn keep(&mut self, start: usize, name: &[u8], json: &[u8]) {
        self.extra.push(if self.extra.len() == start { b'{' } else { b',' });
        for part in [b"\"", name, b"\":", json] {
            self.extra.extend_from_slice(part);
        }
    }
}
