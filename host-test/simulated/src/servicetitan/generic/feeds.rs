//! Export feeds of collections: every item, deleted ones too, by its last change.

use crate::servicetitan::generic::{items::Items, lists::rows, place::Place, shelf::Shelf};
use crate::{
    answer::Answer,
    servicetitan::{declared::Shape, errors::ApiError, operations::Call, time},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

pub(super) fn page(call: &Call<'_>, place: &Place, shelf: &Shelf, shape: &Shape) -> Result<Answer, ApiError> {
    let items = Items::new(call, place, shelf);
    let from = match call.query.get("from").filter(|from| !from.is_empty()) {
        None => (i64::MIN, i64::MIN),
        Some(from) => position(&place.collection, from)?,
    };
    let mut all: Vec<(i64, i64)> =
        items.all().into_iter().map(|number| (items.modified(number), number)).collect();
    all.sort_unstable();
    let rest = all.get(all.partition_point(|place| *place <= from)..).unwrap_or_default();
    let sent = rest.get(..call.world.config.export_page).unwrap_or(rest);
    let next = sent.last().copied().unwrap_or(from);
    let rows = rows(&items, shape, &sent.iter().map(|(_, number)| *number).collect::<Vec<_>>());
    Ok(Answer::records(
        format!(
            "{{\"hasMore\":{},\"continueFrom\":\"{}\",\"data\":[{}]}}",
            sent.len() < rest.len(),
            token(&place.collection, next),
            rows.join(",")
        ),
        rows.len(),
    ))
}

/// The opaque text that stands for a place in a feed.
fn token(collection: &str, (modified, number): (i64, i64)) -> String {
    URL_SAFE_NO_PAD.encode(format!("{modified}:{number}:{collection}"))
}

/// The place after which a page begins: a token of this feed, or a date (inclusive).
fn position(collection: &str, from: &str) -> Result<(i64, i64), ApiError> {
    if let Some(at) = time::parse(from) {
        return Ok((at, i64::MIN));
    }
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(from).ok()?).ok()?;
        let mut parts = text.splitn(3, ':');
        let place = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        (parts.next()? == collection).then_some(place)
    };
    read().ok_or_else(|| ApiError::field("from", "The value is neither a date nor a token of this feed."))
}
