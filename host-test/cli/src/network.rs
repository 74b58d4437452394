//! What may be reached, by which way, and whose certificates are trusted there.

use crate::report::{Unfit, unread};
use clap::Args;
use penstock_host::{
    http::{InvalidOrigin, Outbound, OutboundOptions, OutboundPolicy, Proxies, Trust, certificates_of_pem},
    sources::Source,
};
use std::{
    env,
    fmt::Display,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

/// Options of every command that calls a vendor.
#[derive(Args)]
pub(crate) struct Network {
    /// Trust the certificate authorities of this file or pipe (PEM) as well, for instance a proxy's
    /// that inspects TLS. The file that SSL_CERT_FILE names unless set.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Trust the certificate authorities of this machine instead of Mozilla's.
    #[arg(long)]
    platform_trust: bool,
}

/// More than all authorities that there are. A device would never end.
const LONGEST_CA: u64 = 16 << 20;

impl Network {
    /// The network within what is allowed: by way of HTTPS_PROXY, HTTP_PROXY and ALL_PROXY, but for
    /// what NO_PROXY names.
    pub(crate) async fn outbound(&self, allowed: Allowed) -> Result<Outbound, Unfit> {
        for origin in allowed.called() {
            Proxies::check_process(origin).map_err(|unusable| Unfit(unusable.to_string()))?;
        }
        let mut options = OutboundOptions::default();
        options.policy = allowed.policy;
        options.proxies = Proxies::from_process();
        if self.platform_trust {
            options.trust = Trust::Platform;
        }
        let Some((file, read)) = self.authorities().await else {
            return Outbound::new(options).map_err(|error| Unfit(error.to_string()));
        };
        let pem = read.map_err(|error| unfit(&file, &error))?;
        options.certificate_authorities = certificates_of_pem(&pem).map_err(|error| unfit(&file, &error))?;
        Outbound::new(options).map_err(|error| unfit(&file, &error))
    }

    /// The file of authorities, if one is named, and what is in it.
    async fn authorities(&self) -> Option<(PathBuf, io::Result<Vec<u8>>)> {
        let setting = || env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()).map(PathBuf::from);
        let by_setting = self.ca.is_none();
        let file = self.ca.clone().or_else(setting)?;
        let named = file.clone();
        // A pipe comes when it comes, and signals are heard meanwhile.
        let read = tokio::task::spawn_blocking(move || authorities_of(&named, by_setting)).await;
        Some((file, read.unwrap_or_else(|error| Err(io::Error::other(error)))))
    }
}

fn unfit(file: &Path, why: &dyn Display) -> Unfit {
    Unfit(format!("certificate authorities of {}: {why}", file.display()))
}

/// Whoever names a pipe with --ca means one. A setting is read by each process, and must be there for
/// the next one too.
fn authorities_of(file: &Path, by_setting: bool) -> io::Result<Vec<u8>> {
    if by_setting && !fs::metadata(file)?.is_file() {
        return Err(io::Error::other("SSL_CERT_FILE names no regular file"));
    }
    let mut found = Vec::new();
    File::open(file)?.take(LONGEST_CA).read_to_end(&mut found)?;
    match found.len() as u64 == LONGEST_CA {
        true => Err(io::Error::other(format!("there are more than {LONGEST_CA} bytes"))),
        false => Ok(found),
    }
}

/// Adds origins to a policy. Plain HTTP to anything but a loopback address needs
/// PENSTOCK_ALLOW_HTTP, as the component does.
pub(crate) struct Allowed {
    policy: OutboundPolicy,
    plain: bool,
    /// Those that were added.
    added: Vec<String>,
    /// Whether vendors are among them.
    has_vendors: bool,
}

/// The option that adds an origin beside the vendors'.
pub(crate) const ALLOW: &str = "--allow";

/// Where the vendors are that are called unless others are configured.
const USUAL: [&str; 2] = ["https://api.servicetitan.io", "https://api.asleep.ai"];

impl Allowed {
    pub(crate) async fn with(settings: &impl Source) -> Result<Allowed, Unfit> {
        let found = get(settings, "PENSTOCK_ALLOW_HTTP").await?;
        let plain = found.is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
        Ok(Allowed { policy: OutboundPolicy::providers(), plain, added: Vec::new(), has_vendors: false })
    }

    /// The origins that calls go to, as far as is known before them: those that were added, and the
    /// usual ones unless vendors are among them.
    fn called(&self) -> impl Iterator<Item = &str> {
        let usual = USUAL.into_iter().filter(|_| !self.has_vendors);
        self.added.iter().map(String::as_str).chain(usual)
    }

    /// Adds one that `what` names.
    pub(crate) fn add(&mut self, what: &str, origin: &str) -> Result<(), Unfit> {
        let policy = self.policy.clone();
        let policy = if self.plain { policy.allow_plain(origin) } else { policy.allow(origin) };
        self.policy = policy.map_err(|error: InvalidOrigin| Unfit(format!("{what}: {error}")))?;
        self.added.push(origin.to_owned());
        self.has_vendors |= what != ALLOW;
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
    let found = settings.get(name).await.map_err(|error| unread(name, &error))?;
    Ok(found.map(|found| found.expose().to_owned()))
}
