//! Reads that are neither a plain list nor one record.

mod budget;

use crate::{
    answer::Answer,
    servicetitan::{
        data::{Key, Resource, Tenant},
        errors::ApiError,
        lists::{Test, envelope, selected},
        members::Members,
        operations::Call,
        query::Query,
    },
};
use serde_json::{Value, json};

/// Answers the reads of this module; none if the operation is another.
pub(crate) fn answer(call: &Call<'_>, data: &mut Tenant) -> Option<Result<Answer, ApiError>> {
    Some(match call.operation.id.as_str() {
        "Jobs_GetNotes" => children(call, data, (Resource::Jobs, "Job"), Resource::JobNotes, "jobId"),
        "Projects_GetNotes" => {
            children(call, data, (Resource::Projects, "Project"), Resource::ProjectNotes, "projectId")
        }
        "Jobs_GetJobCanceledLogs" => {
            children(call, data, (Resource::Jobs, "Job"), Resource::CanceledLogs, "jobId")
        }
        "Jobs_GetHistory" => history(call, data),
        "Jobs_GetBookedLog" => booked(call, data),
        "Jobs_GetCancelReasons" => cancel_reasons(call, data),
        "Jobs_GetHoldReasons" => hold_reasons(call, data),
        "JobEquipment_Get" => equipment(call, data),
        _ => return budget::answer(call, data),
    })
}

/// The records that belong to the one in the path.
fn children(
    call: &Call<'_>,
    data: &mut Tenant,
    (parent, what): (Resource, &str),
    resource: Resource,
    column: &'static str,
) -> Result<Answer, ApiError> {
    data.get(parent, call.id()).ok_or_else(|| ApiError::absent(what, call.id()))?;
    let found = selected(data, resource, &Query::default(), &[Test::Is(column, Key::Int(call.id()))])?;
    envelope(&found, &call.query)
}

fn history(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    data.get(Resource::Jobs, call.id()).ok_or_else(|| ApiError::absent("Job", call.id()))?;
    let text = data.get(Resource::JobHistory, call.id()).map(|record| record.text.clone());
    Ok(Answer::records(text.unwrap_or_else(|| r#"{"history":null}"#.to_owned()), 1))
}

/// When the job was booked: its first appointment tells.
fn booked(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let absent = || ApiError::absent("Job", call.id());
    let job = data.get(Resource::Jobs, call.id()).ok_or_else(absent)?.members();
    let first: i64 = job.read("firstAppointmentId").ok_or_else(absent)?;
    let appointment =
        data.get(Resource::Appointments, first).map(|record| record.members()).unwrap_or_default();
    let mut log = Members::default();
    log.put("id", call.id() + 10_000_000_000);
    log.put("jobId", call.id());
    log.put("jobAppointmentId", first);
    for (name, from) in [
        ("start", &appointment),
        ("arrivalWindowStart", &appointment),
        ("createdOn", &job),
        ("createdById", &job),
    ] {
        log.set(name, from.get(name).unwrap_or("null"));
    }
    log.put("active", true);
    Ok(Answer::records(log.render(), 1))
}

/// The ids of a query, which are declared as text.
fn ids(query: &Query) -> Result<Vec<i64>, ApiError> {
    let text = query.get("ids").unwrap_or_default();
    let ids: Result<Vec<i64>, _> =
        text.split(',').filter(|id| !id.is_empty()).map(|id| id.trim().parse()).collect();
    let ids = ids.map_err(|_| ApiError::field("ids", format!("'{text}' is no list of ids.")))?;
    if ids.is_empty() {
        return Err(ApiError::field("ids", "The ids field is required."));
    }
    if ids.len() > 50 {
        return Err(ApiError::field("ids", "At most 50 ids are allowed."));
    }
    Ok(ids)
}

/// An envelope around rows that are made on the spot: one page, not counted.
fn one_page(rows: &[String]) -> Answer {
    let size = rows.len().max(1);
    let text = rows.join(",");
    Answer::records(
        format!("{{\"page\":1,\"pageSize\":{size},\"hasMore\":false,\"totalCount\":null,\"data\":[{text}]}}"),
        rows.len(),
    )
}

fn cancel_reasons(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let mut rows = Vec::new();
    for job in ids(&call.query)? {
        let logs =
            selected(data, Resource::CanceledLogs, &Query::default(), &[Test::Is("jobId", Key::Int(job))])?;
        // The latest log that still holds.
        let Some(log) = logs.iter().rfind(|log| log.active) else { continue };
        let log: Value = serde_json::from_str(&log.text).unwrap_or_default();
        let reason = log.get("reasonId").and_then(Value::as_i64).unwrap_or_default();
        let named = data
            .get(Resource::CancelReasons, reason)
            .and_then(|record| record.members().read::<String>("name"));
        let memo = log.get("memo").and_then(Value::as_str).unwrap_or_default();
        rows.push(json!({ "jobId": job, "reasonId": reason, "name": named, "text": memo }).to_string());
    }
    Ok(one_page(&rows))
}

fn hold_reasons(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let found = ids(&call.query)?.into_iter().filter_map(|job| data.get(Resource::JobHolds, job));
    Ok(one_page(&found.map(|record| record.text.clone()).collect::<Vec<_>>()))
}

/// The equipment of a job; older jobs have no such member.
pub(crate) fn equipment(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let job = data.get(Resource::Jobs, call.id()).ok_or_else(|| ApiError::absent("Job", call.id()))?;
    let ids = job.members().get("equipmentIds").unwrap_or("[]").to_owned();
    Ok(Answer::records(format!("{{\"equipmentIds\":{ids}}}"), 1))
}
