//! The export feeds: every record, deleted ones too, in the order of its last change.

use crate::{
    answer::Answer,
    clock::nanoseconds,
    servicetitan::{
        data::{Record, Resource, Tenant},
        errors::ApiError,
        operations::Call,
        time::{self, SECOND},
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::{fmt::Write, sync::Arc};

/// How many rows `includeRecentChanges` sends once more at the start of a page.
const REPEATED: usize = 3;
/// Rows older than this are never sent twice.
const RECENT: i64 = 600 * SECOND;

pub(crate) fn page(call: &Call<'_>, data: &mut Tenant, resource: Resource) -> Result<Answer, ApiError> {
    let from = match call.query.get("from").filter(|from| !from.is_empty()) {
        None => (i64::MIN, i64::MIN),
        Some(from) => position(resource, from)?,
    };
    let recent = call.query.flag("includeRecentChanges");
    let config = &call.world.config;
    // A write can be a tick ahead of the clock: without a lag nothing is held back.
    let until = if recent || config.export_lag.is_zero() {
        i64::MAX
    } else {
        call.now.saturating_sub(nanoseconds(config.export_lag))
    };
    let rows = data.table(resource).result("feed", |rows| {
        let mut all: Vec<_> = rows.values().cloned().collect();
        all.sort_by_key(place);
        all
    });
    let wanted = match call.query.get("active") {
        Some("True") => Some(true),
        Some("False") => Some(false),
        _ => None,
    };
    let start = rows.partition_point(|row| place(row) <= from);
    let end = rows.partition_point(|row| row.modified <= until).max(start);
    let stop = start.saturating_add(config.export_page).min(end);
    let again = if recent { repeated(&rows, start, call.now) } else { start };
    let sent = rows.get(again..stop).unwrap_or_default().iter();
    let sent: Vec<_> = sent.filter(|row| wanted.is_none_or(|active| row.active == active)).collect();
    // The place does not go back: asking again with it brings what came later.
    let next = rows.get(start..stop).and_then(<[_]>::last).map_or(from, place);
    let mut out = String::with_capacity(
        128 + sent.iter().map(|row| row.text.len() + row.feed.len() + 2).sum::<usize>(),
    );
    // Writing to a String cannot fail.
    let _ =
        write!(out, "{{\"hasMore\":{},\"continueFrom\":\"{}\",\"data\":[", stop < end, token(resource, next));
    for (index, row) in sent.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        row.write_feed(&mut out);
    }
    out.push_str("]}");
    Ok(Answer::records(out, sent.len()))
}

/// Where a page begins that repeats the latest rows before `start`. At the very
/// beginning there are none; a feed that is at its end repeats its last ones.
fn repeated(rows: &[Arc<Record>], start: usize, now: i64) -> usize {
    let floor = start.saturating_sub(REPEATED);
    (floor..start)
        .find(|at| rows.get(*at).is_some_and(|row| row.modified >= now.saturating_sub(RECENT)))
        .unwrap_or(start)
}

fn place(row: &Arc<Record>) -> (i64, i64) {
    (row.modified, row.id)
}

/// The opaque text that stands for a place in a feed.
fn token(resource: Resource, (modified, id): (i64, i64)) -> String {
    URL_SAFE_NO_PAD.encode(format!("{resource:?}:{modified}:{id}"))
}

/// The place after which a page begins: a token of this feed, or a date (inclusive).
fn position(resource: Resource, from: &str) -> Result<(i64, i64), ApiError> {
    if let Some(at) = time::parse(from) {
        return Ok((at, i64::MIN));
    }
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(from).ok()?).ok()?;
        let mut parts = text.split(':');
        let own = parts.next()? == format!("{resource:?}");
        let place = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        own.then_some(place)
    };
    read().ok_or_else(|| ApiError::field("from", "The value is neither a date nor a token of this feed."))
}
