//! All 585 operations, through the real component, against the simulated ServiceTitan.
//!
//! Parameters and bodies are made from the catalogue; the provider has fixtures of its own
//! and refuses what differs from them.

mod files;
mod jpm;
mod routes;
mod typed;
mod vals;
mod values;

use crate::support;
use futures_util::StreamExt;
use penstock::contract::catalogue::{self, Effect, Method, Operation, Paging, Parameter};
use penstock_host::{
    Plugin,
    bindings::{operations::Answer, types::CallOptions},
};
use penstock_simulated::servicetitan::{Config, SimulatedServiceTitan};
use serde_json::Value;
use std::collections::BTreeSet;

/// Records of each list that `jpm` has no part in.
const RECORDS: usize = 25;

/// The settings that let everything be called, at once.
const FAST: [(&str, &str); 4] = [
    ("PENSTOCK_ROLE", "admin"),
    ("SERVICETITAN_RATE_LIMIT", "10000"),
    ("SERVICETITAN_REPORT_INTERVAL", "0"),
    ("ENABLE_CACHING", "false"),
];

/// The provider and the component, and what calls need to know of what is there.
struct Scene {
    provider: SimulatedServiceTitan,
    plugin: Plugin,
    jpm: jpm::Known,
    /// A report that was started.
    token: String,
}

/// A call as the dynamic interface takes it.
#[derive(Debug, Clone)]
struct Ask {
    parameters: Vec<(String, String)>,
    body: Option<String>,
}

impl Scene {
    async fn new() -> Self {
        let config = Config { records: RECORDS, export_page: 2, remember: 100_000, ..Config::small(300) };
        let provider = SimulatedServiceTitan::start(config).await.unwrap();
        let plugin = Plugin::start(support::simulated(&provider, &FAST)).await.unwrap();
        let jpm = jpm::Known::prepare(&provider, &plugin).await;
        let mut scene = Self { provider, plugin, jpm, token: String::new() };
        let start = catalogue::find("servicetitan", "reporting.reports-start-query").unwrap();
        let started = scene.invoke(start, scene.ask(start, true)).await.unwrap();
        let started: Value = serde_json::from_str(&started.body.unwrap()).unwrap();
        scene.token = started["token"].as_str().unwrap().to_owned();
        scene
    }

    /// What to call an operation with: everything, or what it needs.
    fn ask(&self, operation: &'static Operation, everything: bool) -> Ask {
        let mut parameters = Vec::new();
        for parameter in operation.parameters() {
            let (name, ty) = match parameter {
                Parameter::Path(placeholder) => (placeholder.wire, placeholder.ty),
                Parameter::Query(field) => {
                    let optional = !field.required
                        && matches!(
                            field.ty,
                            penstock::contract::catalogue::Type::Option(_)
                                | penstock::contract::catalogue::Type::List(_)
                        );
                    let needed = !optional || operation.any_of.first() == Some(&field.wire);
                    if !needed && !everything {
                        continue;
                    }
                    (field.wire, field.ty)
                }
            };
            let known = match name {
                "token" => Some(self.token.clone()),
                _ => self.jpm.parameter(operation, name),
            };
            parameters.push((name.to_owned(), known.unwrap_or_else(|| values::parameter(ty, name))));
        }
        let body = operation.body.map(|ty| {
            // Parameters are held against the description, and this report asks for none.
            if operation.path.contains("/reports/{reportId}/data") {
                return r#"{"parameters":[]}"#.to_owned();
            }
            let body = values::value(ty, "");
            self.jpm.body(operation, body).to_string()
        });
        Ask { parameters, body }
    }

    async fn invoke(&self, operation: &Operation, ask: Ask) -> Result<Answer, penstock_host::Error> {
        self.plugin.invoke("servicetitan", operation.name, ask.parameters, ask.body, None).await
    }

    /// Reads a list to its end in pages of this size; returns the number of its records,
    /// and that of the pages that the provider gave.
    async fn read(&self, operation: &Operation, ask: Ask, size: u32) -> Result<(u64, usize), String> {
        self.provider.reset_stats();
        let options = CallOptions {
            page_size: (operation.paging != Paging::Export).then_some(size),
            ..CallOptions::default()
        };
        let list =
            self.plugin.list_with("servicetitan", operation.name, ask.parameters, ask.body, Some(options));
        let mut records = list.await.map_err(|error| brief(&error))?;
        let mut count = 0;
        while let Some(record) = records.next().await {
            let record = record.map_err(|error| brief(&error))?;
            serde_json::from_str::<Value>(&record).map_err(|error| error.to_string())?;
            count += 1;
        }
        let end = records.end().ok_or("no end")?;
        if !end.complete || end.items != count || end.suppressed > 0 {
            return Err(format!("{count} records, but {end:?}"));
        }
        let pages: BTreeSet<String> = self
            .provider
            .requests()
            .into_iter()
            .filter(|request| !request.query.contains("sort=-Id"))
            .filter_map(|request| {
                let mut query = form_urlencoded::parse(request.query.as_bytes());
                let place = query.find(|(name, _)| name == "page" || name == "from");
                place.map(|(_, value)| value.into_owned()).or(request.operation.map(|_| String::new()))
            })
            .collect();
        Ok((count, pages.len()))
    }
}

/// What went wrong, in one line.
fn brief(error: &penstock_host::Error) -> String {
    match error.failure() {
        Some(failure) => {
            let fields = failure.fields.iter().map(|field| format!("{}: {}", field.field, field.message));
            format!("{} {}", failure.message, fields.collect::<Vec<_>>().join("; "))
        }
        None => error.to_string(),
    }
}

/// Lists come first, while nothing is added to them. Deletes come last, the inner ones
/// first: nothing may miss what they take away.
fn order(operation: &&'static Operation) -> (u8, usize) {
    let depth = operation.path.split('/').count();
    match operation.method {
        _ if operation.is_list() => (0, 0),
        Method::Delete => (3, usize::MAX - depth),
        // It undoes what another operation does.
        _ if operation.name == "jpm.jobs-remove-cancellation" => (2, 0),
        _ => (1, 0),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_585_operations_are_called_and_every_list_is_read_over_three_pages_or_more() {
    let scene = Scene::new().await;
    let mut operations: Vec<&Operation> = catalogue::operations("servicetitan")
        .unwrap()
        .iter()
        .filter(|operation| operation.variant_of.is_none())
        .collect();
    operations.sort_by_key(order);
    let (mut called, mut lists, mut problems) = (0, 0, Vec::new());
    let mut statuses = BTreeSet::new();
    for operation in operations {
        let mut note = |text: String| problems.push(format!("{}: {text}", operation.name));
        // Files go by streams of bytes: `files` has the other ten.
        if operation.file || operation.upload.is_some() {
            continue;
        }
        called += 1;
        scene.provider.reset_stats();
        // One call with everything that may be said, a page if it is a list.
        match scene.invoke(operation, scene.ask(operation, true)).await {
            Err(error) => note(brief(&error)),
            Ok(answer) => {
                if answer.body.is_some() != operation.answer.is_some() {
                    note(format!("{:?} for {:?}", answer.body, operation.answer));
                }
                if operation.is_list() != answer.page.is_some() {
                    note(format!("its page is {:?}", answer.page));
                }
            }
        }
        let writes = scene.provider.stats().writes.values().sum::<u64>();
        if operation.effect != Effect::Read && writes != 1 {
            note(format!("{writes} writes"));
        }
        statuses.extend(scene.provider.stats().statuses.into_keys());
        if !operation.is_list() {
            continue;
        }
        lists += 1;
        match scene.read(operation, scene.ask(operation, false), scene.jpm.page_size(operation)).await {
            Err(error) => note(error),
            Ok((count, pages)) => {
                let own = operation.name.starts_with("jpm.");
                if pages < 3 || (!own && count != RECORDS as u64) {
                    note(format!("{count} records on {pages} pages"));
                }
            }
        }
        statuses.extend(scene.provider.stats().statuses.into_keys());
    }
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
    assert_eq!(statuses, BTreeSet::from([200, 202, 204]), "nothing is refused");
    assert_eq!((called, lists), (575, 221));
    assert_eq!(scene.plugin.instances_started(), 1);
}
