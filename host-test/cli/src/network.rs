//! What may be reached, by which way, and whose certificates are trusted there.

use crate::report::Unfit;
use clap::Args;
use penstock_host::{
    http::{InvalidOrigin, Outbound, OutboundOptions, OutboundPolicy, Proxies, Trust, certificates_of_pem},
    sources::Source,
};
use std::{env, fs, path::PathBuf};

/// Options of every command that calls a vendor.
#[derive(Args)]
pub(crate) struct Network {
    /// Trust the certificate authorities of this file (PEM) as well, for instance a proxy's that
    /// inspects TLS. The file that SSL_CERT_FILE names unless set.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Trust the certificate authorities of this machine instead of Mozilla's.
    #[arg(long)]
    platform_trust: bool,
}

impl Network {
    /// The network within a policy: by way of HTTPS_PROXY, HTTP_PROXY and ALL_PROXY, but for
    /// what NO_PROXY names.
    pub(crate) fn outbound(&self, policy: OutboundPolicy) -> Result<Outbound, Unfit> {
        let mut options = OutboundOptions::default();
        options.policy = policy;
        options.proxies = Proxies::from_process();
        if self.platform_trust {
            options.trust = Trust::Platform;
        }
        let by_setting = || env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()).map(PathBuf::from);
        if let Some(file) = self.ca.clone().or_else(by_setting) {
            let unfit = |why: &dyn std::fmt::Display| {
                Unfit(format!("certificate authorities of {}: {why}", file.display()))
            };
            let pem = fs::read(&file).map_err(|error| unfit(&error))?;
            options.certificate_authorities = certificates_of_pem(&pem).map_err(|error| unfit(&error))?;
            return Outbound::new(options).map_err(|error| unfit(&error));
        }
        Outbound::new(options).map_err(|error| Unfit(error.to_string()))
    }
}

/// Adds origins to a policy. Plain HTTP to anything but a loopback address needs
/// PENSTOCK_ALLOW_HTTP, as the component does.
pub(crate) struct Allowed {
    pub(crate) policy: OutboundPolicy,
    plain: bool,
}

impl Allowed {
    pub(crate) async fn with(settings: &impl Source) -> Result<Allowed, Unfit> {
        let found = get(settings, "PENSTOCK_ALLOW_HTTP").await?;
        let plain = found.is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
        Ok(Allowed { policy: OutboundPolicy::providers(), plain })
    }

    /// Adds one that `what` names.
    pub(crate) fn add(&mut self, what: &str, origin: &str) -> Result<(), Unfit> {
        let policy = self.policy.clone();
        let policy = if self.plain { policy.allow_plain(origin) } else { policy.allow(origin) };
        self.policy = policy.map_err(|error: InvalidOrigin| Unfit(format!("{what}: {error}")))?;
        Ok(())
    }

    /// Adds the vendor URLs among the settings: whoever set them wants them called.
    pub(crate) async fn add_configured(
        &mut self,
        settings: &impl Source,
        account: Option<&str>,
    ) -> Result<(), Unfit> {
        let account = account.map(|name| name.to_ascii_uppercase().replace('-', "_"));
        let prefixes = account.into_iter().flat_map(|name| {
            ["", "SERVICETITAN_", "ASLEEP_"].map(|vendor| format!("PENSTOCK_ACCOUNT_{name}_{vendor}"))
        });
        let providers = ["SERVICETITAN_", "SERVICETITAN_INTEGRATION_", "ASLEEP_"].map(str::to_owned);
        for prefix in prefixes.chain(providers) {
            for name in ["API_URL", "AUTH_URL", "BASE_URL"] {
                let name = format!("{prefix}{name}");
                if let Some(url) = get(settings, &name).await? {
                    self.add(&name, &url)?;
                }
            }
        }
        Ok(())
    }

    /// The same of all accounts that the environment names.
    pub(crate) fn add_accounts_of_process(&mut self) -> Result<(), Unfit> {
        for (name, url) in env::vars_os() {
            let (Some(name), Some(url)) = (name.to_str(), url.to_str()) else { continue };
            let ends = ["_API_URL", "_AUTH_URL", "_BASE_URL"].iter().any(|end| name.ends_with(end));
            if name.starts_with("PENSTOCK_ACCOUNT_") && ends {
                self.add(name, url)?;
            }
        }
        Ok(())
    }
}

async fn get(settings: &impl Source, name: &str) -> Result<Option<String>, Unfit> {
    let found = settings.get(name).await.map_err(|error| Unfit(format!("{name}: {error}")))?;
    Ok(found.map(|found| found.expose().to_owned()))
}
