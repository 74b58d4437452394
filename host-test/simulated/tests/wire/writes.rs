//! Writes: what they take, change, answer and count.

use super::{JPM, client::Client};
use penstock_simulated::{
    Clock,
    servicetitan::{Config, Resource, SimulatedServiceTitan},
};
use serde_json::{Value, json};

async fn started() -> (SimulatedServiceTitan, Client) {
    let provider =
        SimulatedServiceTitan::start(Config { clock: Clock::manual(), ..Config::small(200) }).await.unwrap();
    let client = Client::new(&provider).await;
    (provider, client)
}

/// A job in this state.
fn in_state(provider: &SimulatedServiceTitan, status: &str) -> i64 {
    let state = |id: &i64| provider.record(Resource::Jobs, *id).unwrap()["jobStatus"] == status;
    provider.job_ids().into_iter().find(state).unwrap()
}

fn new_job() -> Value {
    json!({
        "customerId": 20_000_001, "locationId": 30_000_001, "businessUnitId": 1_001, "jobTypeId": 2_001,
        "priority": "High", "campaignId": 7_000, "summary": "<p>Наладить</p>", "tagTypeIds": [4_001],
        "customFields": [{ "typeId": 5_001, "value": "blue" }],
        "externalData": {
            "applicationGuid": "01234567-89ab-cdef-0123-456789abcdef",
            "externalData": [{ "key": "erp", "value": "A-1" }],
        },
        "appointments": [
            { "start": "2026-12-01T09:00:00+02:00", "end": "2026-12-01T11:00:00+02:00", "technicianIds": [41_000_001] },
            { "start": "2026-12-02T09:00:00Z", "end": "2026-12-02T11:00:00Z" },
        ],
    })
}

#[tokio::test]
async fn a_job_is_made_found_and_counted() {
    let (provider, client) = started().await;
    let before = provider.job_ids().len();
    let reply = client.call("POST", &format!("{JPM}/jobs"), Some(new_job())).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let id = reply.json["id"].as_i64().unwrap();
    assert!(reply.json["createdOn"].as_str().unwrap().starts_with("2026-11-20T12:00:00.00000"));
    assert_eq!(
        reply.json["customFields"],
        json!([{ "typeId": 5_001, "name": "Job field 5001", "value": "blue" }])
    );
    assert_eq!(reply.json["externalData"], json!([{ "key": "erp", "value": "A-1" }]));
    assert_eq!(client.get(&format!("{JPM}/jobs/{id}")).await.json, reply.json);
    assert_eq!(client.get(&format!("{JPM}/jobs?createdOnOrAfter=2026-11-20T12:00:00Z")).await.ids(), [id]);
    assert_eq!(
        client.get(&format!("{JPM}/jobs?technicianId=41000001&customerId=20000001&ids={id}")).await.ids(),
        [id]
    );
    let appointments = client.get(&format!("{JPM}/appointments?jobId={id}")).await.json["data"].clone();
    assert_eq!(appointments[0]["start"], "2026-12-01T07:00:00.0000000Z", "in UTC, as the vendor answers");
    assert_eq!(
        [&reply.json["appointmentCount"], &reply.json["lastAppointmentId"]],
        [&json!(2), &appointments[1]["id"]]
    );
    assert_eq!((provider.job_ids().len(), provider.stats().written("Jobs_Create")), (before + 1, 1));
}

#[tokio::test]
async fn a_body_that_is_wrong_is_refused_field_by_field() {
    let (provider, client) = started().await;
    let mut body = new_job();
    let members = body.as_object_mut().unwrap();
    members.remove("priority");
    members.insert("campaignId".into(), json!("seven"));
    members.insert("customerID".into(), json!(1));
    members.insert("locationId".into(), json!(null));
    members["appointments"][1].as_object_mut().unwrap().insert("end".into(), json!("later"));
    let reply = client.call("POST", &format!("{JPM}/jobs"), Some(body)).await;
    assert_eq!(reply.status, 400);
    let mut problems: Vec<&String> = reply.json["errors"].as_object().unwrap().keys().collect();
    problems.sort();
    assert_eq!(problems, ["appointments[1].end", "campaignId", "customerID", "locationId", "priority"]);
    assert_eq!(provider.stats().written("Jobs_Create"), 0);

    let text = client.call("POST", &format!("{JPM}/jobs"), Some(json!([]))).await;
    assert_eq!((text.status, text.json["errors"]["$"].is_array()), (400, true));
    let lenient = SimulatedServiceTitan::start(Config { lenient: true, ..Config::small(1) }).await.unwrap();
    let mut body = new_job();
    body["fromTheFuture"] = json!(1);
    let reply = Client::new(&lenient).await.call("POST", &format!("{JPM}/jobs"), Some(body)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[tokio::test]
async fn an_update_tells_absent_from_null() {
    let (provider, client) = started().await;
    let id = provider.job_ids()[3];
    let path = format!("{JPM}/jobs/{id}");
    let set = client.call("PATCH", &path, Some(json!({ "soldById": 41_000_002, "priority": "Low" }))).await;
    assert_eq!([&set.json["soldById"], &set.json["priority"]], [&json!(41_000_002), &json!("Low")]);
    let cleared = client.call("PATCH", &path, Some(json!({ "soldById": null }))).await;
    assert_eq!([&cleared.json["soldById"], &cleared.json["priority"]], [&Value::Null, &json!("Low")]);
    let mut same = set.json.clone();
    same["soldById"] = Value::Null;
    same["modifiedOn"] = cleared.json["modifiedOn"].clone();
    assert_eq!(cleared.json, same, "nothing else changed");
    assert_ne!(set.json["modifiedOn"], cleared.json["modifiedOn"]);
    let refused = client.call("PATCH", &path, Some(json!({ "priority": null }))).await;
    assert_eq!(refused.status, 400, "the vendor does not declare it nullable");
    let bodies: Vec<String> =
        provider.requests().into_iter().filter(|seen| seen.method == "PATCH").map(|s| s.body).collect();
    assert_eq!(bodies[1], r#"{"soldById":null}"#, "what came is there to be looked at");
}

#[tokio::test]
async fn external_data_is_merged_or_replaced() {
    let (provider, client) = started().await;
    let path = format!("{JPM}/jobs/{}", provider.job_ids()[3]);
    let send = |mode: &str, data: Value| {
        let guid = "01234567-89ab-cdef-0123-456789abcdef";
        let body =
            json!({ "externalData": { "patchMode": mode, "applicationGuid": guid, "externalData": data } });
        let (client, path) = (client.clone(), path.clone());
        async move { client.call("PATCH", &path, Some(body)).await.json["externalData"].clone() }
    };
    let entry = |key: &str, value: &str| json!({ "key": key, "value": value });
    send("Replace", json!([entry("a", "1"), entry("b", "2")])).await;
    assert_eq!(send("Merge", json!([entry("b", "3")])).await, json!([entry("a", "1"), entry("b", "3")]));
    assert_eq!(send("Merge", json!([{ "key": "a", "value": null }])).await, json!([entry("b", "3")]));
}

#[tokio::test]
async fn a_job_goes_through_its_states_and_no_others() {
    let (provider, client) = started().await;
    let id = in_state(&provider, "Scheduled");
    let path = |what: &str| format!("{JPM}/jobs/{id}/{what}");
    let status = || provider.record(Resource::Jobs, id).unwrap()["jobStatus"].clone();
    let why = |reason: i64| Some(json!({ "reasonId": reason, "memo": "the customer is away" }));
    let put = async |what: &str, body: Option<Value>| client.call("PUT", &path(what), body).await.status;

    assert_eq!((put("hold", why(3_101)).await, status()), (200, "Hold".into()));
    assert_eq!(put("hold", why(3_101)).await, 409);
    let reasons = client.get(&format!("{JPM}/jobs/hold-reasons?ids={id}")).await;
    assert_eq!(reasons.json["data"][0]["text"], "the customer is away");
    assert_eq!(put("cancel", why(1)).await, 400, "there is no such reason");
    assert_eq!((put("cancel", why(3_001)).await, status()), (200, "Canceled".into()));
    assert_eq!((put("cancel", why(3_001)).await, put("hold", why(3_101)).await), (409, 409));
    let logs = client.get(&path("canceled-log")).await;
    assert_eq!(logs.json["data"][0]["memo"], "the customer is away");
    let reasons = client.get(&format!("{JPM}/jobs/cancel-reasons?ids={id}")).await;
    assert_eq!(
        [&reasons.json["data"][0]["jobId"], &reasons.json["data"][0]["reasonId"]],
        [&json!(id), &json!(3_001)]
    );
    let done = Some(json!({ "completedOn": "2026-11-20T12:00:00Z" }));
    assert_eq!(put("complete", done.clone()).await, 409);
    assert_eq!((put("remove-cancellation", None).await, status()), (200, "Scheduled".into()));
    assert_eq!(put("remove-cancellation", None).await, 409);
    assert!(
        client.get(&format!("{JPM}/jobs/cancel-reasons?ids={id}")).await.json["data"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert_eq!((put("complete", done).await, status()), (200, "Completed".into()));
    assert_eq!(provider.record(Resource::Jobs, id).unwrap()["completedOn"], "2026-11-20T12:00:00.0000000Z");
    let events = client.get(&path("history")).await.json["history"].clone();
    let events: Vec<&str> =
        events.as_array().unwrap().iter().skip(3).map(|e| e["eventType"].as_str().unwrap()).collect();
    assert_eq!(events, ["Hold", "Canceled", "Scheduled", "Completed"]);
    let stats = provider.stats();
    assert_eq!((stats.written("Jobs_Cancel"), stats.statuses[&409]), (1, 5), "refusals are no writes");
    assert_eq!(client.call("PUT", &format!("{JPM}/jobs/1/cancel"), why(3_001)).await.status, 404);
}

#[tokio::test]
async fn appointments_are_added_moved_held_and_deleted() {
    let (provider, client) = started().await;
    let job = in_state(&provider, "Scheduled");
    let plan = json!({ "jobId": job, "start": "2026-12-01T09:00:00Z", "end": "2026-12-01T11:00:00Z" });
    let made = client.call("POST", &format!("{JPM}/appointments"), Some(plan.clone())).await;
    assert_eq!((made.status, &made.json["status"]), (200, &json!("Scheduled")), "{made:?}");
    let path = format!("{JPM}/appointments/{}", made.json["id"]);
    let call = async |method: &str, what: &str, body: Option<Value>| {
        client.call(method, &format!("{path}{what}"), body).await
    };
    let moved = call("PATCH", "/reschedule", Some(json!({ "end": "2026-12-01T12:00:00Z" }))).await;
    assert_eq!(
        [&moved.json["start"], &moved.json["end"]],
        ["2026-12-01T09:00:00.0000000Z", "2026-12-01T12:00:00.0000000Z"]
    );
    let backwards = call("PATCH", "/reschedule", Some(json!({ "end": "2026-12-01T08:00:00Z" }))).await;
    assert_eq!((backwards.status, backwards.json["errors"]["end"].is_array()), (400, true));
    assert_eq!(call("DELETE", "/hold", None).await.status, 409);
    assert_eq!(call("PUT", "/hold", Some(json!({ "reasonId": 3_101, "memo": "" }))).await.status, 200);
    assert_eq!(call("GET", "", None).await.json["status"], "Hold");
    assert_eq!(call("DELETE", "/hold", None).await.status, 200);
    assert_eq!(call("PUT", "/confirmation", None).await.status, 200);
    assert_eq!(call("GET", "", None).await.json["isConfirmed"], true);
    assert_eq!(call("DELETE", "/confirmation", None).await.status, 200);
    let told =
        call("PUT", "/special-instructions", Some(json!({ "specialInstructions": "Ring twice" }))).await;
    assert_eq!(told.json["specialInstructions"], "Ring twice");
    for notes in ["first", "second"] {
        let body = json!({ "notes": notes, "technicianId": 41_000_001 });
        assert_eq!(call("POST", "/summaries", Some(body)).await.json["notes"], notes);
    }
    assert_eq!(call("GET", "", None).await.json["appointmentSummaries"].as_array().map(Vec::len), Some(1));
    assert_eq!(call("DELETE", "", None).await.status, 200);
    assert_eq!(call("DELETE", "", None).await.status, 404);
    let others = client.get(&format!("{JPM}/appointments?jobId={job}&active=Any")).await.ids();
    for id in &others[1..] {
        client.call("DELETE", &format!("{JPM}/appointments/{id}"), None).await;
    }
    let last = client.call("DELETE", &format!("{JPM}/appointments/{}", others[0]), None).await;
    assert_eq!(last.status, 409, "a job keeps one");
    let closed =
        json!({ "jobId": in_state(&provider, "Completed"), "start": plan["start"], "end": plan["end"] });
    assert_eq!(client.call("POST", &format!("{JPM}/appointments"), Some(closed)).await.status, 409);
}

#[tokio::test]
async fn notes_messages_projects_and_equipment() {
    let (provider, client) = started().await;
    let (project, job) = (provider.truth(Resource::Projects)[0], in_state(&provider, "Completed"));
    for owner in [format!("jobs/{job}"), format!("projects/{project}")] {
        let before =
            client.get(&format!("{JPM}/{owner}/notes?includeTotal=true")).await.json["totalCount"].as_i64();
        let body = json!({ "text": "Naïve ☎", "pinToTop": true });
        let note = client.call("POST", &format!("{JPM}/{owner}/notes"), Some(body)).await;
        assert_eq!([&note.json["text"], &note.json["isPinned"]], [&json!("Naïve ☎"), &json!(true)]);
        let after =
            client.get(&format!("{JPM}/{owner}/notes?includeTotal=true")).await.json["totalCount"].as_i64();
        assert_eq!(after, before.map(|count| count + 1));
        let body = json!({ "body": "Hello", "createdByEmployeeId": 40_000_001 });
        let message = client.call("POST", &format!("{JPM}/{owner}/messages"), Some(body)).await;
        assert!(message.json["id"].is_i64(), "{message:?}");
    }
    assert_eq!(
        client.call("POST", &format!("{JPM}/projects/{project}/attach-job/{job}"), None).await.status,
        200
    );
    assert_eq!(provider.record(Resource::Jobs, job).unwrap()["projectId"], project);
    assert!(client.get(&format!("{JPM}/projects?jobId={job}")).await.ids() == [project]);
    assert_eq!(client.call("POST", &format!("{JPM}/projects/detach-job/{job}"), None).await.status, 200);
    assert_eq!(client.call("POST", &format!("{JPM}/projects/detach-job/{job}"), None).await.status, 400);
    let equipment = format!("{JPM}/jobs/{job}/equipment");
    provider.modify(Resource::Jobs, job, &json!({ "equipmentIds": [1] }));
    let body = |ids: &[i64]| Some(json!({ "equipmentIds": ids }));
    let attached = client.call("POST", &equipment, body(&[2, 3])).await;
    assert_eq!(attached.json["equipmentIds"], json!([1, 2, 3]));
    let gone = client.call("DELETE", &format!("{equipment}/2"), None).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    assert_eq!(client.call("DELETE", &equipment, body(&[1])).await.status, 204);
    assert_eq!(client.call("DELETE", &equipment, body(&[9])).await.status, 404);
    assert_eq!(client.get(&equipment).await.json["equipmentIds"], json!([3]));
}
