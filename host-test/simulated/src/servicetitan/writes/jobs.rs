//! Jobs: create, update, and the steps of their life.

use crate::servicetitan::writes::{
    record::{add, blank, changed, date, existing},
    values::{custom_field_names, custom_fields, external_data, update as put_values},
};
use crate::{
    answer::Answer,
    servicetitan::{
        data::{Key, Record, Resource, Tenant},
        errors::ApiError,
        members::Members,
        operations::Call,
        time::{Spelling, quoted},
    },
};
use serde_json::{Value, json};

pub(super) fn create(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let planned: Vec<Members> = call.body.read("appointments").unwrap_or_default();
    if planned.is_empty() {
        return Err(ApiError::field("appointments", "At least one appointment is required."));
    }
    let project: Option<i64> = call.body.read("projectId");
    if let Some(project) = project {
        existing(data, Resource::Projects, "Project", project)
            .map_err(|_| ApiError::field("projectId", format!("Project {project} was not found.")))?;
    }
    let mut job = blank(call, "jpm::JobResponse", &call.body);
    let names = custom_field_names(data, Resource::JobCustomFields);
    job.set("customFields", "[]");
    custom_fields(&mut job, call.body.get("customFields").unwrap_or("null"), &names);
    job.set("externalData", "[]");
    external_data(&mut job, call.body.get("externalData").unwrap_or("null"));
    job.put("jobStatus", "Scheduled");
    let id = data.table(Resource::Jobs).new_id();
    job.put("jobNumber", id.to_string());
    job.put("appointmentCount", planned.len());
    let mut appointments = Vec::new();
    for (number, plan) in planned.iter().enumerate() {
        appointments.push(super::appointments::store(call, data, plan, id, &job, number + 1));
    }
    job.put("firstAppointmentId", appointments.first());
    job.put("lastAppointmentId", appointments.last());
    let feed = "\"active\":true".to_owned();
    let row = add(call, data, Resource::Jobs, &mut job, Record { id, feed, ..Record::default() });
    happened(call, data, id, "Job Booked");
    if let Some(project) = project {
        super::projects::link(call, data, project, id);
    }
    Ok(Answer::records(row.text.clone(), 1))
}

pub(super) fn update(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    existing(data, Resource::Jobs, "Job", call.id())?;
    let names = custom_field_names(data, Resource::JobCustomFields);
    Ok(changed(call, data, Resource::Jobs, |job| put_values(job, &call.body, &names)))
}

pub(super) fn cancel(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    from_state(call, data, &["Completed", "Canceled"], "cannot be canceled")?;
    let reason = known_reason(call, data, Resource::CancelReasons)?;
    step(call, data, "Canceled", "Canceled");
    let mut log = blank(call, "jpm::JobCanceledLogResponse", &call.body);
    log.put("jobId", call.id());
    log.put("reasonId", reason);
    log.put("active", true);
    add(call, data, Resource::CanceledLogs, &mut log, Record::default());
    Ok(Answer::empty())
}

pub(super) fn remove_cancellation(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let status = status(call, data)?;
    if status != "Canceled" {
        return Err(ApiError::conflict(format!("Job {} is {status}, not Canceled.", call.id())));
    }
    let columns = data.table(Resource::CanceledLogs).columns;
    let rows = data.table(Resource::CanceledLogs).rows();
    let logs: Vec<_> =
        rows.filter(|log| *log.key(columns, "jobId") == Key::Int(call.id())).cloned().collect();
    for log in logs.into_iter().filter(|log| log.active) {
        let mut members = log.members();
        members.put("active", false);
        let modified = data.tick(call.now);
        data.table(Resource::CanceledLogs).put(Record {
            text: members.render(),
            active: false,
            modified,
            ..log.bare()
        });
    }
    step(call, data, "Scheduled", "Scheduled");
    Ok(Answer::empty())
}

pub(super) fn hold(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    from_state(call, data, &["Completed", "Canceled", "Hold"], "cannot be put on hold")?;
    let reason = known_reason(call, data, Resource::HoldReasons)?;
    step(call, data, "Hold", "Hold");
    let name: Option<String> =
        data.get(Resource::HoldReasons, reason).and_then(|found| found.members().read("name"));
    let text: Option<Value> = call.body.read("memo");
    let appointment: Option<Value> =
        data.get(Resource::Jobs, call.id()).and_then(|job| job.members().read("lastAppointmentId"));
    let why = json!({ "jobId": call.id(), "reasonId": reason, "name": name, "text": text,
        "appointmentHoldReasons": [{ "appointmentId": appointment, "reasonId": reason, "name": name, "text": text }] });
    let modified = data.tick(call.now);
    data.table(Resource::JobHolds).put(Record {
        id: call.id(),
        text: why.to_string(),
        active: true,
        modified,
        ..Record::default()
    });
    Ok(Answer::empty())
}

pub(super) fn complete(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    from_state(call, data, &["Completed", "Canceled"], "cannot be completed")?;
    step(call, data, "Completed", "Done");
    let at = date(call.body.get("completedOn").unwrap_or("null"));
    data.change(Resource::Jobs, call.id(), call.now, |job| job.set("completedOn", at));
    Ok(Answer::empty())
}

fn status(call: &Call<'_>, data: &Tenant) -> Result<String, ApiError> {
    Ok(existing(data, Resource::Jobs, "Job", call.id())?.read("jobStatus").unwrap_or_default())
}

/// Refuses the step if the job is in one of these states.
fn from_state(call: &Call<'_>, data: &Tenant, not: &[&str], verdict: &str) -> Result<(), ApiError> {
    let status = status(call, data)?;
    if not.contains(&status.as_str()) {
        return Err(ApiError::conflict(format!("Job {} is {status} and {verdict}.", call.id())));
    }
    Ok(())
}

fn known_reason(call: &Call<'_>, data: &Tenant, resource: Resource) -> Result<i64, ApiError> {
    let reason: i64 = call.body.read("reasonId").unwrap_or_default();
    match data.get(resource, reason) {
        Some(_) => Ok(reason),
        None => Err(ApiError::field("reasonId", format!("Reason {reason} was not found."))),
    }
}

/// Takes a job to a state, and those of its appointments that are not done.
fn step(call: &Call<'_>, data: &mut Tenant, job: &str, appointment: &str) {
    data.change(Resource::Jobs, call.id(), call.now, |members| {
        members.put("jobStatus", job);
        if job != "Completed" {
            members.set("completedOn", "null");
        }
    });
    let columns = data.table(Resource::Appointments).columns;
    let rows = data.table(Resource::Appointments).rows().filter(|row| !row.deleted);
    let own: Vec<i64> = rows
        .filter(|row| {
            row.int(columns, "jobId") == Some(call.id()) && row.text_of(columns, "status") != Some("Done")
        })
        .map(|row| row.id)
        .collect();
    for id in own {
        data.change(Resource::Appointments, id, call.now, |members| members.put("status", appointment));
    }
    happened(call, data, call.id(), job);
}

fn happened(call: &Call<'_>, data: &mut Tenant, job: i64, event: &str) {
    let modified = data.tick(call.now);
    let old = data.get(Resource::JobHistory, job);
    let mut members = old.map(|record| record.members()).unwrap_or_default();
    let mut entries: Vec<Members> = members.read("history").unwrap_or_default();
    let mut entry = Members::default();
    entry.put("id", modified);
    entry.put("employeeId", None::<i64>);
    entry.put("eventType", event);
    entry.set("date", quoted(modified, Spelling::Ticks));
    entry.put("usedSchedulingTool", "Manual");
    entry.set("memo", call.body.get("memo").unwrap_or("\"\""));
    entries.push(entry);
    let entries: Vec<String> = entries.iter().map(Members::render).collect();
    members.set("history", format!("[{}]", entries.join(",")));
    data.table(Resource::JobHistory).put(Record {
        id: job,
        text: members.render(),
        feed: format!("\"jobId\":{job}"),
        active: true,
        modified,
        ..Record::default()
    });
}
