//! Jobs with their appointments, notes, logs and history.

mod parts;

pub(super) use parts::note;

use crate::servicetitan::data::generate::{ids, kinds, offset};
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

/// How many jobs there are to a project that has any.
pub(super) const PER_PROJECT: usize = 5;
/// One job in so many belongs to a project.
pub(super) const OF_PROJECT: usize = 10;

/// What the parts of a job agree on.
struct Plan {
    index: usize,
    id: i64,
    status: &'static str,
    customer: i64,
    location: i64,
    project: Option<i64>,
    appointments: usize,
    created: i64,
    modified: i64,
    deleted: bool,
}

impl Plan {
    fn new(seed: u64, index: usize) -> Self {
        let mut rng = random(seed, kinds::PLAN, index as u64);
        let customer = rng.i64(0..500);
        let status = match rng.u8(..100) {
            0..58 => "Completed",
            58..73 => "Scheduled",
            73..79 => "Dispatched",
            79..85 => "InProgress",
            85..90 => "Hold",
            90..98 => "Canceled",
            // A case that the contract does not know.
            _ => "Rescheduling",
        };
        let created = FIRST + rng.i64(0..SPAN) / TICK * TICK;
        let later = rng.i64(0..30 * 86_400) * SECOND + rng.i64(0..10_000_000) * TICK;
        Self {
            index,
            id: ids::JOB + offset(index) * 3,
            status,
            customer: ids::CUSTOMER + customer,
            location: ids::LOCATION + customer * 3 + rng.i64(0..3),
            project: index
                .is_multiple_of(OF_PROJECT)
                .then(|| ids::PROJECT + offset(index / OF_PROJECT / PER_PROJECT)),
            appointments: if rng.u8(..5) == 0 { 2 } else { 1 },
            created,
            modified: created + later,
            deleted: rng.u8(..100) == 0,
        }
    }

    fn appointment(&self, number: usize) -> i64 {
        ids::APPOINTMENT + offset(self.index) * 4 + offset(number)
    }

    fn canceled(&self) -> bool {
        self.status == "Canceled"
    }
}

/// Makes job number `index` with all that belongs to it; returns its id.
pub(crate) fn add_job(tenant: &mut Tenant, values: &Values<'_>, index: usize) -> i64 {
    let plan = Plan::new(values.seed, index);
    tenant.table(Resource::Jobs).put(job(values, &plan));
    parts::appointments(tenant, values, &plan);
    parts::notes(tenant, values, &plan);
    parts::history(tenant, values, &plan);
    parts::reasons(tenant, values, &plan);
    plan.id
}

fn job(values: &Values<'_>, plan: &Plan) -> Record {
    let mut rng = random(values.seed, kinds::JOB, plan.index as u64);
    let completed = (plan.status == "Completed").then_some(plan.modified);
    let external =
        plan.index.is_multiple_of(10).then(|| format!(r#"[{{"key":"erp","value":"J-{}"}}]"#, plan.index));
    let optional = |value: Option<i64>| value.map_or(Cell::Raw("null".to_owned()), Cell::int);
    let text = values.record("jpm::JobResponse", &mut rng, &mut |name, rng| match name {
        "id" => Cell::int(plan.id),
        "jobNumber" => Cell::text(&(100_000 + plan.index).to_string()),
        "projectId" => optional(plan.project),
        "customerId" => Cell::int(plan.customer),
        "locationId" => Cell::int(plan.location),
        "jobStatus" => Cell::text(plan.status),
        // Absent as often as null: both mean that it is not done.
        "completedOn" => match completed {
            Some(at) => Cell::Time(at),
            None if rng.bool() => Cell::Absent,
            None => Cell::Raw("null".to_owned()),
        },
        "businessUnitId" => Cell::int(ids::BUSINESS_UNIT + rng.i64(0..5)),
        "jobTypeId" => Cell::int(ids::JOB_TYPE + rng.i64(0..24)),
        "campaignId" => Cell::int(7_000 + rng.i64(0..8)),
        "appointmentCount" => Cell::int(offset(plan.appointments)),
        "firstAppointmentId" => Cell::int(plan.appointment(0)),
        "lastAppointmentId" => Cell::int(plan.appointment(plan.appointments - 1)),
        "createdOn" => Cell::Time(plan.created),
        "modifiedOn" => Cell::Time(plan.modified),
        "createdById" => Cell::int(ids::EMPLOYEE + rng.i64(0..40)),
        "invoiceId" => Cell::int(plan.id + 40_000_000),
        "bookingId" => optional(plan.index.is_multiple_of(7).then(|| 5_000_000 + offset(plan.index))),
        "soldById" => optional(rng.bool().then(|| ids::TECHNICIAN + rng.i64(0..30))),
        "tagTypeIds" => {
            let tags: Vec<i64> = (0..rng.i64(0..4)).map(|tag| ids::TAG + tag * 3).collect();
            Cell::Raw(format!("{tags:?}"))
        }
        "externalData" => Cell::Raw(external.clone().unwrap_or_else(|| "[]".to_owned())),
        _ => Cell::Any,
    });
    Record {
        id: plan.id,
        text,
        feed: format!("\"active\":{}", !plan.deleted),
        active: !plan.deleted,
        deleted: plan.deleted,
        modified: plan.modified,
        ..Record::default()
    }
}
