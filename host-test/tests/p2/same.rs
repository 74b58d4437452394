//! Both flavours are one core: they give the same, word for word.

use super::penstock::{JPM, OPERATIONS, Outcome, Penstock, owned, scene, settings};
use futures_util::StreamExt;
use penstock_host::{
    Environment, Error, Plugin,
    bindings::{
        jpm::{Job, JobsQuery},
        operations::{Answer, Operation},
        types::{CallOptions, Failure},
    },
};
use penstock_simulated::servicetitan::{Config, SimulatedServiceTitan};
use wasmtime::component::ResourceAny;

const VENDOR: &str = "servicetitan";

async fn both(config: Config) -> (SimulatedServiceTitan, Penstock, Plugin) {
    let (provider, penstock) = scene(config, &[]).await;
    let plugin = Plugin::start(Environment::loopback(settings(&provider, &[]))).await.unwrap();
    (provider, penstock, plugin)
}

fn failure<T>(result: Result<T, Error>) -> Failure {
    match result {
        Err(Error::Failure(failure)) => *failure,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it did not fail"),
    }
}

/// What of a failure does not depend on when and in which call it came.
fn lasting(failure: Failure) -> String {
    let Failure { kind, message, status, fields, outcome, resume, .. } = failure;
    format!("{:?}", (kind, message, status, fields, outcome, resume))
}

#[tokio::test]
async fn the_records_of_a_list_as_json_and_as_types() {
    let (provider, mut penstock, plugin) = both(Config::small(500)).await;
    let asked = [("sort", "+Id"), ("pageSize", "60")];
    let records = plugin.list(VENDOR, "jpm.jobs-list", asked, None).await.unwrap();
    let streamed: Vec<String> = records.map(Result::unwrap).collect().await;
    let parameters = (VENDOR.to_owned(), "jpm.jobs-list".to_owned(), owned(&asked));
    let (vendor, name, parameters) = parameters;
    let call = (vendor, name, parameters, None::<String>, None::<CallOptions>);
    let list: ResourceAny = penstock.call(OPERATIONS, "list", call).await;
    let mut read = Vec::new();
    loop {
        let next: Outcome<Option<Vec<String>>> =
            penstock.call(OPERATIONS, "[method]json-reader.next", (list, 97u32)).await;
        let Some(some) = next.unwrap() else { break };
        read.extend(some);
    }
    assert_eq!(streamed.len(), provider.job_ids().len());
    assert_eq!(streamed, read);

    let query = JobsQuery { sort: Some("+Id".to_owned()), ..JobsQuery::default() };
    let records = plugin.servicetitan().jpm().jobs_list(query).await.unwrap();
    let streamed: Vec<Job> = records.map(Result::unwrap).collect().await;
    let jobs = penstock.jobs(CallOptions::default()).await;
    let mut read = Vec::new();
    while let Some(some) = penstock.next(jobs, 97).await.unwrap() {
        read.extend(some);
    }
    assert_eq!(format!("{streamed:?}"), format!("{read:?}"));
    assert_eq!(streamed.len(), provider.job_ids().len());
}

#[tokio::test]
async fn answers_and_failures() {
    let (provider, mut penstock, plugin) = both(Config::small(40)).await;
    let id = provider.job_ids()[3].to_string();
    let mut answers = Vec::new();
    for (operation, parameters) in [
        ("jpm.jobs-get", vec![("id", id.as_str())]),
        ("jpm.jobs-list", vec![("pageSize", "7"), ("page", "2")]),
    ] {
        let one = plugin.invoke(VENDOR, operation, parameters.clone(), None, None).await.unwrap();
        let two: Answer = penstock.invoke(operation, &parameters, None, None).await.unwrap();
        assert!(one.body.is_some());
        assert_eq!(one.body, two.body, "{operation}");
        answers.push(two);
    }
    for (operation, parameters, body) in [
        ("jpm.jobs-get", vec![("id", "5")], None),
        ("jpm.jobs-get", vec![("id", "five")], None),
        ("jpm.jobs-get", vec![("ids", "5")], None),
        ("jpm.job-get", vec![], None),
        ("jpm.jobs-create-note", vec![("id", "5")], Some("{}")),
        ("jpm.jobs-list", vec![("pageSize", "many"), ("sort", "Id")], None),
    ] {
        let body = body.map(str::to_owned);
        let one = plugin.invoke(VENDOR, operation, parameters.clone(), body.clone(), None).await;
        let two = penstock.invoke(operation, &parameters, body.as_deref(), None).await;
        assert_eq!(lasting(failure(one)), lasting(two.unwrap_err()), "{operation} {parameters:?}");
    }
}

#[tokio::test]
async fn a_bad_field_of_a_typed_list() {
    let (_provider, mut penstock, plugin) = both(Config::small(4)).await;
    let query = || JobsQuery { sort: Some("no sort".to_owned()), ..JobsQuery::default() };
    let options = || CallOptions { page_size: Some(0), ..CallOptions::default() };
    let mut records = plugin.servicetitan().jpm().jobs_list(query()).with(options()).await.unwrap();
    let one = records.next().await.map(failure).unwrap();
    let jobs: ResourceAny = penstock.call(JPM, "jobs-list", (query(), Some(options()))).await;
    let two = penstock.next(jobs, 5).await.unwrap_err();
    assert_eq!(lasting(one), lasting(two));
}

#[tokio::test]
async fn what_is_described() {
    let (_provider, mut penstock, plugin) = both(Config::small(4)).await;
    for filter in ["jpm.", "forms.jobs-", "nothing like this"] {
        let one = plugin.describe(VENDOR, Some(filter)).await.unwrap();
        let two: Outcome<Vec<Operation>> =
            penstock.call(OPERATIONS, "describe", (VENDOR.to_owned(), Some(filter.to_owned()))).await;
        assert_eq!(format!("{one:?}"), format!("{:?}", two.unwrap()), "{filter}");
    }
}
