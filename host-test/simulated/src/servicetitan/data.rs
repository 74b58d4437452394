//! What the simulated provider holds: tables of records, made from a seed.

mod columns;
mod generate;
mod key;
mod record;
mod table;
mod values;

pub(crate) use generate::{BUSINESS_UNITS, add_budget_code, add_job};
pub(crate) use key::{Key, Kind};
pub(crate) use record::{Column, Record};
pub(crate) use table::Table;
pub(crate) use values::{Cell, FIRST as FIRST_TIME, Values, decimal, named};

use crate::random::mix;
use crate::servicetitan::{declared::Declared, generic::Shelf, members::Members, reporting};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

/// A kind of record that the provider holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names say it all")]
pub enum Resource {
    Jobs,
    Appointments,
    Projects,
    JobTypes,
    JobNotes,
    ProjectNotes,
    CancelReasons,
    HoldReasons,
    CanceledLogs,
    /// Why a job is on hold; the id is the job's.
    JobHolds,
    /// The history of a job; the id is the job's.
    JobHistory,
    JobCustomFields,
    ProjectCustomFields,
    ProjectStatuses,
    ProjectSubStatuses,
    ProjectTypes,
    Segments,
    SegmentItems,
    BudgetCodes,
    Messages,
}

/// All records of one tenant.
#[derive(Debug)]
pub(crate) struct Tenant {
    tables: BTreeMap<Resource, Table>,
    /// What the operations without code of their own hold.
    pub(crate) shelf: Shelf,
    /// What the reports remember.
    pub(crate) reports: reporting::State,
    /// When something was last written. Two writes never have the same time, so
    /// that an export feed orders them.
    last_write: i64,
    /// How many jobs were generated.
    generated: usize,
}

impl Tenant {
    /// Makes the data of a tenant: `jobs` jobs and what belongs to them.
    pub(crate) fn generate(declared: &Declared, seed: u64, tenant: i64, jobs: usize) -> Self {
        let mut made = Self {
            tables: BTreeMap::new(),
            shelf: Shelf::default(),
            reports: reporting::State::default(),
            last_write: 0,
            generated: jobs,
        };
        generate::all(&mut made, &Values::new(declared, mix(seed, tenant.unsigned_abs())), jobs);
        made
    }

    pub(crate) fn table(&mut self, resource: Resource) -> &mut Table {
        self.tables.entry(resource).or_insert_with(|| Table::new(columns::of(resource)))
    }

    /// A record that is not deleted.
    pub(crate) fn get(&self, resource: Resource, id: i64) -> Option<Arc<Record>> {
        self.tables.get(&resource).and_then(|table| table.get(id)).filter(|record| !record.deleted)
    }

    /// A time for a write: now, or just after the last one.
    pub(crate) fn tick(&mut self, now: i64) -> i64 {
        let now = now / super::time::TICK * super::time::TICK;
        self.last_write = now.max(self.last_write + super::time::TICK);
        self.last_write
    }

    /// The number of the next job to be generated.
    pub(crate) fn next_job(&mut self) -> usize {
        self.generated += 1;
        self.generated - 1
    }

    pub(crate) fn restore(&mut self, resource: Resource, id: i64) {
        let table = self.table(resource);
        if let Some(old) = table.get(id).filter(|record| record.deleted) {
            let feed = old.feed.replace("\"active\":false", "\"active\":true");
            table.put(Record { deleted: false, active: true, feed, ..old.bare() });
        }
    }

    /// Changes a record's members and sets `modifiedOn`, if it has one.
    pub(crate) fn change(
        &mut self,
        resource: Resource,
        id: i64,
        now: i64,
        edit: impl FnOnce(&mut Members),
    ) -> Option<Arc<Record>> {
        let old = self.get(resource, id)?;
        let at = self.tick(now);
        let mut members = old.members();
        edit(&mut members);
        if members.get("modifiedOn").is_some() {
            members.set("modifiedOn", super::time::quoted(at, super::time::Spelling::Ticks));
        }
        let new = Record { text: members.render(), modified: at, ..old.bare() };
        Some(self.table(resource).put(new))
    }

    /// Marks a record as deleted: gone from lists, `active: false` in the feeds.
    pub(crate) fn delete(&mut self, resource: Resource, id: i64, now: i64) -> Option<Arc<Record>> {
        let old = self.get(resource, id)?;
        let mut new = Record { modified: self.tick(now), deleted: true, active: false, ..old.bare() };
        let mut feed = Members::parse(&format!("{{{}}}", new.feed)).unwrap_or_default();
        let mut members = new.members();
        if members.get("active").is_some() {
            members.set("active", "false");
        } else if feed.get("active").is_some() {
            feed.set("active", "false");
        }
        new.text = members.render();
        new.feed = feed.inside();
        Some(self.table(resource).put(new))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servicetitan::body;

    #[test]
    fn every_record_has_the_shape_that_the_provider_declares() {
        let declared = Declared::load().unwrap();
        let mut tenant = Tenant::generate(&declared, 9, 1, 300);
        let listed = [
            (Resource::Jobs, "JobResponse", "ExportJobsResponse"),
            (Resource::Appointments, "AppointmentResponse", "ExportAppointmentsResponse"),
            (Resource::Projects, "ProjectResponse", "ExportProjectsResponse"),
            (Resource::JobNotes, "NoteResponse", "ExportJobNotesResponse"),
            (Resource::ProjectNotes, "NoteResponse", "ExportProjectNotesResponse"),
            (Resource::CanceledLogs, "JobCanceledLogResponse", "ExportJobCanceledLogResponse"),
            (Resource::JobHistory, "JobHistoryResponse", "ExportJobHistoryResponse"),
            (Resource::JobTypes, "JobTypeResponse", ""),
            (Resource::JobHolds, "HoldReasonResponse", ""),
            (Resource::CancelReasons, "JobCancelReasonResponse", ""),
            (Resource::HoldReasons, "JobHoldReasonResponse", ""),
            (Resource::ProjectStatuses, "ProjectStatusResponse", ""),
            (Resource::ProjectSubStatuses, "ProjectSubStatusResponse", ""),
            (Resource::ProjectTypes, "ProjectTypeResponse", ""),
            (Resource::JobCustomFields, "CustomFieldTypeResponse", ""),
            (Resource::Segments, "SegmentModel", ""),
            (Resource::SegmentItems, "SegmentItemModel", ""),
            (Resource::BudgetCodes, "BudgetCodeModel", ""),
        ];
        for (resource, schema, feed) in listed {
            assert!(tenant.table(resource).rows().count() > 0, "{resource:?}");
            for record in tenant.table(resource).rows() {
                let check =
                    |name: &str, text: &str| body::read(&declared, &format!("jpm::{name}"), text, true);
                assert!(
                    check(schema, &record.text).is_ok(),
                    "{:?}\n{}",
                    check(schema, &record.text),
                    record.text
                );
                let mut text = String::new();
                record.write_feed(&mut text);
                assert!(feed.is_empty() || check(feed, &text).is_ok(), "{:?}\n{text}", check(feed, &text));
            }
        }
    }
}
