//! What `wasm-tools component wit` prints of the components: what each of them asks of a host and offers, and that its
//! functions and types are, word for word, those of the contract. `BLESS=1` rewrites the golden files.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail")]

use penstock_stock::{component, printed};
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

const COMPONENTS: [&str; 10] = [
    "penstock_plugin",
    "penstock_plugin_p2",
    "penstock_gateway",
    "penstock_config_host",
    "penstock_env_host",
    "penstock_env_host_p2",
    "penstock_env_spin",
    "penstock_spin_host",
    "penstock_spin_host_p2",
    "penstock_tools",
];

/// A folder for what is printed of a component.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("printed");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// All that is printed of a component.
fn of_component(name: &str) -> String {
    let file = folder().join(format!("{name}.wasm"));
    fs::write(&file, component(name).unwrap()).unwrap();
    printed(&file).unwrap()
}

/// The world, without the packages behind it and without the patch versions of WASI, which are those of the standard
/// library and are matched loosely by hosts. What is imported is sorted: its order is that of the linker, and changes
/// with the code.
fn world(printed: &str) -> String {
    let lines: Vec<String> = printed.lines().take_while(|line| *line != "}").map(without_patch).collect();
    let is_import = |line: &&String| line.starts_with("  import ");
    let first = lines.iter().position(|line| is_import(&line)).unwrap_or(lines.len());
    let (head, rest) = lines.split_at(first);
    let mut imports: Vec<&String> = rest.iter().filter(is_import).collect();
    imports.sort();
    let others = rest.iter().filter(|line| !is_import(line));
    let all = head.iter().chain(imports).chain(others).map(String::as_str).chain(["}"]);
    all.map(|line| format!("{line}\n")).collect()
}

fn without_patch(line: &str) -> String {
    match line.rsplit_once('.') {
        Some((rest, patch))
            if line.contains("port wasi:") && patch.trim_end_matches(';').parse::<u32>().is_ok() =>
        {
            format!("{rest};")
        }
        _ => line.to_owned(),
    }
}

#[test]
fn each_component_asks_and_offers_what_its_golden_file_says() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for name in COMPONENTS {
        let (file, found) = (golden.join(name).with_extension("wit"), world(&of_component(name)));
        if env::var_os("BLESS").is_some() {
            fs::write(&file, &found).unwrap();
        }
        assert_eq!(found, fs::read_to_string(&file).unwrap_or_default(), "{} differs", file.display());
    }
}

/// The interfaces that are printed, by package and name, without comments, of which a component keeps none.
fn interfaces(printed: &str) -> BTreeMap<String, Vec<&str>> {
    let mut interfaces = BTreeMap::new();
    let (mut package, mut interface) = ("", None);
    for line in printed.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with("///")) {
        if let Some(name) = line.strip_prefix("package ") {
            package = name.trim_end_matches(" {");
        } else if let Some(name) = line.strip_prefix("  interface ") {
            interface = Some(format!("{package} {}", name.trim_end_matches(" {")));
        } else if line == "  }" {
            interface = None;
        } else if let Some(name) = &interface {
            interfaces.entry(name.clone()).or_insert_with(Vec::new).push(line);
        }
    }
    interfaces
}

/// The contract's, and those that a component prints of our packages.
fn both(contract: &str, name: &str) -> (BTreeMap<String, Vec<String>>, BTreeMap<String, Vec<String>>) {
    let component = of_component(name);
    let owned = |interfaces: BTreeMap<String, Vec<&str>>| -> BTreeMap<String, Vec<String>> {
        let ours = interfaces.into_iter().filter(|(name, _)| name.starts_with("penstock:"));
        ours.map(|(name, lines)| (name, lines.into_iter().map(str::to_owned).collect())).collect()
    };
    let (contract, component) = (owned(interfaces(contract)), owned(interfaces(&component)));
    for (interface, lines) in &component {
        let Some(said) = contract.get(interface) else { panic!("{name}: the contract has no {interface}") };
        // Of what it asks of its host a component has the functions that it calls.
        let asked = interface.starts_with("penstock:host@") && lines.iter().all(|line| said.contains(line));
        assert!(asked || lines == said, "{name}: {interface}:\n{lines:#?}\nis not\n{said:#?}");
    }
    (contract, component)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_plugin_prints_all_of_the_contract() {
    let contract = printed(&root().join("wit/plugin")).unwrap();
    let (contract, component) = both(&contract, "penstock_plugin");
    assert!(contract.len() > 30, "{:?}", contract.keys());
    assert_eq!(contract.keys().collect::<Vec<_>>(), component.keys().collect::<Vec<_>>());
}

/// Of the modules that it was built with.
#[test]
fn the_plugin_of_wasi_0_2_prints_what_was_derived() {
    let derived =
        PathBuf::from(env::var_os("PENSTOCK_WIT_P2").expect("PENSTOCK_WIT_P2 is not set: run .ci/leg hosts"));
    let package = folder().join("p2");
    for name in ["connector", "host", "servicetitan", "asleep"] {
        let place = package.join("deps").join(name);
        fs::create_dir_all(&place).unwrap();
        fs::copy(derived.join(name).join("package.wit"), place.join("package.wit")).unwrap();
    }
    fs::copy(derived.join("plugin/package.wit"), package.join("package.wit")).unwrap();
    let (_, component) = both(&printed(&package).unwrap(), "penstock_plugin_p2");
    for interface in
        ["connector@0.1.0-p2 operations", "connector@0.1.0-p2 files", "servicetitan@0.1.0-p2 jpm"]
    {
        assert!(
            component.contains_key(&format!("penstock:{interface}")),
            "{interface}: {:?}",
            component.keys()
        );
    }
}

/// Nothing that is said of a function is lost on the way to whoever reads the contract.
#[test]
fn comments_are_printed_of_the_contract() {
    let text = printed(&root().join("wit/plugin")).unwrap();
    let comments = |text: &str| text.lines().filter(|line| line.trim().starts_with("///")).count();
    let written: usize = ["connector", "host", "asleep"]
        .iter()
        .flat_map(|name| fs::read_dir(root().join("wit").join(name)).unwrap())
        .map(|file| file.unwrap().path())
        .filter(|file| file.extension().is_some_and(|extension| extension == "wit"))
        .map(|file| comments(&fs::read_to_string(file).unwrap()))
        .sum();
    assert!(written > 500 && comments(&text) > written, "{written} of {}", comments(&text));
}
