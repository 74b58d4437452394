//! When a day begins in a tenant's time zone.
//!
//! Vendors filter by instants in UTC; people mean their own days. The rules come from the
//! IANA time zone database, which the feature `timezones` builds in: a component can ask no
//! host for it.

use super::Instant;

/// The name of a zone as the database spells it; none if it does not know the zone. `UTC` is
/// always known.
#[must_use]
pub fn zone_name(name: &str) -> Option<String> {
    if is_utc(name) { Some("UTC".to_owned()) } else { database::name(name) }
}

/// The first instant of a day, `2026-11-20`, in a zone: midnight, or whenever the day begins
/// where the clocks change at midnight. None if there is no such day or zone.
#[must_use]
pub fn begins(day: &str, zone: &str) -> Option<Instant> {
    let in_utc = Instant::parse(day).filter(|_| day.len() == "2026-11-20".len())?;
    if is_utc(zone) { Some(in_utc) } else { database::begins(day, zone) }
}

fn is_utc(name: &str) -> bool {
    name.eq_ignore_ascii_case("utc")
}

#[cfg(feature = "timezones")]
mod database {
    use crate::codec::Instant;
    use jiff::{civil::Date, tz::TimeZone};

    pub(super) fn name(name: &str) -> Option<String> {
        TimeZone::get(name).ok()?.iana_name().map(str::to_owned)
    }

    pub(super) fn begins(day: &str, zone: &str) -> Option<Instant> {
        let day: Date = day.parse().ok()?;
        let begins = day.to_zoned_datetime(TimeZone::get(zone).ok()?).ok()?.timestamp();
        Instant::new(begins.as_second(), 0)
    }
}

/// Without the database no zone but UTC is known.
#[cfg(not(feature = "timezones"))]
mod database {
    use crate::codec::Instant;

    pub(super) fn name(_name: &str) -> Option<String> {
        None
    }

    pub(super) fn begins(_day: &str, _zone: &str) -> Option<Instant> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: &str, zone: &str) -> String {
        begins(day, zone).unwrap().to_string()
    }

    #[test]
    fn a_day_begins_at_local_midnight() {
        assert_eq!(at("2026-11-20", "UTC"), "2026-11-20T00:00:00Z");
        assert_eq!(at("2026-11-20", "America/New_York"), "2026-11-20T05:00:00Z");
        assert_eq!(at("2026-07-20", "America/New_York"), "2026-07-20T04:00:00Z");
        assert_eq!(at("2026-11-20", "Asia/Kolkata"), "2026-11-19T18:30:00Z");
    }

    #[test]
    fn a_day_of_23_or_25_hours_is_whole() {
        // New York's clocks went forward on 8 March 2026 and back on 1 November.
        assert_eq!(at("2026-03-08", "America/New_York"), "2026-03-08T05:00:00Z");
        assert_eq!(at("2026-03-09", "America/New_York"), "2026-03-09T04:00:00Z");
        assert_eq!(at("2026-11-01", "America/New_York"), "2026-11-01T04:00:00Z");
        assert_eq!(at("2026-11-02", "America/New_York"), "2026-11-02T05:00:00Z");
    }

    #[test]
    fn a_day_without_a_midnight_begins_later() {
        // São Paulo went from 23:59:59 to 01:00:00 on 4 November 2018.
        assert_eq!(at("2018-11-04", "America/Sao_Paulo"), "2018-11-04T03:00:00Z");
        assert_eq!(at("2018-11-03", "America/Sao_Paulo"), "2018-11-03T03:00:00Z");
    }

    #[test]
    fn a_day_with_two_midnights_begins_at_the_first() {
        // Havana's clocks went from 01:00 back to 00:00 on 1 November 2026.
        assert_eq!(at("2026-11-01", "America/Havana"), "2026-11-01T04:00:00Z");
    }

    #[test]
    fn zones_are_known_by_their_names_only() {
        assert_eq!(zone_name("america/new_york").as_deref(), Some("America/New_York"));
        assert_eq!(zone_name("utc").as_deref(), Some("UTC"));
        for wrong in ["", "EST5EDT4", "Mars/Olympus", "+05:00", "../etc/passwd", "New York"] {
            assert_eq!(zone_name(wrong), None, "{wrong:?}");
        }
        assert!(begins("2026-02-29", "UTC").is_none());
    }
}
