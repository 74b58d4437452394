use wasmtime::component::Accessor;

use super::{
    Spin, SpinView,
    bindings::spin::variables::variables::{Error, Host, HostWithStore},
};
use crate::sources::HostError;

impl Host for SpinView<'_> {}

impl<T: Send + 'static> HostWithStore<T> for Spin {
    /// Spin's variables are in lower case, the names of a [`Source`] as in an
    /// environment: `servicetitan_client_id` is `SERVICETITAN_CLIENT_ID`.
    ///
    /// [`Source`]: crate::sources::Source
    async fn get(caller: &Accessor<T, Self>, name: String) -> wasmtime::Result<Result<String, Error>> {
        if !is_variable(&name) {
            return Ok(Err(Error::InvalidName(name)));
        }
        let source = caller.with(|mut access| access.get().imports.variables.clone());
        Ok(match source.get(&name.to_ascii_uppercase()).await {
            Ok(Some(value)) => Ok(value.expose().to_owned()),
            // No manifest declares variables for accounts of any name.
            Ok(None) if name.starts_with("penstock_account_") => Err(Error::Undefined(name)),
            // Ours gives every other one a default, which is empty where nothing else holds.
            Ok(None) => Ok(String::new()),
            Err(HostError::Denied(_)) => Err(Error::Undefined(name)),
            Err(error) => Err(Error::Provider(error.to_string())),
        })
    }
}

/// As Spin has it: lower-case letters, digits, single underscores between them.
fn is_variable(name: &str) -> bool {
    let word =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.split('_').all(word)
}

#[cfg(test)]
mod tests {
    use super::is_variable;

    #[test]
    fn names_as_in_a_manifest() {
        assert!(is_variable("servicetitan_client_id") && is_variable("a2"));
        for name in ["", "A", "1a", "a__b", "_a", "a_", "a-b", "a.b"] {
            assert!(!is_variable(name), "{name}");
        }
    }
}
