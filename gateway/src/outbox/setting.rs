//! Settings of the core's that the gateway reads by itself.

use super::Unready;
use crate::settings;
use penstock::{contract::FieldError, host::Host, settings::common};

/// The checked value of a setting, or its default.
pub(crate) async fn own_setting<H: Host>(host: &H, name: &'static str) -> Result<String, Unready> {
    let setting = common::SETTINGS.iter().chain(settings::SETTINGS).find(|setting| setting.name == name);
    let Some(setting) = setting else { return Ok(String::new()) };
    let value = host.setting(name).await.map_err(Unready::Host)?;
    let value = value.as_deref().or(setting.default).unwrap_or_default();
    setting.kind.check(value.trim()).map_err(|why| Unready::Settings(vec![FieldError::new(name, why)]))
}
