//! Filters that look at other tables: a job's appointments, a project's jobs.

use crate::servicetitan::{
    data::{Key, Record, Resource, Tenant},
    time,
};
use std::{collections::HashSet, sync::Arc};

/// The ids of the records that pass a filter of this kind; none if the filter is
/// no join, or its value cannot be read (it is checked before).
pub(crate) fn joined(
    tenant: &mut Tenant,
    resource: Resource,
    name: &str,
    value: &str,
) -> Option<HashSet<i64>> {
    match resource {
        Resource::Jobs => jobs(tenant, name, value),
        Resource::Projects => projects(tenant, name, value),
        _ => None,
    }
}

fn jobs(tenant: &mut Tenant, name: &str, value: &str) -> Option<HashSet<i64>> {
    match name {
        "appointmentStatus" => {
            Some(of_appointments(tenant, "status", |key| *key == Key::Text(value.to_owned())))
        }
        "technicianId" => {
            let id: i64 = value.parse().ok()?;
            Some(of_appointments(
                tenant,
                "technicianIds",
                |key| matches!(key, Key::Ints(all) if all.contains(&id)),
            ))
        }
        "hasUnusedAppointments" => {
            let with = of_appointments(tenant, "unused", |key| *key == Key::Bool(true));
            if value.eq_ignore_ascii_case("true") {
                return Some(with);
            }
            Some(
                tenant
                    .table(Resource::Jobs)
                    .rows()
                    .map(|job| job.id)
                    .filter(|id| !with.contains(id))
                    .collect(),
            )
        }
        "appointmentStartsOnOrAfter" => starts(tenant, value, |start, at| start >= at, false),
        "appointmentStartsBefore" => starts(tenant, value, |start, at| start < at, false),
        "firstAppointmentStartsOnOrAfter" => starts(tenant, value, |start, at| start >= at, true),
        "firstAppointmentStartsBefore" => starts(tenant, value, |start, at| start < at, true),
        _ => None,
    }
}

fn starts(tenant: &mut Tenant, value: &str, test: fn(i64, i64) -> bool, first: bool) -> Option<HashSet<i64>> {
    let at = time::parse(value)?;
    let passes = move |key: &Key| matches!(key, Key::Time(start) if test(*start, at));
    if !first {
        return Some(of_appointments(tenant, "start", passes));
    }
    let table = tenant.table(Resource::Jobs);
    let columns = table.columns;
    let firsts: Vec<(i64, i64)> =
        table.rows().filter_map(|job| Some((job.id, job.int(columns, "firstAppointmentId")?))).collect();
    let columns = tenant.table(Resource::Appointments).columns;
    let start =
        |id| tenant.get(Resource::Appointments, id).is_some_and(|found| passes(found.key(columns, "start")));
    Some(firsts.into_iter().filter(|(_, appointment)| start(*appointment)).map(|(job, _)| job).collect())
}

/// The jobs of the appointments whose member passes.
fn of_appointments(tenant: &mut Tenant, column: &str, passes: impl Fn(&Key) -> bool) -> HashSet<i64> {
    let table = tenant.table(Resource::Appointments);
    let columns = table.columns;
    let rows = table.rows().filter(|row| !row.deleted && passes(row.key(columns, column)));
    rows.filter_map(|row| row.int(columns, "jobId")).collect()
}

fn projects(tenant: &mut Tenant, name: &str, value: &str) -> Option<HashSet<i64>> {
    let id: i64 = match name {
        "technicianId" | "appointmentId" | "invoiceId" => value.parse().ok()?,
        _ => return None,
    };
    let project = |tenant: &mut Tenant, resource, passes: &dyn Fn(&Arc<Record>) -> bool| {
        let table = tenant.table(resource);
        let columns = table.columns;
        table
            .rows()
            .filter(|row| !row.deleted && passes(row))
            .filter_map(|row| row.int(columns, "projectId"))
            .collect()
    };
    let columns = tenant.table(Resource::Appointments).columns;
    let invoiced = tenant.table(Resource::Jobs).columns;
    Some(match name {
        "technicianId" => project(
            tenant,
            Resource::Appointments,
            &|row| matches!(row.key(columns, "technicianIds"), Key::Ints(all) if all.contains(&id)),
        ),
        "appointmentId" => project(tenant, Resource::Appointments, &|row| row.id == id),
        _ => project(tenant, Resource::Jobs, &|row| row.int(invoiced, "invoiceId") == Some(id)),
    })
}
