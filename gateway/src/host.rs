//! The port over Spin: variables are Spin's, the rest is WASI.

use crate::{
    accounts::{Accounts, OF_ACCOUNT},
    recent::Recent,
    settings::{ACCOUNTS, variable},
};
use penstock::{
    client::LogLine,
    host::{Host, HostError, Opened, Request, Response, SendError, wasi},
    policy::{
        secret::Secret,
        time::{Tick, WallTime},
    },
    settings::common::LogLevel,
};
use spin_sdk::variables::{self, Error};
use std::{cell::RefCell, collections::BTreeSet, rc::Rc, time::Duration};

/// The most names that are remembered as not declared: there are some hundreds of settings, and
/// any number of accounts.
const MOST_UNDECLARED: usize = 4096;

thread_local! {
    /// What `PENSTOCK_ACCOUNTS` holds, read once for the settings of an account, which are read at once.
    static FURTHER: Rc<Recent<Result<Accounts, HostError>>> = Rc::default();
    /// The names that were asked for and that the manifest has not.
    static UNDECLARED: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct SpinHost;

impl Host for SpinHost {
    async fn send(&self, request: Request) -> Result<Response, SendError> {
        wasi::send(request).await
    }

    async fn open(&self, request: Request) -> Result<Opened, SendError> {
        wasi::open(request).await
    }

    async fn sleep(&self, time: Duration) {
        wasi::sleep(time).await;
    }

    fn now(&self) -> Tick {
        wasi::now()
    }

    fn wall_now(&self) -> WallTime {
        wasi::wall_now()
    }

    fn random(&self) -> u64 {
        wasi::random_bits()
    }

    async fn secret(&self, name: &str) -> Result<Option<Secret>, HostError> {
        Ok(self.variable(name).await?.map(Secret::new))
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, HostError> {
        self.variable(name).await
    }

    fn absent(&self, name: &str) -> &'static str {
        match UNDECLARED.with_borrow(|undeclared| undeclared.contains(name)) {
            true if name.starts_with(OF_ACCOUNT) => {
                "is neither in PENSTOCK_ACCOUNTS nor declared in spin.toml"
            }
            true => "is not declared in spin.toml",
            false => "is not set",
        }
    }

    fn refused_origins(&self) -> Vec<String> {
        wasi::refused_origins()
    }

    fn log(&self, line: &str) {
        wasi::log(line);
    }
}

impl SpinHost {
    /// A variable, or else what `PENSTOCK_ACCOUNTS` has in its place.
    async fn variable(&self, name: &str) -> Result<Option<String>, HostError> {
        if let Some(value) = self.declared(name).await? {
            return Ok(Some(value));
        }
        if !name.starts_with(OF_ACCOUNT) {
            return Ok(None);
        }
        let further = FURTHER.with(Rc::clone);
        let accounts = further.get(self, further_accounts()).await;
        Ok(accounts.as_ref().as_ref().map_err(Clone::clone)?.get(name).map(str::to_owned))
    }

    /// A variable, unless it is empty: the manifest gives every variable a default.
    /// One that the manifest does not have is not set, and neither is one whose name
    /// Spin would not take, which an account's name may cause.
    async fn declared(&self, name: &str) -> Result<Option<String>, HostError> {
        match variables::get(variable(name)).await {
            Ok(value) => Ok(Some(value).filter(|value| !value.trim().is_empty())),
            Err(Error::Undefined(_) | Error::InvalidName(_)) => {
                UNDECLARED.with_borrow_mut(|undeclared| {
                    if undeclared.len() < MOST_UNDECLARED {
                        undeclared.insert(name.to_owned());
                    }
                });
                Ok(None)
            }
            // The provider's words may tell of the inside of the network: they go to
            // the log and not to the caller.
            Err(Error::Provider(why)) => {
                self.log_trouble(name, &why);
                Err(HostError::Unavailable("the provider of the variables failed".to_owned()))
            }
            Err(Error::Other(why)) => {
                self.log_trouble(name, &why);
                Err(HostError::Failed("the variable cannot be read".to_owned()))
            }
        }
    }

    fn log_trouble(&self, name: &str, why: &str) {
        LogLine::new(self.wall_now(), LogLevel::Error, "variable")
            .with("name", name)
            .with("error.message", why)
            .write(self);
    }
}

async fn further_accounts() -> Result<Accounts, HostError> {
    let text = SpinHost.declared(ACCOUNTS.name).await?.map(Secret::new);
    let accounts = text.map_or_else(|| Ok(Accounts::default()), |text| Accounts::parse(text.expose()));
    accounts.map_err(|wrong| HostError::Unavailable(format!("{} {}", wrong.field, wrong.message)))
}
