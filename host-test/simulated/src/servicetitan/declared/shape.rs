//! The types of the fixtures.

use anyhow::{Result, bail};

/// A type and whether null may stand in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) ty: Type,
    pub(crate) nullable: bool,
}

/// A type: `int64`, `[int64]` (a list), `{any}` (a map), `True|Any|False` (a
/// choice), or the name of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    Int,
    /// An integer of 32 bits.
    Int32,
    Number,
    Decimal,
    Bool,
    Text,
    /// A text that holds an amount, `12.30`.
    Amount,
    Html,
    DateTime,
    /// A day, `2026-11-20`.
    Date,
    Guid,
    Any,
    List(Box<Shape>),
    Map(Box<Shape>),
    Choice(Vec<String>),
    Named(String),
}

impl Shape {
    /// Reads `text?`, `[Part]`, ... of a module.
    pub(crate) fn parse(text: &str, module: &str) -> Result<Self> {
        if let Some(inner) = text.strip_suffix('?') {
            return Ok(Self { nullable: true, ..Self::parse(inner, module)? });
        }
        let inside = |open, close| text.strip_prefix(open).and_then(|rest: &str| rest.strip_suffix(close));
        let ty = if let Some(inner) = inside('[', ']') {
            Type::List(Box::new(Self::parse(inner, module)?))
        } else if let Some(inner) = inside('{', '}') {
            Type::Map(Box::new(Self::parse(inner, module)?))
        } else if text.contains('|') {
            Type::Choice(text.split('|').map(str::to_owned).collect())
        } else {
            match text {
                "" => bail!("a type is missing"),
                "int64" => Type::Int,
                "int32" => Type::Int32,
                "number" | "double" => Type::Number,
                "decimal" => Type::Decimal,
                "bool" => Type::Bool,
                "text" | "multiline" => Type::Text,
                "html" => Type::Html,
                "date-time" => Type::DateTime,
                "date" => Type::Date,
                "amount" => Type::Amount,
                "guid" => Type::Guid,
                "any" => Type::Any,
                name if name.starts_with(|first: char| first.is_ascii_uppercase()) => {
                    Type::Named(format!("{module}::{name}"))
                }
                other => bail!("{other} is not a type"),
            }
        };
        Ok(Self { ty, nullable: false })
    }
}
