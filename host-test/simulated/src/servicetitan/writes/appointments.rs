//! Appointments: add, delete, reschedule, hold, confirm, describe.

use crate::servicetitan::writes::record::{add as add_record, blank, changed, date, existing, shown};
use crate::{
    answer::Answer,
    servicetitan::{
        data::{Record, Resource, Tenant},
        errors::ApiError,
        members::Members,
        operations::Call,
        time::{self, Spelling},
    },
};
use serde_json::Value;

fn check_times(plan: &Members) -> Result<(), ApiError> {
    let at = |name| plan.read::<String>(name).and_then(|text| time::parse(&text));
    match (at("start"), at("end")) {
        (Some(start), Some(end)) if end <= start => {
            Err(ApiError::field("end", "The end must be later than the start."))
        }
        _ => Ok(()),
    }
}

pub(super) fn add(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    check_times(&call.body)?;
    let id: i64 = call.body.read("jobId").unwrap_or_default();
    let job = existing(data, Resource::Jobs, "Job", id)
        .map_err(|_| ApiError::field("jobId", format!("Job {id} was not found.")))?;
    let status: String = job.read("jobStatus").unwrap_or_default();
    if ["Completed", "Canceled"].contains(&status.as_str()) {
        return Err(ApiError::conflict(format!("Job {id} is {status} and takes no more appointments.")));
    }
    let count: usize = job.read("appointmentCount").unwrap_or_default();
    let appointment = store(call, data, &call.body, id, &job, count + 1);
    data.change(Resource::Jobs, id, call.now, |job| {
        job.put("appointmentCount", count + 1);
        job.put("lastAppointmentId", appointment);
    });
    Ok(shown(data, Resource::Appointments, appointment))
}

/// Stores an appointment of a job; returns its id.
pub(super) fn store(
    call: &Call<'_>,
    data: &mut Tenant,
    plan: &Members,
    job_id: i64,
    job: &Members,
    number: usize,
) -> i64 {
    let mut members = blank(call, "jpm::AppointmentResponse", plan);
    members.put("jobId", job_id);
    let of: String = job.read("jobNumber").unwrap_or_default();
    members.put("appointmentNumber", format!("{of}-{number}"));
    members.put("status", "Scheduled");
    members.put("active", true);
    members.set("customerId", job.get("customerId").unwrap_or("0"));
    let technicians = plan.get("technicianIds").filter(|raw| *raw != "null").unwrap_or("[]");
    let private =
        format!("\"technicianIds\":{technicians},\"projectId\":{}", job.get("projectId").unwrap_or("null"));
    add_record(call, data, Resource::Appointments, &mut members, Record { private, ..Record::default() }).id
}

pub(super) fn delete(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let appointment = not_in(call, data, &["Done"], "cannot be deleted")?;
    let job: i64 = appointment.read("jobId").unwrap_or_default();
    let columns = data.table(Resource::Appointments).columns;
    let rows = data.table(Resource::Appointments).rows().filter(|row| !row.deleted && row.id != call.id());
    let others: Vec<i64> =
        rows.filter(|row| row.int(columns, "jobId") == Some(job)).map(|row| row.id).collect();
    let (Some(first), Some(last)) = (others.first(), others.last()) else {
        return Err(ApiError::conflict(format!("Appointment {} is the only one of job {job}.", call.id())));
    };
    data.delete(Resource::Appointments, call.id(), call.now);
    data.change(Resource::Jobs, job, call.now, |job| {
        job.put("appointmentCount", others.len());
        job.put("firstAppointmentId", first);
        job.put("lastAppointmentId", last);
    });
    Ok(Answer::empty())
}

pub(super) fn reschedule(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let mut planned = not_in(call, data, &["Done", "Canceled"], "cannot be rescheduled")?;
    for (name, raw) in call.body.iter() {
        planned.set(name, date(raw));
    }
    check_times(&planned)?;
    Ok(changed(call, data, Resource::Appointments, |appointment| {
        call.body.iter().for_each(|(name, raw)| appointment.set(name, date(raw)));
    }))
}

pub(super) fn hold(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    not_in(call, data, &["Done", "Canceled", "Hold"], "cannot be put on hold")?;
    let reason: i64 = call.body.read("reasonId").unwrap_or_default();
    if data.get(Resource::HoldReasons, reason).is_none() {
        return Err(ApiError::field("reasonId", format!("Reason {reason} was not found.")));
    }
    changed(call, data, Resource::Appointments, |appointment| appointment.put("status", "Hold"));
    Ok(Answer::empty())
}

pub(super) fn remove_hold(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let appointment = existing(data, Resource::Appointments, "Appointment", call.id())?;
    let status: String = appointment.read("status").unwrap_or_default();
    if status != "Hold" {
        return Err(ApiError::conflict(format!("Appointment {} is {status}, not on hold.", call.id())));
    }
    changed(call, data, Resource::Appointments, |appointment| appointment.put("status", "Scheduled"));
    Ok(Answer::empty())
}

pub(super) fn instructions(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    not_in(call, data, &["Done", "Canceled"], "takes no instructions")?;
    Ok(changed(call, data, Resource::Appointments, |appointment| {
        appointment.set("specialInstructions", call.body.get("specialInstructions").unwrap_or("null"));
    }))
}

pub(super) fn confirm(call: &Call<'_>, data: &mut Tenant, confirmed: bool) -> Result<Answer, ApiError> {
    not_in(call, data, &["Done", "Canceled"], "cannot be confirmed")?;
    changed(call, data, Resource::Appointments, |appointment| appointment.put("isConfirmed", confirmed));
    Ok(Answer::empty())
}

/// What a technician wrote of an appointment: one text for each technician.
pub(super) fn summary(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let appointment = existing(data, Resource::Appointments, "Appointment", call.id())?;
    let mut summary = blank(call, "jpm::AppointmentSummaryApiModel", &call.body);
    summary.put("jobAppointmentId", call.id());
    summary.set("jobId", appointment.get("jobId").unwrap_or("0"));
    for name in ["createdOn", "modifiedOn"] {
        summary.set(name, time::quoted(call.now, Spelling::Ticks));
    }
    let technician: Option<Value> = summary.read("technicianId");
    let old: Vec<Value> = appointment.read("appointmentSummaries").unwrap_or_default();
    let kept =
        old.iter().filter(|other| other.get("technicianId") != technician.as_ref()).map(Value::to_string);
    let all: Vec<String> = kept.chain([summary.render()]).collect();
    changed(call, data, Resource::Appointments, |members| {
        members.set("appointmentSummaries", format!("[{}]", all.join(",")));
    });
    Ok(Answer::records(summary.render(), 1))
}

/// The appointment in the path, unless it is in one of these states.
fn not_in(call: &Call<'_>, data: &Tenant, states: &[&str], verdict: &str) -> Result<Members, ApiError> {
    let appointment = existing(data, Resource::Appointments, "Appointment", call.id())?;
    let status: String = appointment.read("status").unwrap_or_default();
    if states.contains(&status.as_str()) {
        return Err(ApiError::conflict(format!("Appointment {} is {status} and {verdict}.", call.id())));
    }
    Ok(appointment)
}
