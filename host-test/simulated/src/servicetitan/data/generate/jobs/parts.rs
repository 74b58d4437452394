//! What belongs to a job.

use crate::servicetitan::data::generate::jobs::{Plan, ids, kinds, offset};
use crate::{
    random::random,
    servicetitan::{
        data::{
            Record, Resource, Tenant, Values,
            values::{Cell, quoted, write_time},
        },
        time::SECOND,
    },
};

/// One or two appointments.
pub(super) fn appointments(tenant: &mut Tenant, values: &Values<'_>, plan: &Plan) {
    for number in 0..plan.appointments {
        let id = plan.appointment(number);
        let mut rng = random(values.seed, kinds::APPOINTMENT, id.unsigned_abs());
        let start =
            plan.created / SECOND * SECOND + (2 + rng.i64(0..20) + offset(number) * 24) * 86_400 * SECOND;
        let last = number + 1 == plan.appointments;
        let status = match plan.status {
            "Completed" => "Done",
            _ if !last => "Done",
            // A case that the contract does not know.
            "Rescheduling" => "EnRoute",
            "InProgress" => "Working",
            other => other,
        };
        let active = rng.u8(..50) != 0;
        let text = values.record("jpm::AppointmentResponse", &mut rng, &mut |name, rng| match name {
            "id" => Cell::int(id),
            "jobId" => Cell::int(plan.id),
            "appointmentNumber" => Cell::text(&format!("{}-{}", 100_000 + plan.index, number + 1)),
            "start" => Cell::Time(start),
            "end" => Cell::Time(start + 7_200 * SECOND),
            "arrivalWindowStart" if rng.bool() => Cell::Time(start),
            "arrivalWindowEnd" if rng.bool() => Cell::Time(start + 14_400 * SECOND),
            "status" => Cell::text(status),
            "createdOn" => Cell::Time(plan.created),
            "modifiedOn" => Cell::Time(plan.modified),
            "customerId" => Cell::int(plan.customer),
            "createdById" => Cell::int(ids::EMPLOYEE + rng.i64(0..40)),
            "unused" => Cell::Raw((!active).to_string()),
            "active" => Cell::Raw(active.to_string()),
            _ => Cell::Any,
        });
        let technicians: Vec<i64> = (0..rng.i64(0..3)).map(|_| ids::TECHNICIAN + rng.i64(0..30)).collect();
        let project = plan.project.map_or_else(|| "null".to_owned(), |id| id.to_string());
        tenant.table(Resource::Appointments).put(Record {
            id,
            text,
            private: format!("\"technicianIds\":{technicians:?},\"projectId\":{project}"),
            active,
            modified: plan.modified,
            ..Record::default()
        });
    }
}

/// A note on every fourth job, and very many on the first.
pub(super) fn notes(tenant: &mut Tenant, values: &Values<'_>, plan: &Plan) {
    let count = match plan.index {
        0 => 120,
        index if index.is_multiple_of(4) => 1,
        _ => 0,
    };
    for number in 0..count {
        let id = ids::NOTE + offset(plan.index) * 5 + offset(number) + if plan.index > 0 { 1_000 } else { 0 };
        let mut rng = random(values.seed, kinds::NOTE, id.unsigned_abs());
        let at = plan.created + offset(number) * 60 * SECOND;
        let text = note(values, &mut rng, at);
        tenant.table(Resource::JobNotes).put(Record {
            id,
            text,
            feed: format!("\"id\":{id},\"active\":true,\"jobId\":{}", plan.id),
            active: true,
            modified: at,
            ..Record::default()
        });
    }
}

/// The text of a note: the provider's lists leave its id out.
pub(in crate::servicetitan::data::generate) fn note(
    values: &Values<'_>,
    rng: &mut fastrand::Rng,
    at: i64,
) -> String {
    values.record("jpm::NoteResponse", rng, &mut |name, rng| match name {
        "createdOn" | "modifiedOn" => Cell::Time(at),
        "createdById" => Cell::int(ids::EMPLOYEE + rng.i64(0..40)),
        "isPinned" => Cell::Raw((rng.u8(..10) == 0).to_string()),
        _ => Cell::Any,
    })
}

/// What happened to the job so far.
pub(super) fn history(tenant: &mut Tenant, values: &Values<'_>, plan: &Plan) {
    let mut rng = random(values.seed, kinds::LOG, plan.id.unsigned_abs());
    let mut entries = String::new();
    let events = [
        ("Job Booked", plan.created),
        ("Job Dispatched", plan.created + 3_600 * SECOND),
        (plan.status, plan.modified),
    ];
    for (number, (event, at)) in events.into_iter().enumerate() {
        if number > 0 {
            entries.push(',');
        }
        let entry = values.record("jpm::JobHistoryItemModel", &mut rng, &mut |name, rng| match name {
            "id" => Cell::int(plan.id * 10 + offset(number)),
            "eventType" => Cell::text(event),
            "employeeId" => Cell::int(ids::EMPLOYEE + rng.i64(0..40)),
            "date" => Cell::Time(at),
            _ => Cell::Any,
        });
        entries.push_str(&entry);
    }
    tenant.table(Resource::JobHistory).put(Record {
        id: plan.id,
        text: format!("{{\"history\":[{entries}]}}"),
        feed: format!("\"jobId\":{}", plan.id),
        active: true,
        modified: plan.modified,
        ..Record::default()
    });
}

/// Why it was called off, or why it waits.
pub(super) fn reasons(tenant: &mut Tenant, values: &Values<'_>, plan: &Plan) {
    let mut rng = random(values.seed, kinds::LOG, plan.id.unsigned_abs() + 1);
    if plan.canceled() {
        let (id, reason) = (ids::CANCELED_LOG + offset(plan.index), ids::CANCEL_REASON + rng.i64(0..12));
        let text = values.record("jpm::JobCanceledLogResponse", &mut rng, &mut |name, _| match name {
            "id" => Cell::int(id),
            "jobId" => Cell::int(plan.id),
            "reasonId" => Cell::int(reason),
            "createdOn" => Cell::Time(plan.modified),
            "active" => Cell::Raw("true".to_owned()),
            _ => Cell::Any,
        });
        let record = Record { id, text, active: true, modified: plan.modified, ..Record::default() };
        tenant.table(Resource::CanceledLogs).put(record);
    }
    if plan.status == "Hold" {
        let reason = ids::HOLD_REASON + rng.i64(0..8);
        let name = quoted(&format!("Hold reason {reason}"));
        let mut since = String::new();
        write_time(&mut since, plan.modified, &mut rng);
        let text = format!(
            r#"{{"jobId":{},"reasonId":{reason},"name":{name},"text":"Waiting for parts","since":{since},"appointmentHoldReasons":[{{"appointmentId":{},"reasonId":{reason},"name":{name},"text":"Waiting for parts"}}]}}"#,
            plan.id,
            plan.appointment(plan.appointments - 1),
        );
        let record = Record { id: plan.id, text, active: true, modified: plan.modified, ..Record::default() };
        tenant.table(Resource::JobHolds).put(record);
    }
}
