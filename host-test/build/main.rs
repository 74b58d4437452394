//! Builds the components and hands their paths to the crate, which includes
//! their bytes: an installed program needs no file beside it. Also writes
//! `bindings.rs`, `providers.rs` and `effects.rs`, which files of the same names in `src` include.
//!
//! A second cargo does the work, since one cargo cannot build for two targets
//! with two profiles. It gets a target directory of its own: the outer cargo holds
//! the lock of the usual one while this script runs.

#![expect(clippy::indexing_slicing, reason = "ids of an arena are indices into it")]

#[path = "../../build/case_names.rs"]
mod case_names;
mod defaults;
mod effects;
mod names;
mod nested;
mod providers;
mod world;

use std::{
    env,
    error::Error,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

const TARGET: &str = "wasm32-wasip2";

/// Package, its artifact, and the variable that carries the artifact's path.
const COMPONENTS: [(&str, &str, &str); 3] = [
    ("penstock-plugin", "penstock_plugin.wasm", "PENSTOCK_PLUGIN_WASM"),
    ("penstock-gateway", "penstock_gateway.wasm", "PENSTOCK_GATEWAY_WASM"),
    ("penstock-live", "penstock_live.wasm", "PENSTOCK_LIVE_WASM"),
];

/// What the components are made of, relative to the workspace.
const SOURCES: [&str; 7] = ["Cargo.toml", "Cargo.lock", "build", "gateway", "plugin", "src", "wit"];

fn main() {
    if let Err(error) = run() {
        // One `cargo::error` a line: cargo shows the first line of each only.
        for line in error.to_string().lines() {
            println!("cargo::error={line}");
        }
        std::process::exit(1);
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(variable("OUT_DIR")?);
    let package = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let workspace = package.parent().ok_or("the package has no parent folder")?;

    println!("cargo::rerun-if-changed=build");
    for source in SOURCES.map(|name| workspace.join(name)) {
        // A path that is missing would make cargo run this script every time.
        if source.exists() {
            println!("cargo::rerun-if-changed={}", source.display());
        }
    }

    let harness = world::Harness::read(workspace)?;
    let bindings = [harness.bindings(), defaults::write(&harness)].into_iter().collect();
    fs::write(out.join("bindings.rs"), prettyplease::unparse(&syn::parse2(bindings)?))?;
    fs::write(out.join("providers.rs"), prettyplease::unparse(&syn::parse2(providers::write(&harness)?)?))?;

    fs::write(out.join("effects.rs"), prettyplease::unparse(&syn::parse2(effects::write(&harness))?))?;

    ensure_target()?;
    let profile = if variable("PROFILE")? == "release" { "component" } else { "component-dev" };
    let target_dir = components_dir(&out);
    build(workspace, &target_dir, profile)?;

    for (_, artifact, name) in COMPONENTS {
        let built = target_dir.join(TARGET).join(profile).join(artifact);
        let kept = out.join(artifact);
        copy_if_changed(&built, &kept)
            .map_err(|error| format!("cannot copy {} to {}: {error}", built.display(), kept.display()))?;
        println!("cargo::rustc-env={name}={}", kept.display());
    }
    Ok(())
}

/// Installs the standard library for the components' target where it is missing.
fn ensure_target() -> Result<(), Box<dyn Error>> {
    let rustc = variable("RUSTC")?;
    let listed = Command::new(&rustc).args(["--print", "target-libdir", "--target", TARGET]).output()?;
    let folder = String::from_utf8(listed.stdout)?;
    if listed.status.success() && Path::new(folder.trim()).is_dir() {
        return Ok(());
    }
    match Command::new("rustup").args(["target", "add", TARGET]).output() {
        Ok(added) if added.status.success() => Ok(()),
        Ok(added) => Err(format!(
            "`rustup target add {TARGET}` failed; the components need that target\n{}",
            String::from_utf8_lossy(&added.stderr)
        )
        .into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(format!(
            "the components need Rust's standard library for {TARGET}, and {rustc} has none\n\
             without rustup, install your distribution's package for it \
             (often named rust-std-static-{TARGET} or libstd-rust-dev-wasm32)"
        )
        .into()),
        Err(error) => Err(format!("cannot run rustup: {error}").into()),
    }
}

/// `<target>/components` when this script runs in `<target>/<profile>/build/..`.
fn components_dir(out: &Path) -> PathBuf {
    out.ancestors()
        .find(|folder| folder.file_name().is_some_and(|name| name == "build"))
        .and_then(|build| build.parent()?.parent())
        .unwrap_or(out)
        .join("components")
}

fn build(workspace: &Path, target_dir: &Path, profile: &str) -> Result<(), Box<dyn Error>> {
    let mut cargo = nested::cargo(variable("CARGO")?.as_ref(), workspace, target_dir);
    cargo.args(["--target", TARGET, "--profile", profile]);
    for (package, ..) in COMPONENTS {
        cargo.args(["--package", package]);
    }

    let built = cargo.output()?;
    if built.status.success() {
        return Ok(());
    }
    eprintln!("{}", String::from_utf8_lossy(&built.stderr));
    Err(format!(
        "the components do not build (their errors are below); to see them alone:\n\
         cargo build --target {TARGET} -p penstock-plugin -p penstock-gateway -p penstock-live"
    )
    .into())
}

/// Leaves an unchanged file alone: a new time stamp would compile the crate again.
fn copy_if_changed(from: &Path, to: &Path) -> io::Result<()> {
    let new = fs::read(from)?;
    match fs::read(to) {
        Ok(old) if old == new => Ok(()),
        _ => fs::write(to, new),
    }
}

/// A variable that cargo sets for every build script.
fn variable(name: &str) -> Result<String, Box<dyn Error>> {
    env::var(name).map_err(|error| format!("{name}: {error}").into())
}
