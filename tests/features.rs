//! Every module of every provider can be left out, in each of the three packages.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test")]

use penstock::contract::catalogue::{operations, providers};
use std::{collections::BTreeSet, fs, path::Path};
use toml::Table;

fn features(manifest: &str) -> Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(manifest);
    let manifest: Table = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    manifest["features"].as_table().unwrap().clone()
}

fn turns_on(features: &Table, name: &str) -> BTreeSet<String> {
    let Some(listed) = features.get(name) else { return BTreeSet::new() };
    listed.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// The modules of a provider, as the contract has them.
fn modules(provider: &str) -> BTreeSet<&'static str> {
    operations(provider).unwrap().iter().map(|operation| operation.name.split('.').next().unwrap()).collect()
}

#[test]
fn a_module_has_a_feature_of_its_own_and_the_vendors_has_them_all() {
    let core = features("Cargo.toml");
    let all = turns_on(&core, "all");
    for provider in providers() {
        assert!(all.contains(provider), "`all` lacks {provider}");
        let modules = modules(provider);
        if modules.len() == 1 {
            assert!(core.contains_key(provider), "{provider} has no feature");
            continue;
        }
        let expected: BTreeSet<_> = modules.iter().map(|module| format!("{provider}-{module}")).collect();
        assert_eq!(turns_on(&core, provider), expected, "the feature {provider}");
        for feature in &expected {
            let base = format!("{provider}-base");
            assert!(turns_on(&core, feature).contains(&base), "{feature} does not turn {base} on");
        }
    }
}

#[test]
fn the_components_pass_each_feature_on() {
    let core = features("Cargo.toml");
    let passed = ["all", "timezones", "webhooks"];
    let modules = core.keys().filter(|name| {
        providers().any(|provider| *name == provider || name.starts_with(&format!("{provider}-")))
            && !name.ends_with("-base")
    });
    let expected: BTreeSet<_> = modules.map(String::as_str).chain(passed).collect();
    // And what a component has of its own.
    for (manifest, own_ones) in [
        ("plugin/Cargo.toml", &[][..]),
        ("plugin/p2/Cargo.toml", &["typed"]),
        ("gateway/Cargo.toml", &["oidc"]),
    ] {
        let mut own = features(manifest);
        for name in own_ones {
            assert!(own.remove(*name).is_some(), "{manifest} {name}");
        }
        let mut default = turns_on(&own, "default");
        default.retain(|name| !own_ones.contains(&name.as_str()));
        assert_eq!(default, turns_on(&core, "default"), "{manifest}");
        let names: BTreeSet<_> = own.keys().map(String::as_str).filter(|name| *name != "default").collect();
        assert_eq!(names, expected, "{manifest}");
        for name in names {
            assert_eq!(turns_on(&own, name), BTreeSet::from([format!("penstock/{name}")]), "{manifest}");
        }
    }
}
