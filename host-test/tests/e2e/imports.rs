//! What the components ask of a host, name by name.
//!
//! `BLESS=1` rewrites the golden files; read the difference before you commit it.

use penstock_host::Engine;
use std::{collections::BTreeSet, env, fs, path::Path};
use wasmtime::component::Component;

fn imports(component: &Component) -> BTreeSet<String> {
    // Patch versions of WASI 0.2 depend on the standard library; hosts match them loosely. Those of 0.3 do not, and
    // jco maps `@0.3.0` alone.
    let without_patch = |name: &str| match name.rsplit_once('.') {
        Some((rest, patch)) if rest.ends_with("@0.2") && patch.parse::<u32>().is_ok() => rest.to_owned(),
        _ => name.to_owned(),
    };
    let ty = component.component_type();
    ty.imports(component.engine()).map(|(name, _)| without_patch(name)).collect()
}

fn golden(file: &str, found: &BTreeSet<String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    let text: String = found.iter().map(|name| format!("{name}\n")).collect();
    if env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, expected, "{} differs; BLESS=1 rewrites it", path.display());
}

#[test]
fn the_plugin_imports_wasi_and_our_three_interfaces() {
    let found = imports(&Engine::shared().unwrap().plugin().unwrap());
    for name in &found {
        assert!(name.starts_with("wasi:") || name.starts_with("penstock:host/"), "{name}");
    }
    for ours in ["secrets", "config", "state"] {
        assert!(found.contains(&format!("penstock:host/{ours}@0.1.0")), "{ours} is missing from {found:?}");
    }
    golden("plugin-imports.txt", &found);
}

#[test]
fn what_answers_live_imports_nothing_that_could_keep_it_waiting() {
    let engine = Engine::shared().unwrap();
    let live = Component::from_binary(engine.wasmtime(), penstock_host::LIVE_WASM).unwrap();
    let found = imports(&live);
    for name in &found {
        let waits = ["sockets", "http/client", "http/outgoing", "keyvalue", "spin:", "penstock:"];
        assert!(!waits.iter().any(|part| name.contains(part)), "{name}");
    }
    golden("live-imports.txt", &found);
}

#[test]
fn the_gateway_imports_wasi_and_spins() {
    let found = imports(&Engine::shared().unwrap().gateway().unwrap());
    for name in &found {
        assert!(name.starts_with("wasi:") || name.starts_with("spin:"), "{name}");
    }
    golden("gateway-imports.txt", &found);
}
