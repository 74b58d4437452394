//! JSON of any type of the contract, and the normal form that it must have.
//!
//! Both are written side by side from the same choices, without the code under
//! test: points in time by way of `jiff::Timestamp`, text by way of serde_json.

use crate::contract::catalogue::{EnumType, RecordType, Type};
use jiff::{civil, tz::Offset};

/// A stream of choices that proptest makes, and shrinks; when it has run out, the
/// first option is taken everywhere, so a short one makes a small document.
pub(super) struct Generator<'a> {
    choices: std::slice::Iter<'a, u8>,
    /// A person's JSON instead of a provider's: names are known, unknown fields stand
    /// in `extra`, null only clears.
    pub(super) person: bool,
    /// How many scalars come before one that is made wrong.
    pub(super) break_scalar: Option<usize>,
    /// Where that happened.
    pub(super) broken_at: Option<String>,
    path: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) json: String,
    pub(super) normal: String,
}

impl Document {
    fn new(json: impl Into<String>, normal: impl Into<String>) -> Document {
        Document { json: json.into(), normal: normal.into() }
    }

    fn same(json: impl Into<String>) -> Document {
        let json = json.into();
        Document { normal: json.clone(), json }
    }
}

const TEXTS: [&str; 7] =
    ["", "Smith", "say \"no\" \\ yes", "line\nbreak\u{1}", "ünïcødé 日本 🚰", "null", "2025-10-13T00:00:00"];
const UNKNOWN_NAMES: [&str; 4] = ["zzNew", "zz \"quoted\"\n", "zzÜmläut", "zz.dotted"];
const RAW: [&str; 8] = [
    "null",
    "\"caf\\u00e9 \\/\"",
    "12345678901234567890.123000",
    "1e400",
    "{\"b\": [1, 2.50 , {}],\n \"a\":null}",
    "[]",
    "true",
    "-0",
];

/// Whether empty text stands for none.
fn may_be_empty(ty: &Type) -> bool {
    match ty.inner() {
        Type::S32 | Type::S64 | Type::U32 | Type::U64 | Type::F64 => true,
        other => matches!(other, Type::Decimal | Type::Instant | Type::Date),
    }
}

impl<'a> Generator<'a> {
    pub(super) fn new(choices: &'a [u8]) -> Generator<'a> {
        Generator {
            choices: choices.iter(),
            person: false,
            break_scalar: None,
            broken_at: None,
            path: Vec::new(),
        }
    }

    pub(super) fn below(&mut self, options: usize) -> usize {
        usize::from(self.choices.next().copied().unwrap_or(0)) % options
    }

    fn one<'b, T: ?Sized>(&mut self, options: &[&'b T]) -> &'b T {
        options[self.below(options.len())]
    }

    pub(super) fn document(&mut self, ty: &Type) -> Document {
        if let Some(wrong) = self.wrong(ty) {
            return wrong;
        }
        match ty {
            Type::Option(inner) => self.document(inner),
            Type::Bool => Document::same(self.one(&["true", "false"])),
            Type::S32 => self.integer(&["7", "0", "-1", "2147483647", "-2147483648"]),
            Type::U32 => self.integer(&["7", "0", "4294967295"]),
            Type::U64 => self.integer(&["7", "0", "18446744073709551615"]),
            Type::S64 => {
                self.integer(&["7", "0", "9007199254740993", "9223372036854775807", "-9223372036854775808"])
            }
            Type::F64 => Document::same(self.one(&["1.5", "-0.25", "1e+300"])),
            Type::Text => self.text(),
            Type::Instant => self.instant(),
            Type::Date => Document::same(self.one(&["\"2026-11-20\"", "\"0001-01-01\"", "\"2024-02-29\""])),
            Type::Decimal => self.decimal(),
            // What a person clears needs an option of an option.
            Type::Json if self.person => match self.one(&RAW) {
                "null" => Document::same("{}"),
                other => Document::same(other),
            },
            Type::Json => Document::same(self.one(&RAW)),
            Type::Enum(known) => self.choice(known),
            Type::List(element) => self.list(element),
            Type::Record(record) => self.record(record),
        }
    }

    fn integer(&mut self, samples: &[&str]) -> Document {
        let number = self.one(samples);
        let tail = self.one(&["", ".0", ".000", "e0"]);
        if !self.person && self.below(8) == 7 {
            return Document::new(format!("\"{number}\""), number);
        }
        Document::new(format!("{number}{tail}"), number)
    }

    fn text(&mut self) -> Document {
        let text = self.one(&TEXTS);
        let plain = serde_json::to_string(text).unwrap();
        let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        if !self.person && self.below(8) == 7 {
            let half = self.one(&["d83d", "DC00"]);
            return Document::new(
                format!("\"{escaped}\\u{half}\""),
                serde_json::to_string(&format!("{text}\u{fffd}")).unwrap(),
            );
        }
        let json = if self.below(2) == 1 { format!("\"{escaped}\"") } else { plain.clone() };
        Document::new(json, plain)
    }

    fn instant(&mut self) -> Document {
        let year = [2025, 1, 1969, 1970, 2000, 9998][self.below(6)];
        let (month, day) = (1 + self.below(12), 1 + self.below(28));
        let (hour, minute, second) = (self.below(24), self.below(60), self.below(60));
        let digits = self.below(10);
        let fraction: String = (0..digits).map(|_| char::from(b'0' + self.below(10) as u8)).collect();
        let nanoseconds: i32 = format!("{fraction:0<9}").parse().unwrap();
        let offset_minutes = if year == 1 { 0 } else { [0, 0, 0, -300, 330, 840][self.below(6)] };
        let offset = match (offset_minutes, self.below(4)) {
            (0, choice) => ["", "Z", "z", "+00:00"][choice].to_owned(),
            (minutes, _) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                format!("{sign}{:02}:{:02}", i32::abs(minutes) / 60, i32::abs(minutes) % 60)
            }
        };
        let point = if digits == 0 { "" } else { "." };
        let separator = self.one(&["T", "t", " "]);
        let date = format!("{year:04}-{month:02}-{day:02}");
        let json = if (hour, minute, second, digits, offset_minutes) == (0, 0, 0, 0, 0) && self.below(2) == 1
        {
            date
        } else {
            format!("{date}{separator}{hour:02}:{minute:02}:{second:02}{point}{fraction}{offset}")
        };
        let local =
            civil::date(year, month as i8, day as i8).at(hour as i8, minute as i8, second as i8, nanoseconds);
        let expected = Offset::from_seconds(offset_minutes * 60).unwrap().to_timestamp(local).unwrap();
        Document::new(format!("\"{json}\""), format!("\"{expected}\""))
    }

    fn decimal(&mut self) -> Document {
        if self.below(4) == 3 {
            let expanded = [
                ("1e3", "1000"),
                ("1.5E-2", "0.015"),
                ("-12.50e+1", "-125.0"),
                ("0e2", "0"),
                ("12e-2", "0.12"),
            ];
            let (json, normal) = expanded[self.below(expanded.len())];
            return Document::new(json, format!("\"{normal}\""));
        }
        let mut digits = |most: usize| -> String {
            let count = 1 + self.below(most);
            (0..count).map(|_| char::from(b'1' + self.below(9) as u8)).collect()
        };
        let (whole, fraction) = (digits(25), digits(25));
        let sign = self.one(&["", "-"]);
        let zeros = self.one(&["", "0", "00"]);
        let number = match self.below(3) {
            0 => format!("{sign}{whole}.{fraction}{zeros}"),
            1 => format!("{sign}0.{zeros}{fraction}"),
            _ => format!("{sign}{whole}{zeros}"),
        };
        let quoted = format!("\"{number}\"");
        Document::new(if self.below(2) == 1 { quoted.clone() } else { number }, quoted)
    }

    fn choice(&mut self, known: &EnumType) -> Document {
        let wire = known.cases[self.below(known.cases.len())].wire;
        let normal = format!("\"{wire}\"");
        if self.person {
            let json = if self.below(2) == 1 { normal.to_lowercase() } else { normal.clone() };
            return Document::new(json, normal);
        }
        match self.below(6) {
            0..=2 => Document::same(normal),
            3 => Document::same("\"zz new\""),
            4 => Document::new("1.50", "\"1.50\""),
            _ => Document::new("true", "\"true\""),
        }
    }

    fn list(&mut self, element: &Type) -> Document {
        let mut elements = Vec::new();
        for index in 0..self.below(4) {
            self.path.push(format!("[{index}]"));
            elements.push(self.document(element));
            self.path.pop();
        }
        let join = |part: fn(&Document) -> &str| elements.iter().map(part).collect::<Vec<_>>().join(",");
        Document::new(
            format!("[{}]", join(|element| &element.json)),
            format!("[{}]", join(|element| &element.normal)),
        )
    }

    fn record(&mut self, record: &RecordType) -> Document {
        let (mut json, mut normal, mut doubled) = (Vec::new(), Vec::new(), Vec::new());
        for field in record.fields {
            self.path.push(format!(".{}", field.wire));
            let (text, expected) = self.field(&field.ty);
            self.path.pop();
            let name = if self.below(8) == 7 {
                let (first, rest) = field.wire.split_at(1);
                format!("\"\\u{:04x}{rest}\"", u32::from(first.as_bytes()[0]))
            } else {
                format!("\"{}\"", field.wire)
            };
            let blank = self.one(&["", " ", "\r\n\t"]);
            // The last of them counts, and the others are not even looked at.
            if !self.person && self.break_scalar.is_none() && text.is_some() && self.below(16) == 15 {
                doubled.push(format!("{name}:{}", self.one(&["null", "{\"a\":[]}", "\"\"", "7"])));
            }
            json.extend(text.map(|text| format!("{blank}{name}{blank}:{blank}{text}{blank}")));
            normal.extend(expected.map(|expected| format!("\"{}\":{expected}", field.wire)));
        }
        if !json.is_empty() {
            let turn = self.below(json.len());
            json.rotate_left(turn);
        }
        if record.extra {
            self.unknown_fields(&mut json, &mut normal);
        }
        json.splice(0..0, doubled);
        Document::new(format!("{{{}}}", json.join(",")), format!("{{{}}}", normal.join(",")))
    }

    /// What stands for a field, and what the normal form has: nothing if it is left out.
    fn field(&mut self, ty: &Type) -> (Option<String>, Option<String>) {
        let choice = self.below(4);
        match (ty, choice) {
            (Type::Option(Type::Option(_)), 3) => return (Some("null".into()), Some("null".into())),
            (Type::Option(_), 0) => return (None, None),
            (Type::List(_), 0) => return (None, Some("[]".into())),
            (Type::Option(_), 3) if !self.person => return (Some("null".into()), None),
            (Type::List(_), 3) if !self.person => return (Some("null".into()), Some("[]".into())),
            (Type::Option(_), 2) if !self.person && may_be_empty(ty) && self.below(4) == 3 => {
                return (Some("\"\"".into()), None);
            }
            _ => {}
        }
        let document = self.document(ty);
        // Any JSON may be null, which says of an optional field that there is none.
        let none = matches!(ty, Type::Option(Type::Json)) && document.normal == "null";
        (Some(document.json), (!none).then_some(document.normal))
    }

    fn unknown_fields(&mut self, json: &mut Vec<String>, normal: &mut Vec<String>) {
        let mut extra = Vec::new();
        let mut place = 0;
        for name in UNKNOWN_NAMES {
            if self.below(4) == 3 {
                let member = format!("{}:{}", serde_json::to_string(name).unwrap(), self.one(&RAW));
                normal.push(member.clone());
                if self.person {
                    extra.push(member);
                } else {
                    // In among the others, in their order.
                    place += self.below(json.len() - place + 1);
                    json.insert(place, member);
                    place += 1;
                }
            }
        }
        if !extra.is_empty() {
            json.push(format!("\"extra\": {{{}}}", extra.join(" , ")));
        }
    }

    /// A value of another type, when it is time for it.
    fn wrong(&mut self, ty: &Type) -> Option<Document> {
        let wrong = match ty {
            Type::Bool => ["\"true\"", "1"],
            Type::S32 | Type::S64 | Type::U32 | Type::U64 => ["\"5x\"", "5.5"],
            Type::F64 => ["\"5\"", "{}"],
            Type::Text => ["5", "[\"text\"]"],
            Type::Instant => ["\"yesterday\"", "\"2025-02-29T00:00:00Z\""],
            Type::Date => ["\"2025-02-29\"", "20250228"],
            Type::Decimal => ["\"1,234.50\"", "true"],
            Type::Enum(_) => ["{}", "[]"],
            _ => return None,
        };
        match self.break_scalar? {
            0 => {
                self.break_scalar = None;
                self.broken_at = Some(self.path.concat());
                Some(Document::same(self.one(&wrong)))
            }
            left => {
                self.break_scalar = Some(left - 1);
                None
            }
        }
    }
}
