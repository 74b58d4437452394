//! Where credentials and settings come from.
//!
//! A [`Source`] answers for a name: `SERVICETITAN_CLIENT_SECRET`. It is asked at each
//! use, so that a rotated secret needs no restart. [`standard`] is what a service
//! usually wants; an embedder with a vault implements [`Source`] itself:
//!
//! ```
//! use futures_util::future::BoxFuture;
//! use penstock_host::sources::{HostError, Source};
//!
//! struct Vault;
//!
//! impl Source for Vault {
//!     fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<String>, HostError>> {
//!         Box::pin(async move {
//!             // Ask the vault for `name`, and keep the secret out of the error.
//!             Err(HostError::Unavailable(format!("the vault did not answer for {name}")))
//!         })
//!     }
//! }
//! ```

mod allowed;
mod dotenv;
mod files;
mod layered;
mod map;
mod process;

use std::sync::Arc;

use futures_util::future::BoxFuture;

pub use allowed::Allowed;
pub use dotenv::DotEnv;
pub use files::Files;
pub use layered::Layered;
pub use map::Map;
pub use process::Process;

/// Why a host cannot answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// There is no such thing, or it is down.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// This name or key is refused to the component.
    #[error("denied: {0}")]
    Denied(String),
    /// Anything else. Must not contain a secret.
    #[error("failed: {0}")]
    Failed(String),
}

/// Answers for names, of secrets or of settings.
pub trait Source: Send + Sync {
    /// The value, or none when this source has none.
    ///
    /// # Errors
    ///
    /// [`HostError`], which the component reports to its caller. It must not contain
    /// a value.
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<String>, HostError>>;
}

impl<S: Source + ?Sized> Source for Arc<S> {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<String>, HostError>> {
        (**self).get(name)
    }
}

/// What a service usually wants. The first that has a value wins:
///
/// 1. the process's environment variables,
/// 2. the file `.env` in the working directory.
///
/// In each of them `NAME_FILE` may name a file that holds the value of `NAME`
/// ([`Files`]). Only names that the component has use for are answered ([`Allowed`]).
#[must_use]
pub fn standard() -> Arc<dyn Source> {
    let layers = Layered::new().then(Files::named_by(Process)).then(Files::named_by(DotEnv::new(".env")));
    Arc::new(Allowed::known(layers))
}

/// An empty text counts as none, as it does in the component.
fn present(value: Option<String>) -> Option<String> {
    value.filter(|value| !value.is_empty())
}

/// Reads a small text file off the runtime's threads. None when there is none.
async fn read(path: std::path::PathBuf) -> Result<Option<String>, HostError> {
    /// A secret or a `.env` file is far smaller; a device file would never end.
    const LONGEST: u64 = 1 << 20;

    let shown = path.display().to_string();
    let reading = tokio::task::spawn_blocking(move || {
        use std::io::Read as _;
        let mut text = String::new();
        let read = std::fs::File::open(path)?.take(LONGEST).read_to_string(&mut text)?;
        Ok::<_, std::io::Error>((read as u64 == LONGEST, text))
    });
    match reading.await {
        Ok(Ok((false, text))) => Ok(Some(text)),
        Ok(Ok((true, _))) => Err(HostError::Failed(format!("{shown} is larger than {LONGEST} bytes"))),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Ok(Err(error)) => Err(HostError::Failed(format!("cannot read {shown}: {error}"))),
        Err(_) => Err(HostError::Unavailable(format!("reading {shown} was interrupted"))),
    }
}
