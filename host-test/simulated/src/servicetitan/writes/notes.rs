//! Notes and messages.

use crate::servicetitan::writes::record::{add, blank, existing};
use crate::{
    answer::Answer,
    servicetitan::{
        data::{Record, Resource, Tenant},
        errors::ApiError,
        operations::Call,
    },
};

pub(super) fn job(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    existing(data, Resource::Jobs, "Job", call.id())?;
    Ok(note(call, data, Resource::JobNotes, "jobId"))
}

pub(super) fn project(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    existing(data, Resource::Projects, "Project", call.id())?;
    Ok(note(call, data, Resource::ProjectNotes, "projectId"))
}

fn note(call: &Call<'_>, data: &mut Tenant, resource: Resource, parent: &str) -> Answer {
    let mut note = blank(call, "jpm::NoteResponse", &call.body);
    note.put("isPinned", call.body.read::<bool>("pinToTop").unwrap_or_default());
    let id = data.table(resource).new_id();
    let feed = format!("\"id\":{id},\"active\":true,\"{parent}\":{}", call.id());
    let row = add(call, data, resource, &mut note, Record { id, feed, ..Record::default() });
    Answer::records(row.text.clone(), 1)
}

pub(super) fn job_message(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    existing(data, Resource::Jobs, "Job", call.id())?;
    Ok(message(call, data))
}

pub(super) fn project_message(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    existing(data, Resource::Projects, "Project", call.id())?;
    Ok(message(call, data))
}

/// Keeps the message; the answer is its id alone.
fn message(call: &Call<'_>, data: &mut Tenant) -> Answer {
    let mut message = call.body.clone();
    let row = add(call, data, Resource::Messages, &mut message, Record::default());
    Answer::records(format!("{{\"id\":{}}}", row.id), 1)
}
