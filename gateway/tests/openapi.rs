//! The description of the gateway against the tables that it is made of.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

#[path = "openapi/schema.rs"]
mod schema;

use http::Method;
use penstock::contract::catalogue::{self, Operation};
use penstock_gateway::{
    openapi::{self, Part},
    route::{Found, find},
};
use schema::{fits, resolve};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn document() -> Value {
    serde_json::from_slice(&openapi::document(&Part::default())).unwrap()
}

/// Path, method, what the path has, and the operation.
fn operations(document: &Value) -> Vec<(&str, &str, &Value, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, item)| {
        METHODS.iter().filter_map(move |method| Some((path.as_str(), *method, item, item.get(*method)?)))
    });
    all.collect()
}

fn catalogued() -> impl Iterator<Item = &'static Operation> {
    catalogue::providers().flat_map(|provider| catalogue::operations(provider).unwrap())
}

/// Writes the document where `OPENAPI_FILE` says, for validators and generators of clients.
#[test]
#[ignore = "writes a file"]
fn the_document_is_written_to_a_file() {
    let start = Instant::now();
    let document = openapi::document(&Part::default());
    println!("{} bytes in {} ms", document.len(), start.elapsed().as_millis());
    std::fs::write(std::env::var("OPENAPI_FILE").unwrap(), document).unwrap();
}

#[test]
fn every_operation_of_the_tables_is_there_once() {
    let document = document();
    let ids: Vec<_> = operations(&document)
        .iter()
        .map(|(.., operation)| operation["operationId"].as_str().unwrap())
        .collect();
    let unique: BTreeSet<_> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len());
    let of_contract: BTreeSet<_> = ids.iter().copied().filter(|id| !id.starts_with("gateway.")).collect();
    let expected: BTreeSet<_> = catalogued().map(|one| format!("{}.{}", one.provider, one.name)).collect();
    assert_eq!(of_contract, expected.iter().map(String::as_str).collect());
    let tags: BTreeSet<_> =
        document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).map(Value::to_string).collect();
    for (path, method, _, operation) in operations(&document) {
        assert!(tags.contains(&operation["tags"][0].to_string()), "{method} {path}");
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{method} {path}");
    }
}

#[test]
fn every_path_leads_to_its_operation() {
    let document = document();
    for (path, method, item, operation) in operations(&document) {
        let target = path
            .replace("{provider}", "servicetitan")
            .replace("{scope}", "tokens")
            .replace("{", "")
            .replace("}", "");
        let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap();
        let id = operation["operationId"].as_str().unwrap();
        match find(&method, &target) {
            Found::Operation { operation, account, .. } => {
                assert_eq!(
                    (format!("{}.{}", operation.provider, operation.name).as_str(), account.as_str()),
                    (id, "account")
                );
            }
            Found::Invoke { provider, operation, .. } if id != "gateway.invoke" => {
                assert_eq!(format!("{provider}.{operation}"), id);
            }
            Found::Live => assert_eq!(id, "gateway.live"),
            Found::Ready => assert_eq!(id, "gateway.ready"),
            Found::Health => assert_eq!(id, "gateway.health"),
            Found::Metrics => assert_eq!(id, "gateway.metrics"),
            Found::Webhook => assert_eq!(id, "gateway.webhook"),
            Found::Outbox => assert!(id.starts_with("gateway.outbox-")),
            Found::Admin(_) => assert!(id.starts_with("gateway.admin-")),
            Found::OpenApi => assert_eq!(id, "gateway.openapi"),
            Found::Docs => assert_eq!(id, "gateway.docs"),
            Found::Batch { .. } => assert_eq!(id, "gateway.batch"),
            Found::Invoke { .. } => assert_eq!(id, "gateway.invoke"),
            // Without `_`: whoever adds something that is found also describes it, or says here why not.
            other @ (Found::Options(_)
            | Found::NoSuchMethod(_)
            | Found::NoSuchPath
            | Found::Malformed(_)
            // Agents ask for its tools, and have RFC 9728.
            | Found::Mcp
            // The vendor describes its own interface.
            | Found::DropIn { .. }
            | Found::Token { .. }) => panic!("{method} {path}: {other:?}"),
            #[cfg(feature = "oidc")]
            Found::TokenIssuer => panic!("{method} {path}"),
        }
        let all = [item, operation].map(|place| place.get("parameters").and_then(Value::as_array));
        let all = all.into_iter().flatten().flatten().map(|one| resolve(&document, one));
        let (in_path, others): (Vec<_>, Vec<_>) = all.partition(|parameter| parameter["in"] == "path");
        let named: BTreeSet<_> =
            in_path.iter().map(|one| format!("{{{}}}", one["name"].as_str().unwrap())).collect();
        let placeholders: BTreeSet<_> =
            path.split('/').filter(|part| part.starts_with('{')).map(str::to_owned).collect();
        assert_eq!((named, in_path.len()), (placeholders.clone(), placeholders.len()), "{method} {path}");
        let unique: BTreeSet<_> = others.iter().map(|one| format!("{} {}", one["in"], one["name"])).collect();
        assert_eq!(unique.len(), others.len(), "{method} {path}");
    }
}

#[test]
fn every_parameter_of_the_tables_is_there() {
    let document = document();
    let ids: BTreeMap<_, _> = operations(&document)
        .into_iter()
        .map(|(.., operation)| (operation["operationId"].as_str().unwrap(), operation))
        .collect();
    for operation in catalogued() {
        let told = ids[format!("{}.{}", operation.provider, operation.name).as_str()];
        let parameters = told.get("parameters").and_then(Value::as_array).into_iter().flatten();
        let parameters: Vec<_> = parameters.map(|one| resolve(&document, one)).collect();
        let is_there = |name: &str| parameters.iter().any(|one| one["in"] == "query" && one["name"] == name);
        for field in operation.query.map_or(&[][..], |query| query.fields) {
            let one =
                parameters.iter().find(|one| one["in"] == "query" && one["name"] == field.wire).unwrap();
            assert_eq!(one.get("required").is_some(), field.required, "{} {}", operation.name, field.wire);
        }
        let in_path = parameters.iter().filter(|one| one["in"] == "path").count();
        assert_eq!(in_path, if operation.variant_of.is_none() { operation.path_parameters.len() } else { 0 });
        for own in ["all", "resume", "onMisfit"] {
            assert_eq!(is_there(own), operation.is_list(), "{} {own}", operation.name);
        }
        assert_eq!(told.get("requestBody").is_some(), operation.body.is_some() || operation.upload.is_some());
        assert_eq!(told["responses"].get("304").is_some(), operation.cache.is_some(), "{}", operation.name);
    }
}

#[test]
fn references_lead_somewhere_and_every_component_is_used() {
    fn walk<'d>(value: &'d Value, found: &mut BTreeSet<&'d str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|one| walk(one, found));
            }
            Value::Array(all) => all.iter().for_each(|one| walk(one, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = BTreeSet::new();
    walk(&document, &mut found);
    for reference in &found {
        resolve(&document, &json!({"$ref": reference}));
    }
    for (folder, components) in document["components"].as_object().unwrap() {
        for name in components.as_object().unwrap().keys().filter(|_| folder != "securitySchemes") {
            assert!(found.contains(format!("#/components/{folder}/{name}").as_str()), "{folder} {name}");
            assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{name}");
        }
    }
}

/// Whoever adds a kind of problem tells the document as well.
#[test]
fn the_kinds_of_problems_are_those_that_there_are() {
    let document = document();
    let told = document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"].as_array().unwrap();
    let told: BTreeSet<_> = told.iter().map(|kind| kind.as_str().unwrap().to_owned()).collect();
    let source = include_str!("../src/problem.rs");
    let table =
        source.lines().take_while(|line| line.starts_with("//!")).filter_map(|line| line.split('|').nth(1));
    let named = table
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .filter(|name| *name != "type" && !name.ends_with('…'));
    let of_keys = include_str!("../src/problem/idempotency.rs").split("Problem::gateway(\"").skip(1);
    let of_keys =
        of_keys.filter_map(|rest| Some(format!("urn:penstock:gateway:{}", rest.split('"').next()?)));
    let known: BTreeSet<_> =
        named.map(|name| name.replace('…', "urn:penstock:failure")).chain(of_keys).collect();
    assert_eq!(told, known);
}

#[test]
fn examples_are_what_their_schemas_say() {
    let document = document();
    let mut seen = 0;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for example in schema.get("examples").and_then(Value::as_array).into_iter().flatten() {
            fits(&document, schema, example).unwrap_or_else(|why| panic!("{name}{why}"));
            seen += 1;
        }
    }
    for (name, response) in document["components"]["responses"].as_object().unwrap() {
        let Some(content) = response["content"].get("application/problem+json") else { continue };
        for example in content.get("examples").and_then(Value::as_object).into_iter().flatten() {
            fits(&document, &content["schema"], &example.1["value"])
                .unwrap_or_else(|why| panic!("{name}{why}"));
            seen += 1;
        }
    }
    assert!(seen >= 10, "{seen}");
}
