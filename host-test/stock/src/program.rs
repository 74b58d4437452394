//! Programs in other languages that call the component for WASI 0.2 in their own process.

use crate::{needed, provider::Settings};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::{env, path::Path, process::Command};

/// Which program: `node/client.mjs` or `python/client.py`.
#[derive(Debug, Clone, Copy)]
pub enum Program {
    /// Node, with the component made JavaScript by jco.
    Node,
    /// Python, with the component in the package `wasmtime`.
    Python,
}

impl Program {
    /// All of them.
    pub const ALL: [Program; 2] = [Program::Node, Program::Python];

    /// Runs a command of it, with these settings as its environment. Returns what it prints.
    ///
    /// # Errors
    /// It fails, or does not print JSON.
    pub fn run(self, settings: &Settings, arguments: &[&str]) -> Result<Value> {
        let mut command = match self {
            Program::Node => {
                let mut command = Command::new(env::var_os("NODE").unwrap_or_else(|| "node".into()));
                command.arg("--expose-gc").arg(needed("PENSTOCK_NODE")?.join("client.mjs"));
                command
            }
            Program::Python => {
                let mut command = Command::new(needed("PENSTOCK_PYTHON")?);
                command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("python/client.py"));
                command.arg(needed("PENSTOCK_P2")?);
                command
            }
        };
        let output = command.args(arguments).envs(settings).env("LOG_LEVEL", "error").output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{self:?} {arguments:?}: {errors}");
        serde_json::from_slice(&output.stdout).with_context(|| format!("{self:?} {arguments:?}: {errors}"))
    }
}
