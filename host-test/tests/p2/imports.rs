//! What the component asks of a host, name by name. `BLESS=1` rewrites the golden file.

use super::component::component;
use std::{collections::BTreeSet, env, fs, path::Path};

#[test]
fn nothing_but_wasi_0_2_and_our_three_interfaces() {
    let component = component();
    let ty = component.component_type();
    let found: BTreeSet<String> = ty
        .imports(component.engine())
        .map(|(name, _)| match name.rsplit_once('.') {
            // Patch versions depend on the standard library; hosts match them loosely.
            Some((rest, _)) if name.starts_with("wasi:") => rest.to_owned(),
            _ => name.to_owned(),
        })
        .collect();
    for name in &found {
        let allowed = name.starts_with("wasi:") && name.ends_with("@0.2")
            || name.starts_with("penstock:host/") && name.ends_with("@0.1.0-p2");
        assert!(allowed, "{name}");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/plugin-p2-imports.txt");
    let text: String = found.iter().map(|name| format!("{name}\n")).collect();
    if env::var_os("BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(text, fs::read_to_string(&path).unwrap_or_default(), "{} differs", path.display());
}
