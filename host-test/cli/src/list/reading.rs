//! A list on its way from the vendor to the output.

use crate::{
    output::{Output, Patience, Unwritten},
    position::{Keeper, Place},
    progress::Progress,
    report::tell_resume,
    stopping::{Stopped, Stopping},
    told::{tell, warning},
};
use anyhow::{Result, anyhow};
use futures_util::StreamExt;
use penstock_host::{
    Error, Records,
    bindings::{
        operations::{ListItem, Position},
        types::{Failure, ListEnd},
    },
};
use serde_json::json;
use std::{future::pending, time::Duration};
use tokio::time::{Instant, sleep_until, timeout_at};

/// How long acknowledgements are waited for when the output takes no more.
const GRACE: Duration = Duration::from_secs(2);

/// How long a reader may take before it is told that it is waited for.
const SOON: Duration = Duration::from_millis(300);

/// What is shown of it while it is read.
pub(super) struct Seen {
    pub(super) progress: Progress,
    /// How many records there will be at most, if anybody knows.
    pub(super) most: Option<u64>,
    /// Whether the vendor's total is of what is still to come.
    pub(super) is_total_known: bool,
}

impl Seen {
    fn stand(&self, position: &Position) {
        self.progress.pages(position.pages);
        let total = position.total.filter(|_| self.is_total_known);
        if let Some(total) = total.or(self.most).map(|total| total.min(self.most.unwrap_or(total)))
            && total < u64::MAX
        {
            self.progress.of(total);
        }
    }
}

/// A list that is being read.
pub(super) struct Reading {
    seen: Seen,
    records: Records<ListItem>,
    keeper: Keeper,
    output: Output,
    stopping: Stopping,
    printed: u64,
    /// How long it waits once it is to end: for the end of the read, which takes as long as the requests
    /// that are on their way, and for who reads. Without that the position is behind the last page that
    /// was printed whole.
    grace: Duration,
    /// Until when it waits for what is on its way.
    ends: Option<Instant>,
}

/// How a list ended that was not broken off.
pub(super) struct Ended {
    pub(super) end: Option<ListEnd>,
    /// Where to go on, if no file keeps it.
    pub(super) resume: Option<String>,
}

impl Reading {
    pub(super) fn new(
        records: Records<ListItem>,
        keeper: Keeper,
        stopping: &Stopping,
        patience: Patience,
        seen: Seen,
    ) -> Reading {
        let output = Output::stdout(stopping).patient(patience);
        let (stopping, grace) = (stopping.clone(), patience.grace);
        Reading { seen, records, keeper, output, stopping, printed: 0, grace, ends: None }
    }

    /// Prints everything.
    ///
    /// # Errors
    ///
    /// What ended the list early, the end by a signal among it.
    pub(super) async fn run(mut self) -> Result<Ended> {
        let ended = self.read().await;
        // What no file has is told, or it would be gone.
        if ended.is_err()
            && let Some(resume) = self.keeper.lost()
        {
            tell_resume(resume);
        }
        ended
    }

    async fn read(&mut self) -> Result<Ended> {
        let printed = self.print().await;
        // Before any position is taken note of: it would pass what could not be written.
        if let Err(error) = self.output.flush() {
            return Err(self.unwritten(error.into()).await);
        }
        if let Err(error) = printed {
            if error.is::<Unwritten>() {
                return Err(self.unwritten(error).await);
            }
            let resume = error.downcast_ref().and_then(Error::failure);
            if let Some(resume) = resume.and_then(|failure| failure.resume.clone()) {
                self.keeper.mark(self.printed, &self.output, resume);
            }
            self.settle().await?;
            return Err(self.kept(error));
        }
        let end = self.records.end().cloned();
        if let Some(end) = &end {
            self.keeper.mark(self.printed, &self.output, end.resume.clone());
        }
        self.settle().await?;
        let resume = self.keeper.unkept().map(str::to_owned);
        if self.stopping.signal().is_some() && end.as_ref().is_none_or(|end| !end.complete) {
            let in_file = self.keeper.file().map(|file| format!("; the position is in {}", file.display()));
            let rest = in_file.unwrap_or_default();
            let stopped = self.stopping.stopped(format!(" after {} records{rest}", self.printed));
            return Err(Stopped { resume, ..stopped }.into());
        }
        Ok(Ended { end, resume })
    }

    async fn print(&mut self) -> Result<()> {
        loop {
            tokio::select! {
                item = self.records.next() => match item.transpose()? {
                    None => return Ok(()),
                    Some(item) => self.print_all(item)?,
                },
                () = self.output.due() => self.output.flush()?,
                _ = self.stopping.asked(), if self.ends.is_none() => {
                    self.records.close();
                    self.ends = self.stopping.after(self.grace);
                }
                () = until(self.ends) => return Ok(()),
            }
        }
    }

    /// Prints an item and what came with it, unless the list is to end.
    fn print_all(&mut self, first: ListItem) -> Result<()> {
        self.print_item(first)?;
        while self.stopping.signal().is_none()
            && let Some(item) = self.records.take_ready()
        {
            self.print_item(item)?;
        }
        Ok(())
    }

    fn print_item(&mut self, item: ListItem) -> Result<()> {
        match item {
            ListItem::Record(record) => {
                self.output.line(&record)?;
                self.printed += 1;
                self.seen.progress.add(1);
            }
            ListItem::Position(position) => {
                self.seen.stand(&position);
                self.output.flush()?;
                self.keeper.mark(self.printed, &self.output, position.resume);
                self.keeper.keep_soon(&self.output)?;
            }
        }
        Ok(())
    }

    /// Keeps the last position once it holds.
    async fn settle(&mut self) -> Result<()> {
        let soon = async {
            let signal = self.stopping.asked().await;
            tokio::time::sleep(SOON).await;
            signal
        };
        let first = tokio::select! {
            settled = self.keeper.settle(self.printed, &mut self.output) => Ok(settled),
            signal = soon => Err(signal),
        };
        let settled = match first {
            Ok(settled) => settled,
            Err(signal) => {
                if let Some(what) = self.keeper.waits_for(self.printed, &self.output) {
                    self.output.tell_waits(signal, &what);
                }
                tokio::select! {
                    settled = self.keeper.settle(self.printed, &mut self.output) => settled,
                    () = self.stopping.passed(self.grace) => Err(self.untaken()),
                }
            }
        };
        self.keeper.keep(&self.output)?;
        settled
    }

    /// What is to be said when the output takes no more.
    async fn unwritten(&mut self, error: anyhow::Error) -> anyhow::Error {
        if let Some(Unwritten::Failed(_)) = error.downcast_ref() {
            self.cut_back(self.keeper.place(&self.output));
        }
        let Some(file) = self.keeper.file().map(|file| file.display().to_string()) else {
            return self.unwritten_without_file(error);
        };
        // What was acknowledged may still be on its way.
        let until = self.stopping.after(self.grace).unwrap_or_else(|| Instant::now() + GRACE);
        let settled = timeout_at(until, self.keeper.settle(self.printed, &mut self.output)).await;
        if let Err(unkept) = self.keeper.keep(&self.output) {
            // The disk has no room for a position either, and the one that it has must do.
            if !self.output.is_file() || !self.cut_back(Some(self.keeper.kept_at())) {
                return unkept;
            }
            self.keeper.forget_lost();
        }
        match (error.downcast_ref(), settled) {
            (Some(Unwritten::Gone), Ok(Err(settled))) => settled,
            (Some(Unwritten::Gone), _) => {
                anyhow!(
                    "the reader of the output left before the end; the position in {file} is before what it did not take"
                )
            }
            (Some(Unwritten::Stopped(_)), _) => self.untaken(),
            _ => error,
        }
    }

    /// The same where the text to go on with is told.
    fn unwritten_without_file(&self, error: anyhow::Error) -> anyhow::Error {
        let is_gone = matches!(error.downcast_ref(), Some(Unwritten::Gone));
        // That it was stopped says more than that nobody reads any more.
        match self.stopping.signal() {
            Some(_) if is_gone => {
                let rest = format!(" after {} records, of which not all were read", self.printed);
                self.stopping.stopped(rest).into()
            }
            _ if is_gone => error,
            _ => {
                match self.keeper.unkept() {
                    Some(resume) => tell_resume(resume),
                    None => tell!("There is nowhere to go on from yet: begin with the first record."),
                }
                error
            }
        }
    }

    /// Takes back what a file has behind a position, or it would come again; whether nothing is behind it.
    fn cut_back(&mut self, position: Option<Place>) -> bool {
        let Some(Place { records, bytes }) = position.filter(|_| self.output.is_file()) else { return false };
        let behind = self.output.place().saturating_sub(bytes);
        if behind == 0 {
            return true;
        }
        let is_cut = self.output.cut_back(bytes);
        match is_cut {
            true => tell!("The output was cut back to the position, behind {records} records of this run."),
            false => {
                let text = format_args!(
                    "the output could not be cut back to the position: its last {behind} bytes will come again"
                );
                warning("behind", json!({ "bytes": behind }), text);
            }
        }
        is_cut
    }

    /// That it was stopped, and that the position is not behind all that was printed.
    fn untaken(&self) -> anyhow::Error {
        let (printed, file) = (self.printed, self.keeper.file().map(|file| file.display().to_string()));
        let place = file.map_or_else(String::new, |file| format!("; the position in {file} is before those"));
        self.stopping.stopped(format!(" after {printed} records, of which not all were taken{place}")).into()
    }

    /// A failure without its position where a file has one: what was read is before that which was printed.
    fn kept(&self, error: anyhow::Error) -> anyhow::Error {
        if self.keeper.file().is_none() {
            return error;
        }
        match error.downcast() {
            Ok(Error::Failure(failure)) => Error::from(Failure { resume: None, ..*failure }).into(),
            Ok(error) => error.into(),
            Err(error) => error,
        }
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}
