//! Asleep's one list: `offset` and `limit`, to the first page that is empty.

use super::envelope::{result, wrong};
use crate::{
    codec::{last_member, plain_page},
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

/// The member of a record that holds its id.
const ID: &str = "session_id";

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
        ID
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
    let (mut items, mut ids) = match plain_page(&result, LIST, ID) {
        Some(page) => (page.records, Some(page.ids)),
        None => (rows(&result)?, None),
    };
    let start = (result.as_ptr() as usize).saturating_sub(body.as_ptr() as usize);
    for place in items.iter_mut().chain(ids.iter_mut().flatten()) {
        *place = place.start + start..place.end + start;
    }
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

/// Where the rows of a page stand that is not plain.
fn rows(result: &Bytes) -> Result<Vec<Range<usize>>, Unreadable> {
    if serde_json::from_slice::<&RawValue>(result).is_err() {
        return Err(Unreadable { malformed: true, ..wrong("$.result", "is no JSON") });
    }
    let member = last_member(result, LIST).ok().flatten().map(RawValue::get);
    let rows: Vec<&RawValue> = match member {
        Some("null") | None => return Err(wrong("$.result.sleep_session_list", "is missing")),
        Some(list) => serde_json::from_str(list)
            .map_err(|_| wrong("$.result.sleep_session_list", "must be an array"))?,
    };
    let start = result.as_ptr() as usize;
    let place = |row: &RawValue| {
        let from = (row.get().as_ptr() as usize).saturating_sub(start);
        from..from + row.get().len()
    };
    Ok(rows.into_iter().map(place).collect())
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

    /// But for a page that is not plain, since a name in it is written with an escape.
    #[test]
    fn a_row_that_is_no_json_spoils_no_page() {
        let deep = format!("{}{}", "[".repeat(4_000), "]".repeat(4_000));
        for odd in [&b"NaN"[..], br#"{"session_id":"b","a":Infinity}"#, b"{\"a\":\"\xff\"}", deep.as_bytes()]
        {
            let list = [br#"[{"session_id":"a"}, "#, odd, br#",{"x":1,"session_id":"c"}]"#].concat();
            let read = |name: &[u8]| {
                let result =
                    [br#"{"result":{"timezone":"UTC",""#, name, br#"":"#, &list, br#"},"detail":"OK"}"#];
                envelope(&result.concat().into())
            };
            let page = read(LIST.as_bytes()).unwrap();
            let texts: Vec<&[u8]> = page.records().collect();
            assert_eq!(texts, [&br#"{"session_id":"a"}"#[..], odd, br#"{"x":1,"session_id":"c"}"#]);
            let ids = page.ids.unwrap();
            assert_eq!(
                (&page.body[ids[0].clone()], &page.body[ids[2].clone()]),
                (&b"\"a\""[..], &b"\"c\""[..])
            );
            // To serde, what is too deep for us is JSON.
            assert_eq!(read(br"sleep\u005fsession_list").is_ok(), odd == deep.as_bytes());
        }
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
