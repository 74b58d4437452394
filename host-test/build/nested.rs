//! A cargo that is started by another one. It builds for another target, with a profile of its own.

use std::{env, ffi::OsStr, path::Path, process::Command};

/// `cargo build` of the workspace into a folder; what it is to build is added by whoever runs it.
pub(crate) fn cargo(program: &OsStr, workspace: &Path, target_dir: &Path) -> Command {
    let mut cargo = Command::new(program);
    cargo.current_dir(workspace).args(["build", "--quiet", "--target-dir"]).arg(target_dir);
    if workspace.join("Cargo.lock").is_file() {
        cargo.arg("--locked");
    }
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(belongs_to_the_outer_build) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Whether a variable describes the native build and would misdirect the other one.
/// Flags are for the host's target, and under `cargo clippy` the workspace wrapper
/// checks instead of compiling. The job server, the network settings and the user's
/// `RUSTC_WRAPPER` (a compiler cache) stay.
fn belongs_to_the_outer_build(name: &str) -> bool {
    const PREFIXES: [&str; 5] = ["CARGO_CFG_", "CARGO_FEATURE_", "CARGO_MANIFEST_", "CARGO_PKG_", "DEP_"];
    const NAMES: [&str; 17] = [
        "CARGO_BUILD_BUILD_DIR",
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_BUILD_TARGET_DIR",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_TARGET_DIR",
        "CLIPPY_ARGS",
        "DEBUG",
        "HOST",
        "NUM_JOBS",
        "OPT_LEVEL",
        "OUT_DIR",
        "PROFILE",
        "RUSTC_LINKER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTFLAGS",
        "TARGET",
    ];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
