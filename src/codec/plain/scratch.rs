//! What is kept from one record to the next, so that none of it is allocated anew.

use super::{cursor::Cursor, fields::Orders};
use crate::contract::catalogue::RecordType;

/// Whoever reads many records keeps one for all of them.
#[derive(Default)]
pub struct Scratch {
    pub(super) orders: Orders,
    /// The members of `extra` of the records that are being read, one behind the other.
    pub(super) extra: Vec<u8>,
    /// The fields of the records that are being written, and where each stands.
    pub(super) written: Vec<Written>,
    /// Whatever is put together anew.
    pub(super) spare: Vec<u8>,
}

/// Where a field stands in what was written.
#[derive(Clone, Copy)]
pub(super) struct Written {
    pub(super) field: usize,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// A member's name.
pub(super) enum Name<'a> {
    Known(usize),
    Unknown(&'a [u8]),
}

impl Scratch {
    /// Forgets what was left of a record that was not plain.
    pub(super) fn begin(&mut self) {
        self.extra.clear();
        self.written.clear();
    }

    /// Reads the name of the member at this place of an object, up to its value. None if it
    /// has escapes.
    #[inline]
    pub(super) fn name<'a>(
        &mut self,
        cursor: &mut Cursor<'a>,
        record: &'static RecordType,
        order: usize,
        place: usize,
    ) -> Option<Name<'a>> {
        let guess = self.orders.guess(order, place);
        if let Some(field) = record.fields.get(guess)
            && cursor.is_named(field.wire.as_bytes())?
        {
            return Some(Name::Known(guess));
        }
        let name = cursor.name()?;
        let found = record.fields.iter().position(|field| field.wire.as_bytes() == name);
        if let Some(found) = found {
            self.orders.learn(order, place, found);
        }
        Some(found.map_or(Name::Unknown(name), Name::Known))
    }

    /// Adds an unknown member to `extra`.
    pub(super) fn keep(&mut self, start: usize, name: &[u8], json: &[u8]) {
        self.extra.push(if self.extra.len() == start { b'{' } else { b',' });
        for part in [b"\"", name, b"\":", json] {
            self.extra.extend_from_slice(part);
        }
    }
}
