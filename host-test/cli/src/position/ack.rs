//! What the reader of a list has made durable, as it says itself.

mod source;

use crate::report::Unfit;
use source::Source;
use std::{
    io::{self, BufRead, BufReader, Read},
    thread,
};
use tokio::sync::watch;

/// The longest line that is read: a number has 20 digits at most.
const LONGEST: u64 = 64;

/// How far the acknowledgements have come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Heard {
    /// Records of this run.
    records: u64,
    /// Whether no more can come, and why if that is a fault.
    over: Option<Option<String>>,
}

/// The acknowledgements of a run.
#[derive(Debug)]
pub(crate) struct Acknowledged {
    shown: String,
    heard: watch::Receiver<Heard>,
}

impl Acknowledged {
    /// Reads one decimal number a line from a descriptor by its number, or from a pipe by its
    /// name. That may have to wait for its writer, which is why a thread does it.
    ///
    /// # Errors
    ///
    /// What is not there, or is no pipe: nobody could write there once the list runs.
    pub(crate) fn listen(given: &str) -> Result<Acknowledged, Unfit> {
        let source = Source::of(given).map_err(|why| Unfit(format!("--ack: {why}")))?;
        let (tell, heard) = watch::channel(Heard::default());
        thread::spawn(move || {
            let over = read(source, &tell).err().map(|error| error.to_string());
            tell.send_modify(|heard| heard.over = Some(over));
        });
        Ok(Acknowledged { shown: given.to_owned(), heard })
    }

    /// Records of this run that are durable.
    pub(crate) fn records(&self) -> u64 {
        self.heard.borrow().records
    }

    /// Waits for all of them, or for the end of the acknowledgements. Gives what is wrong if
    /// that came first.
    pub(crate) async fn all(&self, printed: u64) -> Result<(), String> {
        let mut heard = self.heard.clone();
        let enough = |heard: &Heard| heard.records >= printed || heard.over.is_some();
        let Ok(heard) = heard.wait_for(enough).await else { return Ok(()) };
        let shown = &self.shown;
        match &heard.over {
            _ if heard.records > printed => {
                Err(format!("--ack {shown}: {} records, of {printed}", heard.records))
            }
            _ if heard.records == printed => Ok(()),
            Some(Some(why)) => Err(format!("--ack {shown}: {why}")),
            _ => Err(format!("--ack {shown} ended after {} of {printed} records", heard.records)),
        }
    }
}

fn read(source: Source, tell: &watch::Sender<Heard>) -> io::Result<()> {
    let mut lines = BufReader::new(source.open()?);
    loop {
        let mut line = String::new();
        if lines.by_ref().take(LONGEST).read_line(&mut line)? == 0 {
            return Ok(());
        }
        let number = line.trim();
        let records = number.parse::<u64>();
        let records = records.map_err(|_| io::Error::other(format!("{number:?} is no number of records")))?;
        // A line that was cut off is a smaller number than was meant.
        tell.send_modify(|heard| heard.records = heard.records.max(records));
    }
}
