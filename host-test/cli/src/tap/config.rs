//! The configuration of a tap.

use crate::report::Unfit;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::{collections::BTreeMap, path::PathBuf};

/// What a configuration says. All members that are not named here are settings.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Config {
    /// Only these modules.
    #[serde(deserialize_with = "names")]
    pub(super) modules: Vec<String>,
    /// Only these streams or operations.
    #[serde(deserialize_with = "names")]
    pub(super) select: Vec<String>,
    /// Only what has changed since.
    pub(super) start_date: Option<String>,
    /// One user's id a line, for lists that are read user by user.
    pub(super) users_file: Option<PathBuf>,
    #[serde(flatten)]
    settings: BTreeMap<String, Value>,
}

impl Config {
    /// The settings: `client_id` is `SERVICETITAN_CLIENT_ID`, and what is written in capitals is as it stands.
    ///
    /// # Errors
    /// A member that is no text, number or truth, by its name.
    pub(super) fn settings(&self, provider: &str) -> Result<Vec<(String, String)>, Unfit> {
        let mut all = Vec::new();
        for (name, value) in &self.settings {
            let value = match value {
                Value::Null => continue,
                Value::String(text) => text.clone(),
                Value::Bool(_) | Value::Number(_) => value.to_string(),
                _ => return Err(Unfit(format!("{name} in the configuration must be a text or a number"))),
            };
            let setting = match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                true => name.clone(),
                false => format!("{provider}_{name}").to_uppercase(),
            };
            all.push((setting, value));
        }
        Ok(all)
    }
}

/// Names in a list, or in a text between commas.
fn names<'de, D: Deserializer<'de>>(json: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Names {
        List(Vec<String>),
        Text(String),
        None(()),
    }
    Ok(match Names::deserialize(json)? {
        Names::List(names) => names,
        Names::Text(text) => {
            text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
        }
        Names::None(()) => Vec::new(),
    })
}

/// What is wrong with a document, without what it has.
pub(super) fn shown(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Data => "does not have the form that is expected",
        _ => "is not JSON",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_settings_of_the_vendor() {
        let config: Config = serde_json::from_str(
            r#"{ "client_id": "c", "tenant_id": 7, "LOG_LEVEL": "warn", "none": null,
                 "modules": "jpm, crm", "select": ["jpm_jobs"], "start_date": "2026-01-01" }"#,
        )
        .unwrap();
        let settings = config.settings("servicetitan").unwrap();
        let of =
            |name: &str| settings.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
        assert_eq!(of("SERVICETITAN_CLIENT_ID"), Some("c"));
        assert_eq!(of("SERVICETITAN_TENANT_ID"), Some("7"));
        assert_eq!(of("LOG_LEVEL"), Some("warn"));
        assert_eq!(settings.len(), 3);
        assert_eq!(config.modules, ["jpm", "crm"]);
        assert_eq!(config.select, ["jpm_jobs"]);
        assert_eq!(config.start_date.as_deref(), Some("2026-01-01"));
        let nested: Config = serde_json::from_str(r#"{ "client_secret": ["canary"] }"#).unwrap();
        let told = nested.settings("servicetitan").unwrap_err().to_string();
        assert!(told.contains("client_secret") && !told.contains("canary"), "{told}");
    }
}
