//! Rows that become durable together.

use crate::record::{Key, Row, Unkeyed};
use std::collections::HashMap;

/// Rows that become durable together. Of a record that comes twice the newer one counts.
#[derive(Debug, Default)]
pub struct Batch {
    rows: Vec<Row>,
    places: HashMap<Key, usize>,
    /// Records that no table can have.
    pub unkeyed: Vec<Unkeyed>,
    /// The size of its records, in bytes.
    pub bytes: usize,
    /// How many records were read for it.
    pub records: u64,
}

impl Batch {
    /// Adds what became of a record.
    pub fn push(&mut self, row: Result<Row, Unkeyed>) {
        self.records += 1;
        match row {
            Ok(row) => self.put(row),
            Err(unkeyed) => {
                self.bytes += unkeyed.record.len();
                self.unkeyed.push(unkeyed);
            }
        }
    }

    fn put(&mut self, row: Row) {
        self.bytes += row.bytes;
        let place = self.places.get(&row.key).and_then(|place| self.rows.get_mut(*place));
        match place {
            // In the order in which they came, unless the vendor says otherwise.
            Some(there) if there.version.zip(row.version).is_some_and(|(there, row)| row < there) => {}
            Some(there) => *there = row,
            None => {
                self.places.insert(row.key.clone(), self.rows.len());
                self.rows.push(row);
            }
        }
    }

    /// Its rows, no two of one record.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Whether it has nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.unkeyed.is_empty()
    }
}
