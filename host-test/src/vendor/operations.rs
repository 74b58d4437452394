//! Which code answers which operation.

use super::{
    World,
    answer::Answer,
    body,
    data::{Resource, Tenant},
    declared::Operation,
    errors::ApiError,
    exports, lists,
    members::Members,
    query::Query,
    reads,
    serve::Received,
    writes,
};

/// A request that passed every check.
pub(crate) struct Call<'a> {
    pub(crate) world: &'a World,
    pub(crate) operation: &'a Operation,
    placeholders: Vec<(String, i64)>,
    pub(crate) query: Query,
    /// The body, if its shape is declared.
    pub(crate) body: Members,
    /// The body as it came.
    pub(crate) text: String,
    pub(crate) now: i64,
}

impl Call<'_> {
    /// The number at a placeholder; the router found one for each that is declared.
    pub(crate) fn number(&self, name: &str) -> i64 {
        self.placeholders.iter().find(|(known, _)| known == name).map_or(0, |(_, value)| *value)
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
    query.check(operation)?;
    let text = request.text();
    let body = match &operation.body {
        Some(name) => body::read(&world.declared, name, &text, world.config.lenient)?,
        None => Members::default(),
    };
    let call = Call {
        world,
        operation,
        placeholders: numbers(operation, placeholders)?,
        query,
        body,
        text,
        now: world.config.clock.now(),
    };
    let mut data = world.tenant(tenant).ok_or_else(|| ApiError::new(403, "The tenant has no data."))?;
    dispatch(&call, &mut data)
}

fn numbers(
    operation: &Operation,
    placeholders: Vec<(String, String)>,
) -> Result<Vec<(String, i64)>, ApiError> {
    let typed = |(name, value): (String, String)| {
        let declared = operation.placeholders.iter().any(|field| field.name == name);
        match value.parse() {
            Ok(number) => Ok((name, number)),
            Err(_) if !declared => Ok((name, 0)),
            Err(_) => Err(ApiError::field(&name, format!("'{value}' is no integer."))),
        }
    };
    placeholders.into_iter().map(typed).collect()
}

fn dispatch(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let id = call.operation.id.as_str();
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
    // No state of its own: any values of the shape that is declared.
    reads::shaped(&call.world.declared, call.world.config.seed, call.operation, call.id(), &call.query)
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
