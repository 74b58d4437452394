//! Values by declared shape, with the provider's quirks: spellings of time that
//! change, nulls, missing and unknown members, unknown cases of enums, decimals
//! with trailing zeros or more digits than a float holds.

use crate::{
    random::mix,
    servicetitan::{
        declared::{Declared, Field, Schema, Shape, Type},
        time::{self, SECOND, Spelling, TICK},
    },
};
use fastrand::Rng;
use std::fmt::Write as _;

/// Names, texts and other words for realistic values.
mod words;

/// 2024-01-01T00:00:00Z: the oldest record.
pub(crate) const FIRST: i64 = 1_704_067_200 * SECOND;
/// How long after it the newest generated record was made. Records change for up to
/// 30 days more, which ends with the year 2025: before any clock that runs this.
pub(crate) const SPAN: i64 = 700 * 86_400 * SECOND;

/// Makes values of declared shapes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) declared: &'a Declared,
    pub(crate) seed: u64,
    /// Whether a member's value depends on its name and not on those before it.
    by_name: bool,
}

/// What a generator says about one field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    /// This JSON text.
    Raw(String),
    /// This time, in a spelling that chance picks.
    Time(i64),
    /// No such member.
    Absent,
    /// Whatever the shape allows.
    Any,
}

impl Cell {
    pub(crate) fn int(value: i64) -> Self {
        Cell::Raw(value.to_string())
    }

    pub(crate) fn text(value: &str) -> Self {
        Cell::Raw(quoted(value))
    }
}

impl<'a> Values<'a> {
    pub(crate) fn new(declared: &'a Declared, seed: u64) -> Self {
        Self { declared, seed, by_name: false }
    }

    /// The same record in two shapes has the same values where both have a member.
    pub(crate) fn by_name(self) -> Self {
        Self { by_name: true, ..self }
    }

    /// A record of the schema `name`, as JSON. `cell` decides single fields.
    pub(crate) fn record(
        &self,
        name: &str,
        rng: &mut Rng,
        cell: &mut dyn FnMut(&str, &mut Rng) -> Cell,
    ) -> String {
        let mut out = String::with_capacity(1_024);
        match self.declared.schema(name) {
            Some(Schema::Record(fields)) => self.fields(&mut out, fields, rng, 0, cell),
            Some(Schema::Enum(cases)) => out.push_str(&quoted(one_of(cases, rng))),
            Some(Schema::Numbers(cases)) => out.push_str(&number_of(cases, rng)),
            None => out.push_str("{}"),
        }
        out
    }

    /// Any value of a shape, as JSON.
    pub(crate) fn any(&self, shape: &Shape, name: &str, rng: &mut Rng) -> String {
        let mut out = String::new();
        self.value(&mut out, shape, name, rng, 0);
        out
    }

    fn fields(
        &self,
        out: &mut String,
        fields: &[Field],
        rng: &mut Rng,
        depth: usize,
        cell: &mut dyn FnMut(&str, &mut Rng) -> Cell,
    ) {
        out.push('{');
        let open = out.len();
        let each = self.by_name.then(|| rng.u64(..));
        let mut own = Rng::with_seed(0);
        for field in fields {
            let rng = match each {
                Some(each) => {
                    own.seed(mix(each, named(&field.name)));
                    &mut own
                }
                None => &mut *rng,
            };
            let cell = cell(&field.name, rng);
            let missing = (field.optional && rng.u8(..10) == 0) || (field.recent && rng.u8(..3) != 0);
            if cell == Cell::Absent || (cell == Cell::Any && missing) {
                continue;
            }
            member(out, open, &field.name);
            match cell {
                Cell::Raw(text) => out.push_str(&text),
                Cell::Time(at) => write_time(out, at, rng),
                Cell::Any | Cell::Absent => self.value(out, &field.shape, &field.name, rng, depth + 1),
            }
        }
        // The provider adds fields every month.
        if depth == 0 && rng.u8(..8) == 0 {
            member(out, open, "riskScore");
            let _ = write!(out, "0.{}0", rng.u32(1..1_000_000));
            member(out, open, "dispatchHints");
            let _ = write!(
                out,
                r#"{{"preferred":[{},{}],"window":{{"from":null,"strict":true}}}}"#,
                rng.u16(..),
                rng.u16(..)
            );
        }
        out.push('}');
    }

    fn value(&self, out: &mut String, shape: &Shape, name: &str, rng: &mut Rng, depth: usize) {
        if shape.nullable && rng.u8(..5) == 0 {
            return out.push_str("null");
        }
        match &shape.ty {
            Type::Int => {
                let _ = write!(out, "{}", integer(name, rng));
            }
            Type::Int32 => {
                let _ = write!(out, "{}", integer(name, rng) % 100_000_000);
            }
            Type::Amount => {
                let _ = write!(out, "\"{}\"", decimal(rng));
            }
            Type::Date => {
                let _ = write!(out, "\"2025-{:02}-{:02}\"", rng.u8(1..13), rng.u8(1..29));
            }
            Type::Number => {
                let _ = write!(out, "{}", rng.u32(..10_000));
            }
            Type::Decimal => out.push_str(&decimal(rng)),
            Type::Bool => out.push_str(if rng.bool() { "true" } else { "false" }),
            Type::Text => out.push_str(&quoted(&words::text(name, rng))),
            Type::Html => out.push_str(&quoted(&words::html(rng))),
            Type::DateTime => write_time(out, FIRST + rng.i64(0..SPAN), rng),
            Type::Guid => out.push_str(&quoted(&guid(rng))),
            Type::Any => out.push_str(r#"{"note":"any value"}"#),
            Type::Choice(cases) => out.push_str(&quoted(one_of(cases, rng))),
            Type::List(inner) => {
                out.push('[');
                for index in 0..if depth > 4 { 0 } else { rng.usize(..3) } {
                    if index > 0 {
                        out.push(',');
                    }
                    self.value(out, inner, name, rng, depth + 1);
                }
                out.push(']');
            }
            Type::Map(inner) => {
                out.push_str("{\"entry\":");
                self.value(out, inner, name, rng, depth + 1);
                out.push('}');
            }
            Type::Named(schema) => match self.declared.schema(schema) {
                Some(Schema::Record(fields)) => {
                    self.fields(out, fields, rng, depth + 1, &mut |_, _| Cell::Any);
                }
                Some(Schema::Enum(cases)) => out.push_str(&quoted(one_of(cases, rng))),
                Some(Schema::Numbers(cases)) => out.push_str(&number_of(cases, rng)),
                None => out.push_str("null"),
            },
        }
    }
}

/// A number for a name.
pub(crate) fn named(name: &str) -> u64 {
    name.bytes().fold(0, |hash, byte| mix(hash, u64::from(byte)))
}

pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A point in time within the generated years.
pub(crate) fn write_time(out: &mut String, at: i64, rng: &mut Rng) {
    let spelling = match rng.u8(..10) {
        0 => Spelling::Bare,
        1 => Spelling::Offset,
        2 if at % SECOND == 0 => Spelling::Seconds,
        _ => Spelling::Ticks,
    };
    out.push('"');
    time::write(out, at / TICK * TICK, spelling);
    out.push('"');
}

/// Money as the provider writes it: `12.30`, `0.00`, and now and then 20 digits.
pub(crate) fn decimal(rng: &mut Rng) -> String {
    match rng.u8(..20) {
        0 => "0.00".to_owned(),
        1 => format!("{}{:04}.{:012}", rng.u16(1_000..9_999), rng.u16(..9_999), rng.u64(..1_000_000_000_000)),
        2 => format!("-{}.5", rng.u8(1..)),
        3..8 => format!("{}.{}0", rng.u16(1..2_000), rng.u8(1..10)),
        _ => format!("{}.{:02}", rng.u16(1..20_000), rng.u8(..100)),
    }
}

fn member(out: &mut String, open: usize, name: &str) {
    if out.len() > open {
        out.push(',');
    }
    out.push('"');
    out.push_str(name);
    out.push_str("\":");
}

fn integer(name: &str, rng: &mut Rng) -> i64 {
    match name {
        "page" | "order" | "position" => rng.i64(1..10),
        "duration" => rng.i64(1..9) * 1_800,
        _ if name.ends_with("Count") => rng.i64(0..5),
        // Ids are 64 bits: some are larger than a float holds exactly.
        _ if rng.u8(..50) == 0 => 9_007_199_254_740_993 + rng.i64(0..1_000) * 2,
        _ => rng.i64(10_000_000..99_999_999),
    }
}

/// One of the cases; one time in fifty a case that came later.
fn one_of<'c>(cases: &'c [String], rng: &mut Rng) -> &'c str {
    if rng.u8(..50) == 0 {
        return "AddedLater";
    }
    cases.get(rng.usize(..cases.len().max(1))).map_or("AddedLater", String::as_str)
}

fn number_of(cases: &[i64], rng: &mut Rng) -> String {
    cases.get(rng.usize(..cases.len().max(1))).copied().unwrap_or_default().to_string()
}

fn guid(rng: &mut Rng) -> String {
    let (a, b) = (rng.u64(..), rng.u64(..));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    )
}
