//! The Rust types that wit-bindgen makes, each beside its table.

use crate::{
    bindings::exports::penstock::servicetitan::jpm,
    catalogue::{Type, tables::servicetitan::jpm as tables},
    normalize::{DecodeError, decode, encode_body, normal_form, transcode},
};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// A Rust type and its table, with what can be asked about them.
pub(super) struct Pair {
    pub(super) ty: Type,
    pub(super) agree: fn(&Type, &str, &str) -> Result<(), TestCaseError>,
    pub(super) round_trip: fn(&Type, &str) -> Result<(), TestCaseError>,
    pub(super) error: fn(&Type, &[u8]) -> Option<DecodeError>,
}

macro_rules! pairs {
    ($($rust:ident $table:ident,)*) => {
        pub(super) static PAIRS: &[Pair] = &[$(Pair {
            ty: Type::Record(&tables::$table),
            agree: agree::<jpm::$rust>,
            round_trip: round_trip::<jpm::$rust>,
            error: |ty, json| decode::<jpm::$rust>(ty, json).err(),
        },)*];
    };
}

pairs! {
    Appointment APPOINTMENT,
    BookedLog BOOKED_LOG,
    BudgetCode BUDGET_CODE,
    BudgetCodeMatches BUDGET_CODE_MATCHES,
    CustomFieldType CUSTOM_FIELD_TYPE,
    ExportedAppointment EXPORTED_APPOINTMENT,
    ExportedJob EXPORTED_JOB,
    ExportedJobHistory EXPORTED_JOB_HISTORY,
    ExportedProject EXPORTED_PROJECT,
    HoldReason HOLD_REASON,
    Job JOB,
    JobHistory JOB_HISTORY,
    JobType JOB_TYPE,
    Project PROJECT,
    Segment SEGMENT,
    SegmentItem SEGMENT_ITEM,
    CreateBudgetCode CREATE_BUDGET_CODE,
    CreateJob CREATE_JOB,
    CreateJobType CREATE_JOB_TYPE,
    CreateProject CREATE_PROJECT,
    RescheduleAppointment RESCHEDULE_APPOINTMENT,
    UpdateJob UPDATE_JOB,
    UpdateJobType UPDATE_JOB_TYPE,
    UpdateProject UPDATE_PROJECT,
}

fn agree<T: Serialize + DeserializeOwned>(ty: &Type, json: &str, normal: &str) -> Result<(), TestCaseError> {
    let value: T =
        decode(ty, json.as_bytes()).map_err(|error| TestCaseError::fail(format!("{error}: {json}")))?;
    prop_assert_eq!(normal_form(ty, &value).unwrap(), normal);
    prop_assert_eq!(transcode(ty, json.as_bytes()).unwrap(), normal);
    Ok(())
}

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    ty: &Type,
    json: &str,
) -> Result<(), TestCaseError> {
    let value: T = decode(ty, json.as_bytes()).unwrap();
    let body = encode_body(ty, &value).unwrap();
    serde_json::from_str::<&serde_json::value::RawValue>(&body).unwrap();
    prop_assert_eq!(decode::<T>(ty, body.as_bytes()).unwrap(), value, "{}", body);
    Ok(())
}

#[test]
fn a_table_of_another_type_is_a_clear_error() {
    let job = Type::Record(&tables::JOB);
    let appointment = decode::<jpm::Appointment>(&job, br#"{"id":1}"#).unwrap_err();
    assert!(appointment.message.starts_with("the Rust type is not the one"), "{appointment}");
    let update: jpm::UpdateJob = decode(&Type::Record(&tables::UPDATE_JOB), b"{}").unwrap();
    let problems = encode_body(&job, &update).unwrap_err();
    assert!(problems[0].message.starts_with("the Rust type is not the one"), "{problems:?}");
}
