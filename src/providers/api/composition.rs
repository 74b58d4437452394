//! Operations that are put together from others.

use crate::{
    call::Call,
    contract::{Failure, FieldError},
    policy::time::WallTime,
};
use bytes::Bytes;

/// What a provider's composed operations are made of.
pub trait Composition {
    /// The requests that a composed operation is put together from.
    ///
    /// # Errors
    /// Everything in the call that does not fit.
    fn subrequests(&self, call: &Call, now: WallTime) -> Result<Plan, Vec<FieldError>>;

    /// Puts the answer of a composed operation together, as JSON with the provider's names.
    /// `answers` are those of its subrequests, in their order.
    ///
    /// # Errors
    /// The failure of a subrequest without which there is no answer.
    fn aggregate(&self, call: &Call, answers: Vec<Result<Bytes, Failure>>) -> Result<String, Failure>;
}

/// The requests that a composed operation is put together from.
#[derive(Debug, Default)]
pub struct Plan {
    /// They are independent of one another.
    pub subrequests: Vec<Subrequest>,
    /// How many of them are under way at once; `BATCH_SIZE` if none.
    pub concurrency: Option<u32>,
}

/// One of them.
#[derive(Debug)]
pub struct Subrequest {
    /// What is asked.
    pub call: Call,
    /// Whether it is a list that is to be read to its end: its answer is then a JSON array
    /// of all records.
    pub whole_list: bool,
    /// What is kept of each record of a list, if not all of it.
    pub project: Option<Project>,
}

/// Makes less of a record, as JSON, so that a long list takes little memory.
pub type Project = fn(&[u8]) -> Result<String, Failure>;
