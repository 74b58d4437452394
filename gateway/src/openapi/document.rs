//! The whole document.

use super::{
    Part,
    json::Json,
    operation::{place, tag},
    places,
    schemas::{Schemas, module},
};
use penstock::contract::catalogue::{self, Operation};
use std::{borrow::Cow, collections::BTreeSet};

/// What does not depend on the contract: JSON objects whose members are taken over. Whoever adds a
/// path of the gateway's own, a header field or a kind of problem writes it there.
const INFO: &str = include_str!("fixed/info.json");
const PATHS: &str = include_str!("fixed/paths.json");
const SCHEMAS: &str = include_str!("fixed/schemas.json");
const PARAMETERS: &str = include_str!("fixed/parameters.json");
const RESPONSES: &str = include_str!("fixed/responses.json");
const SECURITY: &str = include_str!("fixed/security.json");
const TOKENS: &str = include_str!("fixed/tokens.json");
const COMPONENTS: &str = include_str!("fixed/components.json");

/// OpenAPI 3.1.1: all that is the gateway's own, and the operations of this part.
pub(super) fn document(part: &Part) -> Vec<u8> {
    let all = catalogue::providers().filter_map(catalogue::operations).flatten();
    let operations: Vec<&'static Operation> = all.filter(|operation| part.has(operation)).collect();
    let schemas = Schemas::of(&operations);
    let mut out = Json::default();
    out.object(|out| {
        out.value("openapi", "3.1.1");
        out.member("info", |out| {
            out.value("version", env!("CARGO_PKG_VERSION"));
            out.members(INFO);
        });
        out.raw("servers", r#"[{"url":"/"}]"#);
        out.raw("security", &with_tokens(r#"[{"bearer": []}, {"apiKey": []}]"#));
        out.array("tags", |out| tags(out, &operations));
        out.member("paths", |out| {
            out.members(&with_tokens(PATHS));
            for one in &places::all(part) {
                place(out, &schemas, one);
            }
        });
        out.member("components", |out| {
            out.member("schemas", |out| {
                out.members(SCHEMAS);
                schemas.write(out);
            });
            out.raw("parameters", PARAMETERS.trim());
            out.raw("responses", RESPONSES.trim());
            out.members(COMPONENTS);
            out.member("securitySchemes", |out| {
                out.members(SECURITY);
                if cfg!(feature = "oidc") {
                    out.members(TOKENS);
                }
            });
        });
    });
    out.into_bytes()
}

/// The same with bearer tokens wherever API keys are: where they are compiled in.
fn with_tokens(json: &str) -> Cow<'_, str> {
    if cfg!(feature = "oidc") {
        json.replace(r#"{"apiKey": []}]"#, r#"{"apiKey": []}, {"jwt": []}]"#).into()
    } else {
        json.into()
    }
}

fn tags(out: &mut Json, operations: &[&'static Operation]) {
    let gateway = r#"{"name":"gateway","description":"The gateway itself, and calls by name."}"#;
    out.object(|out| out.members(gateway));
    let mut known = BTreeSet::new();
    for operation in operations {
        let name = tag(operation);
        if known.insert(name.clone()) {
            out.object(|out| {
                out.value("name", &name);
                let (module, provider) = (module(operation), operation.provider);
                out.value("description", format!("The module `{module}` of `{provider}`."));
            });
        }
    }
}
