//! `jpm` has state: what its operations need to be there.

use penstock::contract::catalogue::Operation;
use penstock_host::Plugin;
use penstock_simulated::servicetitan::{Resource, SimulatedServiceTitan};
use serde_json::{Value, json};

/// What is there.
pub(super) struct Known {
    job: i64,
    /// Jobs that a single operation changes.
    canceled: i64,
    held: i64,
    completed: i64,
    appointment: i64,
    project: i64,
    cancel_reason: i64,
    hold_reason: i64,
    segment: i64,
    item: i64,
    /// The first record of each kind.
    firsts: Vec<(&'static str, i64)>,
}

impl Known {
    /// Makes what the lists of one job or project need for three pages.
    pub(super) async fn prepare(provider: &SimulatedServiceTitan, plugin: &Plugin) -> Self {
        let first = |resource| provider.truth(resource)[0];
        let job = provider.add_job();
        provider.modify(Resource::Jobs, job, &json!({ "equipmentIds": [100_002] }));
        let record = provider.record(Resource::Jobs, job).unwrap();
        let known = Self {
            job,
            canceled: provider.add_job(),
            held: provider.add_job(),
            completed: provider.add_job(),
            appointment: record["firstAppointmentId"].as_i64().unwrap(),
            project: first(Resource::Projects),
            cancel_reason: first(Resource::CancelReasons),
            hold_reason: first(Resource::HoldReasons),
            segment: first(Resource::Segments),
            item: first(Resource::SegmentItems),
            firsts: vec![
                ("job-types", first(Resource::JobTypes)),
                ("project-statuses", first(Resource::ProjectStatuses)),
                ("project-substatuses", first(Resource::ProjectSubStatuses)),
                ("project-types", first(Resource::ProjectTypes)),
            ],
        };
        provider.modify(Resource::Appointments, known.appointment, &json!({ "status": "Scheduled" }));
        let call = async |operation: &str, id: i64, body: Option<Value>| {
            let body = body.map(|body| body.to_string());
            plugin.invoke("servicetitan", operation, [("id", id.to_string())], body, None).await.unwrap();
        };
        for number in 0..3 {
            let note = json!({ "text": format!("Note {number}") });
            call("jpm.jobs-create-note", known.job, Some(note.clone())).await;
            call("jpm.projects-create-note", known.project, Some(note)).await;
            let cancel = json!({ "reasonId": known.cancel_reason, "memo": "Three times" });
            call("jpm.jobs-cancel", known.canceled, Some(cancel)).await;
            call("jpm.jobs-remove-cancellation", known.canceled, None).await;
        }
        known
    }

    /// Small enough for three pages; most lists of `jpm` are short.
    pub(super) fn page_size(&self, operation: &Operation) -> u32 {
        match operation.name {
            "jpm.jobs-list" | "jpm.appointments-list" => 50,
            name if name.starts_with("jpm.") => 1,
            _ => 10,
        }
    }

    /// A parameter that must be something special.
    pub(super) fn parameter(&self, operation: &Operation, name: &str) -> Option<String> {
        let (module, resource) = operation.resource();
        if module != "jpm" {
            return None;
        }
        let id = match (name, resource) {
            ("equipmentId", _) => 100_001,
            ("jobId", _) => self.job,
            ("projectId", _) => self.project,
            ("segmentId", _) => self.segment,
            ("segmentItemId", _) => self.item,
            ("id", "jobs") => self.job_of(operation),
            ("id", "appointments") => self.appointment,
            ("id", "projects") => self.project,
            ("id", kind) => self.firsts.iter().find(|(known, _)| *known == kind)?.1,
            ("ids", "jobs") if !operation.is_list() => self.job,
            _ => return None,
        };
        Some(id.to_string())
    }

    fn job_of(&self, operation: &Operation) -> i64 {
        match operation.name {
            "jpm.jobs-cancel" | "jpm.jobs-remove-cancellation" | "jpm.jobs-canceled-logs-list" => {
                self.canceled
            }
            "jpm.jobs-hold" => self.held,
            "jpm.jobs-complete" => self.completed,
            _ => self.job,
        }
    }

    /// A body with members that must be something special.
    pub(super) fn body(&self, operation: &Operation, body: Value) -> Value {
        if operation.resource().0 != "jpm" {
            return body;
        }
        let full = json!({ "segmentItemIds": [self.item] });
        let partial = json!({ "segments": [{ "segmentId": self.segment, "segmentItemId": self.item }] });
        match operation.name {
            "jpm.budget-codes-create" => return full,
            "jpm.budget-codes-create-partial" => return partial,
            "jpm.budget-codes-create-batch" => return json!([full]),
            "jpm.budget-codes-create-partial-batch" => return json!([partial]),
            "jpm.job-equipment-detach-bulk" => return json!({ "equipmentIds": [100_002] }),
            _ => {}
        }
        let mut body = body;
        let reason = match operation.name {
            "jpm.jobs-cancel" => self.cancel_reason,
            _ => self.hold_reason,
        };
        if let Some(jobs) = body.get_mut("jobIds") {
            *jobs = json!([self.job]);
        }
        for (name, value) in [("reasonId", reason), ("jobId", self.job), ("projectId", self.project)] {
            if let Some(member) = body.get_mut(name) {
                *member = json!(value);
            }
        }
        body
    }
}
