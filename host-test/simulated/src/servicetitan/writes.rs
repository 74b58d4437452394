//! Writes: what they check, change and answer.

mod appointments;
mod budget;
mod equipment;
mod jobs;
mod notes;
mod projects;
mod record;
mod values;

use crate::{
    answer::Answer,
    servicetitan::{data::Tenant, errors::ApiError, operations::Call},
};

/// Answers the writes; none if the operation is another.
pub(crate) fn answer(call: &Call<'_>, data: &mut Tenant) -> Option<Result<Answer, ApiError>> {
    Some(match call.operation.id.as_str() {
        "Jobs_Create" => jobs::create(call, data),
        "Jobs_Update" => jobs::update(call, data),
        "Jobs_Cancel" => jobs::cancel(call, data),
        "Jobs_RemoveCancellation" => jobs::remove_cancellation(call, data),
        "Jobs_Hold" => jobs::hold(call, data),
        "Jobs_Complete" => jobs::complete(call, data),
        "Jobs_CreateNote" => notes::job(call, data),
        "Jobs_CreateMessage" => notes::job_message(call, data),
        "Projects_CreateNote" => notes::project(call, data),
        "Projects_CreateMessage" => notes::project_message(call, data),
        "Projects_Create" => projects::create(call, data),
        "Projects_Update" => projects::update(call, data),
        "Projects_AttachJob" => projects::attach(call, data),
        "Projects_DetachJob" => projects::detach(call, data),
        "JobTypes_Create" => projects::create_job_type(call, data),
        "JobTypes_Update" => projects::update_job_type(call, data),
        "Appointments_Add" => appointments::add(call, data),
        "Appointments_Delete" => appointments::delete(call, data),
        "Appointments_Reschedule" => appointments::reschedule(call, data),
        "Appointments_Hold" => appointments::hold(call, data),
        "Appointments_RemoveHold" => appointments::remove_hold(call, data),
        "Appointments_UpdateSpecialInstructions" => appointments::instructions(call, data),
        "Appointments_Confirm" => appointments::confirm(call, data, true),
        "Appointments_RemoveConfirmation" => appointments::confirm(call, data, false),
        "Appointments_SetSummary" => appointments::summary(call, data),
        "JobEquipment_Attach" => equipment::attach(call, data),
        "JobEquipment_Detach" => equipment::detach(call, data, &[call.number("equipmentId")]),
        "JobEquipment_DetachBulk" => equipment::detach_all(call, data),
        "BudgetCodes_CreateBudgetCode" => budget::full(call, data),
        "BudgetCodes_CreateBudgetCodePartial" => budget::partial(call, data),
        "BudgetCodes_CreateBudgetCodesBatch" => budget::batch(call, data, budget::FULL),
        "BudgetCodes_CreateBudgetCodesPartialBatch" => budget::batch(call, data, budget::PARTIAL),
        _ => return None,
    })
}
