//! What only Asleep does (<https://docs-en.asleep.ai>).
//!
//! [`settings`]: accounts. [`auth`]: the key. [`envelope`]: `{detail, result}`, and what is
//! told from a session. [`errors`]: what a refusal says and means. [`pages`]: offsets.
//! [`composed`]: what is put together from several calls. [`webhooks`]: what it sends by itself.
//!
//! Asleep's documents contradict one another in places. Its official pages and its SDKs'
//! types go before other texts, and everything is read leniently.

mod auth;
mod composed;
mod envelope;
mod errors;
mod pages;
pub mod settings;
#[cfg(feature = "webhooks")]
pub mod webhooks;

#[cfg(test)]
mod tests;

use super::api::{Credentials, Envelope, Meaning, Order, PageAsked, PageError, Parts, Refusal, Site, Vendor};
use crate::{
    client::Call,
    contract::{
        Failure, FieldError,
        catalogue::{Operation, Paging},
    },
    host::Request,
    policy::{classify::StatusRules, secret::Secret, time::WallTime},
    settings::{Policy, Setting, Values},
};
use bytes::Bytes;
use std::{ops::Range, time::Duration};

/// Asleep, as the driver sees it.
pub struct Asleep;

impl Vendor for Asleep {
    fn name(&self) -> &'static str {
        "asleep"
    }

    fn settings(&self) -> &'static [Setting] {
        settings::SETTINGS
    }

    fn environment_setting(&self) -> &'static str {
        "API_ENVIRONMENT"
    }

    fn setting_names(&self, setting: &str, account: &str, _environment: &str) -> Vec<String> {
        settings::names(setting, account)
    }

    fn site(&self, account: &str, values: &Values, policy: &Policy) -> Result<Site, Vec<FieldError>> {
        settings::site(account, values, policy)
    }

    fn token_request(&self, site: &Site, _credentials: &Credentials, policy: &Policy) -> Request {
        auth::token_request(site, policy)
    }

    fn token_answer(&self, _body: &[u8]) -> Result<(Secret, Option<Duration>), String> {
        Err("Asleep issues no access tokens".to_owned())
    }

    fn static_key(&self) -> Option<&'static str> {
        Some(settings::API_KEY)
    }

    fn authorization(&self, key: &Secret, _credentials: &Credentials) -> Vec<(&'static str, Secret)> {
        auth::authorization(key)
    }

    fn status_rules(&self) -> StatusRules {
        StatusRules::STANDARD
    }

    fn meaning(&self, status: u16, body: &[u8]) -> Option<Meaning> {
        errors::meaning(status, body)
    }

    fn refusal(&self, status: u16, body: &[u8]) -> Refusal {
        errors::refusal(status, body)
    }

    fn value(&self, operation: &Operation, body: &Bytes) -> Result<Bytes, PageError> {
        envelope::value(operation, body)
    }

    fn is_final(&self, operation: &Operation, value: &[u8]) -> bool {
        envelope::is_final(operation, value)
    }

    fn parts(&self, call: &Call, now: WallTime) -> Result<Parts, Vec<FieldError>> {
        composed::parts(call, now)
    }

    fn combine(&self, call: &Call, answers: Vec<Result<Bytes, Failure>>) -> Result<String, Failure> {
        composed::combine(call, answers)
    }

    fn page_query(&self, operation: &Operation, page: &PageAsked) -> Vec<(&'static str, String)> {
        pages::query(operation, page)
    }

    fn page(&self, _paging: Paging, body: &Bytes) -> Result<Envelope, PageError> {
        pages::envelope(body)
    }

    fn order(&self, operation: &Operation) -> Option<Order> {
        pages::order(operation)
    }

    fn id_member(&self) -> &'static str {
        "session_id"
    }

    #[cfg(feature = "webhooks")]
    fn webhooks(&self) -> Option<&'static dyn crate::webhooks::Source> {
        Some(&webhooks::Webhooks)
    }

    fn page_size_range(&self, _operation: &Operation) -> Range<u32> {
        pages::PAGE_SIZES
    }
}
