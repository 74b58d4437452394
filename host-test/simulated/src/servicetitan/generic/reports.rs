//! Reports: rows of values with the fields that name them, at once or later.

use crate::servicetitan::generic::place::Place;
use crate::{
    answer::Answer,
    random::{mix, random},
    servicetitan::{
        data::{Tenant, decimal},
        errors::ApiError,
        operations::Call,
    },
};
use serde_json::json;

#[derive(Debug)]
pub(crate) struct Query {
    page: usize,
    size: usize,
    /// Whether somebody has asked for it.
    asked: bool,
}

/// Whether the operation gives up a report.
pub(super) fn cancels(call: &Call<'_>) -> bool {
    call.operation.id == "reporting.ReportDataQueries_Cancel"
}

pub(super) fn cancel(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let token = call.text_of("token");
    data.shelf.queries.remove(token).map(|_| Answer::empty()).ok_or_else(|| absent(token))
}

fn absent(token: &str) -> ApiError {
    ApiError::new(404, format!("There is no report with the token {token}."))
}

/// A page of rows; from an operation that may answer later, a token first.
pub(super) fn answer(call: &Call<'_>, place: &Place, data: &mut Tenant) -> Result<Answer, ApiError> {
    let later = call.operation.pending.is_some();
    let (page, size) = if !later {
        call.query.page()?
    } else if call.operation.method == http::Method::POST {
        let (page, size) = call.query.page()?;
        let token = format!("q{:016x}", mix(call.world.config.seed, data.shelf.queries.len() as u64));
        data.shelf.queries.insert(token.clone(), Query { page, size, asked: false });
        return Ok(pending("NotStarted", &token));
    } else {
        let token = call.text_of("token");
        let query = data.shelf.queries.get_mut(token).ok_or_else(|| absent(token))?;
        if !std::mem::replace(&mut query.asked, true) {
            return Ok(pending("InProgress", token));
        }
        (query.page, query.size)
    };
    Ok(rows(call, place, page, size))
}

/// 202: ask again with this token.
fn pending(status: &str, token: &str) -> Answer {
    Answer { status: 202, ..Answer::json(json!({ "status": status, "token": token }).to_string()) }
}

fn rows(call: &Call<'_>, place: &Place, page: usize, size: usize) -> Answer {
    let all = call.world.config.records;
    let start = page.saturating_mul(size).min(all);
    let end = start.saturating_add(size).min(all);
    let kind = place.collection.bytes().fold(0, |hash, byte| mix(hash, u64::from(byte)));
    let row = |index: usize| {
        let mut rng = random(call.world.config.seed, kind, index as u64);
        format!("[{},\"Row {index}\",{}]", index + 1, decimal(&mut rng))
    };
    let data: Vec<String> = (start..end).map(row).collect();
    let total = if call.query.flag("includeTotal") { all.to_string() } else { "null".to_owned() };
    let fields = json!([
        { "name": "Number", "label": "Number" },
        { "name": "Name", "label": "Name" },
        { "name": "Amount", "label": "Amount" },
    ]);
    let head = format!("\"page\":{},\"pageSize\":{size},\"hasMore\":{}", page + 1, end < all);
    let data_text = data.join(",");
    Answer::records(
        format!("{{\"fields\":{fields},{head},\"totalCount\":{total},\"data\":[{data_text}]}}"),
        data.len(),
    )
}
