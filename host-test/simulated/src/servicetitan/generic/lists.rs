//! Pages of items: which ones, in which order.

use crate::servicetitan::generic::{items::Items, place::Place, shelf::Shelf};
use crate::{
    answer::Answer,
    servicetitan::{declared::Shape, errors::ApiError, lists::order, operations::Call, time},
};

/// A page of the provider's envelope.
pub(super) fn page(call: &Call<'_>, place: &Place, shelf: &Shelf, shape: &Shape) -> Result<Answer, ApiError> {
    let items = Items::new(call, place, shelf);
    let numbers = selected(call, &items)?;
    let (page, size) = call.query.page()?;
    let start = page.saturating_mul(size).min(numbers.len());
    let end = start.saturating_add(size).min(numbers.len());
    let total = if call.query.flag("includeTotal") { numbers.len().to_string() } else { "null".to_owned() };
    let rows = rows(&items, shape, numbers.get(start..end).unwrap_or_default());
    let head = format!("\"page\":{},\"pageSize\":{size},\"hasMore\":{}", page + 1, end < numbers.len());
    Ok(Answer::records(
        format!("{{{head},\"totalCount\":{total},\"data\":[{}]}}", rows.join(",")),
        rows.len(),
    ))
}

/// A page that is a list and nothing else.
pub(super) fn bare(call: &Call<'_>, place: &Place, shelf: &Shelf, shape: &Shape) -> Result<Answer, ApiError> {
    let items = Items::new(call, place, shelf);
    let (page, size) = call.query.page()?;
    let numbers: Vec<i64> =
        selected(call, &items)?.into_iter().skip(page.saturating_mul(size)).take(size).collect();
    let rows = rows(&items, shape, &numbers);
    Ok(Answer::records(format!("[{}]", rows.join(",")), rows.len()))
}

pub(super) fn rows(items: &Items<'_>, shape: &Shape, numbers: &[i64]) -> Vec<String> {
    numbers.iter().map(|number| items.one(shape, *number)).collect()
}

/// The items that a query selects, in its order: by ids, by times and by `active`.
fn selected(call: &Call<'_>, items: &Items<'_>) -> Result<Vec<i64>, ApiError> {
    let query = &call.query;
    let ids: Vec<i64> =
        query.all("ids").flat_map(|text| text.split(',')).filter_map(super::shelf::number).collect();
    let wanted = match query.get("active") {
        Some("Any") => None,
        Some("False") => Some(false),
        _ if call.operation.query.iter().any(|field| field.name == "active") => Some(true),
        _ => None,
    };
    let time = |name: &str| query.get(name).and_then(time::parse);
    let (created_from, created_to) = (time("createdOnOrAfter"), time("createdBefore"));
    let (modified_from, modified_to) = (time("modifiedOnOrAfter"), time("modifiedBefore"));
    let within = |at: i64, from: Option<i64>, to: Option<i64>| {
        from.is_none_or(|from| at >= from) && to.is_none_or(|to| at < to)
    };
    let mut numbers = items.all();
    numbers.retain(|number| {
        !items.is_deleted(*number)
            && (query.get("ids").is_none() || ids.contains(number))
            && wanted.is_none_or(|active| items.is_active(*number) == active)
            && within(items.created(*number), created_from, created_to)
            && within(items.modified(*number), modified_from, modified_to)
    });
    let (by, down) = order(query)?;
    match by {
        "createdOn" => numbers.sort_by_key(|number| (items.created(*number), *number)),
        "modifiedOn" => numbers.sort_by_key(|number| (items.modified(*number), *number)),
        _ => {}
    }
    if down {
        numbers.reverse();
    }
    Ok(numbers)
}
