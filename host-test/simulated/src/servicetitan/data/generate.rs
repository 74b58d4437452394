//! Makes the records of a tenant from its seed.
//!
//! Record number `i` of a kind is the same whatever the number of the others.

mod budget;
mod jobs;
mod lists;
mod projects;

pub(crate) use budget::code as add_budget_code;
pub(crate) use jobs::add_job;

use crate::servicetitan::data::{Tenant, Values};
use std::ops::Range;

pub(crate) fn all(tenant: &mut Tenant, values: &Values<'_>, jobs: usize) {
    lists::add(tenant, values);
    budget::add(tenant);
    projects::add(tenant, values, jobs);
    for index in 0..jobs {
        add_job(tenant, values, index);
    }
}

/// Where the ids of each kind begin.
mod ids {
    pub(super) const JOB: i64 = 50_000_000;
    pub(super) const APPOINTMENT: i64 = 60_000_000;
    pub(super) const PROJECT: i64 = 70_000_000;
    pub(super) const NOTE: i64 = 80_000_000;
    pub(super) const PROJECT_NOTE: i64 = 85_000_000;
    pub(super) const CANCELED_LOG: i64 = 90_000_000;
    pub(super) const CUSTOMER: i64 = 20_000_000;
    pub(super) const LOCATION: i64 = 30_000_000;
    pub(super) const EMPLOYEE: i64 = 40_000_000;
    pub(super) const TECHNICIAN: i64 = 41_000_000;
    pub(super) const BUSINESS_UNIT: i64 = 1_001;
    pub(super) const JOB_TYPE: i64 = 2_001;
    pub(super) const CANCEL_REASON: i64 = 3_001;
    pub(super) const HOLD_REASON: i64 = 3_101;
    pub(super) const PROJECT_STATUS: i64 = 3_201;
    pub(super) const PROJECT_TYPE: i64 = 3_301;
    pub(super) const TAG: i64 = 4_001;
}

/// The ids of the business units that jobs have.
pub(crate) const BUSINESS_UNITS: Range<i64> = ids::BUSINESS_UNIT..ids::BUSINESS_UNIT + 5;

/// Names streams of chance apart.
mod kinds {
    pub(super) const PLAN: u64 = 1;
    pub(super) const JOB: u64 = 2;
    pub(super) const APPOINTMENT: u64 = 3;
    pub(super) const NOTE: u64 = 4;
    pub(super) const PROJECT: u64 = 5;
    pub(super) const LOG: u64 = 6;
    pub(super) const LIST: u64 = 7;
}

/// A number as an id or an offset of one; what is generated is far from the limit.
fn offset(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}
