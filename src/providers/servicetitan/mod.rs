//! What only ServiceTitan does (API V2, <https://developer.servicetitan.io>).
//!
//! [`settings`]: accounts and environments. [`auth`]: tokens and headers.
//! [`pages`]: envelopes and feeds. [`reports`]: rows and their names. [`parameters`]: what
//! a report asks for. [`sales`]: what was sold, summed. [`errors`]: what a refusal says. [`natural_key`]: how to find what a create of unknown outcome made.
//! [`webhooks`]: what it sends by itself.

mod auth;
mod errors;
mod natural_key;
mod pages;
#[cfg(feature = "servicetitan-reporting")]
mod parameters;
#[cfg(feature = "servicetitan-reporting")]
mod reports;
#[cfg(feature = "servicetitan-sales")]
mod sales;
pub mod settings;
#[cfg(feature = "webhooks")]
pub mod webhooks;

use super::api::{Credentials, Envelope, Order, PageAsked, PageError, Refusal, Site, Vendor};
use crate::{
    client::Call,
    contract::{
        FieldError,
        catalogue::{Operation, Paging},
    },
    host::Request,
    policy::{classify::StatusRules, secret::Secret},
    settings::{Policy, Setting, Values},
};
// What only some of the features need goes by its path.
#[allow(unused_imports, reason = "named by what the features `reporting` and `sales` add")]
use super::api;
use crate::{contract, policy};
use bytes::Bytes;
use std::{ops::Range, time::Duration};

/// ServiceTitan, as the driver sees it.
pub struct ServiceTitan;

impl Vendor for ServiceTitan {
    fn name(&self) -> &'static str {
        "servicetitan"
    }

    fn settings(&self) -> &'static [Setting] {
        settings::SETTINGS
    }

    fn environment_setting(&self) -> &'static str {
        "API_ENVIRONMENT"
    }

    fn setting_names(&self, setting: &str, account: &str, environment: &str) -> Vec<String> {
        settings::names(setting, account, environment)
    }

    fn site(&self, _account: &str, values: &Values, policy: &Policy) -> Result<Site, Vec<FieldError>> {
        settings::site(values, policy)
    }

    fn token_request(&self, site: &Site, credentials: &Credentials, policy: &Policy) -> Request {
        auth::token_request(site, credentials, policy)
    }

    fn token_answer(&self, body: &[u8]) -> Result<(Secret, Option<Duration>), String> {
        auth::token_answer(body)
    }

    fn authorization(&self, token: &Secret, credentials: &Credentials) -> Vec<(&'static str, Secret)> {
        auth::authorization(token, credentials)
    }

    fn status_rules(&self) -> StatusRules {
        StatusRules::default()
    }

    fn refusal(&self, status: u16, body: &[u8]) -> Refusal {
        errors::refusal(status, body)
    }

    #[cfg(feature = "servicetitan-reporting")]
    fn described_by(&self, call: &Call) -> Option<Call> {
        parameters::description(call)
    }

    #[cfg(feature = "servicetitan-reporting")]
    fn misfits(&self, call: &Call, description: &[u8]) -> Option<Vec<FieldError>> {
        parameters::misfits(call, description)
    }

    #[cfg(feature = "servicetitan-reporting")]
    fn deferred(&self, call: &Call, promise: &[u8]) -> Option<api::Deferred> {
        reports::deferred(call, promise)
    }

    #[cfg(feature = "servicetitan-sales")]
    fn parts(&self, call: &Call, _now: policy::time::WallTime) -> Result<api::Parts, Vec<FieldError>> {
        sales::parts(call)
    }

    #[cfg(feature = "servicetitan-sales")]
    fn combine(
        &self,
        _call: &Call,
        answers: Vec<Result<Bytes, contract::Failure>>,
    ) -> Result<String, contract::Failure> {
        sales::combine(answers)
    }

    fn page_query(&self, operation: &Operation, page: &PageAsked) -> Vec<(&'static str, String)> {
        pages::query(operation, page)
    }

    fn page(&self, paging: Paging, body: &Bytes) -> Result<Envelope, PageError> {
        pages::envelope(paging, body)
    }

    fn look_up(&self, create: &Call) -> Option<Call> {
        natural_key::look_up(create)
    }

    fn made_at(&self, record: &[u8]) -> Option<policy::time::WallTime> {
        natural_key::made_at(record)
    }

    fn order(&self, operation: &Operation) -> Option<Order> {
        pages::order(operation)
    }

    #[cfg(feature = "webhooks")]
    fn webhooks(&self) -> Option<&'static dyn crate::webhooks::Source> {
        Some(&webhooks::Webhooks)
    }

    fn page_size_range(&self, operation: &Operation) -> Range<u32> {
        pages::sizes(operation)
    }

    #[cfg(feature = "servicetitan-reporting")]
    fn spacing(&self, call: &Call, site: &Site) -> Option<api::Spacing> {
        reports::spacing(call, site)
    }
}
