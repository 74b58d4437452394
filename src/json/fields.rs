//! The fields of records, in the order in which a provider sends them.

use crate::types::RecordType;
use std::ptr;

/// So many fields of a record are kept track of; no contract's record has more.
const MOST: usize = 256;

/// Which fields of a record have come.
#[derive(Default)]
pub(crate) struct Seen([u64; MOST / 64]);

impl Seen {
    /// Takes note of a field. None if it came before.
    #[inline]
    pub(crate) fn note(&mut self, field: usize) -> Option<()> {
        let word = self.0.get_mut(field / 64)?;
        let bit = 1 << (field % 64);
        let first = *word & bit == 0;
        *word |= bit;
        first.then_some(())
    }

    /// Whether a field has come.
    #[inline]
    pub(crate) fn has(&self, field: usize) -> bool {
        self.0.get(field / 64).is_some_and(|word| word >> (field % 64) & 1 == 1)
    }

    /// Whether the first so many fields have all come.
    #[inline]
    pub(crate) fn all(&self, fields: usize) -> bool {
        let words = self.0.iter().zip((0..fields).step_by(64));
        words.into_iter().all(|(word, first)| word.trailing_ones() as usize >= (fields - first).min(64))
    }
}

/// The order in which the fields of each type of record came last, by their places in the object.
#[derive(Debug, Default)]
pub(crate) struct Orders(Vec<(&'static RecordType, Vec<u16>)>);

impl Orders {
    /// Where that of a type stands.
    #[inline]
    pub(crate) fn of(&mut self, record: &'static RecordType) -> usize {
        let known = self.0.iter().position(|(known, _)| ptr::eq(*known, record));
        known.unwrap_or_else(|| {
            self.0.push((record, Vec::new()));
            self.0.len() - 1
        })
    }

    /// The field that probably comes at this place.
    #[inline]
    pub(crate) fn guess(&self, order: usize, place: usize) -> usize {
        let fields = self.0.get(order).map(|(_, fields)| fields.as_slice()).unwrap_or_default();
        fields.get(place).map_or(place, |field| usize::from(*field))
    }

    /// Another field came there.
    pub(crate) fn learn(&mut self, order: usize, place: usize, field: usize) {
        let Some((_, fields)) = self.0.get_mut(order) else { return };
        while fields.len() <= place.min(MOST) {
            fields.push(u16::try_from(fields.len()).unwrap_or_default());
        }
        if let Some((slot, field)) = fields.get_mut(place).zip(u16::try_from(field).ok()) {
            *slot = field;
        }
    }
}
