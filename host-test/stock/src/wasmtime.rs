//! Runs a stock Wasmtime.

use crate::{compose::chain, needed, provider::Settings};
use anyhow::{Context, Result, ensure};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
};

/// Calls an exported function of the plugin by `wasmtime run --invoke`. Returns what is printed of
/// its result, in WAVE.
///
/// # Errors
/// The component cannot be run, or it traps.
pub fn invoke(settings: &Settings, call: &str) -> Result<String> {
    invoke_on(&["penstock_plugin", "penstock_env_host"], &["-S", "http"], settings, call)
}

/// The same of other components, each plugged into the one before it, with further arguments.
///
/// # Errors
/// The component cannot be made or run, or it traps.
pub fn invoke_on(names: &[&str], arguments: &[&str], settings: &Settings, call: &str) -> Result<String> {
    let code = compiled(&names.join("+"), || chain(names))?;
    let mut command = wasmtime("run", settings)?;
    let output = command.args(arguments).args(["--invoke", call]).arg(code).output()?;
    ensure!(output.status.success(), "{call}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// With these an instance is kept as long as the server runs, as the gateway and the plugin want it: with tokens,
/// limits and caches of its own. Without them it ends after a second without a request.
pub const KEEP_INSTANCES: [&str; 6] = [
    "--idle-instance-timeout",
    "600s",
    "--max-instance-reuse-count",
    "1000000",
    "--max-instance-concurrent-reuse-count",
    "64",
];

/// A component, by `wasmtime serve`, until this is dropped.
pub struct Served {
    /// Host and port that it listens on.
    pub address: String,
    child: Child,
}

impl Served {
    /// Starts the gateway on a free port.
    ///
    /// # Errors
    /// The component cannot be served.
    pub fn gateway(settings: &Settings) -> Result<Served> {
        Served::start("gateway", &[], || chain(&["penstock_gateway", "penstock_env_spin"]), settings)
    }

    /// Starts a component that is made like this and is called so, with further arguments.
    ///
    /// # Errors
    /// The component cannot be made or served.
    pub fn start(
        name: &str,
        arguments: &[&str],
        make: impl FnOnce() -> Result<Vec<u8>>,
        settings: &Settings,
    ) -> Result<Served> {
        let mut command = wasmtime("serve", settings)?;
        command
            .args(["-S", "cli", "--addr", "127.0.0.1:0"])
            .args(KEEP_INSTANCES)
            .args(arguments)
            .arg(compiled(name, make)?);
        let mut child = command.stderr(Stdio::piped()).spawn()?;
        let errors = child.stderr.take().context("standard error is piped")?;
        let mut lines = BufReader::new(errors).lines().map_while(Result::ok);
        let address = lines.find_map(|line| {
            let (_, address) = line.split_once("Serving HTTP on http://")?;
            Some(address.trim_end_matches('/').to_owned())
        });
        // What it writes later must not fill the pipe.
        thread::spawn(move || lines.for_each(drop));
        let mut served = Served { address: String::new(), child };
        served.address = address.context("it does not say where it serves")?;
        Ok(served)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // One that has ended by itself is gone as well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn wasmtime(subcommand: &str, settings: &Settings) -> Result<Command> {
    let mut command = Command::new(needed("PENSTOCK_WASMTIME")?);
    command.args([subcommand, "--allow-precompiled"]);
    for (name, value) in settings {
        command.arg("--env").arg(format!("{name}={value}"));
    }
    Ok(command)
}

/// A component as machine code of the version that is tested. Made once.
fn compiled(name: &str, make: impl FnOnce() -> Result<Vec<u8>>) -> Result<PathBuf> {
    static MADE: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(code) = made.get(name) {
        return Ok(code.clone());
    }
    let wasmtime = needed("PENSTOCK_WASMTIME")?;
    let version = String::from_utf8(Command::new(&wasmtime).arg("--version").output()?.stdout)?;
    let version = version.split_whitespace().nth(1).context("the command says no version")?;
    println!("{name} on Wasmtime {version}");

    let folder = needed("PENSTOCK_MADE")?.join(version);
    fs::create_dir_all(&folder)?;
    let (wasm, code) = (folder.join(format!("{name}.wasm")), folder.join(format!("{name}.cwasm")));
    fs::write(&wasm, make()?)?;
    let done = Command::new(&wasmtime).arg("compile").arg(&wasm).arg("-o").arg(&code).status()?;
    ensure!(done.success(), "{name} does not compile");
    made.insert(name.to_owned(), code.clone());
    Ok(code)
}
