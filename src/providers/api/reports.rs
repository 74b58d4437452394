//! Calls whose schema only the provider knows, whose answers come later, and which may be
//! asked for rarely: reports have all three.

use super::Site;
use crate::{call::Call, contract::FieldError};
use std::time::Duration;

/// What a provider says of its reports.
pub trait Reports {
    /// The read that says what this call may ask for, where the contract cannot know it: the
    /// description of a report, for instance.
    fn description(&self, call: &Call) -> Option<Call>;

    /// What of a call violates the schema in the answer of [`Reports::description`]; none if
    /// that answer cannot be read.
    fn violations(&self, call: &Call, description: &[u8]) -> Option<Vec<FieldError>>;

    /// How to ask for the answer of an accepted call (202); none if what it says tells of no
    /// operation in progress.
    fn in_progress(&self, call: &Call, accepted: &[u8]) -> Option<InProgress>;

    /// The least time between two requests of the resource that this call asks for; none if
    /// it is under the tenant's own limit alone.
    fn minimum_interval(&self, call: &Call, site: &Site) -> Option<MinimumInterval>;
}

/// An operation in progress at the provider.
#[derive(Debug, Clone)]
pub struct InProgress {
    /// The read that answers with its result, or says that it still goes on.
    pub poll: Call,
    /// The call that says that nobody wants the result any more, if there is one.
    pub cancel: Option<Call>,
}

/// A limit of a single resource, besides that of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinimumInterval {
    /// The resource, within the tenant: `report/operations/123`.
    pub resource: String,
    /// The least time between two requests.
    pub interval: Duration,
}
