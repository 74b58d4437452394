//! What tests on stock hosts need: the command line of a Wasmtime that knows nothing of Penstock and
//! has Wasmtime's own HTTP client, components with adapters plugged in, programs in other languages that call
//! the component for WASI 0.2, and a server.
//!
//! `.ci/leg hosts` brings what is needed and says where it is:
//!
//! | variable | |
//! |---|---|
//! | `PENSTOCK_WASMTIME` | the command |
//! | `PENSTOCK_COMPONENTS` | the folders with the components, of the adapters and applications too, as `PATH` has them |
//! | `PENSTOCK_MADE` | a folder for what is composed and compiled |
//! | `PENSTOCK_APPLICATIONS` | the folder with those of the applications `app` and `app_p2`, which the templates become |
//! | `PENSTOCK_WASM_TOOLS` | `wasm-tools`, in the version whose words the golden files have |
//! | `PENSTOCK_WIT_P2` | the folder with the contract of WASI 0.2, as the build of `PENSTOCK_P2` derived it |
//! | `PENSTOCK_P2` | `penstock_plugin_p2.wasm` |
//! | `PENSTOCK_PYTHON` | a Python that has what `python/requirements.txt` lists |
//! | `PENSTOCK_NODE` | a folder with what stands in `node/`, what that needs, and the component as JavaScript |
//!
//! Without one of them the tests fail.

pub mod compose;
pub mod program;
pub mod provider;
pub mod server;
pub mod spin;
pub mod wasmtime;

use anyhow::{Context, Result, ensure};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

fn needed(variable: &str) -> Result<PathBuf> {
    let value = env::var_os(variable);
    Ok(value.with_context(|| format!("{variable} is not set: run .ci/leg hosts"))?.into())
}

/// The component of this name, `penstock_plugin`, from one of the folders of `PENSTOCK_COMPONENTS`.
///
/// # Errors
/// It is in none of them.
pub fn component(name: &str) -> Result<Vec<u8>> {
    let folders = needed("PENSTOCK_COMPONENTS")?;
    let file = env::split_paths(&folders)
        .map(|folder| folder.join(name).with_extension("wasm"))
        .find(|file| file.is_file());
    Ok(fs::read(file.with_context(|| format!("no {name}.wasm in {}", folders.display()))?)?)
}

/// What `wasm-tools component wit` prints of a component, or of a folder.
///
/// # Errors
/// It does not take it.
pub fn printed(of: &Path) -> Result<String> {
    let output = Command::new(needed("PENSTOCK_WASM_TOOLS")?).args(["component", "wit"]).arg(of).output()?;
    ensure!(output.status.success(), "{}: {}", of.display(), String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
