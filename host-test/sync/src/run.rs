//! Several tables at once, under one limit of the vendor's.

use crate::{
    Error,
    destination::Destination,
    reader::{Done, Event, Options, Reader},
    schema::Table,
};
use futures_util::{StreamExt, stream};
use penstock_host::Plugin;
use std::sync::Arc;
use tokio::sync::watch;

/// A table to read, and whose records where they are read owner by owner.
#[derive(Debug, Clone)]
pub struct Read {
    /// The table.
    pub table: Arc<Table>,
    /// The owner, or empty.
    pub owner: String,
}

/// What became of a read.
#[derive(Debug)]
pub struct Ended {
    /// What was read.
    pub read: Read,
    /// How it went.
    pub result: Result<Done, Error>,
}

/// A copy to make.
pub struct Run {
    /// Who asks the vendor. Its limits hold for all tables together.
    pub plugin: Plugin,
    /// Where rows go.
    pub destination: Arc<dyn Destination>,
    /// How.
    pub options: Options,
    /// How many tables are read at once.
    pub parallel: usize,
    /// Becomes true when it is to end.
    pub stop: watch::Receiver<bool>,
}

impl Run {
    /// Reads everything. `told` hears of each read what happens; `ended` when one ends. A table that fails
    /// does not keep the others; a destination that fails does.
    pub async fn read_all(
        &self,
        reads: Vec<Read>,
        told: &(dyn Fn(&Read, Event) + Send + Sync),
        mut ended: impl FnMut(&Ended),
    ) -> Vec<Ended> {
        let mut running =
            stream::iter(reads).map(|read| self.one(read, told)).buffer_unordered(self.parallel.max(1));
        let mut all: Vec<Ended> = Vec::new();
        while let Some(end) = running.next().await {
            ended(&end);
            let is_over = end
                .result
                .as_ref()
                .is_err_and(|error| error.is_of_destination() || matches!(error, Error::Stopped));
            all.push(end);
            if is_over {
                break;
            }
        }
        all
    }

    async fn one(&self, read: Read, told: &(dyn Fn(&Read, Event) + Send + Sync)) -> Ended {
        let reader = Reader {
            plugin: &self.plugin,
            destination: &self.destination,
            options: &self.options,
            table: &read.table,
            owner: &read.owner,
            stop: self.stop.clone(),
            told: &|event| told(&read, event),
        };
        let result = reader.read().await;
        if let Err(error) = &result
            && !error.is_of_destination()
        {
            // What went wrong is told by the caller too.
            let _ = self.destination.failed(&read.table, &read.owner, &error.to_string()).await;
        }
        Ended { read, result }
    }
}
