//! Where a database is, from `DATABASE_URL`.

use super::tls::{Tls, Verify};
use crate::Error;
use percent_encoding::percent_decode_str;
use std::time::Duration;
use tokio_postgres::{Config, config::Host};

/// How long a connection may take, unless the URL says so.
const CONNECT: Duration = Duration::from_secs(10);

/// After how long without a word the system asks whether the server is still there, and gives up if nothing
/// that was sent has come to it.
const SILENCE: Duration = Duration::from_secs(60);

/// What a session calls itself; behind it comes the process.
pub(super) const APPLICATION: &str = "penstock sync, ";

/// A database, and how to reach it.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) tls: Tls,
    /// For a person, without user and password.
    pub(super) name: String,
}

impl Address {
    /// Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full`. A driver's name as Python's
    /// URLs have it, `postgresql+asyncpg://`, is passed over.
    ///
    /// # Errors
    /// It is none. Nothing of it is repeated: a part of a password may stand anywhere.
    pub(super) fn parse(url: &str) -> Result<Address, Error> {
        let (_, rest) = url.trim().split_once("://").ok_or_else(unfit)?;
        let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (mut verify, mut roots, mut kept) = (None, None, Vec::new());
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("sslmode", "verify-ca")) => verify = Some(Verify::Authority),
                Some(("sslmode", "verify-full")) => verify = Some(Verify::Full),
                Some(("sslrootcert", file)) => {
                    roots = Some(percent_decode_str(file).decode_utf8_lossy().into_owned());
                }
                _ => kept.push(parameter),
            }
        }
        if verify.is_some() {
            kept.push("sslmode=require");
        }
        let url = format!("postgres://{rest}?{}", kept.join("&"));
        let mut config: Config = url.parse().map_err(|_| unfit())?;
        complete(&mut config);
        // As libpq has it: whoever names authorities wants them asked.
        let asked = if roots.is_some() { Verify::Authority } else { Verify::Nothing };
        let tls = Tls::new(verify.unwrap_or(asked), roots.as_deref())?;
        let name = name(&config);
        Ok(Address { config, tls, name })
    }
}

/// What a URL that has no more says of it all the same.
fn complete(config: &mut Config) {
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        // Where Debian and others have its socket.
        config.host("/var/run/postgresql");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE).keepalives_idle(SILENCE);
    }
    if config.get_application_name().is_none() {
        config.application_name(format!("{APPLICATION}process {}", std::process::id()));
    }
}

fn name(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        #[cfg(unix)]
        Some(Host::Unix(folder)) => folder.display().to_string(),
        None => config.get_hostaddrs().first().map(ToString::to_string).unwrap_or_default(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    format!("postgres://{host}:{port}/{}", config.get_dbname().unwrap_or_default())
}

fn unfit() -> Error {
    Error::Unfit(
        "the address of the database cannot be read: postgres://USER:PASSWORD@HOST:PORT/DATABASE, where a \
         password's / ? # @ % are %2F %3F %23 %40 %25, and behind ? may stand sslmode, sslrootcert, \
         connect_timeout, options and others of libpq that are not about files"
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_name_has_neither_user_nor_password() {
        for (url, name) in [
            ("postgres://u:canary@db.example:6432/titan?sslmode=require", "postgres://db.example:6432/titan"),
            ("postgresql+asyncpg://u:canary@127.0.0.1/titan", "postgres://127.0.0.1:5432/titan"),
            // Whoever forgets the percent sign is understood where he can be.
            ("postgres://u:canary?x=canary@h/d", "postgres://h:5432/d"),
            ("postgresql:///titan?host=/tmp/x&user=u&password=canary", "postgres:///tmp/x:5432/titan"),
        ] {
            let address = Address::parse(url).ok().unwrap();
            assert_eq!(address.name, name);
            assert!(!format!("{:?}", address.config).contains("canary"));
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_without_it() {
        for url in ["postgres:u:canary", "postgres://u:canary@h/d?x=canary", "postgres://u:canary@h:port/d"] {
            let error = Address::parse(url).err().unwrap().to_string();
            assert!(error.contains("cannot be read") && !error.contains("canary"), "{error}");
        }
        let error = Address::parse("postgres://h/d?sslmode=verify-full&sslrootcert=/nowhere/ca.pem");
        assert!(error.err().unwrap().to_string().contains("sslrootcert=/nowhere/ca.pem"));
    }
}
