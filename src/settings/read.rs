//! Reads settings from the host, and gathers everything that is wrong.

use super::Setting;
use crate::{
    contract::FieldError,
    host::{Host, HostError},
};
use std::collections::BTreeMap;

/// Checked values by setting name. Secrets are not kept here: that they exist is
/// all that is checked.
#[derive(Debug, Default)]
pub struct Values(BTreeMap<&'static str, String>);

impl Values {
    /// The value of a setting that has one.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of an integer setting. Checked values parse; 0 stands for none.
    #[must_use]
    pub fn integer(&self, name: &str) -> u64 {
        self.text(name).and_then(|value| value.parse().ok()).unwrap_or_default()
    }

    /// Takes over the values of another table.
    pub fn extend(&mut self, other: Values) {
        self.0.extend(other.0);
    }

    /// Whether a switch is on.
    #[must_use]
    pub fn switch(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }
}

/// Reads every setting of a table. `names` gives the names under which a setting is
/// looked for, the first of which is the one to complain about.
///
/// # Errors
/// The host's own trouble. What is missing or malformed is the inner list, all of
/// it at once.
pub async fn read<H: Host>(
    host: &H,
    table: &[&Setting],
    names: impl Fn(&Setting) -> Vec<String>,
) -> Result<(Values, Vec<FieldError>), HostError> {
    let mut values = Values::default();
    let mut wrong = Vec::new();
    for &setting in table {
        let names = names(setting);
        let mut found = None;
        for name in &names {
            found = match setting.secret {
                true => host.secret(name).await?.map(|_| (name, String::new())),
                false => host.setting(name).await?.map(|value| (name, value)),
            };
            if found.is_some() {
                break;
            }
        }
        match found {
            Some(_) if setting.secret => {}
            Some((name, value)) => match setting.kind.check(value.trim()) {
                Ok(value) => drop(values.0.insert(setting.name, value)),
                Err(message) => wrong.push(FieldError { field: name.clone(), message }),
            },
            None => match setting.default {
                Some(default) => drop(values.0.insert(setting.name, default.to_owned())),
                None if setting.required => wrong.push(FieldError {
                    field: names.into_iter().next().unwrap_or_default(),
                    message: "is not set".to_owned(),
                }),
                None => {}
            },
        }
    }
    Ok((values, wrong))
}
