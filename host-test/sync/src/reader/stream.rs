//! Records on their way from the vendor into the destination, a batch at a time.

use super::{Done, Event, Reader};
use crate::{
    Error,
    batch::Batch,
    record,
    state::{State, Written},
};
use futures_util::StreamExt;
use penstock_host::{
    Records,
    bindings::{
        operations::{ListItem, Position},
        types::{CallOptions, OnMisfit},
    },
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;

/// When a batch is written that ends with a position, in bytes of its records.
const ENOUGH: usize = 1 << 20;

/// When one is written although no position has come, in bytes.
const MOST: usize = 4 << 20;

/// How long records wait for others to come.
const SOON: Duration = Duration::from_secs(1);

/// A batch that is being written while the next one is read.
struct Writing {
    task: JoinHandle<Result<Written, Error>>,
    /// What holds once it is.
    state: State,
}

/// The batch that is being read.
struct Filling {
    batch: Batch,
    /// What holds behind it.
    state: State,
    began: Instant,
    writing: Option<Writing>,
}

impl Reader<'_> {
    /// Reads on to the end of the list. `state` is what is durable.
    pub(super) async fn stream(&self, state: &mut State, done: &mut Done) -> Result<(), Error> {
        let records = self.records(state).await?;
        let mut filling =
            Filling { batch: Batch::default(), state: state.clone(), began: Instant::now(), writing: None };
        let read = self.fill(records, &mut filling, state, done).await;
        // It is waited for whatever happened: another sync must find nobody writing.
        let written = self.settle(&mut filling, state, done).await;
        read.and(written)
    }

    async fn records(&self, state: &State) -> Result<Records<ListItem>, Error> {
        let options = CallOptions {
            account: self.options.account.clone(),
            resume: state.position.clone(),
            fresh: true,
            window: self.options.window,
            on_misfit: Some(OnMisfit::Raw),
            ..CallOptions::default()
        };
        let (provider, operation) = (self.table.provider, self.table.source.name);
        let parameters = self.parameters(state);
        let records =
            self.plugin.list_with_positions(provider, operation, parameters, None, Some(options), None);
        Ok(records.await?)
    }

    async fn fill(
        &self,
        mut records: Records<ListItem>,
        filling: &mut Filling,
        state: &mut State,
        done: &mut Done,
    ) -> Result<(), Error> {
        let mut stop = self.stop.clone();
        loop {
            let item = tokio::select! {
                item = records.next() => item.transpose()?,
                _ = stop.wait_for(|stop| *stop) => return Err(Error::Stopped),
            };
            let Some(item) = item else { break };
            self.take(item, filling, state, done).await?;
            while let Some(item) = records.take_ready() {
                self.take(item, filling, state, done).await?;
            }
        }
        if let Some(end) = records.end() {
            filling.state.position = Some(end.resume.clone());
            filling.state.drifted = end.drifted && !self.is_feed();
        }
        self.write(filling, state, done).await
    }

    async fn take(
        &self,
        item: ListItem,
        filling: &mut Filling,
        state: &mut State,
        done: &mut Done,
    ) -> Result<(), Error> {
        match item {
            ListItem::Record(json) => {
                filling.batch.push(record::row(self.table, &json, self.owner, self.destination.limits()));
                if filling.batch.bytes >= MOST {
                    self.write(filling, state, done).await?;
                }
            }
            ListItem::Position(Position { resume, total, .. }) => {
                filling.state.position = Some(resume);
                if let Some(total) = total {
                    (self.told)(Event::Total(total));
                }
                if filling.batch.bytes >= ENOUGH || filling.began.elapsed() >= SOON {
                    self.write(filling, state, done).await?;
                }
            }
        }
        Ok(())
    }

    /// Begins to write the batch, once the one before it is written: no more than two are in memory.
    async fn write(&self, filling: &mut Filling, state: &mut State, done: &mut Done) -> Result<(), Error> {
        self.settle(filling, state, done).await?;
        let batch = std::mem::take(&mut filling.batch);
        filling.state.records = filling.state.records.saturating_add(batch.records);
        done.records += batch.records;
        (self.told)(Event::Records(batch.records));
        let (destination, table) = (Arc::clone(self.destination), Arc::clone(self.table));
        let (owner, next) = (self.owner.to_owned(), filling.state.clone());
        let task = tokio::spawn(async move { destination.write(&table, &owner, batch, next).await });
        filling.writing = Some(Writing { task, state: filling.state.clone() });
        filling.began = Instant::now();
        Ok(())
    }

    /// Waits until the batch that is being written is durable.
    async fn settle(&self, filling: &mut Filling, state: &mut State, done: &mut Done) -> Result<(), Error> {
        let Some(Writing { task, state: next }) = filling.writing.take() else { return Ok(()) };
        let written = task.await.map_err(|_| Error::Stopped)??;
        done.written.add(written);
        *state = next;
        Ok(())
    }
}
