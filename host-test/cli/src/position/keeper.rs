//! Keeps the position of a list while it runs.

use super::{Acknowledged, PositionFile};
use crate::output::Output;
use anyhow::{Result, anyhow, bail};
use std::{
    collections::VecDeque,
    path::Path,
    time::{Duration, Instant},
};

/// How often the position is kept at most, so that a fast list does not wait for the disk.
const OFTEN: Duration = Duration::from_secs(2);

/// How many positions wait at most to be reached. Beyond that every second one goes: they only
/// make it finer.
const MOST_WAITING: usize = 1_024;

/// How often the other end of a pipe is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What the position follows.
pub(crate) enum Follows {
    /// What has gone out: a file has it, the reader of a pipe has taken it.
    Output,
    /// What the reader says.
    Acknowledged(Acknowledged),
}

/// A position, and what must have happened for it to hold.
struct Mark {
    records: u64,
    bytes: u64,
    resume: String,
}

/// What a position stands behind, of this run's output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) records: u64,
    pub(crate) bytes: u64,
}

impl Mark {
    fn place(&self) -> Place {
        Place { records: self.records, bytes: self.bytes }
    }
}

/// Keeps the position, never past what it follows.
pub(crate) struct Keeper {
    file: Option<PositionFile>,
    follows: Follows,
    waiting: VecDeque<Mark>,
    reached: Option<String>,
    /// Behind what the position in the file stands: nothing of this run at its beginning.
    kept_at: Place,
    /// One that was reached and could not be kept.
    lost: Option<Mark>,
    kept: Instant,
}

impl Keeper {
    /// `from` is where the run begins, if not with the first record.
    pub(crate) fn new(file: Option<PositionFile>, follows: Follows, from: Option<String>) -> Keeper {
        // Where a file has it, there it stays.
        let from = from.filter(|_| file.is_none());
        let waiting = from.map(|resume| Mark { records: 0, bytes: 0, resume }).into_iter().collect();
        let (kept_at, kept) = (Place::default(), Instant::now());
        Keeper { file, follows, waiting, reached: None, kept_at, lost: None, kept }
    }

    /// Takes note of a position behind so many records, and everything in the output.
    pub(crate) fn mark(&mut self, records: u64, output: &Output, resume: String) {
        self.waiting.push_back(Mark { records, bytes: output.place(), resume });
        if self.file.is_none() {
            // Only the last one is of use, to be printed.
            self.waiting.drain(..self.waiting.len() - 1);
        } else if self.waiting.len() > MOST_WAITING {
            let mut finer = false;
            self.waiting.retain(|_| {
                finer = !finer;
                finer
            });
        }
    }

    /// Keeps the position if it has gone on and it is time.
    pub(crate) fn keep_soon(&mut self, output: &Output) -> Result<()> {
        if self.file.is_some() && self.kept.elapsed() >= OFTEN { self.keep(output) } else { Ok(()) }
    }

    /// Keeps the position if it has gone on.
    pub(crate) fn keep(&mut self, output: &Output) -> Result<()> {
        self.kept = Instant::now();
        let Some(file) = &self.file else { return Ok(()) };
        let taken = output.taken();
        let holds = |mark: &Mark| match &self.follows {
            Follows::Output => mark.bytes <= taken,
            Follows::Acknowledged(acknowledged) => mark.records <= acknowledged.records(),
        };
        let mut further = self.lost.take();
        while let Some(mark) = self.waiting.pop_front_if(|mark| holds(mark)) {
            further = Some(mark);
        }
        let Some(mark) = further else { return Ok(()) };
        if self.reached.as_ref() != Some(&mark.resume) {
            output.sync();
            if let Err(error) = file.keep(&mark.resume) {
                self.lost = Some(mark);
                return Err(error);
            }
        }
        self.kept_at = mark.place();
        self.reached = Some(mark.resume);
        Ok(())
    }

    /// Waits until everything is where the position is to be behind.
    ///
    /// # Errors
    ///
    /// When that will never be.
    pub(crate) async fn settle(&mut self, printed: u64, output: &mut Output) -> Result<()> {
        if self.file.is_none() {
            return Ok(());
        }
        if let Follows::Acknowledged(_) = &self.follows {
            // A reader may wait for the end before it makes the last records durable.
            if !output.is_gone() {
                output.close()?;
            }
        }
        let mut look = tokio::time::interval(LOOK);
        loop {
            self.keep_soon(output)?;
            match &self.follows {
                Follows::Acknowledged(acknowledged) => tokio::select! {
                    all = acknowledged.all(printed) => return all.map_err(|why| anyhow!(why)),
                    _ = look.tick() => {}
                },
                Follows::Output => {
                    let unread = output.place().saturating_sub(output.taken());
                    if unread == 0 {
                        return Ok(());
                    }
                    if output.is_gone() {
                        bail!("the reader of the output is gone, and {unread} bytes were not read");
                    }
                    look.tick().await;
                }
            }
        }
    }

    /// The file, as it was named.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.file.as_ref().map(PositionFile::named)
    }

    /// The last position, if no file keeps it.
    pub(crate) fn unkept(&self) -> Option<&str> {
        let last = self.waiting.back().filter(|_| self.file.is_none());
        last.map(|mark| mark.resume.as_str())
    }

    /// Behind what of the output the last position stands that holds, where the output is what it follows.
    /// None where there is no position at all.
    pub(crate) fn place(&self, output: &Output) -> Option<Place> {
        let Follows::Output = self.follows else { return None };
        let taken = output.taken();
        let last = self.waiting.iter().rfind(|mark| mark.bytes <= taken).or(self.lost.as_ref());
        last.map(Mark::place).or_else(|| self.file.as_ref().map(|_| self.kept_at))
    }

    /// Behind what the position stands that the file has. What is behind that comes again.
    pub(crate) fn kept_at(&self) -> Place {
        self.kept_at
    }

    /// The position that could not be kept is of no use any more: the one that was kept is the last.
    pub(crate) fn forget_lost(&mut self) {
        self.lost = None;
    }

    /// A position that holds and that the file could not be given.
    pub(crate) fn lost(&self) -> Option<&str> {
        self.lost.as_ref().map(|mark| mark.resume.as_str())
    }

    /// What the reader still has to do for the last position to hold, if anything.
    pub(crate) fn waits_for(&self, printed: u64, output: &Output) -> Option<String> {
        self.file.as_ref()?;
        match &self.follows {
            Follows::Acknowledged(acknowledged) => {
                let left = printed.checked_sub(acknowledged.records()).filter(|left| *left > 0)?;
                Some(format!("acknowledge {left} records"))
            }
            Follows::Output => {
                let left = output.place().checked_sub(output.taken()).filter(|left| *left > 0)?;
                Some(format!("take {left} bytes"))
            }
        }
    }
}
