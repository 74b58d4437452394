//! The tools: a few for all operations, and one for each operation of the modules that a setting names.

use super::{
    cancelling::unless,
    counting, describing, fetching, making,
    messages::{Replied, Session, kept, result},
    modules,
    output::Output,
    progress::Untold,
    reading::{self, REPORT},
    rpc::{self, Error, INTERNAL_ERROR},
    stream::{Act, Job, Underway},
};
use crate::openapi::{self, Json};
use http::{StatusCode, header};
use penstock::{
    contract::catalogue::{Effect, Method, Operation},
    host::Host,
    settings::common::Role,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{borrow::Cow, rc::Rc};

/// How many tools a page of `tools/list` has.
const PAGE: usize = 50;

/// How long the list is fresh, in milliseconds: a setting changes it.
const FRESH: u64 = 60_000;

/// The tools for all operations: name, what it is for, and the JSON Schema of its properties. None of it
/// depends on anything that a provider sends.
const FIXED: [(&str, &str, &str); 7] = [
    (
        "search-operations",
        "Finds operations by what is wanted, in plain words, such as \"yesterday's completed jobs\".",
        include_str!("schemas/search.json"),
    ),
    (
        "describe-operation",
        "Says what an operation does and takes: JSON Schemas of its parameters and body, and of its answer if asked for.",
        include_str!("schemas/describe.json"),
    ),
    (
        "call-operation",
        "Calls an operation that answers with one value. A write needs a key whose role allows it, and `confirm` with the operation's name; `dryRun` shows the request and sends nothing.",
        include_str!("schemas/call.json"),
    ),
    (
        "read-list",
        "Reads a bounded piece of a list. While `complete` is false, ask again with the same arguments and the `resume` that was given.",
        include_str!("schemas/list.json"),
    ),
    ("count", "Counts the records of a list without giving them.", include_str!("schemas/count.json")),
    (
        "read-report",
        "Reads rows of a report, by category and number. The vendor answers the same report about once a minute.",
        include_str!("schemas/report.json"),
    ),
    (
        "fetch-file",
        "Gets the file of an operation that answers with one, as a resource, if it is not too large.",
        include_str!("schemas/file.json"),
    ),
];

/// What every result may hold; what is data of a provider's has no further shape.
const OUTPUT: &str = include_str!("schemas/output.json");

/// The tool that calls an operation.
pub(super) fn of(operation: &Operation) -> &'static str {
    match operation {
        operation if operation.file => "fetch-file",
        operation if operation.name == REPORT => "read-report",
        operation if operation.is_list() && operation.effect == Effect::Read => "read-list",
        _ => "call-operation",
    }
}

/// The name of the tool of one operation: many clients take no points in names.
fn own_name(operation: &Operation) -> String {
    operation.name.replace('.', "_")
}

#[derive(Deserialize)]
struct Page {
    cursor: Option<String>,
}

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(default, borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(default, borrow, rename = "_meta")]
    meta: Option<Meta<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta<'a> {
    #[serde(default, borrow)]
    progress_token: Option<&'a RawValue>,
}

impl<H: Host + 'static> Session<'_, '_, H> {
    /// The operations that have a tool each, of those that the key may call; and its role.
    async fn offered(&self) -> Result<(Vec<&'static Operation>, Role), Error> {
        let modules = self.gateway.mcp_modules().await;
        let wrong = |why: String| Error::new(StatusCode::OK, INTERNAL_ERROR, why);
        let named = match &*modules {
            Ok(Ok(offered)) => &offered.modules,
            Ok(Err(error)) => return Err(wrong(format!("{} {}", error.field, error.message))),
            Err(error) => return Err(wrong(format!("the settings cannot be read: {error}"))),
        };
        let part = self.key().map(openapi::Part::of).unwrap_or_default();
        let role = self.role().await;
        let is_among = |operation: &&'static Operation| {
            named.contains(openapi::module(operation))
                && operation.variant_of.is_none()
                && operation.upload.is_none()
                && part.has(operation)
                && role >= Role::needed(operation.effect)
        };
        Ok((modules::operations().filter(is_among).collect(), role))
    }

    /// What the key may do, within `PENSTOCK_ROLE`.
    pub(super) async fn role(&self) -> Role {
        let most = match &*self.gateway.mcp_modules().await {
            Ok(Ok(offered)) => offered.role,
            // As far as is known: the core looks at it again before it sends anything.
            _ => Role::Admin,
        };
        self.key().map_or(Role::ReadOnly, |key| key.role.min(most))
    }
}

/// The result of `tools/list`.
///
/// # Errors
/// A cursor that is none, and a setting that is malformed.
pub(super) async fn list<H: Host + 'static>(
    session: &mut Session<'_, '_, H>,
    params: &str,
) -> Result<String, Error> {
    let page: Page = serde_json::from_str(params).map_err(|error| Error::params(error.to_string()))?;
    let first = page.cursor.map(|cursor| cursor.parse::<usize>()).transpose();
    let first = first.map_err(|_| Error::params("`cursor` is none of ours".to_owned()))?.unwrap_or(0);
    let (operations, role) = session.offered().await?;
    let revision = session.revision;
    let all = FIXED.len() + operations.len();
    Ok(result(revision, |out| {
        out.array("tools", |out| {
            for tool in FIXED.iter().skip(first).take(PAGE) {
                out.object(|out| fixed(out, tool, role));
            }
            let (skipped, room) =
                (first.saturating_sub(FIXED.len()), PAGE.saturating_sub(FIXED.len().saturating_sub(first)));
            for operation in operations.iter().skip(skipped).take(room) {
                out.object(|out| own(out, operation));
            }
        });
        if all > first.saturating_add(PAGE) {
            out.value("nextCursor", (first + PAGE).to_string());
        }
        kept(out, revision, FRESH, "private");
    }))
}

fn fixed(out: &mut Json, (name, description, properties): &(&str, &str, &str), role: Role) {
    out.value("name", name);
    out.value("description", description);
    out.raw("inputSchema", properties.trim());
    out.raw("outputSchema", OUTPUT.trim());
    let is_write = *name == "call-operation" && role > Role::ReadOnly;
    let is_outside = !matches!(*name, "search-operations" | "describe-operation");
    hints(out, (!is_write, is_write, !is_write, is_outside));
}

fn own(out: &mut Json, operation: &'static Operation) {
    let effect = operation.effect;
    out.value("name", own_name(operation));
    let confirm =
        format!(" It is a write ({}): `confirm` must be \"{}\".", openapi::effect(effect), operation.name);
    out.value(
        "description",
        format!("{}{}", operation.doc.trim(), if effect == Effect::Read { "" } else { &confirm }),
    );
    out.member("inputSchema", |out| {
        out.value("type", "object");
        out.member("properties", |out| {
            out.raw("account", r#"{"type":"string"}"#);
            out.member("parameters", |out| openapi::parameters_schema(out, operation));
            if operation.body.is_some() {
                out.raw("body", r#"{"description":"JSON; describe-operation has its schema."}"#);
            }
            match of(operation) {
                "fetch-file" => out.raw("maxBytes", r#"{"type":"integer"}"#),
                "call-operation" => out.members(include_str!("schemas/of_call.json")),
                _ => out.members(include_str!("schemas/of_list.json")),
            }
        });
        out.value("additionalProperties", false);
    });
    out.raw("outputSchema", OUTPUT.trim());
    let is_idempotent = match operation.method {
        Method::Put | Method::Patch | Method::Delete => !operation.non_idempotent,
        Method::Get | Method::Post => effect == Effect::Read,
    };
    hints(
        out,
        (effect == Effect::Read, !matches!(effect, Effect::Read | Effect::Create), is_idempotent, true),
    );
}

fn hints(out: &mut Json, (read_only, destructive, idempotent, open_world): (bool, bool, bool, bool)) {
    out.member("annotations", |out| {
        out.value("readOnlyHint", read_only);
        out.value("destructiveHint", destructive);
        out.value("idempotentHint", idempotent);
        out.value("openWorldHint", open_world);
    });
}

/// Answers `tools/call`.
///
/// # Errors
/// A tool that is not there, and a message that does not fit.
pub(super) async fn call<H: Host + 'static>(
    mut session: Session<'_, '_, H>,
    params: &str,
) -> Result<Replied<H>, Error> {
    let params: Params = serde_json::from_str(params)
        .map_err(|error| Error::params(format!("`tools/call` does not fit: {error}")))?;
    let token = params.meta.as_ref().and_then(|meta| meta.progress_token).map(RawValue::get);
    if token.is_some_and(|token| !rpc::is_id(token)) {
        return Err(Error::params("`progressToken` must be a string or a whole number".to_owned()));
    }
    let json = params.arguments.map_or("{}", RawValue::get);
    let cancellation = Rc::clone(&session.cancellation);
    let begun = unless(&cancellation, begin(&mut session, &params.name, json)).await??;
    let output = match begun {
        Ok(Begun::Done(output)) => output,
        Err(output) => *output,
        Ok(Begun::Job(job)) => match token.filter(|_| takes_events(&session)) {
            Some(token) => return Ok(streamed(session, job, token)),
            None => unless(&cancellation, job.run(&mut Untold)).await?.unwrap_or_default(),
        },
    };
    session.visit.conclude_call(output.conclusion.clone());
    let result = rpc::result(session.id, &output.result(session.revision));
    Ok(Replied::Whole { result, made_of: output.made_of })
}

/// An answer that is yet to come, and tells the audit by itself.
fn streamed<H: Host + 'static>(session: Session<'_, '_, H>, job: Job<H>, token: &str) -> Replied<H> {
    let Session { gateway, visit, revision, id, cancellation, .. } = session;
    let client = Rc::clone(gateway.client());
    let act = Act::new(&client, visit.take_act());
    let (id, token) = (id.to_owned(), token.to_owned());
    Replied::Streamed(Box::new(Underway { client, job, revision, id, token, act, cancellation }))
}

/// What a tool has begun.
enum Begun<H> {
    Done(Output),
    Job(Job<H>),
}

async fn begin<H: Host + 'static>(
    session: &mut Session<'_, '_, H>,
    name: &str,
    json: &str,
) -> Result<Result<Begun<H>, Box<Output>>, Error> {
    let (kind, operation) = match FIXED.iter().find(|(known, ..)| *known == name) {
        Some((known, ..)) => (*known, None),
        None => {
            let (all, _) = session.offered().await?;
            let named: String = name.chars().take(64).collect();
            let unknown = || Error::params(format!("Unknown tool: {named}"));
            let operation = all.into_iter().find(|one| own_name(one) == name).ok_or_else(unknown)?;
            // A report by its own tool is a list like others.
            let kind = if of(operation) == "read-report" { "read-list" } else { of(operation) };
            (kind, Some(operation.name))
        }
    };
    let reading = |reading| Begun::Job(Job::Reading(Box::new(reading)));
    let counting = |counting| Begun::Job(Job::Counting(Box::new(counting)));
    // Each future by itself: together they would have the size of the largest on the stack several times.
    Ok(match kind {
        "search-operations" => describing::search(session, json).map(Begun::Done),
        "describe-operation" => describing::describe(session, json).map(Begun::Done),
        "read-list" => Box::pin(reading::list(session, json, operation)).await.map(reading),
        "read-report" => Box::pin(reading::report(session, json)).await.map(reading),
        "count" => Box::pin(counting::count(session, json)).await.map(counting),
        "fetch-file" => Box::pin(fetching::file(session, json, operation)).await.map(Begun::Done),
        _ => Box::pin(making::call(session, json, operation)).await.map(Begun::Done),
    })
}

/// Whether the client reads streams of events.
fn takes_events<H: Host>(session: &Session<'_, '_, H>) -> bool {
    let accepted =
        session.head.headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.into_iter().any(|value| value.to_ascii_lowercase().contains("text/event-stream"))
}
