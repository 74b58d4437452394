//! Messages, one a line, in the order in which a target takes them.

use super::{
    catalog::Selected,
    schema::{self, DELETED, EXTRA, HASH, MISFIT},
    state::Bookmarks,
};
use crate::{
    batch::Batch,
    clock,
    record::{Row, Unkeyed, Value},
    schema::{ColumnKind, Table},
    state::State,
};
use penstock::contract::catalogue::Paging;
use penstock_json::Instant;
use serde_json::{Map, Value as Json, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
    sync::Arc,
};

/// The stream of records that have no key, which no other stream can have.
const UNKEYED: &str = "_penstock_misfits";

/// Writes messages, and knows how far each stream is.
pub struct Messages {
    out: Box<dyn Write + Send>,
    bookmarks: Bookmarks,
    tables: BTreeMap<String, Arc<Table>>,
    left_out: BTreeMap<String, BTreeSet<String>>,
    /// Whether the schema of [`UNKEYED`] was told.
    is_unkeyed_told: bool,
}

impl Messages {
    /// Messages of what is selected, from the bookmarks on.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, bookmarks: Bookmarks, selected: &Selected) -> Messages {
        let tables = selected.tables.iter().map(|table| (table.name.clone(), Arc::clone(table))).collect();
        Messages { out, bookmarks, tables, left_out: selected.left_out.clone(), is_unkeyed_told: false }
    }

    pub(crate) fn state(&self, table: &str, owner: &str) -> Option<State> {
        self.bookmarks.get(table, owner).cloned()
    }

    /// Tells what records look like, before any comes.
    pub(crate) fn schemas(&mut self) -> io::Result<()> {
        for table in self.tables.clone().values() {
            let wanted = |(name, _): &(String, Json)| self.is_wanted(&table.name, name);
            let properties: Map<String, Json> =
                schema::properties(table).into_iter().filter(wanted).collect();
            let schema = json!({ "type": "object", "properties": properties });
            self.message(&json!({
                "type": "SCHEMA", "stream": table.name, "schema": schema, "key_properties": [schema::key(table)],
            }))?;
        }
        self.out.flush()
    }

    /// Tells records and how far the stream is behind them.
    pub(crate) fn records(
        &mut self,
        table: &str,
        owner: &str,
        batch: &Batch,
        state: &State,
    ) -> io::Result<()> {
        let table = &self.table(table)?;
        let now = clock::text_of_ms(clock::now_ms());
        for row in batch.rows() {
            let record = self.record(table, row);
            let mut line = json!({
                "type": "RECORD", "stream": table.name, "record": record, "time_extracted": now,
            });
            if let (Some(version), Some(line)) = (version(table, state), line.as_object_mut()) {
                line.insert("version".to_owned(), version.into());
            }
            self.message(&line)?;
        }
        self.unkeyed(table, &batch.unkeyed, &now)?;
        self.bookmark(table, owner, state)
    }

    /// Tells that a read came to its end, with `is_all` that everything there is was read: what a target has
    /// of earlier reads is gone.
    pub(crate) fn end(&mut self, table: &str, owner: &str, state: &State, is_all: bool) -> io::Result<()> {
        let table = &self.table(table)?;
        if let Some(version) = version(table, state).filter(|_| is_all) {
            self.message(&json!({ "type": "ACTIVATE_VERSION", "stream": table.name, "version": version }))?;
        }
        self.bookmark(table, owner, state)
    }

    fn table(&self, name: &str) -> io::Result<Arc<Table>> {
        let found = self.tables.get(name).map(Arc::clone);
        found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("{name} is not selected")))
    }

    fn bookmark(&mut self, table: &Table, owner: &str, state: &State) -> io::Result<()> {
        let name = table.owner.and_then(|at| table.columns.get(at)).map(|column| column.name.as_str());
        self.bookmarks.put(&table.name, name, owner, state.clone());
        let value = self.bookmarks.value();
        self.message(&json!({ "type": "STATE", "value": value }))?;
        self.out.flush()
    }

    fn unkeyed(&mut self, table: &Table, unkeyed: &[Unkeyed], now: &str) -> io::Result<()> {
        if unkeyed.is_empty() {
            return Ok(());
        }
        if !self.is_unkeyed_told {
            let text = json!({ "type": ["string"] });
            let properties = json!({ "hash": text, "table": text, "record": text });
            self.message(&json!({
                "type": "SCHEMA", "stream": UNKEYED, "schema": { "type": "object", "properties": properties },
                "key_properties": ["hash"],
            }))?;
            self.is_unkeyed_told = true;
        }
        for Unkeyed { hash, record } in unkeyed {
            let record = json!({ "hash": hash, "table": table.name, "record": record });
            self.message(&json!({
                "type": "RECORD", "stream": UNKEYED, "record": record, "time_extracted": now,
            }))?;
        }
        Ok(())
    }

    fn record(&self, table: &Table, row: &Row) -> Json {
        let mut record = Map::new();
        for (at, (column, value)) in table.columns.iter().zip(&row.values).enumerate() {
            if self.is_wanted(&table.name, &column.wire) {
                record.insert(column.wire.to_string(), shown(table, at, column.kind, value));
            }
        }
        let extra = row.extra.as_deref().and_then(|extra| serde_json::from_str(extra).ok());
        let own = [
            (HASH, table.key.is_none().then(|| Json::from(row.hash.as_str()))),
            (DELETED, Some(row.deleted.into())),
            (EXTRA, Some(extra.unwrap_or(Json::Null))),
            (MISFIT, Some(row.misfit.as_deref().map_or(Json::Null, Json::from))),
        ];
        for (name, value) in own {
            if let Some(value) = value.filter(|_| self.is_wanted(&table.name, name)) {
                record.insert(name.to_owned(), value);
            }
        }
        record.into()
    }

    fn is_wanted(&self, stream: &str, property: &str) -> bool {
        !self.left_out.get(stream).is_some_and(|left_out| left_out.contains(property))
    }

    fn message(&mut self, message: &Json) -> io::Result<()> {
        writeln!(self.out, "{message}")
    }
}

/// Which read a record of a list belongs to, in milliseconds since 1970: what a target does with
/// `ACTIVATE_VERSION`. Not of feeds, which tell changes alone, nor of one owner's records among others.
fn version(table: &Table, state: &State) -> Option<i64> {
    (table.source.paging != Paging::Export && table.owner.is_none()).then_some(state.began)
}

/// A value as its schema has it.
fn shown(table: &Table, column: usize, kind: ColumnKind, value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => (*value).into(),
        Value::Integer(value) => (*value).into(),
        Value::Real(value) => (*value).into(),
        Value::Text(text) if kind == ColumnKind::Json => {
            let ty = schema::type_of(table, column);
            let is_nested = ty.is_some_and(schema::is_nested);
            match serde_json::from_str::<Json>(text) {
                Ok(nested) if is_nested && ty.is_some_and(|ty| schema::fits(ty, &nested)) => nested,
                // The record as it came has it.
                Ok(_) if is_nested => Json::Null,
                _ => text.as_str().into(),
            }
        }
        // Not with all nine digits, which not every target reads.
        Value::Text(text) if kind == ColumnKind::Instant => {
            Instant::parse(text).map_or_else(|| text.as_str().into(), |instant| instant.to_string().into())
        }
        Value::Text(text) => text.as_str().into(),
    }
}
