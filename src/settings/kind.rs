//! The kinds of values, and what each accepts.

use crate::{
    codec::{Instant, local_day, whole_number},
    policy::time::WallTime,
};

/// What a setting may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text without control characters.
    Text,
    /// A whole number within bounds.
    Integer {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// `true` or `false` (also `1`/`0`, `yes`/`no`, `on`/`off`).
    Bool,
    /// One of several words, in any case.
    Choice(&'static [&'static str]),
    /// Scheme, host and port, `https://api.servicetitan.io`.
    Origin,
    /// A date or a point in time (RFC 3339), `2026-11-20` or `2026-11-20T10:00:00Z`. A date
    /// is its midnight in UTC.
    Time,
    /// The IANA name of a time zone, `America/New_York`.
    Zone,
}

impl Kind {
    /// The value as it is kept, or what is wrong with it.
    ///
    /// # Errors
    /// A sentence without the value: it may be a misplaced secret.
    pub fn check(self, value: &str) -> Result<String, String> {
        match self {
            Kind::Text if value.chars().any(char::is_control) => {
                Err("must not hold control characters".to_owned())
            }
            Kind::Text => Ok(value.to_owned()),
            Kind::Integer { min, max } => match whole_number(value) {
                Some(number) if (min..=max).contains(&number) => Ok(number.to_string()),
                _ => Err(format!("must be a whole number from {min} to {max}")),
            },
            Kind::Bool => match value.to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Ok("true".to_owned()),
                "false" | "0" | "no" | "off" => Ok("false".to_owned()),
                _ => Err("must be true or false".to_owned()),
            },
            Kind::Choice(words) => words
                .iter()
                .find(|word| word.eq_ignore_ascii_case(value))
                .map(|word| (*word).to_owned())
                .ok_or_else(|| format!("must be one of {}", words.join(", "))),
            Kind::Origin => Origin::parse(value).map(|origin| origin.to_string()),
            Kind::Time => Instant::parse(value)
                .map(|time| time.to_string())
                .ok_or_else(|| "must be a date such as 2026-11-20, or 2026-11-20T10:00:00Z".to_owned()),
            Kind::Zone => local_day::zone_name(value)
                .ok_or_else(|| "must be the IANA name of a time zone, such as America/New_York".to_owned()),
        }
    }

    /// The kind in words, for documents.
    #[must_use]
    pub fn describe(self) -> String {
        match self {
            Kind::Text => "text".to_owned(),
            Kind::Integer { min, max } => format!("{min} to {max}"),
            Kind::Bool => "true, false".to_owned(),
            Kind::Choice(words) => words.join(", "),
            Kind::Origin => "URL without a path".to_owned(),
            Kind::Time => "date or time (RFC 3339)".to_owned(),
            Kind::Zone => "IANA time zone".to_owned(),
        }
    }
}

/// A checked value of [`Kind::Time`].
pub(super) fn time(value: &str) -> Option<WallTime> {
    let time = Instant::parse(value)?;
    let millis = i64::from(time.nanoseconds() / 1_000_000);
    Some(WallTime::from_millis(time.seconds().saturating_mul(1_000).saturating_add(millis)))
}

/// Where a provider is: scheme, host and port (RFC 6454).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Whether it is reached over TLS.
    pub https: bool,
    /// Host and port.
    pub authority: String,
}

impl Origin {
    /// Reads `https://host[:port]`, with or without a final slash.
    ///
    /// # Errors
    /// What is wrong, in a sentence.
    pub fn parse(text: &str) -> Result<Origin, String> {
        let uri: http::Uri =
            text.parse().map_err(|_| "must be a URL such as https://example.com".to_owned())?;
        let https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err("must begin with https://".to_owned()),
        };
        let Some(authority) = uri.authority().filter(|authority| !authority.as_str().contains('@')) else {
            return Err("must name a host, and no user".to_owned());
        };
        if uri.path_and_query().is_some_and(|path| path.as_str() != "/") {
            return Err("must not have a path".to_owned());
        }
        Ok(Origin { https, authority: authority.as_str().to_owned() })
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", if self.https { "https" } else { "http" }, self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_origins_only() {
        assert_eq!(Origin::parse("https://a.example:8443/").unwrap().to_string(), "https://a.example:8443");
        for wrong in
            ["a.example", "ftp://a.example", "https://a.example/path", "https://u:p@a.example", "https://"]
        {
            assert!(Origin::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_refusal_does_not_repeat_the_value() {
        let number = Kind::Integer { min: 1, max: 9 };
        for kind in
            [number, Kind::Bool, Kind::Choice(&["a"]), Kind::Origin, Kind::Text, Kind::Time, Kind::Zone]
        {
            let told = kind.check("hunter2\u{7}").unwrap_err();
            assert!(!told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn times_are_dates_or_points_in_time() {
        let millis = |text: &str| {
            let kept = Kind::Time.check(text).unwrap();
            time(&kept).unwrap().as_millis()
        };
        assert_eq!(millis("1970-01-02"), 86_400_000);
        assert_eq!(millis("1970-01-01T01:00:00.25+01:00"), 250);
        assert_eq!(millis("1969-12-31T23:59:59Z"), -1_000);
        for wrong in ["yesterday", "1795168800", "2026-13-01", "20.11.2026", "10:00:00Z"] {
            assert!(Kind::Time.check(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn choices_keep_their_own_spelling() {
        assert_eq!(Kind::Choice(&["production"]).check("PRODUCTION").unwrap(), "production");
        assert_eq!(Kind::Bool.check("ON").unwrap(), "true");
        assert!(Kind::Integer { min: 1, max: 9 }.check("10").is_err());
    }
}
