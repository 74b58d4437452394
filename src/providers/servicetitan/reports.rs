//! Reports: rows of values, the names of their columns, and how often one may be asked for.
//!
//! A report's owner may add, remove and move its columns at any time, also while it is read.
//! So a row leaves as an object that names each value, by the `fields` of its own page, and
//! whoever reads it never counts columns.

use super::{
    envelope::{Members, wrong},
    parameters,
};
use crate::{
    call::Call,
    codec::{self, url::segment},
    contract::{FieldError, catalogue},
    providers::api::{Envelope, InProgress, MinimumInterval, Reports, Site, Unreadable},
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

pub(super) struct ReportData;

impl Reports for ReportData {
    fn description(&self, call: &Call) -> Option<Call> {
        parameters::description(call)
    }

    fn violations(&self, call: &Call, description: &[u8]) -> Option<Vec<FieldError>> {
        parameters::violations(call, description)
    }

    fn in_progress(&self, call: &Call, accepted: &[u8]) -> Option<InProgress> {
        in_progress(call, accepted)
    }

    fn minimum_interval(&self, call: &Call, site: &Site) -> Option<MinimumInterval> {
        minimum_interval(call, site)
    }
}

/// The most bytes that the rows of a page may have with their names: those repeat in each
/// row, and a page with long names would otherwise grow without bound.
const LARGEST: usize = 64 << 20;

/// The data of a report may be asked for once a minute (the provider's rule for each report
/// of a tenant; `SERVICETITAN_REPORT_INTERVAL`), at once and by a query that it answers
/// later.
fn minimum_interval(call: &Call, site: &Site) -> Option<MinimumInterval> {
    let path = call.operation.path;
    let data = path.contains("/reports/{") && (path.ends_with("/data") || path.ends_with("/data/query"));
    data.then(|| MinimumInterval {
        resource: format!("report/{}", call.segments.join("/")),
        interval: site.minimum_interval,
    })
}

/// How to ask for the rows of a query that is not done: with the token that stands in the
/// answer to its start, and in every answer until it is.
fn in_progress(call: &Call, accepted: &[u8]) -> Option<InProgress> {
    #[derive(Deserialize)]
    struct Pending {
        token: String,
    }
    let path = call.operation.path;
    if !path.ends_with("/data/query") && !path.ends_with("/data-queries/{token}") {
        return None;
    }
    let pending: Pending = serde_json::from_slice(accepted).ok()?;
    let with_token = |name| {
        let operation = catalogue::find("servicetitan", name).ok()?;
        let segment = segment(operation.path_parameters.first()?, &pending.token).ok()?;
        Some(Call::new(operation, vec![segment], Vec::new(), None))
    };
    Some(InProgress {
        poll: with_token("reporting.data-queries-get")?,
        cancel: with_token("reporting.data-queries-cancel"),
    })
}

/// Takes a page of rows apart, each an object by then.
pub(super) fn page(body: &Bytes) -> Result<Envelope, Unreadable> {
    #[derive(Deserialize)]
    struct Column {
        name: String,
    }
    // What has no names has no ids.
    let (page, data, _) = Members::parted(body, "")?;
    let fields: Vec<Column> = page.fields()?;
    let has_more = page.has_more()?;
    let names = names(fields.iter().map(|field| field.name.as_str()))?;
    let (mut rows, mut items) = (Vec::new(), Vec::with_capacity(data.len()));
    for (index, place) in data.into_iter().enumerate() {
        let start = rows.len();
        let row = body.get(place).unwrap_or_default();
        write_row(&names, row, &mut rows).map_err(|message| wrong(&format!("$.data[{index}]"), &message))?;
        items.push(start..rows.len());
        if rows.len() > LARGEST {
            return Err(wrong("$.data", "is too large with the names of its fields: ask for smaller pages"));
        }
    }
    Ok(Envelope {
        items,
        ids: None,
        body: rows.into(),
        number: page.number(),
        has_more,
        total: page.total(),
        continue_from: None,
    })
}

/// Writes a row as an object. What is no JSON stays none, so that it is its own misfit when it is read: with
/// its names if it has as many values as there are names, and as it came if not.
///
/// # Errors
/// It has another number of values, or is no array.
fn write_row(names: &[String], row: &[u8], rows: &mut Vec<u8>) -> Result<(), String> {
    let values = codec::plain_elements(row);
    let Some(values) = values.as_ref().filter(|values| values.len() == names.len()) else {
        if serde_json::from_slice::<&RawValue>(row).is_err() {
            rows.extend_from_slice(row);
            return Ok(());
        }
        return Err(match values {
            Some(values) => format!("has {} values, and the page {} fields", values.len(), names.len()),
            None => "must be an array".to_owned(),
        });
    };
    for (column, (name, value)) in names.iter().zip(values).enumerate() {
        rows.push(if column == 0 { b'{' } else { b',' });
        rows.extend_from_slice(name.as_bytes());
        rows.push(b':');
        rows.extend_from_slice(row.get(value.clone()).unwrap_or_default());
    }
    rows.extend_from_slice(if names.is_empty() { b"{}" } else { b"}" });
    Ok(())
}

/// The names as JSON, each once: a second `Total` is `Total 2`.
fn names<'a>(fields: impl Iterator<Item = &'a str>) -> Result<Vec<String>, Unreadable> {
    let mut taken = BTreeSet::new();
    fields
        .map(|name| {
            let mut unique = name.to_owned();
            let mut number = 1_u32;
            while !taken.insert(unique.clone()) {
                number += 1;
                unique = format!("{name} {number}");
            }
            serde_json::to_string(&unique).map_err(|_| wrong("$.fields", "has a name that is no text"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Vec<String>, Unreadable> {
        let page = page(&Bytes::copy_from_slice(text.as_bytes()))?;
        let row = |range: &std::ops::Range<usize>| {
            String::from_utf8(page.body.get(range.clone()).unwrap().to_vec()).unwrap()
        };
        Ok(page.items.iter().map(row).collect())
    }

    #[test]
    fn a_row_names_its_values_and_keeps_their_digits() {
        let text = r#"{"fields":[{"name":"Job","label":"Job #"},{"name":"To\"tal"}],
            "data":[[1, 10.50],["a",null]],"hasMore":false,"page":1}"#;
        assert_eq!(rows(text).unwrap(), [r#"{"Job":1,"To\"tal":10.50}"#, r#"{"Job":"a","To\"tal":null}"#]);
    }

    /// Neither the rows beside it nor the names of its values are lost.
    #[test]
    fn a_row_that_is_no_json_spoils_no_page() {
        let page = |row: &[u8]| {
            let body = [
                br#"{"fields":[{"name":"A"},{"name":"B"}],"data":[[1,2], "#,
                row,
                b",[3,4]],\"hasMore\":false}",
            ];
            let page = page(&body.concat().into()).unwrap();
            let rows: Vec<Vec<u8>> = page.records().map(<[u8]>::to_vec).collect();
            assert_eq!((&rows[0][..], &rows[2][..]), (&br#"{"A":1,"B":2}"#[..], &br#"{"A":3,"B":4}"#[..]));
            rows[1].clone()
        };
        assert_eq!(page(b"[NaN, True]"), br#"{"A":NaN,"B":True}"#);
        assert_eq!(page(b"[\"\xff\",-Infinity]"), b"{\"A\":\"\xff\",\"B\":-Infinity}");
        let deep = format!("{}{}", "[".repeat(4_000), "]".repeat(4_000));
        assert_eq!(page(format!("[{deep},1]").as_bytes()), format!("{{\"A\":{deep},\"B\":1}}").into_bytes());
        for odd in [&b"NaN"[..], b"[NaN]", b"[1 2]", b"[1,2,]", b"[\"\n\",1]"] {
            assert_eq!(page(odd), odd, "as it came");
        }
    }

    #[test]
    fn names_that_come_twice_are_told_apart() {
        let text =
            r#"{"fields":[{"name":"A"},{"name":"A"},{"name":"A 2"}],"data":[[1,2,3]],"hasMore":false}"#;
        assert_eq!(rows(text).unwrap(), [r#"{"A":1,"A 2":2,"A 2 2":3}"#]);
    }

    #[test]
    fn a_row_that_does_not_fit_its_fields_is_refused() {
        let short = r#"{"fields":[{"name":"A"},{"name":"B"}],"data":[[1,2],[1]],"hasMore":false}"#;
        assert_eq!(rows(short).unwrap_err().path, "$.data[1]");
        let none = rows(r#"{"fields":[{"name":"A"}],"data":[null],"hasMore":false}"#).unwrap_err();
        assert_eq!((none.path.as_str(), none.malformed), ("$.data[0]", false));
        assert_eq!(rows(r#"{"data":[],"hasMore":false}"#).unwrap_err().path, "$.fields");
        assert_eq!(rows(r#"{"fields":[],"data":[],"hasMore":7}"#).unwrap_err().path, "$.hasMore");
        assert!(rows(r#"{"fields":[],"data":[[]"#).unwrap_err().malformed);
    }
}
