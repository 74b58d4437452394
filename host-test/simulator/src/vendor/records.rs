//! Single records. They need not be held: what a record says follows from its id.

use super::{Answer, problem};

/// A job. Every seventeenth is not there.
pub(super) fn get(tenant: u64, id: &str) -> Answer {
    match id.parse::<u64>() {
        Ok(id) if !id.is_multiple_of(17) => Answer::status(200, &job(tenant, id)),
        _ => Answer::status(404, &problem(404, "No such job")),
    }
}

/// A job, whose number tells the tenant.
pub(super) fn job(tenant: u64, id: u64) -> String {
    format!(r#"{{"id":{id},"jobNumber":"J{tenant}-{id}","total":12.50}}"#)
}
