//! A target of Singer, at the other end of standard output: it has the rows, and hands the state back.

use super::{
    Answer, Destination,
    blocking::{Blocking, Fails},
};
use crate::{
    Error,
    batch::Batch,
    record::{Key, Value},
    schema::Table,
    singer::Messages,
    state::{State, TableStatus, Written},
};
use futures_util::FutureExt;
use std::{fmt, future::ready, io, sync::Arc};

/// What messages are written to.
pub struct Singer {
    messages: Blocking<Messages, io::Error>,
}

impl Fails for io::Error {
    fn told(self, place: &str) -> Error {
        Error::Destination {
            place: place.to_owned(),
            what: "takes no more messages".to_owned(),
            source: Some(self.into()),
        }
    }
}

impl Singer {
    /// Messages to a target.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn new(messages: Messages) -> Result<Singer, Error> {
        Ok(Singer { messages: Blocking::new("the target".to_owned(), messages)? })
    }
}

/// A tap cannot ask what its target has.
fn unknown<T: Send + 'static>() -> Answer<'static, T> {
    ready(Err(Error::Unfit("a target does not say what it has".to_owned()))).boxed()
}

impl Destination for Singer {
    fn name(&self) -> &str {
        &self.messages.name
    }

    fn prepare<'a>(&'a self, tables: &'a [Arc<Table>], dry_run: bool) -> Answer<'a, Vec<String>> {
        let told = tables.iter().map(|table| format!("a stream {}", table.name)).collect();
        self.messages.with(move |messages| {
            if !dry_run {
                messages.schemas()?;
            }
            Ok(told)
        })
    }

    fn state<'a>(&'a self, table: &'a Table, owner: &'a str) -> Answer<'a, Option<State>> {
        let (table, owner) = (table.name.clone(), owner.to_owned());
        self.messages.with(move |messages| Ok(messages.state(&table, &owner)))
    }

    fn write<'a>(
        &'a self,
        table: &'a Table,
        owner: &'a str,
        batch: Batch,
        state: State,
    ) -> Answer<'a, Written> {
        let (table, owner) = (table.name.clone(), owner.to_owned());
        self.messages.with(move |messages| {
            messages.records(&table, &owner, &batch, &state)?;
            let misfits = batch.rows().iter().filter(|row| row.misfit.is_some()).count();
            let misfits = (misfits + batch.unkeyed.len()) as u64;
            Ok(Written { rows: batch.rows().len() as u64, older: 0, misfits })
        })
    }

    fn finish<'a>(
        &'a self,
        table: &'a Table,
        owner: &'a str,
        state: State,
        reconcile: bool,
    ) -> Answer<'a, u64> {
        let (table, owner) = (table.name.clone(), owner.to_owned());
        self.messages.with(move |messages| messages.end(&table, &owner, &state, reconcile).map(|()| 0))
    }

    fn failed<'a>(&'a self, _table: &'a Table, _owner: &'a str, _error: &'a str) -> Answer<'a, ()> {
        ready(Ok(())).boxed()
    }

    fn status(&self) -> Answer<'_, Vec<TableStatus>> {
        unknown()
    }

    fn count<'a>(&'a self, _table: &'a Table, _active: bool) -> Answer<'a, u64> {
        unknown()
    }

    fn sample<'a>(&'a self, _table: &'a Table, _most: u32) -> Answer<'a, Vec<(Key, Vec<Value>)>> {
        unknown()
    }
}

impl fmt::Debug for Singer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Singer").finish_non_exhaustive()
    }
}
