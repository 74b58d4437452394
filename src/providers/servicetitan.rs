//! What only ServiceTitan does (API V2, <https://developer.servicetitan.io>).
//!
//! [`settings`]: accounts and environments. [`auth`]: tokens and headers.
//! [`pages`]: envelopes and feeds. [`reports`]: rows and their names. [`parameters`]: what
//! a report asks for. [`sales`]: what was sold, summed. [`errors`]: what a refusal says. [`natural_key`]: how to find what a create of unknown outcome made.
//! [`webhooks`]: what it sends by itself.

mod auth;
mod envelope;
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

use super::api::{Auth, Composition, Errors, NaturalKeys, Paging, Provider, Reports, Site};
use crate::{
    contract::FieldError,
    settings::{CommonSettings, Setting, Values},
    webhooks::Webhooks,
};

/// ServiceTitan, as the client sees it.
pub struct ServiceTitan;

impl Provider for ServiceTitan {
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

    fn site(
        &self,
        _account: &str,
        values: &Values,
        policy: &CommonSettings,
    ) -> Result<Site, Vec<FieldError>> {
        settings::site(values, policy)
    }

    fn auth(&self) -> Auth {
        Auth::ClientCredentials(&auth::Grant)
    }

    fn paging(&self) -> &'static dyn Paging {
        &pages::Pages
    }

    fn errors(&self) -> &'static dyn Errors {
        &errors::ApiErrors
    }

    fn reports(&self) -> Option<&'static dyn Reports> {
        #[cfg(feature = "servicetitan-reporting")]
        return Some(&reports::ReportData);
        #[cfg(not(feature = "servicetitan-reporting"))]
        None
    }

    fn composition(&self) -> Option<&'static dyn Composition> {
        #[cfg(feature = "servicetitan-sales")]
        return Some(&sales::Totals);
        #[cfg(not(feature = "servicetitan-sales"))]
        None
    }

    fn natural_keys(&self) -> Option<&'static dyn NaturalKeys> {
        Some(&natural_key::ExternalData)
    }

    fn webhooks(&self) -> Option<&'static dyn Webhooks> {
        #[cfg(feature = "webhooks")]
        return Some(&webhooks::Events);
        #[cfg(not(feature = "webhooks"))]
        None
    }
}
