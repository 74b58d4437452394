//! A copy to test with.

use penstock_sync::{
    Error,
    batch::Batch,
    destination::{self, Destination, Opening, Place},
    plan, record,
    schema::Table,
    state::{State, Written},
};
use rusqlite::Connection;
use std::{path::Path, sync::Arc};

pub fn table(name: &str) -> Arc<Table> {
    plan::tables("servicetitan", &[], &[name.to_owned()]).unwrap().remove(0)
}

pub async fn open(path: &Path) -> Result<Arc<dyn Destination>, Error> {
    let opening = Opening { source: "servicetitan, tenant 1".to_owned(), ..Opening::default() };
    destination::open(&Place::Sqlite(path.to_owned()), &opening).await
}

/// Opens the file and makes the table in it.
pub async fn prepared(path: &Path, table: &Arc<Table>) -> Arc<dyn Destination> {
    let destination = open(path).await.unwrap();
    destination.prepare(&[Arc::clone(table)], false).await.unwrap();
    destination
}

/// Writes records of one generation.
pub async fn write(
    destination: &dyn Destination,
    table: &Table,
    generation: i64,
    records: &[&str],
) -> Written {
    let mut batch = Batch::default();
    records.iter().for_each(|json| batch.push(record::row(table, json, "", destination.limits())));
    destination.write(table, "", batch, State { generation, ..State::default() }).await.unwrap()
}

/// The first column of what another program reads there, each as text.
pub fn column(path: &Path, sql: &str) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        Ok(match row.get_ref(0)? {
            rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            other => format!("{other:?}"),
        })
    });
    rows.unwrap().map(Result::unwrap).collect()
}
