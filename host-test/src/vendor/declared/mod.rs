//! What the vendor declares: operations and the shapes of bodies and answers.
//!
//! It is read from fixtures of its own and not from Penstock's contract, so that a
//! mistake in the contract shows as a 404 or a 400 here instead of hiding in a
//! table that both sides share.

mod shape;

pub(crate) use shape::{Shape, Type};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use std::collections::HashMap;

/// The fixtures, one a module of the vendor. Names, methods and types only.
const FIXTURES: [(&str, &str); 1] = [("jpm", include_str!("../fixture/jpm.json"))];

/// Everything that the vendor declares.
#[derive(Debug)]
pub(crate) struct Declared {
    pub(crate) operations: Vec<Operation>,
    schemas: HashMap<String, Schema>,
}

/// One method of one path.
#[derive(Debug)]
pub(crate) struct Operation {
    /// The vendor's operation id, `Jobs_GetList`.
    pub(crate) id: String,
    pub(crate) method: http::Method,
    /// `/jpm/v2/tenant/{tenant}/jobs/{id}`
    pub(crate) path: String,
    /// The types of the placeholders, besides `{tenant}`.
    pub(crate) placeholders: Vec<Field>,
    pub(crate) query: Vec<Field>,
    /// The schema of the body, `jpm::JobCreateRequest`.
    pub(crate) body: Option<String>,
    pub(crate) answer: Answers,
}

/// What an operation answers with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answers {
    /// No body.
    Nothing,
    /// One value.
    One(Shape),
    /// A page of an envelope with `page`, `pageSize`, `hasMore`, `totalCount`, `data`.
    Page(Shape),
    /// An object with `data` alone.
    Data(Shape),
    /// A page of an export feed: `hasMore`, `continueFrom`, `data`.
    Export(Shape),
}

/// A named shape.
#[derive(Debug)]
pub(crate) enum Schema {
    Enum(Vec<String>),
    Record(Vec<Field>),
}

/// A member of a record, a query parameter or a placeholder.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) optional: bool,
    /// The vendor added it in July 2026: not every answer has it.
    pub(crate) recent: bool,
    pub(crate) shape: Shape,
}

impl Declared {
    /// Reads the fixtures.
    pub(crate) fn load() -> Result<Self> {
        let mut declared = Self { operations: Vec::new(), schemas: HashMap::new() };
        for (module, text) in FIXTURES {
            let fixture: Fixture =
                serde_json::from_str(text).with_context(|| format!("the fixture of {module}"))?;
            for (name, schema) in fixture.schemas {
                let known = declared.schemas.insert(format!("{module}::{name}"), schema.read(module)?);
                ensure!(known.is_none(), "the schema {name} is declared twice");
            }
            for operation in fixture.operations {
                let id = operation.id.clone();
                declared
                    .operations
                    .push(operation.read(module).with_context(|| format!("the operation {id}"))?);
            }
        }
        Ok(declared)
    }

    /// A schema by its module and name, `jpm::JobResponse`.
    pub(crate) fn schema(&self, name: &str) -> Option<&Schema> {
        self.schemas.get(name)
    }
}

#[derive(Deserialize)]
struct Fixture {
    operations: Vec<RawOperation>,
    schemas: HashMap<String, RawSchema>,
}

#[derive(Deserialize)]
struct RawOperation {
    id: String,
    method: String,
    path: String,
    #[serde(default)]
    placeholders: Members,
    #[serde(default)]
    query: Members,
    body: Option<String>,
    answer: Option<RawAnswer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawAnswer {
    One(String),
    Page(String),
    Data(String),
    Export(String),
}

/// Either `enum` or `fields`.
#[derive(Deserialize)]
struct RawSchema {
    #[serde(rename = "enum")]
    cases: Option<Vec<String>>,
    #[serde(default)]
    fields: Members,
    #[serde(default)]
    recent: Members,
}

/// `{"name": "text", "memo?": "text?"}` in the order of the file.
type Members = super::members::Members;

impl RawOperation {
    fn read(self, module: &str) -> Result<Operation> {
        Ok(Operation {
            method: self.method.parse()?,
            placeholders: fields(&self.placeholders, false, module)?,
            query: fields(&self.query, false, module)?,
            answer: match self.answer {
                None => Answers::Nothing,
                Some(RawAnswer::One(shape)) => Answers::One(Shape::parse(&shape, module)?),
                Some(RawAnswer::Page(shape)) => Answers::Page(Shape::parse(&shape, module)?),
                Some(RawAnswer::Data(shape)) => Answers::Data(Shape::parse(&shape, module)?),
                Some(RawAnswer::Export(shape)) => Answers::Export(Shape::parse(&shape, module)?),
            },
            id: self.id,
            path: self.path,
            body: self.body.map(|name| format!("{module}::{name}")),
        })
    }
}

impl RawSchema {
    fn read(self, module: &str) -> Result<Schema> {
        if let Some(cases) = self.cases {
            return Ok(Schema::Enum(cases));
        }
        let mut all = fields(&self.fields, false, module)?;
        all.extend(fields(&self.recent, true, module)?);
        Ok(Schema::Record(all))
    }
}

fn fields(members: &Members, recent: bool, module: &str) -> Result<Vec<Field>> {
    members
        .iter()
        .map(|(name, raw)| {
            let shape: String = serde_json::from_str(raw)?;
            Ok(Field {
                name: name.trim_end_matches('?').to_owned(),
                optional: name.ends_with('?'),
                recent,
                shape: Shape::parse(&shape, module)?,
            })
        })
        .collect()
}
