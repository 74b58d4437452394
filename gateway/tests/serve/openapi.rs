//! The gateway does what its description says: requests that are made from it are taken, and what
//! comes back is what it promises.

#[path = "../openapi/example.rs"]
mod example;
#[path = "../openapi/schema.rs"]
mod schema;

use super::*;
use example::example;
use penstock::contract::catalogue::{self, Operation, Paging, Type};
use penstock_gateway::openapi::{self as described_by, Part};
use schema::{fits, resolve};
use std::collections::BTreeSet;

fn document() -> Value {
    serde_json::from_slice(&described_by::document(&Part::default())).unwrap()
}

fn setting(value: &str) -> Gateway<FakeHost> {
    let host = FakeHost::configured(|_| panic!("asked the vendor"));
    over(host.with("PENSTOCK_API_KEY_HASH", &api_key::hash(&key())).with("PENSTOCK_PUBLIC_DOCS", value))
}

#[test]
fn who_has_no_key_learns_nothing_unless_the_settings_say_so() {
    let gateway = setting("false");
    let bare = ask_with(&gateway, Method::GET, "/openapi.json", &[]);
    assert_eq!((bare.status, &bare.json()["type"]), (401, &json!("urn:penstock:gateway:unauthorized")));
    assert_eq!(ask_with(&gateway, Method::POST, "/openapi.json", &[]).status, 401);
    assert_eq!(get(&gateway, "/openapi.json").status, 200);
    assert_eq!(ask_with(&setting("true"), Method::GET, "/openapi.json", &[]).status, 200);
    // What cannot be read opens nothing, and is told.
    let wrong = setting("perhaps");
    assert_eq!(ask_with(&wrong, Method::GET, "/openapi.json", &[]).status, 401);
    let ready = get(&wrong, "/ready");
    assert!(ready.status == 503 && ready.body.contains("PENSTOCK_PUBLIC_DOCS"), "{}", ready.body);
    let page = ask_with(&gateway, Method::GET, "/docs", &[]);
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").starts_with("default-src 'none'; script-src 'sha256-"));
    assert_eq!(ask_with(&gateway, Method::POST, "/docs", &[]).header("allow"), "GET, HEAD, OPTIONS");
}

#[test]
fn the_document_comes_whole_or_not_at_all() {
    let gateway = setting("true");
    let first = ask_with(&gateway, Method::GET, "/openapi.json", &[]);
    assert_eq!((first.header("content-type"), first.ended), ("application/json", Some(Ended::Complete)));
    assert_eq!(first.header("content-length"), first.body.len().to_string());
    assert_eq!(first.json()["openapi"], "3.1.1");
    let tag = first.header("etag").to_owned();
    let again = ask_with(&gateway, Method::GET, "/openapi.json", &[("if-none-match", &tag)]);
    assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", tag.as_str()));
    let head = ask_with(&gateway, Method::HEAD, "/openapi.json", &[]);
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header("content-length"), first.header("content-length"));
}

#[test]
fn a_key_is_told_of_what_it_is_for() {
    let keys = format!("jpm={};modules=jpm,sleep={};providers=asleep", api_key::hash(&key()), {
        api_key::hash(api_key::generate(&[8; 32]).expose())
    });
    let host = |docs| {
        FakeHost::configured(|_| panic!("asked the vendor"))
            .with("PENSTOCK_API_KEYS", &keys)
            .with("PENSTOCK_PUBLIC_DOCS", docs)
    };
    let of = |gateway: &Gateway<FakeHost>, key: &str| {
        let headers = [("x-api-key", key)];
        let seen = ask_with(gateway, Method::GET, "/openapi.json", &headers[..usize::from(!key.is_empty())]);
        assert_eq!((seen.status, seen.ended), (200, Some(Ended::Complete)));
        let document = seen.json();
        let paths = document["paths"].as_object().unwrap().values();
        let operations = paths.flat_map(|item| item.as_object().unwrap().values());
        let ids = operations.filter_map(|operation| operation["operationId"].as_str());
        let modules = ids.map(|id| id.rsplit_once('.').unwrap().0.to_owned()).collect::<BTreeSet<_>>();
        (modules, document, seen.header("etag").to_owned())
    };
    let only = |module: &str| BTreeSet::from(["gateway".to_owned(), module.to_owned()]);
    for docs in ["false", "true"] {
        let gateway = over(host(docs));
        let (modules, document, tag) = of(&gateway, &key());
        assert_eq!(modules, only("servicetitan.jpm"));
        assert!(!document.to_string().contains("Pricebook"));
        // It is whole: what it refers to is in it.
        let mut references = 0;
        for reference in document.to_string().split("\"$ref\":\"").skip(1) {
            let reference = reference.split('"').next().unwrap();
            resolve(&document, &json!({ "$ref": reference }));
            references += 1;
        }
        assert!(references > 500, "{references}");
        let (modules, _, other) = of(&gateway, api_key::generate(&[8; 32]).expose());
        assert_eq!(modules, only("asleep.sleep"));
        assert_ne!(tag, other);
        // The tag of one is none of another's.
        let headers = [("x-api-key", &*key()), ("if-none-match", &*other)];
        assert_eq!(ask_with(&gateway, Method::GET, "/openapi.json", &headers).status, 200);
    }
    // Who needs no key and has none, or has none that is valid, sees all.
    let (modules, document, _) = of(&over(host("true")), "");
    assert!(modules.len() > 20 && document.to_string().contains("Pricebook"));
}

/// How much the vendor tells.
#[derive(Clone, Copy, PartialEq)]
enum Told {
    /// All that the contract knows, and more.
    All,
    /// As little as it may, with texts of enums that nobody knows.
    Little,
}

/// What the vendor sends of a type.
fn sent(ty: &Type, told: Told, depth: usize) -> Option<Value> {
    Some(match ty {
        Type::Option(_) if told == Told::Little || depth > 8 => return None,
        Type::Option(Type::Option(_)) => Value::Null,
        Type::Option(inner) => return sent(inner, told, depth),
        Type::Bool => json!(true),
        Type::S32 | Type::S64 | Type::U32 | Type::U64 => json!(7),
        Type::F64 => json!(1.5),
        Type::Text => json!("x"),
        Type::Instant => json!("2026-01-02T03:04:05.6+02:00"),
        Type::Date => json!("2026-01-02T00:00:00"),
        Type::Decimal => json!(12.5),
        Type::Json => json!({"a": [1, null]}),
        Type::List(_) if told == Told::Little || depth > 8 => return None,
        Type::List(element) => json!([sent(element, told, depth + 1)]),
        Type::Enum(known) if told == Told::All => json!(known.cases[0].wire),
        Type::Enum(_) => json!("Unheard of"),
        Type::Record(record) => {
            let members = record.fields.iter();
            let members =
                members.filter_map(|field| Some((field.wire.to_owned(), sent(&field.ty, told, depth + 1)?)));
            let more = (told == Told::All && record.extra).then(|| ("unheardOf".to_owned(), json!([1])));
            members.chain(more).collect()
        }
    })
}

/// The vendor's answer to an operation.
fn vendor(operation: &Operation, told: Told) -> String {
    let Some(ty) = &operation.answer else { return String::new() };
    let record = sent(ty, told, 0).unwrap_or(Value::Null);
    let answer = match operation.paging {
        Paging::None if operation.provider == "asleep" => json!({"detail": "OK", "result": record}),
        Paging::Offset => json!({"detail": "OK", "result": {"sleep_session_list": [record]}}),
        Paging::None => record,
        Paging::Bare => json!([record]),
        Paging::Report => json!({"hasMore": false, "fields": [{"name": "A"}], "data": [[1]]}),
        _ => json!({"page": 7, "pageSize": 7, "hasMore": false, "continueFrom": "t", "data": [record]}),
    };
    answer.to_string()
}

/// A request as the document describes it: target, header fields, body.
struct Made {
    target: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<&'static str>,
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

/// Everything that the document knows of an operation, but what cannot be asked for together.
fn made(document: &Value, path: &str, operation: &Value) -> Made {
    let mut made =
        Made { target: path.replace("{account}", "default"), headers: Vec::new(), body: Vec::new() };
    let (mut query, parameters) = (Vec::new(), operation.get("parameters").and_then(Value::as_array));
    for parameter in parameters.into_iter().flatten().map(|one| resolve(document, one)) {
        let name = parameter["name"].as_str().unwrap();
        let schema =
            parameter.get("schema").unwrap_or_else(|| &parameter["content"]["application/json"]["schema"]);
        let values = texts(&example(document, schema));
        match parameter["in"].as_str().unwrap() {
            "path" => made.target = made.target.replace(&format!("{{{name}}}"), &encoded(&values[0])),
            // A stream, and what goes on with another page.
            "query" if ["all", "resume"].contains(&name) => {}
            "query" if parameter["explode"] == json!(false) => {
                query.push(format!("{name}={}", encoded(&values.join(","))));
            }
            "query" => query.extend(values.iter().map(|value| format!("{name}={}", encoded(value)))),
            "header" if name == "Content-Disposition" => {
                made.headers.push(("content-disposition", parameter["example"].as_str().unwrap().to_owned()));
            }
            _ => assert!(["If-None-Match", "Prefer", "Idempotency-Key"].contains(&name)),
        }
    }
    made.target.push_str(&format!("?{}", query.join("&")));
    if let Some(body) = operation.get("requestBody") {
        let content = &resolve(document, body)["content"];
        match content.get("application/json") {
            Some(json) => {
                made.headers.push(("content-type", "application/json".to_owned()));
                made.body.push(example(document, &json["schema"]).to_string().leak());
            }
            None => made.body.push("a file"),
        }
    }
    made
}

/// What a gateway answers to it whose vendor answers with this.
fn ask(made: &Made, method: &str, status: u16, vendors: String) -> Seen {
    let host = FakeHost::configured(move |_| answer(status, &vendors)).with("PENSTOCK_ROLE", "admin");
    let host = host.with("ASLEEP_API_KEY", CANARY).with("ASLEEP_RATE_LIMIT", "10000");
    let gateway = over(host.with("PENSTOCK_API_KEY_HASH", &api_key::hash(&key())));
    let key = key();
    let mut headers = vec![("x-api-key", key.as_str())];
    headers.extend(made.headers.iter().map(|(name, value)| (*name, value.as_str())));
    let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap();
    send(&gateway, method, &made.target, &headers, made.body.clone())
}

/// The schema of an answer in JSON; none of a file and of nothing.
///
/// # Errors
/// The document does not know it, or it is not as its schema has it.
fn check(document: &Value, operation: &Value, seen: &Seen) -> Result<Option<Value>, String> {
    let told = |why: String| format!("{}: {why}: {}", operation["operationId"], seen.body);
    let responses = &operation["responses"];
    let response = responses
        .get(seen.status.to_string())
        .ok_or_else(|| told(format!("{} is not known", seen.status)))?;
    let media_type = seen.header("content-type").split(';').next().unwrap();
    let Some(content) = resolve(document, response).get("content") else {
        return if seen.body.is_empty() { Ok(None) } else { Err(told("has a body".to_owned())) };
    };
    let content = content.get(media_type).ok_or_else(|| told(format!("{media_type} is not known")))?;
    if !media_type.ends_with("json") || media_type == "application/x-ndjson" {
        return Ok(None);
    }
    fits(document, &content["schema"], &seen.json()).map_err(told)?;
    Ok(Some(content["schema"].clone()))
}

/// Path, method, what the document says of it, and the table, of every operation of the vendors.
fn described(document: &Value) -> Vec<(&str, &str, &Value, &'static Operation)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"] {
            let id = item.get(method).map(|operation| operation["operationId"].as_str().unwrap());
            if let Some((provider, name)) = id.and_then(|id| id.split_once('.'))
                && provider != "gateway"
            {
                let table = catalogue::find(provider, name).unwrap();
                all.push((path.as_str(), method, &item[method], table));
            }
        }
    }
    all
}

/// What comes back for requests that the document describes, with its schemas.
fn answers(document: &Value) -> Vec<(Value, Value)> {
    let (mut answers, mut whole, mut wrong) = (Vec::new(), 0, Vec::new());
    for (path, method, operation, table) in described(document) {
        // What is put together of several answers is no vendor's.
        if table.composed {
            continue;
        }
        let made = made(document, path, operation);
        for told in [Told::All, Told::Little] {
            let seen = ask(&made, method, 200, vendor(table, told));
            match check(document, operation, &seen) {
                Err(why) => wrong.push(why),
                Ok(_) if seen.status >= 300 => wrong.push(format!("{} {}", table.name, seen.body)),
                Ok(schema) => {
                    whole += 1;
                    answers.extend(schema.map(|schema| (schema, seen.json())));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{whole} {}\n{}", wrong.len(), wrong.join("\n"));
    assert!(whole >= 1190, "{whole}");
    answers
}

#[test]
fn what_the_document_says_is_taken_and_what_it_promises_comes_back() {
    assert!(answers(&document()).len() >= 1000);
}

/// Writes them where `OPENAPI_ANSWERS` says, for a validator of others.
#[test]
#[ignore = "writes a file"]
fn answers_are_written_to_a_file() {
    let lines = answers(&document()).into_iter();
    let lines = lines.map(|(schema, value)| format!("{}\n", json!({"schema": schema, "value": value})));
    std::fs::write(std::env::var("OPENAPI_ANSWERS").unwrap(), lines.collect::<String>()).unwrap();
}

#[test]
fn every_failure_is_a_problem_that_the_document_knows() {
    let document = document();
    for (path, method, operation, _) in described(&document) {
        let made = made(&document, path, operation);
        let mut statuses = Vec::new();
        let elsewhere = made.target.replace("/default/", "/no%20account/");
        let too_long = format!("{}&{}", made.target, "x".repeat(LONGEST_TARGET));
        for (target, status) in
            [(&made.target, 404), (&made.target, 409), (&elsewhere, 500), (&too_long, 500)]
        {
            let made =
                Made { target: target.clone(), headers: made.headers.clone(), body: made.body.clone() };
            let seen = ask(&made, method, status, "{}".to_owned());
            check(&document, operation, &seen).unwrap();
            statuses.push(seen.status);
        }
        assert!(statuses.ends_with(&[400, 414]), "{path} {statuses:?}");
        let bare = ask_with(
            &setting("false"),
            Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap(),
            &made.target,
            &[],
        );
        assert_eq!(bare.status, 401);
        check(&document, operation, &bare).unwrap();
    }
}

/// The last line of a whole list, and those of a batch.
#[test]
fn lines_are_what_the_document_says() {
    let document = document();
    let gateway = gateway(pages(0));
    let schema = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let lines = get(&gateway, &format!("{JOBS}?all=true&pageSize=2")).lines();
    let (last, records) = lines.split_last().unwrap();
    assert_eq!(records.len(), 5);
    fits(&document, &schema("LastLine"), last).unwrap();
    let calls = r#"{"calls": [{"operation": "jpm.jobs-list", "parameters": {"pageSize": 2}}, {"operation": "jpm.x"}]}"#;
    let headers = [("x-api-key", &*key()), ("content-type", "application/json")];
    let batch = send(&gateway, Method::POST, "/v1/servicetitan/default/_batch", &headers, vec![calls]);
    let operation = &document["paths"]["/v1/{provider}/{account}/_batch"]["post"];
    assert_eq!(check(&document, operation, &batch), Ok(None));
    let lines = batch.lines();
    for line in &lines {
        fits(&document, &schema("BatchLine"), line).unwrap();
    }
    fits(&document, &schema("PageOfServicetitanJpmJob"), &lines[0]["ok"]).unwrap();
    fits(&document, &schema("Problem"), &lines[1]["failed"]).unwrap();
    fits(&document, &schema("BatchLastLine"), &lines[2]).unwrap();
}

#[test]
fn the_gateways_own_paths_answer_as_it_says() {
    let document = document();
    for (key, wrong) in [(true, false), (false, false), (true, true)] {
        let gateway = setting(if wrong { "perhaps" } else { "false" });
        let admin = ["/v1/_admin/snapshot", "/v1/_admin/{provider}/{account}/configuration"];
        for path in
            ["/live", "/ready", "/health", "/metrics", "/openapi.json", "/docs"].into_iter().chain(admin)
        {
            let target = path.replace("{provider}", "servicetitan").replace("{account}", "default");
            let seen =
                if key { get(&gateway, &target) } else { ask_with(&gateway, Method::GET, &target, &[]) };
            check(&document, &document["paths"][path]["get"], &seen).unwrap();
        }
    }
}
