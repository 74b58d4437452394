//! Reports with a meaning: a category `operations` with reports over the tenant's jobs.
//!
//! They are what a provider's reports are in the field: described, strict about their
//! parameters, of columns that stand in another order on each page, answered once a
//! minute, and in a query that is answered later. All other categories and reports are
//! [`generic`](super::generic), and ask for no parameters.

mod catalogue;
mod described;
mod queries;
mod rows;

use crate::{
    answer::Answer,
    servicetitan::{data::Tenant, errors::ApiError, generic, operations::Call, serve::limited},
};
use queries::Started;
use std::collections::BTreeMap;

/// What a tenant's reports remember.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// When the data of each report was last asked for.
    asked: BTreeMap<i64, i64>,
    /// What was started, by its token.
    started: BTreeMap<String, Started>,
    /// How many were ever started.
    count: u64,
}

/// Which rows are asked for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    report: &'static described::Report,
    filters: rows::Filters,
    page: usize,
    size: usize,
}

/// Answers the requests that are about these reports; none if it is another.
pub(crate) fn answer(call: &Call<'_>, data: &mut Tenant) -> Option<Result<Answer, ApiError>> {
    let operation = call.operation.id.strip_prefix("reporting.")?;
    let token = call.text_of("token");
    match operation {
        "ReportCategories_GetCategories" => return Some(catalogue::categories(call)),
        "DynamicValueSets_GetDynamicSet" if call.text_of("dynamicSetId") == described::UNITS => {
            return Some(catalogue::units(call));
        }
        "ReportDataQueries_Get" if queries::is_ours(token) => return Some(queries::ask(call, data)),
        "ReportDataQueries_Cancel" if queries::is_ours(token) => return Some(queries::cancel(call, data)),
        "ReportCategoryReports_GetReports" if call.text_of("report_category") == described::CATEGORY => {
            return Some(catalogue::reports(call));
        }
        _ => {}
    }
    let (category, id) = (call.text_of("report_category"), call.number("reportId"));
    let ours = described::REPORTS.iter().find(|report| category == described::CATEGORY && report.id == id);
    let Some(report) = ours else {
        return (operation == "ReportCategoryReports_Get").then(|| undemanding(call, data));
    };
    Some(match operation {
        "ReportCategoryReports_Get" => Ok(Answer::records(report.description().to_string(), 1)),
        "ReportCategoryReports_GetData" => asked(call, report).and_then(|asked| {
            turn(call, data, report)?;
            Ok(rows::page(data, &asked, call.query.flag("includeTotal")))
        }),
        "ReportCategoryReports_StartGetData" => asked(call, report).and_then(|asked| {
            turn(call, data, report)?;
            Ok(queries::start(call, data, asked))
        }),
        _ => return None,
    })
}

/// The description of a report without a meaning: it asks for nothing, whatever it is made of.
fn undemanding(call: &Call<'_>, data: &mut Tenant) -> Result<Answer, ApiError> {
    let mut answer = generic::answer(call, data)?;
    if let Ok(mut report) = serde_json::from_slice::<serde_json::Map<_, _>>(&answer.body) {
        report.insert("parameters".to_owned(), serde_json::json!([]));
        answer.body = serde_json::Value::Object(report).to_string().into();
    }
    Ok(answer)
}

fn asked(call: &Call<'_>, report: &'static described::Report) -> Result<Asked, ApiError> {
    let filters = report.filters(&call.text)?;
    let (page, size) = call.query.page()?;
    Ok(Asked { report, filters, page, size })
}

/// Once in [`Config::report_interval`](super::Config::report_interval) for each report; what
/// is refused does not count.
fn turn(call: &Call<'_>, data: &mut Tenant, report: &described::Report) -> Result<(), ApiError> {
    let config = &call.world.config;
    let interval = crate::clock::nanoseconds(config.report_interval);
    let last = data.reports.asked.get(&report.id);
    let wait = last.map_or(0, |last| last.saturating_add(interval) - call.now);
    if wait > 0 {
        call.world.record.count(|stats| stats.rate_limited += 1);
        return Err(limited(config.retry_after, call.now, wait));
    }
    data.reports.asked.insert(report.id, call.now);
    Ok(())
}
