//! The proleptic Gregorian calendar, as far as a point in time needs it.
//!
//! Two small functions in place of a calendar library, which would be a twentieth of a
//! component with one module. The tests hold them against one.

/// A day that there is. In 32 bits: a component divides 64 by way of 128.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) year: i32,
    pub(crate) month: i32,
    pub(crate) day: i32,
}

/// Days before 1 March 0000 of days that are counted from 1970-01-01.
const ERA_START: i32 = 719_468;
const DAYS_OF_400_YEARS: i32 = 146_097;

impl Date {
    /// None if there is no such day.
    pub(crate) fn new(year: i32, month: i32, day: i32) -> Option<Date> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 => 28 + i32::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        (1..=days).contains(&day).then_some(Date { year, month, day })
    }

    /// Days since 1970-01-01. The year is counted from March, so that a leap day is its last.
    /// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".)
    pub(crate) fn days(self) -> i32 {
        let year = self.year - i32::from(self.month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_year = (153 * ((self.month + 9) % 12) + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * DAYS_OF_400_YEARS + day_of_era - ERA_START
    }

    /// The day that is so many days after 1970-01-01.
    pub(crate) fn of(days: i32) -> Date {
        let days = days + ERA_START;
        let (era, day_of_era) = (days.div_euclid(DAYS_OF_400_YEARS), days.rem_euclid(DAYS_OF_400_YEARS));
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_of_year = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_of_year + 2) / 5 + 1;
        let month = (month_of_year + 2) % 12 + 1;
        Date { year: era * 400 + year_of_era + i32::from(month <= 2), month, day }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{ToSpan, civil};

    #[test]
    fn every_day_of_ten_thousand_years_is_the_librarys() {
        let epoch = civil::date(1970, 1, 1);
        let first = civil::date(0, 1, 1);
        let mut days = -first.until(epoch).unwrap().get_days();
        let mut expected = first;
        loop {
            let date = Date::of(days);
            let (year, month, day) = (expected.year(), expected.month(), expected.day());
            assert_eq!(date, Date { year: year.into(), month: month.into(), day: day.into() });
            assert_eq!(Date::new(date.year, date.month, date.day), Some(date));
            assert_eq!(date.days(), days);
            let Ok(next) = expected.checked_add(1.day()) else { break };
            (expected, days) = (next, days + 1);
        }
        assert_eq!((expected.year(), expected.month(), expected.day()), (9999, 12, 31));
    }

    #[test]
    fn a_day_that_is_not_there_is_none() {
        for (year, month, day) in [
            (2026, 0, 1),
            (2026, 13, 1),
            (2026, 1, 0),
            (2026, 1, 32),
            (2026, 4, 31),
            (2026, 2, 29),
            (1900, 2, 29),
        ] {
            assert_eq!(Date::new(year, month, day), None, "{year}-{month}-{day}");
        }
        assert!(Date::new(2000, 2, 29).is_some());
    }
}
