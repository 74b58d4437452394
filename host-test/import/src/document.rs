//! An OpenAPI document, as far as the import needs it.

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// An OpenAPI 3.0 document with its additions.
pub struct Document {
    root: Value,
}

/// One method of one path.
#[derive(Debug)]
pub struct Operation<'a> {
    /// `GET`
    pub method: String,
    /// With the server's base before it: `/jpm/v2/tenant/{tenant}/jobs`.
    pub path: String,
    /// The provider's operation id, `Jobs_GetList`.
    pub id: &'a str,
    /// The object behind the method.
    pub value: &'a Value,
}

impl Document {
    /// Reads a document's text.
    ///
    /// # Errors
    /// What is no JSON, or no OpenAPI 3.
    pub fn parse(text: &str) -> Result<Document> {
        let root: Value = serde_json::from_str(text).context("the document is not JSON")?;
        if !root["openapi"].as_str().is_some_and(|version| version.starts_with("3.")) {
            bail!("`openapi`: expected 3.x");
        }
        if !root["paths"].is_object() {
            bail!("`paths`: expected an object");
        }
        Ok(Document { root })
    }

    /// Takes over the paths and schemas of another document. What is marked `x-adds` does
    /// not replace the schema or the operation of its name, but adds properties or
    /// parameters to it.
    pub fn add(&mut self, other: &Document) {
        let base = other.base().to_owned();
        for part in ["paths", "schemas"] {
            let (from, to) = match part {
                "paths" => (&other.root["paths"], &mut self.root["paths"]),
                _ => (&other.root["components"]["schemas"], &mut self.root["components"]["schemas"]),
            };
            for (name, value) in from.as_object().into_iter().flatten() {
                if part == "paths" && base.is_empty() {
                    continue;
                }
                match (to.get_mut(name).and_then(Value::as_object_mut), value.as_object(), part) {
                    (Some(known), Some(more), "paths") => {
                        for (method, value) in more {
                            match known.get_mut(method) {
                                Some(known) if value["x-adds"] == true => extend(known, value),
                                _ => drop(known.insert(method.clone(), value.clone())),
                            }
                        }
                    }
                    (Some(_), Some(_), _) if value["x-adds"] == true => extend(&mut to[name], value),
                    _ => {
                        if let Some(to) = to.as_object_mut() {
                            to.insert(name.clone(), value.clone());
                        }
                    }
                }
            }
        }
    }

    /// The path of the server's address, `/jpm/v2`; the same for production and tests.
    #[must_use]
    pub fn base(&self) -> &str {
        let url = self.root["servers"][0]["url"].as_str().unwrap_or_default();
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default().trim_end_matches('/')
    }

    /// Every operation in the document's order.
    ///
    /// # Errors
    /// An operation without an id.
    pub fn operations(&self) -> Result<Vec<Operation<'_>>> {
        let mut found = Vec::new();
        for (path, methods) in self.root["paths"].as_object().into_iter().flatten() {
            for (method, value) in methods.as_object().into_iter().flatten() {
                if !["get", "post", "put", "patch", "delete"].contains(&method.as_str()) {
                    continue;
                }
                let id = value["operationId"]
                    .as_str()
                    .with_context(|| format!("{method} {path}: `operationId` is missing"))?;
                let path = format!("{}{path}", self.base());
                found.push(Operation { method: method.to_uppercase(), path, id, value });
            }
        }
        Ok(found)
    }

    /// The schema that a reference names.
    #[must_use]
    pub fn schema(&self, name: &str) -> Option<&Value> {
        self.root["components"]["schemas"].get(name)
    }
}

/// Adds the properties of a schema and the parameters of an operation.
fn extend(known: &mut Value, more: &Value) {
    if let (Some(known), Some(more)) = (known["properties"].as_object_mut(), more["properties"].as_object()) {
        known.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    if let (Some(known), Some(more)) = (known["parameters"].as_array_mut(), more["parameters"].as_array()) {
        known.extend(more.iter().cloned());
    }
}

/// The name in a `$ref`, or in the only member of `allOf` or `oneOf`, which is how a
/// nullable reference is written.
#[must_use]
pub fn reference(schema: &Value) -> Option<&str> {
    if let Some(target) = schema["$ref"].as_str() {
        return target.rsplit('/').next();
    }
    ["oneOf", "allOf"].iter().find_map(|kind| match schema[*kind].as_array().map(Vec::as_slice) {
        Some([only]) => reference(only),
        _ => None,
    })
}

impl<'a> Operation<'a> {
    /// The schema of the answer, if it is JSON.
    #[must_use]
    pub fn answer(&self) -> Option<&'a Value> {
        let responses = self.value["responses"].as_object()?;
        let good = responses.iter().find(|(status, _)| status.starts_with('2'))?;
        json(good.1)
    }

    /// Whether the answer is a file: not JSON, binary, or a redirect to where it is.
    #[must_use]
    pub fn is_download(&self) -> bool {
        let responses = self.value["responses"].as_object();
        let mut responses = responses.into_iter().flatten();
        responses.any(|(status, response)| {
            let content = response["content"].as_object();
            let mut content = content.into_iter().flatten();
            let binary = content.any(|(_, media)| media["schema"]["format"] == "binary");
            status == "302" || (status.starts_with('2') && binary)
        })
    }

    #[must_use]
    pub fn body(&self) -> Option<&'a Value> {
        json(&self.value["requestBody"])
    }

    /// The field of the body that holds a file.
    #[must_use]
    pub fn upload(&self) -> Option<&'a str> {
        let fields = self.body()?["properties"].as_object()?;
        let (name, _) = fields.iter().find(|(_, schema)| schema["format"] == "binary")?;
        Some(name)
    }

    /// The parameters of a place: `query`, `path`, `header`.
    pub fn parameters(&self, place: &'static str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let all = self.value["parameters"].as_array();
        let here = all.into_iter().flatten().filter(move |parameter| parameter["in"] == place);
        here.filter_map(|parameter| Some((parameter["name"].as_str()?, parameter)))
    }
}

fn json(holder: &Value) -> Option<&Value> {
    let content = holder["content"].as_object()?;
    let media = content.get("application/json").or_else(|| content.values().next())?;
    media.get("schema")
}
