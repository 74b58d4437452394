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

use super::api::{Auth, Composition, Errors, Paging, Provider, Site, Unreadable};
use crate::{
    contract::{FieldError, catalogue::Operation},
    settings::{CommonSettings, Setting, Values},
    webhooks::Webhooks,
};
use bytes::Bytes;

/// Asleep, as the client sees it.
pub struct Asleep;

impl Provider for Asleep {
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

    fn site(&self, account: &str, values: &Values, policy: &CommonSettings) -> Result<Site, Vec<FieldError>> {
        settings::site(account, values, policy)
    }

    fn auth(&self) -> Auth {
        Auth::StaticKey { setting: settings::API_KEY, headers: auth::headers }
    }

    fn paging(&self) -> &'static dyn Paging {
        &pages::Offsets
    }

    fn errors(&self) -> &'static dyn Errors {
        &errors::Details
    }

    fn value(&self, operation: &Operation, body: &Bytes) -> Result<Bytes, Unreadable> {
        envelope::value(operation, body)
    }

    fn is_final(&self, operation: &Operation, value: &[u8]) -> bool {
        envelope::is_final(operation, value)
    }

    fn composition(&self) -> Option<&'static dyn Composition> {
        Some(&composed::Composed)
    }

    fn webhooks(&self) -> Option<&'static dyn Webhooks> {
        #[cfg(feature = "webhooks")]
        return Some(&webhooks::Events);
        #[cfg(not(feature = "webhooks"))]
        None
    }
}
