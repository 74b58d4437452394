//! Values, as PostgreSQL takes and gives them.

use super::errors::Failed;
use crate::{
    destination::sql::quoted,
    record::{Limits, Row, Value},
    schema::ColumnKind,
};
use std::fmt::Write;

/// What columns of PostgreSQL hold. A btree takes no text that is much longer than the key here, and a
/// point in time has microseconds.
pub(super) const LIMITS: Limits = Limits { holds, key: 2_048, fraction: 6, raw: false };

/// The most digits of NUMERIC before the point, and behind it.
const NUMERIC: (usize, usize) = (131_072, 16_383);

/// How deep JSON may be nested. The server takes some thousands, by the size of its stack.
const DEEPEST: usize = 512;

/// The longest number in JSON, and the largest exponent: far within NUMERIC, which JSONB has numbers in.
const NUMBER: (usize, i32) = (1_000, 1_000);

fn holds(kind: ColumnKind, value: &Value) -> bool {
    let Value::Text(text) = value else { return true };
    match kind {
        ColumnKind::Text => !text.contains('\0'),
        ColumnKind::Decimal => {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            whole.len() <= NUMERIC.0 && fraction.len() <= NUMERIC.1
        }
        ColumnKind::Json => holds_json(text),
        _ => true,
    }
}

/// Whether JSONB takes it: no NUL, no half of a surrogate pair, no number that is out of all range.
fn holds_json(json: &str) -> bool {
    let mut rest = json.as_bytes();
    let mut depth = 0_usize;
    while let [first, behind @ ..] = rest {
        rest = behind;
        match first {
            b'"' => match behind_string(behind) {
                Some(behind) => rest = behind,
                None => return false,
            },
            b'[' | b'{' => {
                depth += 1;
                if depth > DEEPEST {
                    return false;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'-' | b'0'..=b'9' => {
                let is_of_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                let length = behind.iter().take_while(|byte| is_of_number(byte)).count();
                let (number, behind) = behind.split_at_checked(length).unwrap_or((behind, &[]));
                if !holds_number(number) {
                    return false;
                }
                rest = behind;
            }
            _ => {}
        }
    }
    true
}

fn holds_number(number: &[u8]) -> bool {
    let exponent = number.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let exponent = exponent.and_then(|at| number.get(at + 1..));
    let fits = |digits: &[u8]| {
        let digits = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<i32>().ok());
        digits.is_some_and(|exponent| exponent.abs() <= NUMBER.1)
    };
    number.len() <= NUMBER.0 && exponent.is_none_or(fits)
}

/// What stands behind a string whose first quote is passed; none if it has what text cannot have.
fn behind_string(mut rest: &[u8]) -> Option<&[u8]> {
    let hex = |rest: &[u8]| {
        let digits = std::str::from_utf8(rest.get(..4)?).ok()?;
        u16::from_str_radix(digits, 16).ok()
    };
    loop {
        match rest {
            [b'"', behind @ ..] => return Some(behind),
            [b'\\', b'u', behind @ ..] => {
                rest = behind.get(4..)?;
                match hex(behind)? {
                    0 | 0xDC00..=0xDFFF => return None,
                    0xD800..=0xDBFF => {
                        let low = rest.strip_prefix(b"\\u")?;
                        if !(0xDC00..=0xDFFF).contains(&hex(low)?) {
                            return None;
                        }
                        rest = low.get(4..)?;
                    }
                    _ => {}
                }
            }
            [b'\\', _, behind @ ..] | [_, behind @ ..] => rest = behind,
            [] => return None,
        }
    }
}

/// Writes the line of a row, for `COPY ... FROM STDIN`: its columns, then hash, version, marks, extra and
/// misfit.
pub(super) fn line(row: &Row, kinds: &[ColumnKind], out: &mut String) {
    for (value, kind) in row.values.iter().zip(kinds) {
        match value {
            Value::Null => out.push_str("\\N"),
            Value::Boolean(value) => out.push(if *value { 't' } else { 'f' }),
            Value::Integer(value) => _ = write!(out, "{value}"),
            Value::Real(value) => _ = write!(out, "{value:?}"),
            // Cut, not rounded: what is compared with the vendor's is cut as well.
            Value::Text(text) if *kind == ColumnKind::Instant => {
                out.push_str(text.get(..26).unwrap_or(text));
                out.push('Z');
            }
            Value::Text(text) => escaped(text, out),
        }
        out.push('\t');
    }
    escaped(&row.hash, out);
    out.push('\t');
    match row.version {
        Some(version) => _ = write!(out, "{version}"),
        None => out.push_str("\\N"),
    }
    for mark in [row.deleted, row.inactive] {
        out.push_str(if mark { "\tt" } else { "\tf" });
    }
    for text in [&row.extra, &row.misfit] {
        out.push('\t');
        match text {
            Some(text) => escaped(text, out),
            None => out.push_str("\\N"),
        }
    }
    out.push('\n');
}

fn escaped(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['\\', '\n', '\r', '\t']) {
        let (plain, behind) = rest.split_at(at);
        out.push_str(plain);
        let mut characters = behind.chars();
        out.push_str(match characters.next() {
            Some('\n') => "\\n",
            Some('\r') => "\\r",
            Some('\t') => "\\t",
            _ => "\\\\",
        });
        rest = characters.as_str();
    }
    out.push_str(rest);
}

/// A column in the words of a query whose answer [`read`] takes.
pub(super) fn shown(name: &str, kind: ColumnKind) -> String {
    let name = quoted(name);
    match kind {
        ColumnKind::Instant => {
            format!("to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US') || '000Z'")
        }
        ColumnKind::Date => format!("to_char({name}, 'YYYY-MM-DD')"),
        ColumnKind::Decimal | ColumnKind::Json => format!("{name}::text"),
        ColumnKind::Boolean | ColumnKind::Integer | ColumnKind::Real | ColumnKind::Text => name,
    }
}

/// The values of an answer, of which the columns are of these kinds.
pub(super) fn read(row: &tokio_postgres::Row, kinds: &[ColumnKind]) -> Result<Vec<Value>, Failed> {
    let mut values = Vec::with_capacity(kinds.len());
    for (at, kind) in kinds.iter().enumerate() {
        let value = match kind {
            ColumnKind::Boolean => row.try_get::<_, Option<bool>>(at)?.map(Value::Boolean),
            ColumnKind::Integer => row.try_get::<_, Option<i64>>(at)?.map(Value::Integer),
            ColumnKind::Real => row.try_get::<_, Option<f64>>(at)?.map(Value::Real),
            _ => row.try_get::<_, Option<String>>(at)?.map(Value::Text),
        };
        values.push(value.unwrap_or(Value::Null));
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Key;

    #[test]
    fn json_that_jsonb_refuses_is_not_held() {
        for (json, expected) in [
            (r#"{"a":"\u0041\\u0000 \ud83d\ude00","b":[-1.5e10]}"#, true),
            (r#"{"a":"\u0000"}"#, false),
            (r#"{"\u0000":1}"#, false),
            (r#"["\ud83d"]"#, false),
            (r#"["\ude00\ud83d"]"#, false),
            ("[1e1001]", false),
            ("[1E-99999999999]", false),
            (&"[".repeat(DEEPEST + 1), false),
        ] {
            assert_eq!(holds(ColumnKind::Json, &Value::Text(json.to_owned())), expected, "{json}");
        }
        assert!(!holds(ColumnKind::Text, &Value::Text("a\0b".to_owned())));
        assert!(!holds(ColumnKind::Decimal, &Value::Text("1".repeat(NUMERIC.0 + 1))));
    }

    #[test]
    fn a_line_has_its_columns_and_nothing_that_ends_it_early() {
        let row = Row {
            key: Key::Integer(7),
            values: vec![Value::Integer(7), Value::Text("a\tb\\N\n".to_owned()), Value::Null],
            version: None,
            deleted: false,
            inactive: true,
            hash: "h".to_owned(),
            extra: None,
            misfit: None,
            raw: None,
            bytes: 0,
        };
        let mut out = String::new();
        line(&row, &[ColumnKind::Integer, ColumnKind::Text, ColumnKind::Json], &mut out);
        assert_eq!(out, "7\ta\\tb\\\\N\\n\t\\N\th\t\\N\tf\tt\t\\N\t\\N\n");
    }
}
