//! How often: so many in a second, a minute, an hour or a day.

use super::checked::several;
use penstock::policy::limiter::gcra::RateLimit;
use std::{fmt, time::Duration};

/// The most in one unit: more would come faster than one in a microsecond, in which the shared
/// store counts.
const MOST: u32 = 1_000_000;

/// A rate, `100/min`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate {
    /// In which time. Rates are in order of it.
    pub unit: Unit,
    /// How many, from 1 to 1,000,000.
    pub count: u32,
}

/// The time of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// `s`
    Second,
    /// `min`
    Minute,
    /// `h`
    Hour,
    /// `d`, which is 24 hours
    Day,
}

impl Unit {
    const ALL: [Unit; 4] = [Unit::Second, Unit::Minute, Unit::Hour, Unit::Day];

    /// How it is written in a rate.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Unit::Second => "s",
            Unit::Minute => "min",
            Unit::Hour => "h",
            Unit::Day => "d",
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Unit::Second => "second",
            Unit::Minute => "minute",
            Unit::Hour => "hour",
            Unit::Day => "day",
        }
    }

    /// Its length in seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        match self {
            Unit::Second => 1,
            Unit::Minute => 60,
            Unit::Hour => 60 * 60,
            Unit::Day => 24 * 60 * 60,
        }
    }
}

impl Rate {
    /// Reads `<count>/<unit>`; none for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Rate> {
        let (count, symbol) = text.trim().split_once('/')?;
        let unit = Unit::ALL.into_iter().find(|unit| unit.symbol() == symbol.trim())?;
        let count = count.trim();
        let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
        let count = count.parse().ok().filter(|count| digits && (1..=MOST).contains(count))?;
        Some(Rate { unit, count })
    }

    /// Reads several, the shortest first, one for each unit of time.
    ///
    /// # Errors
    /// What is wrong with them, without any of them.
    pub(crate) fn several(values: &[String]) -> Result<Vec<Rate>, String> {
        let form = "a rate such as 10/s, 100/min, 1000/h or 10000/d";
        let rates: Vec<_> = several(values, |text| Rate::parse(text), form)?.into_iter().collect();
        if rates.windows(2).any(|pair| matches!(pair, [one, other] if one.unit == other.unit)) {
            return Err("has two rates for one unit of time".to_owned());
        }
        Ok(rates)
    }

    /// As a pace: all of them may go at once, and each comes back after its part of the time. So
    /// it is kept over any longer time, and no window of its length ever holds twice as many.
    #[must_use]
    pub fn limit(self) -> RateLimit {
        let window = Duration::from_secs(self.unit.seconds().into());
        // The interval of a limit is its window by `count - burst + 1`.
        RateLimit { count: self.count.saturating_mul(2).saturating_sub(1), window, burst: self.count }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.count, self.unit.symbol())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use penstock::policy::{limiter::gcra::Gcra, time::Tick};

    #[test]
    fn rates_are_read_and_written_alike() {
        for text in ["1/s", "100/min", "1000/h", "1000000/d"] {
            assert_eq!(Rate::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Rate::parse(" 5 / min ").unwrap(), Rate { unit: Unit::Minute, count: 5 });
        for wrong in [
            "",
            "/",
            "5",
            "5/",
            "/s",
            "0/s",
            "-1/s",
            "+1/s",
            "1.5/s",
            "5/m",
            "5/S",
            "5/s/s",
            "1000001/d",
            "٣/s",
        ] {
            assert_eq!(Rate::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn all_may_go_at_once_and_come_back_evenly() {
        let mut pace = Gcra::new(Rate::parse("60/min").unwrap().limit());
        let now = Tick::ZERO + Duration::from_secs(5);
        assert_eq!((0..100).filter(|_| pace.take(now)).count(), 60);
        let later = now + Duration::from_secs(30);
        assert_eq!((0..100).filter(|_| pace.take(later)).count(), 30);
        assert_eq!(Rate::parse("1/d").unwrap().limit().interval(), Duration::from_secs(86_400));
    }
}
