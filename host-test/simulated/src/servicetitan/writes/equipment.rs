//! Which equipment belongs to a job.

use crate::servicetitan::writes::record::existing;
use crate::{
    answer::Answer,
    servicetitan::{
        data::{Resource, Tenant},
        errors::ApiError,
        operations::Call,
        reads,
    },
};

pub(super) fn attach(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let mut all = attached(call, data)?;
    for id in call.body.read::<Vec<i64>>("equipmentIds").unwrap_or_default() {
        if !all.contains(&id) {
            all.push(id);
        }
    }
    data.change(Resource::Jobs, call.id(), call.now, |job| job.put("equipmentIds", all));
    reads::equipment(call, data)
}

pub(super) fn detach_all(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let ids: Vec<i64> = call.body.read("equipmentIds").unwrap_or_default();
    detach(call, data, &ids)
}

/// Takes equipment from a job: 204, or 404 if some of it is not there.
pub(super) fn detach(call: &Call<'_>, data: &mut Tenant, ids: &[i64]) -> Result<Answer, ApiError> {
    let mut all = attached(call, data)?;
    if let Some(id) = ids.iter().find(|id| !all.contains(id)) {
        return Err(ApiError::absent("Equipment", *id));
    }
    all.retain(|id| !ids.contains(id));
    data.change(Resource::Jobs, call.id(), call.now, |job| job.put("equipmentIds", all));
    Ok(Answer { status: 204, ..Answer::empty() })
}

fn attached(call: &Call<'_>, data: &Tenant) -> Result<Vec<i64>, ApiError> {
    Ok(existing(data, Resource::Jobs, "Job", call.id())?.read("equipmentIds").unwrap_or_default())
}
