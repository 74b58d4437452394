//! A job with all the fields that the contract has, and in the types that it has them in.

use super::{Page, decimal::Decimal, instant::Instant, member::record, ndjson::Print};
use anyhow::Result;
use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};
use std::fmt;

record! {
    /// A job.
    Job {
        id: i64 = "id",
        job_number: Option<String> = "jobNumber",
        project_id: Option<i64> = "projectId",
        customer_id: Option<i64> = "customerId",
        location_id: Option<i64> = "locationId",
        job_status: Option<JobStatus> = "jobStatus",
        completed_on: Option<Instant> = "completedOn",
        business_unit_id: Option<i64> = "businessUnitId",
        job_type_id: Option<i64> = "jobTypeId",
        priority: Option<String> = "priority",
        campaign_id: Option<i64> = "campaignId",
        appointment_count: Option<i64> = "appointmentCount",
        first_appointment_id: Option<i64> = "firstAppointmentId",
        last_appointment_id: Option<i64> = "lastAppointmentId",
        recall_for_id: Option<i64> = "recallForId",
        warranty_id: Option<i64> = "warrantyId",
        job_generated_lead_source: Option<LeadSource> = "jobGeneratedLeadSource",
        no_charge: Option<bool> = "noCharge",
        notifications_enabled: Option<bool> = "notificationsEnabled",
        created_on: Option<Instant> = "createdOn",
        created_by_id: Option<i64> = "createdById",
        modified_on: Option<Instant> = "modifiedOn",
        tag_type_ids: Vec<i64> = "tagTypeIds",
        lead_call_id: Option<i64> = "leadCallId",
        partner_lead_call_id: Option<i64> = "partnerLeadCallId",
        booking_id: Option<i64> = "bookingId",
        sold_by_id: Option<i64> = "soldById",
        customer_po: Option<String> = "customerPo",
        invoice_id: Option<i64> = "invoiceId",
        membership_id: Option<i64> = "membershipId",
        total: Option<Decimal> = "total",
        created_from_estimate_id: Option<i64> = "createdFromEstimateId",
        estimate_ids: Vec<i64> = "estimateIds",
        summary: Option<String> = "summary",
        custom_fields: Vec<CustomField> = "customFields",
        external_data: Vec<ExternalData> = "externalData",
        equipment_ids: Vec<i64> = "equipmentIds",
        is_auto_dispatched: Option<bool> = "isAutoDispatched",
        summary_of_work: Option<String> = "summaryOfWork",
    }
}

record! {
    /// The job or employee that a job came from.
    LeadSource {
        job_id: Option<i64> = "jobId",
        employee_id: Option<i64> = "employeeId",
    }
}

record! {
    /// The value of a field that the tenant defined.
    CustomField {
        type_id: Option<i64> = "typeId",
        name: Option<String> = "name",
        value: Option<String> = "value",
    }
}

record! {
    /// A value that an application keeps with a record.
    ExternalData {
        key: Option<String> = "key",
        value: Option<String> = "value",
    }
}

/// How far a job is.
#[derive(Debug)]
pub enum JobStatus {
    Scheduled,
    Dispatched,
    InProgress,
    Hold,
    Completed,
    Canceled,
    Other(String),
}

impl JobStatus {
    fn of(text: &str) -> Self {
        match text {
            "Scheduled" => Self::Scheduled,
            "Dispatched" => Self::Dispatched,
            "InProgress" => Self::InProgress,
            "Hold" => Self::Hold,
            "Completed" => Self::Completed,
            "Canceled" => Self::Canceled,
            other => Self::Other(other.to_owned()),
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Scheduled => "Scheduled",
            Self::Dispatched => "Dispatched",
            Self::InProgress => "InProgress",
            Self::Hold => "Hold",
            Self::Completed => "Completed",
            Self::Canceled => "Canceled",
            Self::Other(other) => other,
        }
    }
}

impl<'de> Deserialize<'de> for JobStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Status;

        impl Visitor<'_> for Status {
            type Value = JobStatus;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a status")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<JobStatus, E> {
                Ok(JobStatus::of(text))
            }
        }

        deserializer.deserialize_str(Status)
    }
}

impl Print for JobStatus {
    fn print(&self, out: &mut Vec<u8>) {
        self.text().print(out);
    }
}

/// A page of jobs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobPage {
    has_more: bool,
    total_count: Option<usize>,
    #[serde(deserialize_with = "records")]
    pub data: Vec<Job>,
}

/// Records with room for a page of them: growing would move them again and again.
fn records<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Job>, D::Error> {
    struct Records;

    impl<'de> Visitor<'de> for Records {
        type Value = Vec<Job>;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("a list of jobs")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut records: A) -> Result<Vec<Job>, A::Error> {
            let mut jobs = Vec::with_capacity(1000);
            while let Some(job) = records.next_element()? {
                jobs.push(job);
            }
            Ok(jobs)
        }
    }

    deserializer.deserialize_seq(Records)
}

impl Page for JobPage {
    fn read(body: Vec<u8>) -> Result<Self> {
        // All of it at once is checked sooner than each text of it.
        Ok(serde_json::from_str(str::from_utf8(&body)?)?)
    }

    fn has_more(&self) -> bool {
        self.has_more
    }

    fn total(&self) -> Option<usize> {
        self.total_count
    }
}
