//! The modules beside `jpm`: every operation answers as it is declared, page by page, and
//! refuses what is not declared.

use super::{
    client::{Client, Reply},
    fixture::{Module, modules, others, with},
};
use http::Request;
use http_body_util::Full;
use penstock_simulated::servicetitan::{Config, SimulatedServiceTitan};
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn start() -> (SimulatedServiceTitan, Client) {
    let provider =
        SimulatedServiceTitan::start(Config { export_page: 10, ..Config::small(1) }).await.unwrap();
    let client = Client::new(&provider).await;
    (provider, client)
}

/// Calls an operation with what it demands, and a further query parameter if there is one.
async fn call(client: &Client, module: &Module, operation: &Value, parameter: &str) -> Reply {
    let path = module.path(operation);
    let path = if parameter.is_empty() { path } else { with(&path, parameter) };
    client.call(operation["method"].as_str().unwrap(), &path, module.body(operation)).await
}

/// The rows of an answer.
fn rows<'a>(kind: &str, reply: &'a Reply) -> &'a [Value] {
    let list = if kind == "bare" { &reply.json } else { &reply.json["data"] };
    list.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn all_585_operations_are_declared_once() {
    let modules = modules();
    let all = || modules.iter().flat_map(Module::operations);
    assert_eq!((modules.len(), all().count()), (24, 585));
    let ways: BTreeSet<_> =
        all().map(|operation| (operation["method"].as_str(), operation["path"].as_str())).collect();
    assert_eq!(ways.len(), 585);
}

#[tokio::test]
async fn every_operation_answers_as_declared() {
    let mut problems = Vec::new();
    for module in others() {
        // A provider for each: what one operation deletes is not there for the next.
        let (provider, client) = start().await;
        let last = |operation: &&Value| operation["method"] == "DELETE";
        let (deletes, others): (Vec<&Value>, Vec<&Value>) = module.operations().iter().partition(last);
        let mut served = 0;
        for operation in others.into_iter().chain(deletes) {
            // These have tests of their own.
            if operation["upload"] == true || operation["path"].as_str().unwrap().contains("data-queries") {
                continue;
            }
            let by_path = module.answer(operation).is_some_and(|(kind, _)| kind == "redirect");
            let reply =
                call(&client, &module, operation, if by_path { "path=files/100001.jpg" } else { "" }).await;
            served += 1;
            let mut note = |text: String| problems.push(format!("{}: {text}", module.id(operation)));
            let wanted = if by_path {
                302
            } else if operation["pending"].is_string() {
                202
            } else {
                200
            };
            // What an earlier operation deleted is not there any more.
            let gone = operation["method"] == "DELETE" && reply.status == 404;
            if reply.status != wanted && !gone {
                note(format!("{} {}", reply.status, reply.text));
            } else if let (200, Some((kind, shape))) = (reply.status, module.answer(operation)) {
                let misfit = match kind {
                    "one" => module.misfit("$", shape, &reply.json),
                    "report" => module.misfit("$", shape, &reply.json),
                    "file" => reply.header("content-disposition").is_none().then(|| "no name".to_owned()),
                    _ if rows(kind, &reply).is_empty() => Some("no rows".to_owned()),
                    _ => rows(kind, &reply).iter().find_map(|row| module.misfit("$.data[]", shape, row)),
                };
                misfit.into_iter().for_each(note);
            }
        }
        assert_eq!(provider.stats().operations.len(), served, "each is counted by itself: {}", module.name);
    }
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
}

#[tokio::test]
async fn every_list_is_the_same_whatever_its_pages() {
    let (_provider, client) = start().await;
    let mut lists = 0;
    for module in others() {
        for operation in module.operations() {
            let Some((kind, _)) = module.answer(operation) else { continue };
            let paged = operation["query"].get("page?").is_some() && operation["pending"].is_null();
            if !(kind == "export" || paged) {
                continue;
            }
            lists += 1;
            let id = module.id(operation);
            let whole =
                call(&client, &module, operation, if kind == "export" { "" } else { "pageSize=100" }).await;
            let mut pages = Vec::new();
            let mut next = String::from(if kind == "export" { "" } else { "page=1&pageSize=10" });
            loop {
                let page = call(&client, &module, operation, &next).await;
                assert_eq!(page.status, 200, "{id} {next} {page:?}");
                let more = match kind {
                    "bare" => rows(kind, &page).len() == 10,
                    _ => page.json["hasMore"].as_bool().unwrap(),
                };
                next = match page.json["continueFrom"].as_str() {
                    Some(from) => format!("from={from}"),
                    None => format!("page={}&pageSize=10", pages.len() + 2),
                };
                pages.push(page);
                if !more {
                    break;
                }
            }
            assert!(pages.len() >= 3, "{id} has {} pages", pages.len());
            let all: Vec<&Value> = pages.iter().flat_map(|page| rows(kind, page)).collect();
            if kind != "export" {
                assert_eq!(all, rows(kind, &whole).iter().collect::<Vec<_>>(), "{id}");
            }
            let ids: BTreeSet<String> =
                all.iter().filter_map(|row| Some(row.get("id")?.to_string())).collect();
            assert!(ids.is_empty() || ids.len() == all.len(), "{id} repeats an id");
        }
    }
    assert!(lists > 180, "{lists}");
}

#[tokio::test]
async fn every_operation_names_what_it_does_not_know() {
    let (provider, client) = start().await;
    for module in others() {
        for operation in module.operations() {
            let id = module.id(operation);
            let reply = call(&client, &module, operation, "bogus=1").await;
            assert_eq!(
                (reply.status, reply.json["errors"]["bogus"].is_array()),
                (400, true),
                "{id} {reply:?}"
            );
            let members = |operation: &Value| {
                let name = operation["body"].as_str()?.trim_matches(['[', ']']);
                module.fixture["schemas"][name]["fields"].as_object()
            };
            let Some(fields) = members(operation) else { continue };
            let list = operation["body"].as_str().unwrap().starts_with('[');
            let body = json!({ "bogus": 1 });
            let body = if list { json!([body]) } else { body };
            let method = operation["method"].as_str().unwrap();
            let reply = client.call(method, &module.path(operation), Some(body)).await;
            let at = |name: &str| if list { format!("$[0].{name}") } else { name.to_owned() };
            let mut wanted: Vec<String> =
                fields.keys().filter(|name| !name.ends_with('?')).map(|name| at(name)).collect();
            wanted.push(at("bogus"));
            wanted.sort_unstable();
            let mut named: Vec<String> = reply.json["errors"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name.clone())
                .collect();
            named.sort_unstable();
            assert_eq!((reply.status, named), (400, wanted), "{id}");
        }
    }
    assert!(provider.stats().writes.is_empty());
}

#[tokio::test]
async fn a_body_of_another_type_or_where_none_is_taken_is_refused() {
    let (provider, client) = start().await;
    let base = format!("{}/crm/v2/tenant/1000001", client.root);
    let send = async |path: &str, content_type: Option<&str>| {
        let request = Request::post(format!("{base}/{path}"))
            .header("authorization", &client.token)
            .header("st-app-key", &client.app_key);
        let request = match content_type {
            Some(content_type) => request.header("content-type", content_type),
            None => request,
        };
        client.send(request.body(Full::from("{}")).unwrap()).await.unwrap()
    };
    for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        assert_eq!(send("customers", content_type).await.status, 415, "{content_type:?}");
    }
    // It is JSON, but nothing of what is required is there.
    assert_eq!(send("customers", Some("application/json; charset=utf-8")).await.status, 400);
    let none = send("customers/100001/tags/100001", Some("application/json")).await;
    assert_eq!((none.status, none.json["errors"]["$"].is_array()), (400, true), "{none:?}");
    assert!(provider.stats().writes.is_empty());
}

#[tokio::test]
async fn a_value_of_another_type_is_refused_by_its_name() {
    let (_provider, client) = start().await;
    let base = "/crm/v2/tenant/1000001";
    for query in ["active=Perhaps", "createdBefore=soon", "pageSize=many", "latitude=north", "pageSize=0"] {
        let reply = client.get(&format!("{base}/customers?{query}")).await;
        let name = query.split('=').next().unwrap();
        assert_eq!((reply.status, reply.json["errors"][name].is_array()), (400, true), "{query} {reply:?}");
    }
    for (path, status) in [
        ("crm/v2/tenant/1000001/customers/100001", 200),
        ("crm/v2/tenant/1000001/customers/4711", 404),
        ("crm/v2/tenant/1000001/customers/4711/contacts", 404),
        ("crm/v2/tenant/1000001/customers/x", 400),
        ("crm/v2/tenant/1000001/contacts/100001", 400),
        ("crm/v2/tenant/1000001/contacts/00000000-0000-4000-a000-0000000186a1", 200),
        ("crm/v2/tenant/1000001/contacts/00000000-0000-4000-a000-000000000001", 404),
        ("dispatch/v2/tenant/1000001/technician-skills/id-100001", 200),
        ("dispatch/v2/tenant/1000001/technician-skills/plumbing", 404),
        ("crm/v3/tenant/1000001/customers", 404),
        ("forms/v2/tenant/1000001/jobs/100001", 404),
    ] {
        assert_eq!(client.get(&format!("/{path}")).await.status, status, "{path}");
    }
    let wrong = client.call("DELETE", &format!("{base}/customers/100001"), None).await;
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("GET, PATCH")));
}
