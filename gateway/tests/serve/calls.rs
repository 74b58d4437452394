//! Operations of all kinds: writes, by name, many at once, and answers that the client has already.

use super::*;
use penstock_gateway::{body::LONGEST_BODY, paths};

const JSON: (&str, &str) = ("content-type", "application/json");

/// Sends JSON with the key.
fn post(gateway: &Gateway<FakeHost>, method: Method, target: &str, body: &'static str) -> Seen {
    send(gateway, method, target, &[("x-api-key", &key()), JSON], vec![body])
}

fn fields(seen: &Seen) -> Vec<String> {
    let problem = seen.json();
    let fields = problem["fields"].as_array().unwrap();
    fields.iter().map(|field| field["field"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_write_takes_json_and_answers_with_what_the_vendor_made_of_it() {
    let gateway = gateway(|target| match target {
        "/crm/v2/tenant/77/customers/5/notes" => answer(
            200,
            r#"{"id":6,"text":"hello","isPinned":false,"createdById":1,"createdOn":"2026-01-02T03:04:05Z"}"#,
        ),
        "/crm/v2/tenant/77/customers/5/notes/6" => answer(200, ""),
        _ => answer(404, "{}"),
    });
    gateway.client().host().reset("PENSTOCK_ROLE", "admin");
    let notes = "/v1/servicetitan/default/crm/customers/5/notes";
    let made = post(&gateway, Method::POST, notes, r#"{"text": "hello"}"#);
    assert_eq!((made.status, &made.json()["text"]), (200, &json!("hello")), "{}", made.body);
    let deleted = send(&gateway, Method::DELETE, &format!("{notes}/6"), &[("x-api-key", &key())], vec![]);
    assert_eq!((deleted.status, deleted.body.as_str()), (204, ""));
    let asked = gateway.client().host().asked.borrow().clone();
    assert_eq!(asked, ["/crm/v2/tenant/77/customers/5/notes", "/crm/v2/tenant/77/customers/5/notes/6"]);
}

#[test]
fn a_body_that_does_not_fit_is_named_before_anything_is_sent() {
    let gateway = gateway(|_| panic!("asked the vendor"));
    let notes = "/v1/servicetitan/default/crm/customers/5/notes";
    for (body, status, named) in [
        ("", 400, "body"),
        ("{", 400, "body"),
        (r#"{"text": 5}"#, 400, "text"),
        (r#"{"text": "x", "pinned": true}"#, 400, "pinned"),
    ] {
        let seen = post(&gateway, Method::POST, notes, body);
        assert_eq!((seen.status, seen.json()["outcome"].as_str()), (status, Some("not-sent")), "{body}");
        assert!(fields(&seen).iter().any(|field| field.contains(named)), "{body}: {}", seen.body);
    }
    let with = |headers: &[(&'static str, &str)], body: Vec<&'static str>| {
        let key = key();
        let headers: Vec<_> = headers.iter().copied().chain([("x-api-key", key.as_str())]).collect();
        send(&gateway, Method::POST, notes, &headers, body)
    };
    let form = with(&[("content-type", "application/x-www-form-urlencoded")], vec!["text=x"]);
    assert_eq!(
        (form.status, &form.json()["type"]),
        (415, &json!("urn:penstock:gateway:unsupported-media-type"))
    );
    assert_eq!(with(&[], vec!["{}"]).status, 415);
    let coded = with(&[JSON, ("content-encoding", "gzip")], vec!["{}"]);
    assert_eq!((coded.status, coded.header("accept-encoding")), (415, "identity"));
    let large = with(&[JSON, ("content-length", &(LONGEST_BODY + 1).to_string())], vec!["x"]);
    assert_eq!((large.status, fields(&large)), (413, vec!["body".to_owned()]));
    let mebibyte: &'static str = "x".repeat(1 << 20).leak();
    let grows = with(&[JSON], vec![mebibyte; 9]);
    assert_eq!((grows.status, fields(&grows)), (413, vec!["body".to_owned()]));
    let length = with(&[JSON, ("content-length", "-1")], vec!["{}"]);
    assert_eq!((length.status, fields(&length)), (400, vec!["Content-Length".to_owned()]));
    // An operation that takes none.
    let none = post(&gateway, Method::DELETE, &format!("{notes}/6"), "{}");
    assert_eq!((none.status, fields(&none)), (400, vec!["body".to_owned()]));
}

#[test]
fn an_operation_is_called_by_its_name() {
    let gateway = gateway(pages(0));
    let invoke = |name: &str, query: &str, body| {
        post(&gateway, Method::POST, &format!("/v1/servicetitan/default/_invoke/{name}{query}"), body)
    };
    let page = invoke("jpm.jobs-list", "", r#"{"parameters": {"ids": [1, 2], "pageSize": 2}}"#);
    assert_eq!((page.status, page.json()["data"][0]["id"].as_i64()), (200, Some(1)), "{}", page.body);
    assert_eq!(
        *gateway.client().host().asked.borrow(),
        ["/jpm/v2/tenant/77/jobs?ids=1%2C2&page=1&pageSize=2"]
    );
    let all = invoke("jpm.jobs-list", "?all=true", r#"{"parameters": {"pageSize": 2}}"#);
    assert_eq!((all.lines().len(), all.ended), (6, Some(Ended::Complete)));
    for (name, body, status, named) in [
        ("jpm.jobs-lists", "{}", 400, "operation"),
        ("jpm.jobs-get", "{}", 400, "id"),
        ("jpm.jobs-get", r#"{"parameters": {"id": "x"}}"#, 400, "id"),
        ("jpm.jobs-get", r#"{"parameters": {"id": 1, "id": 2}}"#, 400, "id"),
        ("jpm.jobs-get", "[]", 400, "body"),
        ("pricebook.images-upload", "{}", 400, "operation"),
    ] {
        let seen = invoke(name, "", body);
        assert_eq!((seen.status, fields(&seen)), (status, vec![named.to_owned()]), "{name} {body}");
    }
}

#[test]
fn many_calls_answer_in_their_order_and_one_failure_harms_none() {
    let gateway = gateway(|target| match target.rsplit('/').next().unwrap() {
        "2" => answer(404, r#"{"title":"not found"}"#),
        id => answer(200, &format!(r#"{{"id":{id}}}"#)),
    });
    let batch = |body| post(&gateway, Method::POST, "/v1/servicetitan/default/_batch", body);
    let seen = batch(
        r#"{"calls": [
            {"operation": "jpm.jobs-get", "parameters": {"id": 1}},
            {"operation": "jpm.jobs-get", "parameters": {"id": 2}},
            {"operation": "jpm.jobs-get", "parameters": {"id": "x"}},
            {"operation": "jpm.jobs-get", "parameters": {"id": 4}}
        ], "concurrency": 1}"#,
    );
    assert_eq!((seen.status, seen.ended), (200, Some(Ended::Complete)));
    let lines = seen.lines();
    let types: Vec<_> = lines.iter().map(|line| &line["failed"]["type"]).collect();
    assert_eq!((&lines[0]["ok"]["id"], &lines[3]["ok"]["id"]), (&json!(1), &json!(4)));
    assert_eq!(types[1..3], ["urn:penstock:failure:not-found", "urn:penstock:failure:bad-input"]);
    let end = json!({"penstock": {"end": {"calls": 4, "ok": 2, "failed": 2, "notAttempted": 0}}});
    assert_eq!(lines[4], end);
    let stopped = batch(
        r#"{"calls": [
            {"operation": "jpm.jobs-get", "parameters": {"id": 2}},
            {"operation": "jpm.jobs-get", "parameters": {"id": 1}}
        ], "concurrency": 1, "stopAfter": 1}"#,
    );
    assert_eq!(stopped.lines()[1], json!({"notAttempted": "failures"}));
    for (body, named) in [
        ("", "body"),
        ("[]", "body"),
        (r#"{"calls": [], "stop": 1}"#, "body"),
        (r#"{"calls": [["jpm.jobs-get"]]}"#, "calls[0]"),
        (
            r#"{"calls": [{"operation": "jpm.jobs-get", "parameters": {"id": [[1]]}}]}"#,
            "calls[0].parameters.id",
        ),
        (r#"{"calls": [], "concurrency": 65}"#, "concurrency"),
    ] {
        let seen = batch(body);
        assert_eq!((seen.status, fields(&seen)), (400, vec![named.to_owned()]), "{body}");
    }
}

#[test]
fn a_page_links_to_the_next_one() {
    let gateway = gateway(pages(0));
    let first = get(&gateway, &format!("{JOBS}?pageSize=2&number=a%26b"));
    let link = first.header("link").to_owned();
    let target = link.strip_prefix('<').and_then(|rest| rest.strip_suffix(">; rel=\"next\"")).unwrap();
    assert!(target.starts_with(&format!("{JOBS}?pageSize=2&number=a%26b&resume=")), "{link}");
    let second = get(&gateway, target);
    assert_eq!((second.status, &second.json()["data"][0]["id"]), (200, &json!(3)));
    let last = get(&gateway, &format!("{JOBS}?pageSize=2&page=3"));
    assert_eq!(last.header("link"), "");
}

#[test]
fn what_is_kept_has_a_tag_and_is_not_sent_again_to_who_has_it() {
    let gateway = gateway(|_| answer(200, r#"{"page":1,"hasMore":false,"data":[{"id":1,"name":"Repair"}]}"#));
    let types = "/v1/servicetitan/default/jpm/job-types";
    let first = get(&gateway, types);
    let tag = first.header("etag").to_owned();
    assert!((first.status, tag.len()) == (200, 66) && first.header("cache-control") == "private, no-cache");
    let again = ask_with(&gateway, Method::GET, types, &[("x-api-key", &key()), ("if-none-match", &tag)]);
    assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", tag.as_str()));
    assert_eq!(again.header("content-length"), "");
    // Nobody keeps a job, and nobody says that it could be.
    let other = over(FakeHost::configured(pages(0)).with("PENSTOCK_API_KEY_HASH", &api_key::hash(&key())));
    assert_eq!(get(&other, JOBS).header("etag"), "");
}

#[test]
fn the_data_of_a_report_may_come_later() {
    let gateway = gateway(|target| match target.split('?').next().unwrap() {
        "/reporting/v2/tenant/77/report-category/ops/reports/7" => answer(
            200,
            r#"{"id":7,"name":"R","description":"","modifiedOn":"2026-01-01T00:00:00Z","parameters":[],"fields":[]}"#,
        ),
        "/reporting/v2/tenant/77/report-category/ops/reports/7/data/query" => {
            answer(202, r#"{"token":"a b"}"#)
        }
        other => panic!("{other}"),
    });
    let data = "/v1/servicetitan/north%20/reporting/report-category/ops/reports/7/data?pageSize=5";
    let ask = |target: &str, prefer| {
        send(
            &gateway,
            Method::POST,
            target,
            &[("x-api-key", &key()), JSON, ("prefer", prefer)],
            vec![r#"{"parameters":[]}"#],
        )
    };
    assert_eq!(ask(data, "respond-async").status, 400, "no account has a blank in its name");
    let started = ask(&data.replace("north%20", "default"), "wait=10, respond-async");
    assert_eq!((started.status, started.json()["token"].as_str()), (202, Some("a b")), "{}", started.body);
    assert_eq!(
        (started.header("location"), started.header("preference-applied")),
        ("/v1/servicetitan/default/reporting/data-queries/a%20b", "respond-async")
    );
}

/// Every operation is reached by its path: whatever is wrong with the request is said of this operation,
/// and nothing says that there is no such path.
#[test]
fn every_operation_has_its_path() {
    let gateway = gateway(|_| answer(500, ""));
    let mut seen = 0;
    for path in ["servicetitan", "asleep"].into_iter().flat_map(|provider| paths::of(provider).unwrap()) {
        let operation = path.operation;
        let parts = path.template().replace("{account}", "%20");
        let parts: Vec<_> =
            parts.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect();
        let method = Method::from_bytes(operation.method.as_str().as_bytes()).unwrap();
        let answer = send(&gateway, method, &parts.join("/"), &[("x-api-key", &key()), JSON], vec!["{}"]);
        assert_eq!(answer.status, 400, "{} {}", operation.name, answer.body);
        seen += 1;
    }
    assert!(seen >= 597, "{seen}");
}
