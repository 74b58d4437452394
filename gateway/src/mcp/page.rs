//! A bounded piece of a list: so many records and bytes, and where it goes on.

use super::{progress::Told, selecting::projected};
use crate::answer::json;
use penstock::{client::ListPosition, entry::stream_records::Sink};

/// Records as they come, until there are enough.
pub(super) struct Piece<'t, T> {
    /// The most records.
    pub(super) limit: usize,
    /// The most bytes that they have together.
    pub(super) most: usize,
    /// The members that are kept of each; all if none.
    pub(super) fields: Option<Vec<String>>,
    /// Those that were taken, JSON.
    pub(super) records: Vec<String>,
    /// How many bytes they have.
    pub(super) bytes: usize,
    /// How many of them are too large to be given at all.
    pub(super) too_large: usize,
    /// Whether the next one did not fit.
    pub(super) is_full: bool,
    /// Whether nothing is left of the list.
    pub(super) is_end: bool,
    /// How many there are in all, if the provider says so.
    pub(super) total: Option<u64>,
    /// Who wants to know.
    pub(super) told: &'t mut T,
    /// Whether nobody waits any more.
    pub(super) is_abandoned: bool,
}

impl<'t, T> Piece<'t, T> {
    pub(super) fn new(limit: usize, most: usize, fields: Option<Vec<String>>, told: &'t mut T) -> Self {
        Piece {
            limit,
            most,
            fields,
            records: Vec::new(),
            bytes: 0,
            too_large: 0,
            is_full: false,
            is_end: false,
            total: None,
            told,
            is_abandoned: false,
        }
    }

    /// Takes a record if there is room for it.
    fn take(&mut self, record: &str) -> bool {
        let shown = self.fields.as_ref().map(|fields| projected(record, fields));
        let shown = shown.as_deref().unwrap_or(record);
        let length = shown.len() + 1;
        if self.records.len() >= self.limit || (self.bytes + length > self.most && !self.records.is_empty()) {
            self.is_full = true;
            return false;
        }
        let kept = match length > self.most {
            // It would fit into no piece at all.
            true => {
                self.too_large += 1;
                format!(r#"{{"$leftOut":{}}}"#, json(&format!("a record of {} bytes", shown.len())))
            }
            false => shown.to_owned(),
        };
        self.bytes += kept.len() + 1;
        self.records.push(kept);
        true
    }

    /// What was taken, as a JSON array.
    pub(super) fn array(&self) -> String {
        format!("[{}]", self.records.join(","))
    }
}

impl<T: Told> Sink<String> for Piece<'_, T> {
    async fn write(&mut self, mut items: Vec<String>) -> Vec<String> {
        let taken = items.iter().take_while(|record| self.take(record)).count();
        let of = u64::try_from(self.limit).ok();
        if !self.told.read(u64::try_from(self.records.len()).unwrap_or(u64::MAX), of).await {
            self.is_abandoned = true;
            return items;
        }
        items.split_off(taken)
    }

    fn wants_positions(&self) -> bool {
        true
    }

    async fn stand(&mut self, position: ListPosition) -> bool {
        (self.total, self.is_end) = (position.total.or(self.total), position.is_end);
        // What is enough is known before the next page is asked for.
        self.records.len() < self.limit && self.bytes < self.most
    }
}
