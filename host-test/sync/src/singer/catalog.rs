//! The catalog: what there is, and what of it was selected.

use super::schema;
use crate::{Error, schema::Table};
use penstock::contract::catalogue::{self, Paging};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What somebody has chosen of the streams that discovery shows.
#[derive(Debug, Deserialize)]
pub struct Catalog {
    streams: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    tap_stream_id: String,
    selected: Option<bool>,
    #[serde(default)]
    metadata: Vec<Metadata>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    #[serde(default)]
    breadcrumb: Vec<String>,
    metadata: Choice,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct Choice {
    selected: Option<bool>,
    #[serde(rename = "selected-by-default")]
    by_default: Option<bool>,
}

impl Choice {
    fn is_selected(self) -> Option<bool> {
        self.selected.or(self.by_default)
    }
}

/// What is read.
#[derive(Debug)]
pub struct Selected {
    /// The streams.
    pub tables: Vec<Arc<Table>>,
    /// Their properties that are left out, by stream.
    pub left_out: BTreeMap<String, BTreeSet<String>>,
}

impl Catalog {
    /// What discovery shows of these tables: all of it is selected unless somebody chooses.
    #[must_use]
    pub fn discovered(tables: &[Arc<Table>]) -> Value {
        json!({ "streams": tables.iter().map(|table| entry(table)).collect::<Vec<_>>() })
    }

    /// What is selected of these tables.
    ///
    /// # Errors
    /// [`Error::Unfit`]: a stream that is selected and not there, with what is near, or none that is selected.
    pub fn select(&self, tables: Vec<Arc<Table>>) -> Result<Selected, Error> {
        let mut left_out = BTreeMap::new();
        let mut chosen = BTreeSet::new();
        for entry in self.streams.iter().filter(|entry| entry.is_selected()) {
            let name = &entry.tap_stream_id;
            let Some(table) = tables.iter().find(|table| table.name == *name) else {
                let near = catalogue::nearest(name, tables.iter().map(|table| table.name.as_str()));
                let near = near.map_or_else(String::new, |near| format!(": do you mean \"{near}\"?"));
                return Err(Error::Unfit(format!(
                    "the catalog selects a stream \"{name}\" that is not there{near}"
                )));
            };
            left_out.insert(name.clone(), entry.left_out(schema::key(table)));
            chosen.insert(name.clone());
        }
        let tables: Vec<_> = tables.into_iter().filter(|table| chosen.contains(&table.name)).collect();
        if tables.is_empty() {
            return Err(Error::Unfit("the catalog selects no stream".to_owned()));
        }
        Ok(Selected { tables, left_out })
    }
}

impl Selected {
    /// Everything.
    #[must_use]
    pub fn all(tables: Vec<Arc<Table>>) -> Selected {
        Selected { tables, left_out: BTreeMap::new() }
    }
}

impl Entry {
    fn is_selected(&self) -> bool {
        let of_stream = self.metadata.iter().find(|metadata| metadata.breadcrumb.is_empty());
        of_stream.and_then(|metadata| metadata.metadata.is_selected()).or(self.selected).unwrap_or(false)
    }

    /// The properties that somebody does not want. The key is not among them.
    fn left_out(&self, key: &str) -> BTreeSet<String> {
        let unwanted = self.metadata.iter().filter(|metadata| metadata.metadata.is_selected() == Some(false));
        let names = unwanted.filter_map(|metadata| match metadata.breadcrumb.as_slice() {
            [kind, name] if kind == "properties" && name != key => Some(name.clone()),
            _ => None,
        });
        names.collect()
    }
}

fn entry(table: &Table) -> Value {
    let key = schema::key(table);
    let properties = schema::properties(table);
    // A feed tells changes from a position on; a list is whole each time.
    let method = if table.source.paging == Paging::Export { "LOG_BASED" } else { "FULL_TABLE" };
    let mut metadata = vec![json!({ "breadcrumb": [], "metadata": {
        "inclusion": "available",
        "selected-by-default": true,
        "table-key-properties": [key],
        "forced-replication-method": method,
    } })];
    metadata.extend(properties.iter().map(|(name, _)| {
        let inclusion = if name == key { "automatic" } else { "available" };
        json!({ "breadcrumb": ["properties", name], "metadata": { "inclusion": inclusion } })
    }));
    json!({
        "tap_stream_id": table.name,
        "stream": table.name,
        "key_properties": [key],
        "replication_method": method,
        "schema": { "type": "object", "properties": Value::Object(properties.into_iter().collect()) },
        "metadata": metadata,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan;

    fn tables() -> Vec<Arc<Table>> {
        plan::tables("servicetitan", &["jpm".to_owned()], &[]).unwrap()
    }

    fn select(catalog: Value) -> Result<Selected, Error> {
        Catalog::deserialize(catalog).unwrap().select(tables())
    }

    #[test]
    fn what_is_discovered_is_selected_unless_somebody_chooses() {
        let mut catalog = Catalog::discovered(&tables());
        assert_eq!(select(catalog.clone()).unwrap().tables.len(), tables().len());
        for entry in catalog["streams"].as_array_mut().unwrap() {
            let is_wanted = entry["tap_stream_id"] == "jpm_jobs";
            for metadata in entry["metadata"].as_array_mut().unwrap() {
                let is_stream = metadata["breadcrumb"] == json!([]);
                if is_stream {
                    metadata["metadata"]["selected"] = is_wanted.into();
                } else if metadata["breadcrumb"] == json!(["properties", "summary"])
                    || metadata["breadcrumb"] == json!(["properties", "id"])
                {
                    metadata["metadata"]["selected"] = false.into();
                }
            }
        }
        let selected = select(catalog).unwrap();
        assert_eq!(selected.tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>(), ["jpm_jobs"]);
        assert_eq!(selected.left_out["jpm_jobs"], BTreeSet::from(["summary".to_owned()]));
    }

    #[test]
    fn a_stream_of_another_tap_is_refused_if_it_is_selected() {
        let of =
            |selected: bool| json!({ "streams": [{ "tap_stream_id": "jpm_job", "selected": selected }] });
        let refused = select(of(true)).unwrap_err().to_string();
        assert!(refused.contains("do you mean \"jpm_jobs\"?"), "{refused}");
        assert!(select(of(false)).unwrap_err().to_string().contains("no stream"));
    }
}
