//! A value of a column.

use crate::{clock, schema::ColumnKind};
use penstock_json::Instant;

/// A value of a column. Points in time, dates, decimals and JSON are text.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// There is none.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number of IEEE 754.
    Real(f64),
    /// Text.
    Text(String),
}

impl Value {
    /// Reads a value of this kind; none if it is of another one.
    pub(super) fn read(kind: ColumnKind, raw: &str) -> Option<Value> {
        if raw == "null" {
            return Some(Value::Null);
        }
        let text = || serde_json::from_str::<String>(raw).ok();
        match kind {
            ColumnKind::Boolean => raw.parse().ok().map(Value::Boolean),
            ColumnKind::Integer => raw.parse().ok().map(Value::Integer),
            ColumnKind::Real => raw.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Real),
            ColumnKind::Text => text().map(Value::Text),
            ColumnKind::Instant => Instant::parse(&text()?).map(|instant| Value::Text(clock::fixed(instant))),
            ColumnKind::Date => {
                text().filter(|text| text.len() == 10 && Instant::parse(text).is_some()).map(Value::Text)
            }
            // Of a record that does not fit it is the vendor's number.
            ColumnKind::Decimal => {
                let digits = if raw.starts_with('"') { text()? } else { raw.to_owned() };
                is_decimal(&digits).then_some(Value::Text(digits))
            }
            ColumnKind::Json => Some(Value::Text(raw.to_owned())),
        }
    }

    /// A point in time as nanoseconds since 1970. Those of years that do not fit, before 1678 and after
    /// 2261, are the first and the last that do.
    pub(super) fn nanoseconds(&self) -> Option<i64> {
        let Value::Text(text) = self else { return None };
        let instant = Instant::parse(text)?;
        let whole = instant.seconds().saturating_mul(1_000_000_000);
        Some(whole.saturating_add(i64::from(instant.nanoseconds())))
    }
}

/// Whether it is a plain decimal number, `-12.30`.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_another_kind_is_none() {
        for (kind, raw, expected) in [
            (ColumnKind::Integer, "12", Some(Value::Integer(12))),
            (ColumnKind::Integer, "1.5", None),
            (ColumnKind::Integer, "9223372036854775808", None),
            (ColumnKind::Decimal, "\"12.30\"", Some(Value::Text("12.30".to_owned()))),
            (ColumnKind::Decimal, "12.3", Some(Value::Text("12.3".to_owned()))),
            (ColumnKind::Decimal, "\"1,234.50\"", None),
            (ColumnKind::Boolean, "\"true\"", None),
            (ColumnKind::Real, "1e400", None),
            (ColumnKind::Date, "\"2026-02-30\"", None),
            (ColumnKind::Text, "\"a\\nb\"", Some(Value::Text("a\nb".to_owned()))),
            (ColumnKind::Text, "null", Some(Value::Null)),
        ] {
            assert_eq!(Value::read(kind, raw), expected, "{kind:?} {raw}");
        }
    }
}
