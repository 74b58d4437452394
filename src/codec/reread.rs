//! Vendor JSON to [`Value`], one level at a time.
//!
//! [`parse`](super::parse) is one pass and ends at the first thing that it does not take; then
//! this has the last word. It looks at every field by itself, so that it can say what the
//! others hold, and at every number digit by digit.

use super::{
    decode_error::DecodeError,
    path::{self, Segment},
    print, raw,
    scalar::{self, expected},
    value::Value,
};
use crate::contract::catalogue::{RecordType, Type};

/// What was read of a JSON text.
pub(super) struct Reread<'a> {
    /// What fits, if anything does: an optional field that does not is absent, a list empty.
    pub(super) value: Option<Value<'a>>,
    /// The first thing that does not fit.
    pub(super) misfit: Option<DecodeError>,
}

/// Reads valid JSON without blanks around it.
pub(super) fn reread<'a>(ty: &Type, json: &'a str) -> Reread<'a> {
    let mut reader = Reader::default();
    let value = reader.value(*ty, json);
    Reread { value, misfit: reader.misfit }
}

#[derive(Default)]
struct Reader {
    path: Vec<Segment>,
    misfit: Option<DecodeError>,
}

impl Reader {
    /// None if the value does not fit, and cannot be absent.
    fn value<'a>(&mut self, ty: Type, json: &'a str) -> Option<Value<'a>> {
        match ty {
            Type::Option(inner) => Some(match json {
                "null" if matches!(inner, Type::Option(_)) => Value::Null,
                "null" => Value::Absent,
                r#""""# if ty.may_be_empty() => Value::Absent,
                _ => self.value(*inner, json).unwrap_or(Value::Absent),
            }),
            Type::List(_) if json == "null" => Some(Value::List(Vec::new())),
            Type::List(element) => {
                let Some(elements) = raw::elements(json) else { return self.unfit(ty, json) };
                let each = elements.into_iter().enumerate();
                each.map(|(index, json)| {
                    self.within(Segment::Index(index), |reader| reader.value(*element, json))
                })
                .collect::<Option<_>>()
                .map(Value::List)
            }
            Type::Record(record) => match raw::members(json) {
                Some(members) => self.record(record, &members),
                None => self.unfit(ty, json),
            },
            _ => {
                let digits = raw::text(json).and_then(|text| scalar::digits(ty, &text));
                digits
                    .unwrap_or_else(|| scalar::from_json(ty, json))
                    .map_err(|message| self.note(message))
                    .ok()
            }
        }
    }

    /// Of a name that comes twice, the last one counts.
    fn record<'a>(&mut self, record: &RecordType, members: &[(String, &'a str)]) -> Option<Value<'a>> {
        let mut texts = vec![None; record.fields.len()];
        let (mut extra, mut next, mut fits) = (String::new(), 0, true);
        for (name, json) in members {
            match record.field(name, next) {
                Some((index, _)) => {
                    next = index + 1;
                    if let Some(text) = texts.get_mut(index) {
                        *text = Some(*json);
                    }
                }
                None if record.extra => print::member(&mut extra, name, json),
                None => {
                    self.note(format!("unknown field {}", scalar::quoted(name)));
                    fits = false;
                }
            }
        }
        let mut fields = Vec::with_capacity(record.fields.len() + usize::from(record.extra));
        for (field, text) in record.fields.iter().zip(texts) {
            let read = self.within(Segment::Field(field.wire), |reader| match (text, field.ty) {
                (Some(json), ty) => reader.value(ty, json),
                (None, Type::Option(_) | Type::List(_)) => None,
                (None, _) => {
                    reader.note("missing field".to_owned());
                    None
                }
            });
            match (read, field.ty) {
                (Some(value), _) => fields.push(value),
                (None, Type::Option(_)) => fields.push(Value::Absent),
                (None, Type::List(_)) => fields.push(Value::List(Vec::new())),
                (None, _) => fits = false,
            }
        }
        if record.extra {
            fields.push(if extra.is_empty() { Value::Absent } else { Value::Text((extra + "}").into()) });
        }
        fits.then_some(Value::Record(fields))
    }

    fn within<R>(&mut self, segment: Segment, inner: impl FnOnce(&mut Reader) -> R) -> R {
        self.path.push(segment);
        let result = inner(self);
        self.path.pop();
        result
    }

    fn unfit<'a>(&mut self, ty: Type, json: &str) -> Option<Value<'a>> {
        self.note(format!("expected {}, found {}", expected(ty), raw::kind(json)));
        None
    }

    /// The first problem is the one that is told.
    fn note(&mut self, message: String) {
        let path = || format!("${}", path::render(self.path.iter()));
        if self.misfit.is_none() {
            self.misfit = Some(DecodeError { path: path(), message, malformed: false });
        }
    }
}
