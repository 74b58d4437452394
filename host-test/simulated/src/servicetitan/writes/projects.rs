//! Projects and job types, and which jobs belong to which project.

use crate::servicetitan::writes::{
    record::{add, blank, changed, existing},
    values::{custom_field_names, custom_fields, external_data, update as put_values},
};
use crate::{
    answer::Answer,
    servicetitan::{
        data::{Record, Resource, Tenant},
        errors::ApiError,
        members::Members,
        operations::Call,
    },
};

pub(super) fn create(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let mut project = blank(call, "jpm::ProjectResponse", &call.body);
    let names = custom_field_names(data, Resource::ProjectCustomFields);
    project.set("customFields", "[]");
    custom_fields(&mut project, call.body.get("customFields").unwrap_or("null"), &names);
    project.set("externalData", "[]");
    external_data(&mut project, call.body.get("externalData").unwrap_or("null"));
    name_status(data, &mut project);
    let id = data.table(Resource::Projects).new_id();
    project.put("number", id.to_string());
    let feed = "\"active\":true".to_owned();
    let row = add(call, data, Resource::Projects, &mut project, Record { id, feed, ..Record::default() });
    Ok(Answer::records(row.text.clone(), 1))
}

pub(super) fn update(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    existing(data, Resource::Projects, "Project", call.id())?;
    let names = custom_field_names(data, Resource::ProjectCustomFields);
    let jobs: Option<Vec<i64>> = call.body.read("jobIds");
    for job in jobs.iter().flatten() {
        known_job(data, *job, "jobIds")?;
    }
    let mut body = call.body.clone();
    body.remove("jobIds");
    let mut project = existing(data, Resource::Projects, "Project", call.id())?;
    put_values(&mut project, &body, &names);
    name_status(data, &mut project);
    let answer = changed(call, data, Resource::Projects, |members| *members = project);
    let Some(jobs) = jobs else { return Ok(answer) };
    for job in jobs_of(data, call.id()).into_iter().filter(|job| !jobs.contains(job)) {
        unlink(call, data, job);
    }
    jobs.iter().for_each(|job| link(call, data, call.id(), *job));
    Ok(super::record::shown(data, Resource::Projects, call.id()))
}

pub(super) fn attach(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    existing(data, Resource::Projects, "Project", call.id())?;
    let job = call.number("jobId");
    known_job(data, job, "jobId")?;
    link(call, data, call.id(), job);
    Ok(Answer::empty())
}

pub(super) fn detach(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let job = call.number("jobId");
    if known_job(data, job, "jobId")?.read::<i64>("projectId").is_none() {
        return Err(ApiError::field("jobId", format!("Job {job} belongs to no project.")));
    }
    unlink(call, data, job);
    Ok(Answer::empty())
}

fn known_job(data: &Tenant, job: i64, field: &str) -> Result<Members, ApiError> {
    existing(data, Resource::Jobs, "Job", job)
        .map_err(|_| ApiError::field(field, format!("Job {job} was not found.")))
}

fn jobs_of(data: &Tenant, project: i64) -> Vec<i64> {
    data.get(Resource::Projects, project).and_then(|found| found.members().read("jobIds")).unwrap_or_default()
}

/// Makes a job part of a project, and of no other.
pub(super) fn link(call: &Call<'_>, data: &mut Tenant, project: i64, job: i64) {
    unlink(call, data, job);
    set_project(call, data, job, Some(project));
    let mut jobs = jobs_of(data, project);
    jobs.push(job);
    data.change(Resource::Projects, project, call.now, |members| members.put("jobIds", jobs));
}

fn unlink(call: &Call<'_>, data: &mut Tenant, job: i64) {
    let old: Option<i64> = data.get(Resource::Jobs, job).and_then(|found| found.members().read("projectId"));
    if let Some(old) = old {
        let mut jobs = jobs_of(data, old);
        jobs.retain(|other| *other != job);
        data.change(Resource::Projects, old, call.now, |members| members.put("jobIds", jobs));
        set_project(call, data, job, None);
    }
}

/// Writes it into the job and what its appointments are found by.
fn set_project(call: &Call<'_>, data: &mut Tenant, job: i64, project: Option<i64>) {
    data.change(Resource::Jobs, job, call.now, |members| members.put("projectId", project));
    let columns = data.table(Resource::Appointments).columns;
    let rows = data.table(Resource::Appointments).rows();
    let own: Vec<_> = rows.filter(|row| row.int(columns, "jobId") == Some(job)).cloned().collect();
    for row in own {
        let mut private = Members::parse(&format!("{{{}}}", row.private)).unwrap_or_default();
        private.put("projectId", project);
        data.table(Resource::Appointments).put(Record { private: private.inside(), ..row.bare() });
    }
}

/// A project's `status` is the name of its `statusId`.
fn name_status(data: &Tenant, project: &mut Members) {
    for (id, name, resource) in [
        ("statusId", "status", Resource::ProjectStatuses),
        ("subStatusId", "subStatus", Resource::ProjectSubStatuses),
    ] {
        let status = project.read::<i64>(id).and_then(|id| data.get(resource, id));
        if let Some(text) = status.and_then(|status| status.members().read::<String>("name")) {
            project.put(name, text);
        }
    }
}

pub(super) fn create_job_type(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let mut kind = blank(call, "jpm::JobTypeResponse", &call.body);
    kind.set("externalData", "[]");
    external_data(&mut kind, call.body.get("externalData").unwrap_or("null"));
    kind.put("active", true);
    let row = add(call, data, Resource::JobTypes, &mut kind, Record::default());
    Ok(Answer::records(row.text.clone(), 1))
}

pub(super) fn update_job_type(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    existing(data, Resource::JobTypes, "Job type", call.id())?;
    Ok(changed(call, data, Resource::JobTypes, |kind| put_values(kind, &call.body, &[])))
}
