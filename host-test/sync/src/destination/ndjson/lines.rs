//! Lines, and the member that is ours in them.

use super::Failed;
use crate::{
    clock,
    record::{Key, Row, Unkeyed},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    fs::OpenOptions,
    io::{Seek, SeekFrom, Write},
    path::Path,
};

/// What a line has besides the vendor's members.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Own {
    pub(super) key: Key,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) owner: String,
    pub(super) version: Option<i64>,
    pub(super) generation: i64,
    pub(super) seen: String,
    pub(super) deleted: bool,
    pub(super) inactive: bool,
    pub(super) misfit: bool,
    pub(super) hash: String,
}

/// A line, of which only ours is read.
#[derive(Deserialize)]
pub(super) struct Line {
    #[serde(rename = "_penstock")]
    pub(super) own: Own,
}

/// The line of a row.
pub(super) fn of_row(row: &Row, own: &Own, out: &mut String) {
    let record = row.raw.as_deref().unwrap_or("{}").trim_end();
    let open = record.strip_suffix('}').unwrap_or("{");
    // Between the tokens of a record may be ends of lines, which within strings are written as escapes.
    out.extend(open.chars().map(|character| if matches!(character, '\n' | '\r') { ' ' } else { character }));
    out.push_str(if open.trim_end().ends_with('{') { "" } else { "," });
    end(own, out);
}

/// The line of a record that the vendor does not list any more.
pub(super) fn of_deleted(key_name: Option<&str>, own: &Own, out: &mut String) {
    out.push('{');
    if let Some(name) = key_name {
        out.push_str(&format!("{}:{},", json!(name), json!(own.key)));
    }
    end(own, out);
}

fn end(own: &Own, out: &mut String) {
    out.push_str("\"_penstock\":");
    out.push_str(&serde_json::to_string(own).unwrap_or_default());
    out.push_str("}\n");
}

/// Appends records that no table can have to their file, which is `length` long; its new length.
pub(super) fn keep_unkeyed<'u>(
    folder: &Path,
    length: u64,
    records: impl Iterator<Item = (&'u Unkeyed, &'u str)>,
) -> Result<u64, Failed> {
    let seen = clock::text_of_ms(clock::now_ms());
    let lines: String = records
        .map(|(unkeyed, table)| {
            let line =
                json!({ "table": table, "hash": unkeyed.hash, "seen": seen, "record": unkeyed.record });
            format!("{line}\n")
        })
        .collect();
    append(&folder.join("_penstock_misfits.ndjson"), length, &lines)
}

/// Appends to a file of which only the first `length` bytes count, and makes it durable; its new length.
pub(super) fn append(path: &Path, length: u64, lines: &str) -> Result<u64, Failed> {
    if lines.is_empty() {
        return Ok(length);
    }
    let written = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        file.set_len(length)?;
        file.seek(SeekFrom::Start(length))?;
        file.write_all(lines.as_bytes())?;
        file.sync_all()
    };
    written().map_err(Failed::io(path, "cannot write"))?;
    Ok(length + lines.len() as u64)
}
