//! The bytes of a file that is sent on as they come: their hash is known once all have gone by.

use crate::{body::broken, problem::Problem};
use futures_util::future::LocalBoxFuture;
use penstock::host::{BodyError, Source};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{cell::RefCell, rc::Rc};

/// What is known of a file that has gone by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileDigest {
    /// How many bytes it has.
    length: u64,
    /// Their SHA-256.
    sha256: [u8; 32],
}

/// A file on its way.
#[derive(Default)]
struct Passing {
    hash: Sha256,
    length: u64,
    is_whole: bool,
}

/// Tells what went by, to whoever gave the file away.
#[derive(Default, Clone)]
pub(super) struct Passed(Rc<RefCell<Passing>>);

impl Passed {
    /// The file as it is to be read.
    pub(super) fn watch(&self, source: Box<dyn Source>) -> Box<dyn Source> {
        Box::new(Watched { source, passed: self.clone() })
    }

    /// What is known of it; nothing unless it was read to its end.
    pub(super) fn digest(&self) -> Option<FileDigest> {
        let passing = self.0.borrow();
        let sha256 = passing.is_whole.then(|| passing.hash.clone().finalize().into())?;
        Some(FileDigest { length: passing.length, sha256 })
    }
}

struct Watched {
    source: Box<dyn Source>,
    passed: Passed,
}

impl Source for Watched {
    fn next(&mut self) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BodyError>> {
        Box::pin(async move {
            let next = self.source.next().await;
            let mut passing = self.passed.0.borrow_mut();
            match &next {
                Ok(Some(piece)) => {
                    passing.length += piece.len() as u64;
                    passing.hash.update(piece);
                }
                Ok(None) => passing.is_whole = true,
                Err(_) => {}
            }
            next
        })
    }
}

impl FileDigest {
    /// Whether this is the file: reads it, but not further than it may go on.
    ///
    /// # Errors
    /// A file that breaks off.
    pub(super) async fn is_of(&self, mut source: Box<dyn Source>) -> Result<bool, Problem> {
        let mut passing = Passing::default();
        while let Some(piece) = source.next().await.map_err(|error| broken(&error, usize::MAX))? {
            passing.length += piece.len() as u64;
            if passing.length > self.length {
                return Ok(false);
            }
            passing.hash.update(&piece);
        }
        let sha256: [u8; 32] = passing.hash.finalize().into();
        Ok((passing.length, sha256) == (self.length, self.sha256))
    }
}
