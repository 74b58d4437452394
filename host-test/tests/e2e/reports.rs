//! Reports through the real component: found, described, checked, read by name, at once and
//! later; and what is read by the tenant's own days.

use crate::support;
use futures_util::TryStreamExt;
use penstock_host::{
    Error, Plugin,
    bindings::types::{CallOptions, Failure, FailureKind},
};
use penstock_simulated::servicetitan::{Config, Resource, SimulatedServiceTitan};
use serde_json::{Value, json};
use std::time::Duration;

const ALL_JOBS: [(&str, &str); 2] = [("report_category", "operations"), ("reportId", "102")];
const BY_DAY: [(&str, &str); 2] = [("report_category", "operations"), ("reportId", "101")];
const DATA: &str = "ReportCategoryReports_GetData";

/// A provider with 90 jobs, and the component without waits of its own.
async fn scene(config: Config) -> (SimulatedServiceTitan, Plugin) {
    let provider = SimulatedServiceTitan::start(config).await.unwrap();
    let further = [("SERVICETITAN_REPORT_INTERVAL", "0"), ("SERVICETITAN_RATE_LIMIT", "10000")];
    let plugin = Plugin::start(support::simulated(&provider, &further)).await.unwrap();
    (provider, plugin)
}

/// The rows of a report, 40 a page.
async fn rows(
    plugin: &Plugin,
    operation: &str,
    report: [(&str, &str); 2],
    parameters: Value,
    options: CallOptions,
) -> Result<Vec<Value>, Error> {
    let body = json!({ "parameters": parameters }).to_string();
    let options = CallOptions { page_size: Some(40), ..options };
    let rows = plugin.list_with("servicetitan", operation, report, Some(body), Some(options)).await?;
    let rows: Vec<String> = rows.try_collect().await?;
    Ok(rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect())
}

fn failure(error: &Error) -> &Failure {
    error.failure().unwrap_or_else(|| panic!("{error}"))
}

/// The numbers of all jobs, as the provider holds them.
fn numbers(provider: &SimulatedServiceTitan) -> Vec<Value> {
    let jobs =
        provider.truth(Resource::Jobs).into_iter().map(|id| provider.record(Resource::Jobs, id).unwrap());
    jobs.filter(|job| job["jobStatus"] != "Canceled").map(|job| job["jobNumber"].clone()).collect()
}

#[tokio::test]
async fn every_row_is_read_by_name_at_once_and_later() {
    for operation in ["reporting.reports-data-list", "reporting.reports-query-list"] {
        // Real time passes between two questions: one is enough here.
        let (provider, plugin) = scene(Config { report_questions: 0, ..Config::small(90) }).await;
        let rows = rows(&plugin, operation, ALL_JOBS, json!([]), CallOptions::default()).await.unwrap();
        let read: Vec<Value> = rows.iter().map(|row| row["JobNumber"].clone()).collect();
        assert_eq!(read, numbers(&provider), "{operation}");
        assert!(rows.iter().all(|row| row.as_object().unwrap().len() == 2), "{rows:?}");
    }
}

#[tokio::test]
async fn wrong_parameters_cost_the_report_no_turn() {
    let (provider, plugin) = scene(Config::small(10)).await;
    let wrong = json!([{"name": "Frm", "value": "2026-11-01"}, {"name": "To", "value": 20261101}]);
    let error = rows(&plugin, "reporting.reports-data-list", BY_DAY, wrong, CallOptions::default()).await;
    let error = error.unwrap_err();
    let named: Vec<_> = failure(&error).fields.iter().map(|error| error.field.as_str()).collect();
    assert_eq!((failure(&error).kind, named), (FailureKind::BadInput, vec!["Frm", "To", "From"]));
    assert_eq!(provider.stats().operation(&format!("reporting.{DATA}")), 0);
}

#[tokio::test]
async fn a_report_that_was_asked_for_too_soon_is_waited_for() {
    let config = Config { report_interval: Duration::from_secs(1), ..Config::small(10) };
    let (provider, plugin) = scene(config).await;
    let read = || rows(&plugin, "reporting.reports-data-list", ALL_JOBS, json!([]), CallOptions::default());
    assert_eq!(read().await.unwrap(), read().await.unwrap());
    let stats = provider.stats();
    assert_eq!((stats.rate_limited, stats.operation(&format!("reporting.{DATA}"))), (1, 3));
}

#[tokio::test]
async fn a_report_that_never_gets_ready_is_given_up() {
    let config = Config { report_questions: u32::MAX, ..Config::small(10) };
    let (provider, plugin) = scene(config).await;
    let soon = CallOptions { deadline_ms: Some(6_000), ..CallOptions::default() };
    let error = rows(&plugin, "reporting.reports-query-list", ALL_JOBS, json!([]), soon).await.unwrap_err();
    assert_eq!(failure(&error).kind, FailureKind::Timeout);
    assert_eq!(provider.stats().operation("reporting.ReportDataQueries_Cancel"), 1);
}

#[tokio::test]
async fn the_sales_of_two_years_are_what_their_estimates_come_to() {
    let (_provider, plugin) = scene(Config::small(1)).await;
    let years = [("soldAfter", "2000-01-01"), ("soldBefore", "2099-01-01")];
    let sums = plugin.invoke("servicetitan", "sales.total-sales-between", years, None, None).await.unwrap();
    let sums: Value = serde_json::from_str(&sums.body.unwrap()).unwrap();
    let active = years.into_iter().chain([("active", "True")]);
    let estimates =
        plugin.list("servicetitan", "sales.estimates-sold-between-list", active, None).await.unwrap();
    let estimates: Vec<String> = estimates.try_collect().await.unwrap();
    assert!(estimates.len() > 10);
    assert_eq!(sums["estimates"], estimates.len());
    // In parts of a million millions: amounts have as many digits.
    let exact = |amount: &Value| -> i128 {
        let text = amount.as_str().unwrap();
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        assert!(part.len() <= 12, "{text}");
        format!("{whole}{part:0<12}").parse().unwrap()
    };
    let estimates = estimates.iter().map(|text| serde_json::from_str::<Value>(text).unwrap());
    let items = estimates.flat_map(|estimate| estimate["items"].as_array().cloned().unwrap_or_default());
    let total: i128 = items.map(|item| exact(&item["total"])).sum();
    assert_eq!(exact(&sums["total"]), total);
}
