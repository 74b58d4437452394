//! ServiceTitan's pages: the numbered envelope, the bare `{data}`, the feed.

use super::envelope::{Members, places, wrong};
#[cfg(feature = "servicetitan-reporting")]
use super::reports;
use crate::{
    codec::{self, PlainPage},
    contract::catalogue::{self, Operation, Paging},
    providers::api::{self, Envelope, Order, PageSelector, Unreadable},
};
use bytes::Bytes;
use serde_json::value::RawValue;
use std::ops::Range;

/// Records a page: 1 to 5,000 (the provider's page on timeouts and pagination).
const LARGEST: u32 = 5000;

/// The member that holds a record's id.
const ID: &str = "id";

/// How ServiceTitan's lists come in pages.
pub(super) struct Pages;

impl api::Paging for Pages {
    fn query(&self, operation: &Operation, page: &PageSelector) -> Vec<(&'static str, String)> {
        query(operation, page)
    }

    fn envelope(&self, paging: Paging, body: &Bytes) -> Result<Envelope, Unreadable> {
        envelope(paging, body)
    }

    fn order(&self, operation: &Operation) -> Option<Order> {
        order(operation)
    }

    fn sizes(&self, operation: &Operation) -> Range<u32> {
        sizes(operation)
    }
}

fn sizes(operation: &Operation) -> Range<u32> {
    1..operation.max_page_size.unwrap_or(LARGEST).saturating_add(1)
}

fn query(operation: &Operation, page: &PageSelector) -> Vec<(&'static str, String)> {
    match operation.paging {
        Paging::None | Paging::Envelope => Vec::new(),
        // It has neither cursors nor offsets.
        Paging::Cursor | Paging::Offset => Vec::new(),
        Paging::Export => page.from.iter().map(|from| ("from", from.clone())).collect(),
        Paging::Numbered | Paging::DataOnly | Paging::Bare | Paging::Report => {
            let mut query = vec![("page", page.number.to_string()), ("pageSize", page.size.to_string())];
            if page.include_total && operation.counted {
                query.push(("includeTotal", "true".to_owned()));
            }
            query
        }
    }
}

/// Most lists take `sort`, with a field that every record has (the provider's OpenAPI
/// documents). The plus sign is percent-encoded like any other character. What asks the
/// endpoint of another list takes what that one takes.
///
/// `createdBefore` could keep new records out of a read as well. It is not used: it
/// compares with the provider's clock, which we do not know, and a record that was there
/// before the read must not be missed because our clock is late.
fn order(operation: &Operation) -> Option<Order> {
    let takes_sort = |operation: &Operation| {
        operation.query.is_some_and(|query| query.fields.iter().any(|field| field.wire == "sort"))
    };
    let base = operation.variant_of.and_then(|base| catalogue::find(operation.provider, base).ok());
    (takes_sort(operation) || base.is_some_and(takes_sort)).then_some(Order {
        parameter: "sort",
        oldest_first: "+Id",
        newest_first: "-Id",
    })
}

/// Takes a page apart without decoding its records.
fn envelope(paging: Paging, body: &Bytes) -> Result<Envelope, Unreadable> {
    match paging {
        Paging::Bare => bare(body),
        #[cfg(feature = "servicetitan-reporting")]
        Paging::Report => reports::page(body),
        #[cfg(not(feature = "servicetitan-reporting"))]
        Paging::Report => Err(wrong("$", "is a report, and reports are not in this build")),
        _ => enveloped(paging, body),
    }
}

/// A page that is an array and nothing else.
fn bare(body: &Bytes) -> Result<Envelope, Unreadable> {
    let (items, ids) = match codec::plain_array(body, ID) {
        Some(PlainPage { records, ids, .. }) => (records, Some(ids)),
        None => {
            let data: Vec<&RawValue> =
                serde_json::from_slice(body).map_err(|error| match error.is_data() {
                    true => wrong("$", "must be an array"),
                    false => Unreadable { malformed: true, ..wrong("$", "is no JSON, or cut off") },
                })?;
            (places(body, &data), None)
        }
    };
    Ok(Envelope {
        items,
        ids,
        body: body.clone(),
        number: None,
        has_more: None,
        total: None,
        continue_from: None,
    })
}

fn enveloped(paging: Paging, body: &Bytes) -> Result<Envelope, Unreadable> {
    let (page, items, ids) = Members::parted(body, ID)?;
    let (has_more, continue_from) = (page.has_more()?, page.continue_from()?);
    if has_more.is_none() && paging == Paging::Export {
        return Err(wrong("$.hasMore", "is missing"));
    }
    if paging == Paging::Export && continue_from.is_none() && has_more == Some(true) {
        return Err(wrong("$.continueFrom", "is missing although more records follow"));
    }
    Ok(Envelope {
        items,
        ids,
        body: body.clone(),
        number: page.number(),
        has_more,
        total: page.total(),
        continue_from,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(paging: Paging, text: &'static str) -> Result<Envelope, Unreadable> {
        envelope(paging, &Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn records_are_found_where_they_stand() {
        let page =
            read(Paging::Numbered, r#"{"data":[ {"id":1} , {"a":[2]}],"hasMore":true,"totalCount":null}"#)
                .unwrap();
        let texts: Vec<&str> =
            page.items.iter().map(|range| std::str::from_utf8(&page.body[range.clone()]).unwrap()).collect();
        assert_eq!(texts, [r#"{"id":1}"#, r#"{"a":[2]}"#]);
        assert_eq!((page.has_more, page.total), (Some(true), None));
    }

    #[test]
    fn lists_that_sort_are_read_in_order() {
        let find = |name| crate::contract::catalogue::find("servicetitan", name).unwrap();
        assert_eq!(order(find("jpm.jobs-list")).unwrap().oldest_first, "+Id");
        assert_eq!(order(find("jpm.jobs-completed-between-list")).unwrap().newest_first, "-Id");
        assert_eq!(order(find("jpm.job-types-list")), None);
    }

    #[test]
    fn what_is_no_page_is_refused() {
        assert!(read(Paging::Numbered, r#"{"data":[{"id":1"#).unwrap_err().malformed);
        assert!(read(Paging::Numbered, "<html>").unwrap_err().malformed);
        assert_eq!(read(Paging::Numbered, r#"{"hasMore":true}"#).unwrap_err().path, "$.data");
        assert_eq!(read(Paging::Export, r#"{"data":[]}"#).unwrap_err().path, "$.hasMore");
        assert!(read(Paging::Numbered, r#"{"data":[]}"#).is_ok(), "the next page shows whether more follow");
        assert_eq!(read(Paging::Export, r#"{"data":[],"hasMore":true}"#).unwrap_err().path, "$.continueFrom");
        assert!(!read(Paging::Numbered, r#"{"data":5,"hasMore":true}"#).unwrap_err().malformed);
        assert!(read(Paging::DataOnly, r#"{"data":[]}"#).is_ok());
        assert!(read(Paging::Envelope, r#"{"data":[]}"#).is_ok(), "some envelopes know no pages");
        assert!(read(Paging::Bare, r#"[{"id":1}"#).unwrap_err().malformed);
        assert_eq!(read(Paging::Bare, r#"{"data":[]}"#).unwrap_err().message, "must be an array");
        assert_eq!(read(Paging::Bare, "[1, 2]").unwrap().items, [1..2, 4..5]);
    }
}
