//! Which members of which records lists filter and sort by.

use crate::servicetitan::data::{
    Resource,
    key::Kind::{Bool, Int, Ints, Pairs, Text, Time},
    record::Column,
};

const JOBS: &[Column] = &[
    ("jobNumber", Text),
    ("projectId", Int),
    ("bookingId", Int),
    ("jobStatus", Text),
    ("priority", Text),
    ("customerId", Int),
    ("locationId", Int),
    ("soldById", Int),
    ("jobTypeId", Int),
    ("campaignId", Int),
    ("businessUnitId", Int),
    ("invoiceId", Int),
    ("createdFromEstimateId", Int),
    ("estimateIds", Ints),
    ("tagTypeIds", Ints),
    ("equipmentIds", Ints),
    ("createdOn", Time),
    ("modifiedOn", Time),
    ("completedOn", Time),
    ("firstAppointmentId", Int),
    ("lastAppointmentId", Int),
    ("createdById", Int),
    ("externalData", Pairs),
];

const APPOINTMENTS: &[Column] = &[
    ("jobId", Int),
    ("projectId", Int),
    ("appointmentNumber", Text),
    ("status", Text),
    ("start", Time),
    ("arrivalWindowStart", Time),
    ("arrivalWindowEnd", Time),
    ("technicianIds", Ints),
    ("customerId", Int),
    ("unused", Bool),
    ("isConfirmed", Bool),
    ("createdOn", Time),
    ("modifiedOn", Time),
];

const PROJECTS: &[Column] = &[
    ("number", Text),
    ("customerId", Int),
    ("locationId", Int),
    ("projectTypeId", Int),
    ("projectManagerIds", Ints),
    ("businessUnitIds", Ints),
    ("jobIds", Ints),
    ("status", Text),
    ("startDate", Time),
    ("targetCompletionDate", Time),
    ("actualCompletionDate", Time),
    ("createdOn", Time),
    ("modifiedOn", Time),
    ("externalData", Pairs),
];

const JOB_TYPES: &[Column] = &[
    ("name", Text),
    ("duration", Int),
    ("priority", Text),
    ("createdOn", Time),
    ("modifiedOn", Time),
    ("externalData", Pairs),
];

/// Notes, logs and the small lists.
const OTHERS: &[Column] = &[
    ("name", Text),
    ("code", Text),
    ("path", Text),
    ("jobId", Int),
    ("projectId", Int),
    ("statusId", Int),
    ("reasonId", Int),
    ("segmentId", Int),
    ("parentId", Int),
    ("segmentIds", Ints),
    ("segmentItemIds", Ints),
    ("createdOn", Time),
    ("modifiedOn", Time),
];

pub(crate) fn of(resource: Resource) -> &'static [Column] {
    match resource {
        Resource::Jobs => JOBS,
        Resource::Appointments => APPOINTMENTS,
        Resource::Projects => PROJECTS,
        Resource::JobTypes => JOB_TYPES,
        _ => OTHERS,
    }
}
