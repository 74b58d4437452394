//! Pages, filters, order.

use super::{JPM, client::Client};
use penstock_simulated::{
    Matcher,
    servicetitan::{Config, Resource, SimulatedServiceTitan},
};
use serde_json::{Value, json};

async fn started(jobs: usize) -> (SimulatedServiceTitan, Client) {
    let provider = SimulatedServiceTitan::start(Config::small(jobs)).await.unwrap();
    let client = Client::new(&provider).await;
    (provider, client)
}

/// Every page of a list, one after the other.
async fn all(client: &Client, path: &str, size: usize) -> Vec<Value> {
    let mut rows = Vec::new();
    for page in 1.. {
        let join = if path.contains('?') { '&' } else { '?' };
        let reply = client.get(&format!("{JPM}/{path}{join}page={page}&pageSize={size}")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let data = reply.json["data"].as_array().unwrap();
        assert!(data.len() == size || reply.json["hasMore"] == false, "a short page in the middle");
        rows.extend(data.iter().cloned());
        if reply.json["hasMore"] == false {
            break;
        }
    }
    rows
}

fn ids(rows: &[Value]) -> Vec<i64> {
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn all_pages_together_are_the_truth() {
    let (provider, client) = started(307).await;
    let truth = provider.job_ids();
    assert!(truth.len() > 290 && truth.len() < 307, "some are deleted: {}", truth.len());
    for size in [1, 50, 100, truth.len(), truth.len() + 1, 5_000] {
        assert_eq!(ids(&all(&client, "jobs", size).await), truth, "pages of {size}");
    }
    for (path, resource) in [
        ("appointments?active=Any", Resource::Appointments),
        ("projects", Resource::Projects),
        ("job-types?active=Any", Resource::JobTypes),
        ("project-types", Resource::ProjectTypes),
        ("work-breakdown-structure/budget-codes", Resource::BudgetCodes),
    ] {
        assert_eq!(ids(&all(&client, path, 7).await), provider.truth(resource), "{path}");
    }
    let beyond = client.get(&format!("{JPM}/jobs?page=99")).await;
    assert_eq!((beyond.ids(), &beyond.json["hasMore"]), (vec![], &json!(false)));
}

#[tokio::test]
async fn the_envelope_is_the_providers() {
    let (provider, client) = started(120).await;
    let reply = client.get(&format!("{JPM}/jobs")).await;
    assert_eq!([&reply.json["page"], &reply.json["pageSize"]], [&json!(1), &json!(50)]);
    assert!(reply.text.contains("\"totalCount\":null"), "not counted unless asked for");
    let reply = client.get(&format!("{JPM}/jobs?includeTotal=true&page=2")).await;
    assert_eq!(reply.json["totalCount"], provider.job_ids().len());
    for (query, field) in [
        ("pageSize=0", "pageSize"),
        ("pageSize=5001", "pageSize"),
        ("pageSize=x", "pageSize"),
        ("page=0", "page"),
        ("page=-1", "page"),
        ("bogus=1", "bogus"),
        ("customerId=x", "customerId"),
        ("customerId=1&customerId=2", "customerId"),
        ("createdBefore=soon", "createdBefore"),
        ("sort=%2BColour", "sort"),
        ("ids=1,x", "ids"),
        ("jobStatus=Lost", "jobStatus"),
    ] {
        let reply = client.get(&format!("{JPM}/jobs?{query}")).await;
        let problems = reply.json["errors"][field].as_array().map(Vec::len);
        assert_eq!((reply.status, problems), (400, Some(1)), "{query} {reply:?}");
    }
    let reply = client.get(&format!("{JPM}/work-breakdown-structure/segments?page=2&pageSize=5")).await;
    assert_eq!(reply.json.as_object().unwrap().keys().collect::<Vec<_>>(), ["data"]);
    assert_eq!(reply.ids(), [606, 607]);
}

#[tokio::test]
async fn filters_select_what_they_say() {
    let (_provider, client) = started(400).await;
    let everything = all(&client, "jobs", 5_000).await;
    let sample =
        everything.iter().find(|job| job["projectId"].is_i64() && job["jobStatus"] == "Completed").unwrap();
    let expected = |test: &dyn Fn(&Value) -> bool| -> Vec<i64> {
        ids(&everything.iter().filter(|job| test(job)).cloned().collect::<Vec<_>>())
    };
    for name in [
        "projectId",
        "customerId",
        "locationId",
        "jobTypeId",
        "campaignId",
        "businessUnitId",
        "invoiceId",
        "jobStatus",
    ] {
        let value = sample[name].as_str().map_or_else(|| sample[name].to_string(), str::to_owned);
        let found = ids(&all(&client, &format!("jobs?{name}={value}"), 5_000).await);
        assert_eq!(found, expected(&|job| job[name] == sample[name]), "{name}={value}");
        assert!(found.contains(&sample["id"].as_i64().unwrap()) && found.len() < everything.len());
    }
    let number = sample["jobNumber"].as_str().unwrap();
    assert_eq!(
        ids(&all(&client, &format!("jobs?number={number}"), 10).await),
        ids(std::slice::from_ref(sample))
    );
    let three: Vec<i64> = ids(&everything)[5..8].to_vec();
    let list = format!("{},{},{}", three[2], three[0], three[1]);
    assert_eq!(ids(&all(&client, &format!("jobs?ids={list}"), 10).await), three);
    let tag = sample["tagTypeIds"].as_array().unwrap().first().map_or(4_001, |tag| tag.as_i64().unwrap());
    assert_eq!(
        ids(&all(&client, &format!("jobs?tagTypeIds={tag}"), 5_000).await),
        expected(&|job| job["tagTypeIds"].as_array().unwrap().contains(&json!(tag)))
    );
    let keyed = all(&client, "jobs?externalDataKey=erp", 5_000).await;
    assert_eq!(ids(&keyed), expected(&|job| job["externalData"][0]["key"] == "erp"));
    let value = keyed[1]["externalData"][0]["value"].as_str().unwrap();
    assert_eq!(
        all(&client, &format!("jobs?externalDataKey=erp&externalDataValues=x,{value}"), 9).await,
        [keyed[1].clone()]
    );
}

#[tokio::test]
async fn windows_of_time_include_their_start_and_not_their_end() {
    let (_provider, client) = started(200).await;
    let everything = all(&client, "jobs", 5_000).await;
    let mut times: Vec<&str> = everything.iter().map(|job| job["modifiedOn"].as_str().unwrap()).collect();
    // All spellings begin alike, and differ only at the end: seven digits, then the offset.
    times.sort_unstable();
    let edge = times[100];
    let query = edge.trim_end_matches("+00:00").trim_end_matches('Z');
    let since = ids(&all(&client, &format!("jobs?modifiedOnOrAfter={query}Z"), 5_000).await);
    let before = ids(&all(&client, &format!("jobs?modifiedBefore={query}%2B00:00"), 5_000).await);
    assert_eq!((before.len(), since.len()), (100, everything.len() - 100));
    let at_edge = everything.iter().find(|job| job["modifiedOn"] == edge).unwrap();
    assert!(since.contains(&at_edge["id"].as_i64().unwrap()));
    let completed =
        ids(&all(&client, "jobs?completedOnOrAfter=2024-06-01&completedBefore=2025-01-01", 5_000).await);
    let wanted = everything.iter().filter(|job| {
        job["completedOn"].as_str().is_some_and(|at| ("2024-06-01".."2025-01-01").contains(&at))
    });
    assert_eq!(completed, ids(&wanted.cloned().collect::<Vec<_>>()));
}

#[tokio::test]
async fn filters_that_look_at_appointments() {
    let (_provider, client) = started(300).await;
    let jobs = all(&client, "jobs", 5_000).await;
    let appointments = all(&client, "appointments?active=Any", 5_000).await;
    let working: Vec<i64> = jobs
        .iter()
        .map(|job| job["id"].as_i64().unwrap())
        .filter(|id| appointments.iter().any(|other| other["jobId"] == *id && other["status"] == "Working"))
        .collect();
    assert!(!working.is_empty());
    assert_eq!(ids(&all(&client, "jobs?appointmentStatus=Working", 5_000).await), working);
    let technician = 41_000_007;
    let own = all(&client, &format!("appointments?active=Any&technicianId={technician}"), 5_000).await;
    let mut wanted: Vec<i64> = own.iter().map(|row| row["jobId"].as_i64().unwrap()).collect();
    wanted.dedup();
    let found = ids(&all(&client, &format!("jobs?technicianId={technician}"), 5_000).await);
    wanted.retain(|id| jobs.iter().any(|job| job["id"] == *id));
    assert_eq!(found, wanted);
    assert!(!found.is_empty());
    let inactive = all(&client, "appointments?active=False", 5_000).await;
    let active = all(&client, "appointments", 5_000).await;
    assert!(
        inactive.iter().all(|row| row["active"] == false) && active.iter().all(|row| row["active"] == true)
    );
    assert_eq!(inactive.len() + active.len(), appointments.len());
}

#[tokio::test]
async fn the_order_is_what_was_asked_for() {
    let (provider, client) = started(150).await;
    let truth = provider.job_ids();
    let reversed: Vec<i64> = truth.iter().rev().copied().collect();
    for sort in ["%2BId", "+Id", "Id"] {
        assert_eq!(ids(&all(&client, &format!("jobs?sort={sort}"), 40).await), truth, "{sort}");
    }
    assert_eq!(ids(&all(&client, "jobs?sort=-Id", 40).await), reversed);
    for (sort, member) in [("%2BModifiedOn", "modifiedOn"), ("%2BCreatedOn", "createdOn")] {
        let rows = all(&client, &format!("jobs?sort={sort}"), 40).await;
        assert!(
            rows.is_sorted_by_key(|row| row[member].as_str().unwrap().get(..27).unwrap().to_owned()),
            "{sort}"
        );
        let mut found = ids(&rows);
        found.sort_unstable();
        assert_eq!(found, truth);
    }
}

#[tokio::test]
async fn data_changes_while_a_read_goes_on() {
    let (provider, client) = started(100).await;
    let before = provider.job_ids();
    provider.after(Matcher::operation("Jobs_GetList"), 2, move |world| {
        world.add_job();
        world.remove(Resource::Jobs, world.job_ids()[0]);
        let id = world.job_ids()[10];
        assert!(world.modify(Resource::Jobs, id, &json!({ "jobStatus": "Hold" })));
    });
    let read = ids(&all(&client, "jobs", 20).await);
    assert_eq!(provider.job_ids().len(), before.len());
    // Offset paging: when a row before the offset goes, one behind it is skipped.
    let lost: Vec<_> = provider.job_ids().into_iter().filter(|id| !read.contains(id)).collect();
    assert_eq!(lost, [before[40]]);
    assert_eq!(provider.record(Resource::Jobs, before[11]).unwrap()["jobStatus"], "Hold");
}

#[tokio::test]
async fn the_same_seed_gives_the_same_data_with_the_providers_quirks() {
    let (_a, first) = started(500).await;
    let (_b, second) = started(600).await;
    let page = |client: Client| async move { client.get(&format!("{JPM}/jobs?pageSize=400")).await.text };
    let text = page(first).await;
    let same = page(second).await;
    assert_eq!(text, same, "a job does not depend on the number of jobs");
    for quirk in [
        "\"riskScore\":0.",
        "\"Rescheduling\"",
        "<p>",
        "&amp;",
        "null",
        "+00:00\"",
        "\"summaryOfWork\":",
        "Müller",
    ] {
        assert!(text.contains(quirk), "{quirk}");
    }
    let decimals: Vec<&str> =
        text.split("\"total\":").skip(1).map(|rest| rest.split(',').next().unwrap()).collect();
    assert!(decimals.iter().any(|total| total.contains('.') && total.ends_with('0')));
    assert!(decimals.iter().any(|total| total.len() >= 20), "{decimals:?}");
    let jobs: Value = serde_json::from_str(&text).unwrap();
    let jobs = jobs["data"].as_array().unwrap();
    assert!(
        jobs.iter().any(|job| job.get("total").is_none()) && jobs.iter().any(|job| job["total"].is_null())
    );
    assert!(
        jobs.iter().any(|job| !job["createdOn"].as_str().unwrap().ends_with(['Z', '0'])),
        "some have no offset"
    );
}
