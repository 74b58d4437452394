//! Where a gateway's log lines go beside standard error: StatsD, Sentry, Rollbar, as settings name them.

use crate::report::{Unfit, unread};
use penstock_host::{
    http::{OutboundOptions, Proxies},
    logs::{LogForm, Logs},
    sources::Source,
    telemetry::{Rollbar, Sentry, StatsD, StatsDFlavour, StatsDNames},
};
use std::fmt::Display;

/// Their names, which the component has no use for.
pub(crate) const NAMES: [&str; 12] = [
    "DD_AGENT_HOST",
    "DD_DOGSTATSD_PORT",
    "PENSTOCK_STATSD",
    "PENSTOCK_STATSD_NAMES",
    "ROLLBAR_ENDPOINT",
    "ROLLBAR_ENVIRONMENT",
    "ROLLBAR_TOKEN",
    "SENTRY_DSN",
    "SENTRY_ENVIRONMENT",
    "SENTRY_SAMPLE_RATE",
    "ENVIRONMENT",
    "APP_ENV",
];

/// Standard error in the form of LOG_FORMAT, and whoever is to be told besides.
///
/// # Errors
///
/// Settings that cannot be read or do not fit.
pub(crate) async fn logs(settings: &impl Source) -> Result<Logs, Unfit> {
    let of = Settings(settings);
    let mut logs = Logs::stderr().form(of.form().await?);
    for further in [of.statsd().await?, of.sentry().await?, of.rollbar().await?].into_iter().flatten() {
        logs = logs.and(further);
    }
    Ok(logs)
}

struct Settings<'s, S>(&'s S);

impl<S: Source> Settings<'_, S> {
    async fn find(&self, name: &str) -> Result<Option<String>, Unfit> {
        let found = self.0.get(name).await.map_err(|error| unread(name, &error))?;
        let found = found.map(|found| found.expose().trim().to_owned());
        Ok(found.filter(|found| !found.is_empty()))
    }

    async fn form(&self) -> Result<LogForm, Unfit> {
        let name = "LOG_FORMAT";
        let Some(found) = self.find(name).await? else { return Ok(LogForm::default()) };
        LogForm::parse(&found).ok_or_else(|| unfit(name, "must be json, console, opentelemetry or datadog"))
    }

    async fn statsd(&self) -> Result<Option<Logs>, Unfit> {
        let (name, place, flavour) =
            match (self.find("PENSTOCK_STATSD").await?, self.find("DD_AGENT_HOST").await?) {
                (Some(place), _) => ("PENSTOCK_STATSD", place, StatsDFlavour::Plain),
                (None, Some(host)) => {
                    let port = self.port().await?;
                    ("DD_AGENT_HOST", format!("{host}:{port}"), StatsDFlavour::DogStatsD)
                }
                (None, None) => return Ok(None),
            };
        let names = match self.find("PENSTOCK_STATSD_NAMES").await?.as_deref() {
            None | Some("own") => StatsDNames::Own,
            Some("guide") => StatsDNames::Guide,
            Some(_) => return Err(unfit("PENSTOCK_STATSD_NAMES", "must be own or guide")),
        };
        let mut addresses = tokio::net::lookup_host(&place).await.map_err(|error| unfit(name, error))?;
        let to = addresses.next().ok_or_else(|| unfit(name, "has no address"))?;
        StatsD::logs(to, flavour, names).map(Some).map_err(|error| unfit(name, error))
    }

    /// Where an agent of Datadog's listens.
    async fn port(&self) -> Result<u16, Unfit> {
        let name = "DD_DOGSTATSD_PORT";
        let Some(found) = self.find(name).await? else { return Ok(8125) };
        let port = found.parse().ok().filter(|port| *port > 0);
        port.ok_or_else(|| unfit(name, "must be a port, 1 to 65535"))
    }

    async fn sentry(&self) -> Result<Option<Logs>, Unfit> {
        let Some(dsn) = self.find("SENTRY_DSN").await? else { return Ok(None) };
        let environment = self.environment("SENTRY_ENVIRONMENT").await?;
        let name = "SENTRY_SAMPLE_RATE";
        let share = match self.find(name).await? {
            None => 1.0,
            Some(text) => {
                let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
                share.ok_or_else(|| unfit(name, "must be from 0 to 1"))?
            }
        };
        let made = Sentry::logs(&dsn, &environment, share, &options());
        made.map(Some).map_err(|error| unfit("SENTRY_DSN", error))
    }

    async fn rollbar(&self) -> Result<Option<Logs>, Unfit> {
        let name = "ROLLBAR_TOKEN";
        let Some(token) = self.0.get(name).await.map_err(|error| unread(name, &error))? else {
            return Ok(None);
        };
        let environment = self.environment("ROLLBAR_ENVIRONMENT").await?;
        let origin = self.find("ROLLBAR_ENDPOINT").await?;
        let named = if origin.is_some() { "ROLLBAR_ENDPOINT" } else { name };
        let made = Rollbar::logs(token, &environment, origin.as_deref(), &options());
        made.map(Some).map_err(|error| unfit(named, error))
    }

    /// What reports call the environment.
    async fn environment(&self, own: &str) -> Result<String, Unfit> {
        for name in [own, "ENVIRONMENT", "APP_ENV"] {
            if let Some(found) = self.find(name).await? {
                return Ok(found);
            }
        }
        Ok("production".to_owned())
    }
}

fn options() -> OutboundOptions {
    let mut options = OutboundOptions::default();
    options.proxies = Proxies::from_process();
    options
}

fn unfit(name: &str, why: impl Display) -> Unfit {
    Unfit(format!("{name}: {why}"))
}
