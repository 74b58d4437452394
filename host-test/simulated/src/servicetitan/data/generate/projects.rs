//! Projects with their notes.

use crate::servicetitan::data::generate::{
    ids,
    jobs::{OF_PROJECT, PER_PROJECT},
    kinds, offset,
};
use crate::{
    random::random,
    servicetitan::{
        data::{
            Record, Resource, Tenant, Values,
            values::{Cell, FIRST, SPAN},
        },
        time::{SECOND, TICK},
    },
};

/// One project to every fifty jobs, and one at least.
pub(super) fn add(tenant: &mut Tenant, values: &Values<'_>, jobs: usize) {
    for index in 0..jobs.div_ceil(OF_PROJECT * PER_PROJECT).max(1) {
        let id = ids::PROJECT + offset(index);
        let mut rng = random(values.seed, kinds::PROJECT, index as u64);
        let created = FIRST + rng.i64(0..SPAN) / TICK * TICK;
        let modified = created + rng.i64(0..30 * 86_400) * SECOND;
        let deleted = rng.u8(..50) == 0 && index > 0;
        let status = rng.i64(0..6);
        let first = index * OF_PROJECT * PER_PROJECT;
        let own: Vec<i64> = (0..PER_PROJECT)
            .map(|number| first + number * OF_PROJECT)
            .filter(|job| *job < jobs)
            .map(|job| ids::JOB + offset(job) * 3)
            .collect();
        let text = values.record("jpm::ProjectResponse", &mut rng, &mut |name, rng| match name {
            "id" => Cell::int(id),
            "number" => Cell::text(&(10_000 + index).to_string()),
            "status" => Cell::text(&format!("Project status {}", ids::PROJECT_STATUS + status)),
            "statusId" => Cell::int(ids::PROJECT_STATUS + status),
            "customerId" => Cell::int(ids::CUSTOMER + rng.i64(0..500)),
            "locationId" => Cell::int(ids::LOCATION + rng.i64(0..1_500)),
            "projectTypeId" => Cell::int(ids::PROJECT_TYPE + rng.i64(0..9)),
            "projectManagerIds" => Cell::Raw(format!("[{}]", ids::EMPLOYEE + rng.i64(0..40))),
            "businessUnitIds" => Cell::Raw(format!("[{}]", ids::BUSINESS_UNIT + rng.i64(0..5))),
            "createdOn" => Cell::Time(created),
            "modifiedOn" => Cell::Time(modified),
            "jobIds" => Cell::Raw(format!("{own:?}")),
            _ => Cell::Any,
        });
        tenant.table(Resource::Projects).put(Record {
            id,
            text,
            feed: format!("\"active\":{}", !deleted),
            active: !deleted,
            deleted,
            modified,
            ..Record::default()
        });
        notes(tenant, values, index, id, created);
    }
}

fn notes(tenant: &mut Tenant, values: &Values<'_>, index: usize, project: i64, created: i64) {
    for number in 0..2 {
        let id = ids::PROJECT_NOTE + offset(index) * 2 + number;
        let mut rng = random(values.seed, kinds::NOTE, id.unsigned_abs());
        let at = created + number * 3_600 * SECOND;
        let text = super::jobs::note(values, &mut rng, at);
        tenant.table(Resource::ProjectNotes).put(Record {
            id,
            text,
            feed: format!("\"id\":{id},\"active\":true,\"projectId\":{project}"),
            active: true,
            modified: at,
            ..Record::default()
        });
    }
}
