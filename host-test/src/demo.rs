//! What the demo, the benches and the tests share: the simulated vendor as the
//! component's environment.

use crate::{
    Environment,
    bindings::jpm::JobsQuery,
    http::{Outbound, OutboundPolicy},
    sources::Map,
    vendor::SimulatedVendor,
};
use std::collections::BTreeMap;

/// The settings and secrets with which the component talks to this vendor.
#[must_use]
pub fn simulated_settings(vendor: &SimulatedVendor) -> BTreeMap<String, String> {
    let account = vendor.config().accounts.first().cloned().unwrap_or_default();
    let first = |all: &[String]| all.first().cloned().unwrap_or_default();
    let tenant = account.tenants.first().copied().unwrap_or_default();
    let values = [
        ("SERVICETITAN_CLIENT_ID", account.client_id.clone()),
        ("SERVICETITAN_CLIENT_SECRET", first(&account.client_secrets)),
        ("SERVICETITAN_APP_KEY", first(&account.app_keys)),
        ("SERVICETITAN_TENANT_ID", tenant.to_string()),
        ("SERVICETITAN_API_URL", vendor.url()),
        ("SERVICETITAN_AUTH_URL", vendor.url()),
        ("PENSTOCK_ALLOW_HTTP", "true".to_owned()),
        ("LOG_LEVEL", "error".to_owned()),
    ];
    values.map(|(name, value)| (name.to_owned(), value)).into()
}

/// An environment in which the component talks to this vendor, with further settings.
#[must_use]
pub fn simulated_environment<'a>(
    vendor: &SimulatedVendor,
    further: impl IntoIterator<Item = (&'a str, String)>,
) -> Environment {
    let mut settings = simulated_settings(vendor);
    settings.extend(further.into_iter().map(|(name, value)| (name.to_owned(), value)));
    let loopback = OutboundPolicy::none().allow_loopback();
    Environment::empty()
        .secrets(Map::new(settings.clone()))
        .config(Map::new(settings))
        .outbound(Outbound::with_policy(loopback))
}

/// The query that leaves no job out.
#[must_use]
pub fn every_job() -> JobsQuery {
    JobsQuery {
        ids: Vec::new(),
        number: None,
        project_id: None,
        booking_id: None,
        job_status: None,
        appointment_status: None,
        priority: None,
        first_appointment_starts_on_or_after: None,
        first_appointment_starts_before: None,
        appointment_starts_on_or_after: None,
        appointment_starts_before: None,
        technician_id: None,
        customer_id: None,
        location_id: None,
        sold_by_id: None,
        job_type_id: None,
        campaign_id: None,
        business_unit_id: None,
        invoice_id: None,
        created_from_estimate_id: None,
        estimate_ids: Vec::new(),
        created_before: None,
        created_on_or_after: None,
        modified_before: None,
        modified_on_or_after: None,
        completed_on_or_after: None,
        completed_before: None,
        tag_type_ids: Vec::new(),
        sort: Some("+Id".to_owned()),
        external_data_application_guid: None,
        external_data_key: None,
        external_data_values: Vec::new(),
        has_unused_appointments: None,
        equipment_ids: Vec::new(),
    }
}
