//! The component, built and compiled once for all tests.

use super::nested;
use std::{
    env,
    path::{Path, PathBuf},
    sync::LazyLock,
};
use wasmtime::{Engine, component::Component};

const TARGET: &str = "wasm32-wasip2";
const PROFILE: &str = "component-dev";
/// What the tests call, so that it is quick to build.
const FEATURES: &str = "typed,servicetitan-jpm,servicetitan-forms,asleep,webhooks";

static COMPONENT: LazyLock<(Engine, Component)> = LazyLock::new(|| {
    let mut config = wasmtime::Config::new();
    config.cache(wasmtime::Cache::from_file(None).ok());
    let engine = Engine::new(&config).unwrap();
    let file = env::var_os("PENSTOCK_P2").map_or_else(build, PathBuf::from);
    let component = Component::from_file(&engine, file).unwrap();
    (engine, component)
});

/// The component, compiled.
pub fn component() -> &'static Component {
    &COMPONENT.1
}

/// Builds it where the embedding builds its own.
fn build() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("components");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut cargo = nested::cargo(&cargo, workspace, &folder);
    cargo.args(["--target", TARGET, "--profile", PROFILE]);
    cargo.args(["--package", "penstock-plugin-p2", "--no-default-features", "--features", FEATURES]);
    assert!(cargo.status().unwrap().success(), "the component does not build");
    folder.join(TARGET).join(PROFILE).join("penstock_plugin_p2.wasm")
}
