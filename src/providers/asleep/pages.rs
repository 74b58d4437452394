//! Asleep's one list: `offset` and `limit`, to the first page that is empty.

use super::envelope::{result, wrong};
use crate::{
    codec::last_member,
    contract::catalogue::{Operation, Paging},
    providers::api::{self, Envelope, Order, PageSelector, Unreadable},
};
use bytes::Bytes;
use serde_json::value::RawValue;
use std::ops::Range;

/// Records a page: 1 to 100 (the provider's page on the list of sessions).
const PAGE_SIZES: Range<u32> = 1..101;

/// The member that holds the records.
const LIST: &str = "sleep_session_list";

pub(super) struct Offsets;

impl api::Paging for Offsets {
    fn query(&self, operation: &Operation, page: &PageSelector) -> Vec<(&'static str, String)> {
        query(operation, page)
    }

    fn envelope(&self, _paging: Paging, body: &Bytes) -> Result<Envelope, Unreadable> {
        envelope(body)
    }

    fn order(&self, operation: &Operation) -> Option<Order> {
        order(operation)
    }

    fn id_member(&self) -> &'static str {
        "session_id"
    }

    fn sizes(&self, _operation: &Operation) -> Range<u32> {
        PAGE_SIZES
    }
}

fn query(operation: &Operation, page: &PageSelector) -> Vec<(&'static str, String)> {
    match operation.paging {
        Paging::Offset => vec![("offset", page.offset.to_string()), ("limit", page.size.to_string())],
        _ => Vec::new(),
    }
}

/// Oldest first, a session that is added while the list is read comes at its end and moves
/// no other.
fn order(operation: &Operation) -> Option<Order> {
    (operation.paging == Paging::Offset).then_some(Order {
        parameter: "order_by",
        oldest_first: "ASC",
        newest_first: "DESC",
    })
}

/// Takes a page apart without decoding its records.
fn envelope(body: &Bytes) -> Result<Envelope, Unreadable> {
    let result = result(body)?;
    let member = last_member(&result, LIST).ok().flatten().map(RawValue::get);
    let rows: Vec<&RawValue> = match member {
        Some("null") | None => return Err(wrong("$.result.sleep_session_list", "is missing")),
        Some(list) => serde_json::from_str(list)
            .map_err(|_| wrong("$.result.sleep_session_list", "must be an array"))?,
    };
    let start = body.as_ptr() as usize;
    let items = rows.iter().map(|row| {
        let from = (row.get().as_ptr() as usize).saturating_sub(start);
        from..from + row.get().len()
    });
    Ok(Envelope {
        items: items.collect(),
        ids: None,
        body: body.clone(),
        number: None,
        has_more: None,
        total: None,
        continue_from: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_where_they_stand() {
        let body = Bytes::from_static(
            br#"{"detail":"OK","result":{"timezone":"UTC","sleep_session_list":[ {"session_id":"a"} ,{"session_id":"b"}]}}"#,
        );
        let page = envelope(&body).unwrap();
        let texts: Vec<&str> =
            page.items.iter().map(|range| std::str::from_utf8(&page.body[range.clone()]).unwrap()).collect();
        assert_eq!(texts, [r#"{"session_id":"a"}"#, r#"{"session_id":"b"}"#]);
    }

    #[test]
    fn what_is_no_page_is_refused() {
        let read = |text: &'static str| envelope(&Bytes::from_static(text.as_bytes())).unwrap_err();
        assert!(read(r#"{"result":{"sleep_session_list":[{"#).malformed);
        assert_eq!(read(r#"{"result":{}}"#).path, "$.result.sleep_session_list");
        assert_eq!(read(r#"{"result":{"sleep_session_list":7}}"#).path, "$.result.sleep_session_list");
        assert_eq!(read(r#"{"detail":"OK"}"#).path, "$.result");
    }
}
