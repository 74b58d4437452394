//! Which code answers which operation.

use crate::{
    answer::Answer,
    request::Received,
    servicetitan::{
        World, body,
        data::{Resource, Tenant},
        declared::{Declared, Operation},
        errors::ApiError,
        exports, generic, lists,
        members::Members,
        query::{Query, misspelt},
        reads, reporting, writes,
    },
};
use bytes::Bytes;

/// A request that passed every check.
pub(crate) struct Call<'a> {
    pub(crate) world: &'a World,
    pub(crate) operation: &'a Operation,
    placeholders: Vec<(String, String)>,
    pub(crate) query: Query,
    /// The body, if its shape is declared.
    pub(crate) body: Members,
    /// The body as it came.
    pub(crate) text: String,
    /// The body as it came, where it is a file.
    pub(crate) bytes: &'a Bytes,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) now: i64,
}

impl Call<'_> {
    /// The text at a placeholder; the router found one for each that is declared.
    pub(crate) fn text_of(&self, name: &str) -> &str {
        self.placeholders.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The number at a placeholder.
    pub(crate) fn number(&self, name: &str) -> i64 {
        self.text_of(name).parse().unwrap_or_default()
    }

    pub(crate) fn id(&self) -> i64 {
        self.number("id")
    }
}

/// Checks the query and the body, and answers.
pub(crate) fn answer(
    world: &World,
    operation: &Operation,
    tenant: i64,
    placeholders: Vec<(String, String)>,
    request: &Received,
) -> Result<Answer, ApiError> {
    let query = Query::parse(request.query());
    query.check(&world.declared, operation, world.config.lenient)?;
    let text = if operation.upload { String::new() } else { request.text() };
    media_type(operation, request, world.config.lenient)?;
    let body = match &operation.body {
        Some(shape) => body::check(&world.declared, shape, &text, world.config.lenient)?,
        None => Members::default(),
    };
    let call = Call {
        world,
        operation,
        placeholders: typed(&world.declared, operation, placeholders)?,
        query,
        body,
        text,
        bytes: &request.body,
        content_type: request.header("content-type"),
        now: world.config.clock.now(),
    };
    let mut data = world.tenant(tenant).ok_or_else(|| ApiError::new(403, "The tenant has no data."))?;
    dispatch(&call, &mut data)
}

/// Refuses a body that is not called JSON, and one where none is taken. (An upload says by
/// itself what is wrong with its form.)
fn media_type(operation: &Operation, request: &Received, lenient: bool) -> Result<(), ApiError> {
    if operation.upload || request.body.is_empty() {
        return Ok(());
    }
    if operation.body.is_none() && lenient {
        return Ok(());
    }
    if operation.body.is_none() {
        return Err(ApiError::field("$", "This operation takes no body."));
    }
    let media = request.header("content-type").and_then(|text| text.split(';').next()).unwrap_or_default();
    if !media.trim().eq_ignore_ascii_case("application/json") {
        return Err(ApiError::new(415, "The body must be application/json."));
    }
    Ok(())
}

/// Refuses a text that is not of its placeholder's type.
fn typed(
    declared: &Declared,
    operation: &Operation,
    placeholders: Vec<(String, String)>,
) -> Result<Vec<(String, String)>, ApiError> {
    for (name, value) in &placeholders {
        let field = operation.placeholders.iter().find(|field| field.name == *name);
        if let Some(problem) = field.and_then(|field| misspelt(declared, value, &field.shape)) {
            return Err(ApiError::field(name, format!("The value '{value}' is not valid: {problem}.")));
        }
    }
    Ok(placeholders)
}

fn dispatch(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let id = call.operation.id.as_str();
    if let Some(answer) = reporting::answer(call, data) {
        return answer;
    }
    if call.operation.module != "jpm" {
        return generic::answer(call, data);
    }
    if let Some(resource) = listed(id) {
        return lists::page(data, resource, &call.query);
    }
    if let Some((resource, what)) = single(id) {
        let record = data.get(resource, call.id()).ok_or_else(|| ApiError::absent(what, call.id()))?;
        return Ok(Answer::records(record.text.clone(), 1));
    }
    if let Some(resource) = exported(id) {
        return exports::page(call, data, resource);
    }
    if let Some(answer) = reads::answer(call, data) {
        return answer;
    }
    if let Some(answer) = writes::answer(call, data) {
        return answer;
    }
    generic::answer(call, data)
}

/// The lists that are a whole table.
fn listed(id: &str) -> Option<Resource> {
    Some(match id {
        "Jobs_GetList" => Resource::Jobs,
        "Appointments_GetList" => Resource::Appointments,
        "Projects_GetList" => Resource::Projects,
        "JobTypes_GetList" => Resource::JobTypes,
        "JobCancelReasons_GetList" => Resource::CancelReasons,
        "JobHoldReasons_Get" => Resource::HoldReasons,
        "Jobs_GetCustomFieldTypes" => Resource::JobCustomFields,
        "Projects_GetCustomFieldTypes" => Resource::ProjectCustomFields,
        "ProjectStatuses_GetList" => Resource::ProjectStatuses,
        "ProjectSubStatuses_GetList" => Resource::ProjectSubStatuses,
        "ProjectTypes_GetList" => Resource::ProjectTypes,
        _ => return None,
    })
}

/// The reads of one record.
fn single(id: &str) -> Option<(Resource, &'static str)> {
    Some(match id {
        "Jobs_Get" => (Resource::Jobs, "Job"),
        "Appointments_Get" => (Resource::Appointments, "Appointment"),
        "Projects_Get" => (Resource::Projects, "Project"),
        "JobTypes_Get" => (Resource::JobTypes, "Job type"),
        "ProjectStatuses_Get" => (Resource::ProjectStatuses, "Project status"),
        "ProjectSubStatuses_Get" => (Resource::ProjectSubStatuses, "Project substatus"),
        "ProjectTypes_Get" => (Resource::ProjectTypes, "Project type"),
        _ => return None,
    })
}

fn exported(id: &str) -> Option<Resource> {
    Some(match id {
        "Export_Jobs" => Resource::Jobs,
        "Export_Projects" => Resource::Projects,
        "Export_Appointments" => Resource::Appointments,
        "Export_JobCancelReasons" => Resource::CanceledLogs,
        "Export_JobNotes" => Resource::JobNotes,
        "Export_ProjectNotes" => Resource::ProjectNotes,
        "Export_JobHistory" => Resource::JobHistory,
        _ => return None,
    })
}
