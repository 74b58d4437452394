//! The small lists behind jobs and projects.

use crate::servicetitan::data::generate::{ids, kinds};
use crate::{
    random::random,
    servicetitan::{
        data::{
            Record, Resource, Tenant, Values,
            values::{Cell, FIRST, SPAN},
        },
        time::TICK,
    },
};

/// A small list: its schema, its first id, how many there are and what they are called.
struct List {
    resource: Resource,
    schema: &'static str,
    first: i64,
    count: i64,
    called: &'static str,
}

const LISTS: [List; 8] = [
    list(Resource::JobTypes, "jpm::JobTypeResponse", ids::JOB_TYPE, 24, "Job type"),
    list(Resource::CancelReasons, "jpm::JobCancelReasonResponse", ids::CANCEL_REASON, 12, "Cancel reason"),
    list(Resource::HoldReasons, "jpm::JobHoldReasonResponse", ids::HOLD_REASON, 8, "Hold reason"),
    list(Resource::JobCustomFields, "jpm::CustomFieldTypeResponse", 5_001, 6, "Job field"),
    list(Resource::ProjectCustomFields, "jpm::CustomFieldTypeResponse", 5_101, 4, "Project field"),
    list(Resource::ProjectStatuses, "jpm::ProjectStatusResponse", ids::PROJECT_STATUS, 6, "Project status"),
    list(Resource::ProjectSubStatuses, "jpm::ProjectSubStatusResponse", 3_251, 12, "Project substatus"),
    list(Resource::ProjectTypes, "jpm::ProjectTypeResponse", ids::PROJECT_TYPE, 9, "Project type"),
];

const fn list(
    resource: Resource,
    schema: &'static str,
    first: i64,
    count: i64,
    called: &'static str,
) -> List {
    List { resource, schema, first, count, called }
}

pub(super) fn add(tenant: &mut Tenant, values: &Values<'_>) {
    for List { resource, schema, first, count, called } in LISTS {
        for number in 0..count {
            let id = first + number;
            let mut rng = random(values.seed, kinds::LIST, id.unsigned_abs());
            let created = FIRST + rng.i64(0..SPAN / 2) / TICK * TICK;
            let modified = created + rng.i64(0..SPAN / 4) / TICK * TICK;
            // The third and last of a list is retired, if its kind can be.
            let active = number != 2;
            let text = values.record(schema, &mut rng, &mut |name, _| match name {
                "id" => Cell::int(id),
                "name" => Cell::text(&format!("{called} {id}")),
                "active" => Cell::Raw(active.to_string()),
                "createdOn" => Cell::Time(created),
                "modifiedOn" => Cell::Time(modified),
                "order" => Cell::int(number + 1),
                "statusId" => Cell::int(ids::PROJECT_STATUS + number % 6),
                _ => Cell::Any,
            });
            let active = active || !text.contains("\"active\":false");
            tenant.table(resource).put(Record { id, text, active, modified, ..Record::default() });
        }
    }
}
