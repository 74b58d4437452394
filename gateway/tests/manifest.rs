//! Holds `spin.toml` against Spin's manifest format, version 2, and against the tables
//! of settings.
//!
//! The format is the one of `spinframework/spin`, crates/manifest/src/schema; only what
//! the manifest uses is written down here, so that a field that Spin does not have is
//! refused here as it is there.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

mod fake;

use fake::FakeHost;
use futures_util::FutureExt;
use penstock::{
    providers::api::Site,
    settings as table,
    settings::{CommonSettings, Setting},
};
use penstock_gateway::settings;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    spin_manifest_version: u32,
    application: Application,
    variables: BTreeMap<String, Variable>,
    trigger: Triggers,
    component: BTreeMap<String, Component>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Application {
    name: String,
    version: String,
    #[serde(rename = "description")]
    _description: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variable {
    default: Option<String>,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    secret: bool,
    description: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Triggers {
    http: Vec<HttpTrigger>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpTrigger {
    route: String,
    component: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Component {
    source: String,
    #[serde(default)]
    allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    key_value_stores: Vec<String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    build: Build,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Build {
    command: String,
    watch: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn manifest() -> Manifest {
    toml::from_str(&std::fs::read_to_string(root().join("spin.toml")).unwrap()).unwrap()
}

/// Spin's names of variables: words of lower-case letters and digits that begin with a
/// letter, joined by single underscores.
fn is_lower_snake_id(name: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|letter: char| letter.is_ascii_lowercase())
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    name.split('_').all(word)
}

#[test]
fn one_component_gets_every_request_and_a_small_one_says_that_it_lives() {
    let manifest = manifest();
    assert_eq!(manifest.spin_manifest_version, 2);
    assert_eq!(
        (manifest.application.name.as_str(), manifest.application.version.as_str()),
        ("penstock", env!("CARGO_PKG_VERSION"))
    );
    let routes: Vec<_> = manifest
        .trigger
        .http
        .iter()
        .map(|trigger| (trigger.route.as_str(), trigger.component.as_str()))
        .collect();
    assert_eq!(routes, [("/...", "gateway"), ("/live", "live")]);
    assert_eq!(manifest.component.keys().collect::<Vec<_>>(), ["gateway", "live"]);
    // It can reach nothing, so that it waits for nothing.
    let live = &manifest.component["live"];
    assert!(
        live.allowed_outbound_hosts.is_empty()
            && live.key_value_stores.is_empty()
            && live.variables.is_empty()
    );
}

#[test]
fn each_component_is_what_its_command_builds() {
    for (name, component) in manifest().component {
        let command: Vec<_> = component.build.command.split(' ').collect();
        let after = |flag| command.windows(2).find(|pair| pair[0] == flag).map(|pair| pair[1]).unwrap();
        assert!(command.contains(&"--release"));
        assert_eq!(after("-p"), format!("penstock-{name}"));
        assert_eq!(component.source, format!("target/{}/release/penstock_{name}.wasm", after("--target")));
        for watched in &component.build.watch {
            let folder = watched.split("/*").next().unwrap();
            assert!(root().join(folder).exists(), "{watched}");
        }
    }
}

#[test]
fn every_setting_has_a_variable_and_every_variable_a_setting() {
    let manifest = manifest();
    let settings: BTreeMap<String, &Setting> =
        settings::all().map(|(name, setting)| (settings::variable(&name), setting)).collect();
    assert_eq!(manifest.variables.keys().collect::<Vec<_>>(), settings.keys().collect::<Vec<_>>());
    for (name, variable) in &manifest.variables {
        let setting = settings[name];
        assert!(is_lower_snake_id(name), "{name}");
        // A required variable without a value stops the whole application.
        assert!(!variable.required, "{name}");
        assert_eq!(variable.default.as_deref(), Some(setting.default.unwrap_or_default()), "{name}");
        assert_eq!(variable.secret, setting.secret, "{name}");
        assert_eq!(variable.description.as_deref(), Some(setting.doc), "{name}");
    }
}

#[test]
fn the_component_sees_each_variable_under_its_own_name() {
    let manifest = manifest();
    let seen = &manifest.component["gateway"].variables;
    assert_eq!(seen.keys().collect::<Vec<_>>(), manifest.variables.keys().collect::<Vec<_>>());
    for (name, template) in seen {
        assert_eq!(template, &format!("{{{{ {name} }}}}"));
    }
}

/// Where the default account's data is when its URLs are not set.
fn site(provider: &str, environment: &str) -> Site {
    let name = format!("{}_API_ENVIRONMENT", provider.to_uppercase());
    let host = FakeHost::new(&[(name.as_str(), environment)]);
    let provider = penstock::providers::registry::find(provider).unwrap();
    let policy = CommonSettings::read(&host).now_or_never().unwrap().unwrap().unwrap();
    let all: Vec<_> = provider.settings().iter().collect();
    let names = |setting: &Setting| provider.setting_names(setting.name, "default", environment);
    let (values, _) = table::read(&host, &all, &names).now_or_never().unwrap().unwrap();
    provider.site("default", &values, &policy).unwrap()
}

#[test]
fn only_the_vendors_hosts_are_reached_and_all_of_them() {
    let gateway = &manifest().component["gateway"];
    let places = [
        ("servicetitan", "production"),
        ("servicetitan", "integration"),
        ("asleep", "live"),
        ("asleep", "test"),
    ];
    let origins = places.into_iter().flat_map(|(provider, environment)| {
        let site = site(provider, environment);
        [site.api.to_string(), site.auth.to_string()]
    });
    // And the Redis of whoever has one.
    let redis = format!("{{{{ {} }}}}", settings::variable(settings::STATE_HOST.name));
    let origins: BTreeSet<_> = origins.chain([redis]).collect();
    let mut allowed = gateway.allowed_outbound_hosts.clone();
    allowed.sort();
    assert_eq!(allowed, origins.into_iter().collect::<Vec<_>>());
    assert_eq!(gateway.key_value_stores, ["default"]);
}

#[test]
fn the_gateways_own_settings_are_in_the_documents() {
    let [spin, state] =
        ["docs/spin.md", "docs/state.md"].map(|file| std::fs::read_to_string(root().join(file)).unwrap());
    for setting in settings::SETTINGS {
        let row = format!("`{}`", setting.name);
        assert!(spin.contains(&row), "{row} is not in docs/spin.md");
        let in_full = [&spin, &state]
            .iter()
            .any(|text| text.contains(&row) && text.contains(setting.default.unwrap_or_default()));
        assert!(in_full, "{row}");
    }
    for variable in
        ["penstock_accounts", "penstock_ready_accounts", "penstock_state_url", "penstock_state_host"]
    {
        assert!(manifest().variables.contains_key(variable) && spin.contains(variable), "{variable}");
    }
}
