//! The records of one kind, in the order of their ids.

use crate::servicetitan::data::record::{Column, Record};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// How many results of lists are kept until the next write.
const KEPT: usize = 64;

/// The first id that a create gets: above every id that is generated, so that jobs
/// that are added later never take one.
const FIRST_NEW: i64 = 900_000_000_000;

/// A table and the lists that were lately read from it.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) columns: &'static [Column],
    rows: BTreeMap<i64, Arc<Record>>,
    /// The result of a list by its filters and order, so that a page costs what it
    /// holds and not what the table holds.
    results: HashMap<String, Arc<[Arc<Record>]>>,
    /// The next id that a create gets.
    next_id: i64,
}

impl Table {
    pub(crate) fn new(columns: &'static [Column]) -> Self {
        Self { columns, rows: BTreeMap::new(), results: HashMap::new(), next_id: FIRST_NEW }
    }

    pub(crate) fn get(&self, id: i64) -> Option<Arc<Record>> {
        self.rows.get(&id).cloned()
    }

    /// Every record, deleted ones too, by id.
    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = &Arc<Record>> {
        self.rows.values()
    }

    pub(crate) fn put(&mut self, record: Record) -> Arc<Record> {
        self.results.clear();
        let record = Arc::new(record);
        self.rows.insert(record.id, Arc::clone(&record));
        record
    }

    /// An id that no record has had.
    pub(crate) fn new_id(&mut self) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// The result called `name`, made if it is not kept.
    pub(crate) fn result(
        &mut self,
        name: &str,
        make: impl FnOnce(&BTreeMap<i64, Arc<Record>>) -> Vec<Arc<Record>>,
    ) -> Arc<[Arc<Record>]> {
        if let Some(kept) = self.results.get(name) {
            return Arc::clone(kept);
        }
        if self.results.len() >= KEPT {
            self.results.clear();
        }
        let made: Arc<[Arc<Record>]> = make(&self.rows).into();
        self.results.insert(name.to_owned(), Arc::clone(&made));
        made
    }
}
