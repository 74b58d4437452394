//! What the provider declares: operations and the shapes of bodies and answers.
//!
//! It is read from fixtures of its own and not from Penstock's contract, so that a
//! mistake in the contract shows as a 404 or a 400 here instead of hiding in a
//! table that both sides share.

mod fixtures;
mod shape;

pub(crate) use shape::{Shape, Type};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use std::collections::HashMap;

/// The usual largest `pageSize`, from the provider's page on timeouts and pagination.
const MOST: usize = 5_000;

/// Everything that the provider declares.
#[derive(Debug)]
pub(crate) struct Declared {
    pub(crate) operations: Vec<Operation>,
    schemas: HashMap<String, Schema>,
}

/// One method of one path.
#[derive(Debug)]
pub(crate) struct Operation {
    /// The provider's operation id, `Jobs_GetList`. Outside `jpm` the module comes first,
    /// `crm.Customers_GetList`: two modules have a `Jobs_Get`.
    pub(crate) id: String,
    /// The fixture that it is from, `jpm`.
    pub(crate) module: &'static str,
    pub(crate) method: http::Method,
    /// `/jpm/v2/tenant/{tenant}/jobs/{id}`
    pub(crate) path: String,
    /// The types of the placeholders, besides `{tenant}`.
    pub(crate) placeholders: Vec<Field>,
    pub(crate) query: Vec<Field>,
    /// Query parameters of which it demands at least one.
    pub(crate) needs: Vec<String>,
    /// The largest `pageSize`.
    pub(crate) most: usize,
    pub(crate) body: Option<Shape>,
    /// Whether the body is a form with one file.
    pub(crate) upload: bool,
    pub(crate) answer: Answers,
    /// What it answers while the answer is not ready.
    pub(crate) pending: Option<Shape>,
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
    /// A page that is a list and nothing else.
    Bare(Shape),
    /// A page of rows of values, with the `fields` that name them.
    Report,
    /// A page of an export feed: `hasMore`, `continueFrom`, `data`.
    Export(Shape),
    /// The bytes of a file, of this media type.
    File(String),
    /// A redirect to the bytes of a file, of this media type.
    Redirect(String),
}

#[derive(Debug)]
pub(crate) enum Schema {
    Enum(Vec<String>),
    /// A choice of numbers.
    Numbers(Vec<i64>),
    Record(Vec<Field>),
}

/// A member of a record, a query parameter or a placeholder.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) optional: bool,
    /// The provider added it in July 2026: not every answer has it.
    pub(crate) recent: bool,
    pub(crate) shape: Shape,
}

impl Declared {
    pub(crate) fn load() -> Result<Self> {
        let mut declared = Self { operations: Vec::new(), schemas: HashMap::new() };
        for (module, text) in fixtures::ALL {
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
    #[serde(default)]
    needs: Vec<String>,
    most: Option<usize>,
    body: Option<String>,
    #[serde(default)]
    upload: bool,
    answer: Option<RawAnswer>,
    pending: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawAnswer {
    One(String),
    Page(String),
    Data(String),
    Bare(String),
    Report(String),
    Export(String),
    File(String),
    Redirect(String),
}

/// A choice of texts or of numbers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Cases {
    Texts(Vec<String>),
    Numbers(Vec<i64>),
}

/// Either `enum` or `fields`.
#[derive(Deserialize)]
struct RawSchema {
    #[serde(rename = "enum")]
    cases: Option<Cases>,
    #[serde(default)]
    fields: Members,
    #[serde(default)]
    recent: Members,
}

/// `{"name": "text", "memo?": "text?"}` in the order of the file.
type Members = super::members::Members;

impl RawOperation {
    fn read(self, module: &'static str) -> Result<Operation> {
        let shape = |text: &str| Shape::parse(text, module);
        Ok(Operation {
            method: self.method.parse()?,
            placeholders: fields(&self.placeholders, false, module)?,
            query: fields(&self.query, false, module)?,
            needs: self.needs,
            most: self.most.unwrap_or(MOST),
            answer: match &self.answer {
                None => Answers::Nothing,
                Some(RawAnswer::One(text)) => Answers::One(shape(text)?),
                Some(RawAnswer::Page(text)) => Answers::Page(shape(text)?),
                Some(RawAnswer::Data(text)) => Answers::Data(shape(text)?),
                Some(RawAnswer::Bare(text)) => Answers::Bare(shape(text)?),
                // All pages of rows look the same; the name of the schema is for readers.
                Some(RawAnswer::Report(text)) => shape(text).map(|_| Answers::Report)?,
                Some(RawAnswer::Export(text)) => Answers::Export(shape(text)?),
                Some(RawAnswer::File(media)) => Answers::File(media.clone()),
                Some(RawAnswer::Redirect(media)) => Answers::Redirect(media.clone()),
            },
            id: if module == "jpm" { self.id } else { format!("{module}.{}", self.id) },
            module,
            path: self.path,
            body: self.body.as_deref().map(shape).transpose()?,
            upload: self.upload,
            pending: self.pending.as_deref().map(shape).transpose()?,
        })
    }
}

impl RawSchema {
    fn read(self, module: &str) -> Result<Schema> {
        match self.cases {
            Some(Cases::Texts(cases)) => return Ok(Schema::Enum(cases)),
            Some(Cases::Numbers(cases)) => return Ok(Schema::Numbers(cases)),
            None => {}
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
